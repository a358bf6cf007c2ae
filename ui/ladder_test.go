package ui

import (
	"fmt"
	"testing"
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
