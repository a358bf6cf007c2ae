package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// the program is killed at any instant, and the recording has all that
// anybody received. Instants are counted in bytes received: some within the
// handshakes, most within the traffic.
func TestKilledAtAnyInstantTheRecordingHasAllThatWasReceived(t *testing.T) {
	const kills = 50
	random := randomly(1)
	keys := map[string][]string{"observe": nil, "splice": simSpliceKeys(t)}
	compared := 0
	for i := range kills {
		after := int64(40 + random.IntN(4000))
		if i%4 != 0 {
			after = int64(random.IntN(600_000))
		}
		mode := "observe"
		if i%2 == 0 {
			mode = "splice"
		}
		t.Run(fmt.Sprintf("%s after %d bytes", mode, after), func(t *testing.T) {
			compared += killOnce(t, keys[mode], after)
		})
	}
	if compared < 4*kills {
		t.Errorf("only %d connections were compared", compared)
	}
}

// killOnce kills a recording proxy after so many bytes, and returns how many
// connections there were to compare.
func killOnce(t *testing.T, keys []string, after int64) int {
	crowd := newCrowd(t)
	file := filepath.Join(t.TempDir(), "killed.pcapng")
	args := slices.Concat([]string{"proxy", "-l", "127.0.0.1:0", "-w", file}, keys, []string{crowd.ln.Addr().String()})
	proxy := start(t, program(t, nil, args...))
	crowd.connect(proxy.listening(), 4)
	crowd.reach(after)
	proxy.kill()
	crowd.leave()
	recording, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	compared := crowd.checkRecording(recording, false)
	if _, errs, code := runApp(t, nil, slices.Concat([]string{"read", file}, keys)...); code != exitOK && code != exitFailure {
		t.Errorf("read: exit %d: %s", code, errs)
	}
	return compared
}
