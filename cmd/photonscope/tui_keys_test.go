package main

import (
	"os"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/store"
	"github.com/photonscope/photonscope/ui"
)

// shownFindings are the findings that the screen holds, a line each.
func shownFindings(s *tui) (lines []string) {
	first, end := s.store.Bounds()
	for seq := first; seq < end; seq++ {
		e, _ := s.store.At(seq)
		if f, ok := e.Body.(*decode.Finding); ok {
			lines = append(lines, strings.Join([]string{e.At.Format("15:04:05.000"), f.ID, f.Confidence, f.Title, f.Evidence[0].String()}, " "))
		}
	}
	return lines
}

// watched shows a capture on the screen, and gives it a key behind some items.
func watched(t *testing.T, path, key string, after int) *tui {
	t.Helper()
	a := &app{stderr: new(strings.Builder), getenv: func(string) string { return "" }}
	s := &tui{app: a, store: store.New(0), log: new(ui.Log), ready: make(chan struct{})}
	keys, err := loadKeys(a, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.expect(keys, nil)
	p := newPipeline(keys.Ring, s)
	p.bothLegs = true
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	give := func() {
		b, err := os.ReadFile(key)
		if err != nil {
			t.Fatal(err)
		}
		k, err := lightssl.ParseKey(b)
		if err != nil {
			t.Fatal(err)
		}
		keys.Ring.AddKey(k, lightssl.AnyRole)
		s.tryKeys(false)
	}
	n := 0
	for it, err := range captures.Read(f, captures.ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n == after {
			give()
		}
		p.feed(it)
		n++
	}
	p.finish()
	if after >= n {
		give()
	}
	return s
}

func TestFindingsAreMadeAgainWhenAKeyComesLate(t *testing.T) {
	const never = 1 << 30
	for _, c := range []struct{ capture, key, gone, come string }{
		{"/fail-mismatching-device-key-brewskey/capture.pcapng", "/keys/h2-server-private.pem", "PH-01", "PH-09"},
		{"/fail-wrong-server-key-spark/capture.pcapng", "/keys/h1-server-private.pem", "PH-08", "PH-01"},
	} {
		want := shownFindings(watched(t, recordings+c.capture, recordings+c.key, 0))
		for _, after := range []int{3, 9, 14, never} {
			s := watched(t, recordings+c.capture, recordings+c.key, after)
			if got := shownFindings(s); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s, the key after %d items:\n%s\nfrom the start:\n%s", c.capture, after, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if text := strings.Join(shownFindings(s), "\n"); strings.Contains(text, c.gone) || !strings.Contains(text, c.come) {
				t.Errorf("%s: %s is not withdrawn, or %s did not come:\n%s", c.capture, c.gone, c.come, text)
			}
		}
	}
}
