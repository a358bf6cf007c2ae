package ui

import (
	"fmt"
	"testing"
)

func TestMessagesAtEverySize(t *testing.T) {
	all := demo(t)
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(all...), Title: "talk.pcapng", Theme: Ansi})
		press(a, "2", "g", "j", "j", "j", "j", "j")
		golden(t, fmt.Sprintf("messages-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
}
