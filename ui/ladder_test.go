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
