package ui

import (
	"fmt"
	"testing"

	"github.com/photonscope/photonscope/decode"
)

// classroom is what several devices did: one talks, one has another server's key,
// one another device's.
func classroom(t testing.TB) []decode.Event {
	t.Helper()
	var all []decode.Event
	conns, number := 0, uint32(0)
	for _, name := range []string{"healthy-brewskey-fw2.3.1/capture.pcapng", "fail-mismatching-device-key-brewskey/capture.pcapng", "fail-wrong-server-key-spark/capture.pcapng"} {
		most, last := 0, uint32(0)
		for _, e := range events(t, name) {
			most, last = max(most, int(e.Conn.ID)), max(last, e.Session)
			e.Conn.ID += connID(conns)
			e.Session += number
			all = append(all, e)
		}
		conns, number = conns+most, number+last
	}
	return all
}

func TestSessionsAtEverySize(t *testing.T) {
	all := classroom(t)
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(all...), Title: "class.pcapng"})
		press(a, "1", "j")
		golden(t, fmt.Sprintf("sessions-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
}

func TestEnterShowsTheMessagesOfADevice(t *testing.T) {
	a := newApp(Options{Store: stored(classroom(t)...)})
	all := a.model.Len()
	press(a, "1", "j", "Enter")
	if a.view().place() != inMessages || a.model.Len() == 0 || a.model.Len() >= all {
		t.Fatalf("%s with %d of %d events", a.view().name(), a.model.Len(), all)
	}
	press(a, "q")
	if a.view().place() != inSessions || a.model.Len() != all {
		t.Fatalf("back in %s with %d of %d events", a.view().name(), a.model.Len(), all)
	}
}
