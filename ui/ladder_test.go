package ui

import (
	"fmt"
	"testing"

	"github.com/photonscope/photonscope/store"
)

func TestLadderAtEverySize(t *testing.T) {
	all := demo(t)
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(all...), Title: "talk.pcapng"})
		press(a, "4", "P", "g", "j", "j", "j")
		golden(t, fmt.Sprintf("ladder-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
}

// Where nothing went through a proxy, the lanes have the room of what it added.
func TestTheLadderOfACaptureHasNoProxy(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...), Title: "tapped.pcapng"})
	press(a, "4")
	golden(t, "ladder-tapped", show(t, a, 80, 24), a.look)
}

// The next problem is looked for where events are listed already.
func TestTheLadderIsNotLeftForTheNextProblem(t *testing.T) {
	a := newApp(Options{Store: stored(demo(t)...), Title: "talk.pcapng"})
	press(a, "4", "g", "n")
	row, _ := a.model.store.Row(store.Seq(a.selectedKey()))
	if a.view().place() != inLadder || row.Flags&store.Problem == 0 {
		t.Errorf("%s, event %d", a.view().name(), a.selectedKey()+1)
	}
	press(a, "3", "n")
	if a.view().place() != inMessages {
		t.Errorf("from the handshake, where none are listed: %s", a.view().name())
	}
}
