package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/internal/genuine"
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

// The diagnosis is what one comes for; who goes from step to step sees these.
func TestWhoGoesFromStepToStepSeesTheSteps(t *testing.T) {
	a := newApp(Options{Store: stored(diagnosed(t, failing)...)})
	press(a, "3")
	shown := func() (title, first string) {
		lines := strings.Split(string(capture(show(t, a, 80, 24), a.look)), "\n")
		for i, l := range lines {
			if strings.HasPrefix(l, "── ") {
				return l, lines[i+1]
			}
		}
		t.Fatal("there are no details")
		return "", ""
	}
	if title, first := shown(); !strings.Contains(title, "diagnosis PH-08 likely; below: step 1") || !strings.Contains(first, "PH-08") {
		t.Errorf("at first there is\n%s\n%s", title, first)
	}
	press(a, "j")
	if title, first := shown(); !strings.Contains(title, "step 2: identity 256; below: diagnosis PH-08") || !strings.Contains(first, "limit") {
		t.Errorf("at step 2 there is\n%s\n%s", title, first)
	}
	press(a, "[")
	if title, _ := shown(); !strings.Contains(title, "── diagnosis") {
		t.Errorf("at another attempt there is\n%s", title)
	}
}

// Whoever has no key sees that the device and the cloud said hello, and not that they
// never did.
func TestASealedStepIsNoStepThatWasNotReached(t *testing.T) {
	path := genuine.Path(t, "healthy-spark-fw1.5.2/capture.pcap")
	a := newApp(Options{Store: stored(genuine.Events(t, path, new(lightssl.Keyring))...)})
	press(a, "3")
	text := string(capture(show(t, a, 140, 45), a.look))
	if n := strings.Count(text, "sealed: no key given opens it"); n != 2 {
		t.Errorf("%d steps are said to be sealed, not 2:\n%s", n, text)
	}
	if strings.Contains(text, "not reached") {
		t.Errorf("a step is said not to have been reached:\n%s", text)
	}
	press(a, "G", "K")
	if want := Safe("Nothing to show of this step: sealed: no key given opens it."); a.notice != want {
		t.Errorf("K says %q, want %q", a.notice, want)
	}
}

// Of a recording that begins late the steps before were taken and not seen.
func TestAStepBeforeOthersWasNotSeen(t *testing.T) {
	all := talk(t)
	a := newApp(Options{Store: stored(append(all[:1:1], all[2:]...)...)}) // without the nonce
	press(a, "2", "3", "[", "[", "[")
	text := string(capture(show(t, a, 140, 45), a.look))
	if !strings.Contains(text, "not seen") || strings.Contains(text, "not reached") {
		t.Errorf("the missing nonce is not told as such:\n%s", text)
	}
}

func TestTheStepThatComesNextIsAwaited(t *testing.T) {
	all := talk(t)
	a := newApp(Options{Store: stored(all[:3]...), Live: true}) // up to the identity
	press(a, "3")
	text := string(capture(show(t, a, 140, 45), a.look))
	if strings.Count(text, "awaited") != 1 || strings.Count(text, "not reached") != 2 {
		t.Errorf("one step is awaited and two are not reached, but the screen has\n%s", text)
	}
}
