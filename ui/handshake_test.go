package ui

import (
	"fmt"
	"testing"
)

func TestHandshakeAtEverySize(t *testing.T) {
	all := classroom(t)
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(all...), Title: "class.pcapng"})
		press(a, "1", "j", "3")
		golden(t, fmt.Sprintf("handshake-failed-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
		press(a, "q", "k", "3", "j", "j")
		golden(t, fmt.Sprintf("handshake-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
}
