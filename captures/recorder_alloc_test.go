//go:build !race

package captures

import "testing"

// The race detector makes appending allocate.
func TestRecordingAllocatesNothing(t *testing.T) {
	r := newRecorder(t, sink{}, Alerts{})
	p := newPlay(4, 1, 1, 1000)
	r.Items(p[0])
	call := p[1]
	if n := testing.AllocsPerRun(100, func() { r.Items(call) }); n > 0 {
		t.Errorf("%v allocations a call", n)
	}
}
