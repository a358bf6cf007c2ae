package ui

import (
	"fmt"
	"testing"
)

func TestFollowAtEverySize(t *testing.T) {
	all := demo(t)
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(all...), Title: "demo.pcapng"})
		a.runCommand("go 50")
		press(a, "f")
		golden(t, fmt.Sprintf("follow-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
}

func TestAnExchangeCanBeFollowedAlone(t *testing.T) {
	a := newApp(Options{Store: stored(demo(t)...)})
	press(a, "2", "/")
	typed(a, `photon.msg == "function-call"`)
	press(a, "Enter", "f")
	f := a.view().(*follow)
	all := f.talk.view.Len()
	press(a, "T")
	if n := f.talk.view.Len(); n < 2 || n >= all {
		t.Errorf("the exchange has %d of %d messages", n, all)
	}
	press(a, "T")
	if n := f.talk.view.Len(); n != all {
		t.Errorf("%d messages, were %d", n, all)
	}
}

func TestStartPageRunsWhatIsChosen(t *testing.T) {
	ran := ""
	choices := []Choice{
		{Key: 'd', Name: "Demo", Does: "a simulated Photon", Note: "or type: photonscope demo", Run: func() { ran = "demo" }},
		{Key: 'p', Name: "Proxy", Does: "between device and server", Note: "type: photonscope proxy"},
	}
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(), Choices: choices})
		golden(t, fmt.Sprintf("start-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
	a := newApp(Options{Store: stored(), Choices: choices})
	press(a, "p")
	if a.quitting || ran != "" {
		t.Error("what only tells how to run it ends the page")
	}
	press(a, "k", "Enter")
	if !a.quitting || ran != "demo" {
		t.Errorf("Enter on the demo ran %q", ran)
	}
}

func TestHelpAtEverySize(t *testing.T) {
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(demo(t)...)})
		press(a, "2", "?")
		golden(t, fmt.Sprintf("help-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
}
