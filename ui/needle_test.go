package ui

import (
	"bytes"
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/gdamore/tcell/v2"
)

func TestWhatIsTypedIsTextOrBytes(t *testing.T) {
	for _, c := range []struct{ typed, text, raw string }{
		{"led", "led", ""}, {"dead", "dead", "\xde\xad"}, {"de ad", "", "\xde\xad"}, {"de:ad", "", "\xde\xad"}, {"0xdead", "", "\xde\xad"},
		{`"dead"`, "dead", ""}, {"d ead", "d ead", ""}, {"0x", "0x", ""}, {"0xdea", "0xdea", ""}, {"a led", "a led", ""}, {"", "", ""},
	} {
		n := parseNeedle(c.typed)
		if string(n.text) != c.text || string(n.raw) != c.raw {
			t.Errorf("%s: text %q, bytes %x; want %q, %x", c.typed, n.text, n.raw, c.text, c.raw)
		}
	}
}

// What is lit row by row is what is found in the whole, wherever the rows break.
func TestHitsAreLitAcrossRows(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	for range 2000 {
		data := make([]byte, rnd.Intn(60))
		for i := range data {
			data[i] = "abAB"[rnd.Intn(4)]
		}
		h := newHexPane(newLook(Mono, false))
		h.show(data, nil)
		h.find(needle{text: []byte("abba")[:1+rnd.Intn(4)]})
		want := make([]bool, len(data))
		for i := range data {
			if n := len(h.sought.text); i+n <= len(data) && bytes.Equal(bytes.ToLower(data[i:i+n]), h.sought.text) {
				for k := range n {
					want[i+k] = true
				}
			}
		}
		var got []bool
		for per, at := 1+rnd.Intn(8), 0; at < len(data); at += per {
			got = append(got, h.lit(at, min(at+per, len(data)))...)
		}
		if !slices.Equal(got, append([]bool(nil), want...)) {
			t.Fatalf("%q in %q: %v, want %v", h.sought.text, data, got, want)
		}
	}
}

// typeText types a text and Enter.
func (d *driver) typeText(text string) *driver {
	for _, r := range text {
		name := string(r)
		if r == ' ' {
			name = "Space"
		}
		d.press(name)
	}
	return d.press("Enter")
}

func TestAUserFindsInsideTheBytes(t *testing.T) {
	d := drive(t, 140, 45, Options{Title: "test", Store: stored(demo(t)...), Theme: Mono})
	d.press("2").typeCommand("go 14").press("Tab", "Tab", "/").see("find in these bytes:")
	d.typeText("zzz").see("No zzz in these")
	d.press("/").typeText("SPARK").see("Hit 1 of 1")
	d.press("n").see("Hit 1 of 1, from the beginning again.")
	d.press("N").see("Hit 1 of 1, from the end again.")
	d.press("/").typeText("73 70 61").see("Hit 1 of 1")
	d.press("Tab").press("n").gone("Hit 1 of 1") // in the list n goes to events
}

// typeCommand runs a command line.
func (d *driver) typeCommand(text string) *driver { return d.press(":").typeText(text) }

func TestAUserFindsInAConversation(t *testing.T) {
	d := drive(t, 100, 30, Options{Title: "test", Store: stored(talk(t)...)})
	d.press("2", "g", "f", "/").see("find in this conversation:")
	d.typeText("Subscribe zzz").see("No Subscribe zzz in this conversation.")
	d.press("/").typeText("hello").see("Found")
	d.press("N").see("Found").press("n").see("Found")
	for range 20 { // more often than there are hits
		d.press("n")
	}
	d.see("Found")
}

func TestFoundBytesOnScreen(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...), Title: "talk.pcapng", Theme: Mono})
	typed := func(text string) {
		press(a, "/")
		a.top().(*prompt).line.set(text)
		a.handleKey(tcell.NewEventKey(tcell.KeyEnter, 0, tcell.ModNone))
	}
	press(a, "2", "f")
	typed("spark")
	for _, size := range screenSizes {
		golden(t, fmt.Sprintf("found-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
	press(a, "x")
	typed("31 30 32")
	golden(t, "found-hex-80x24", show(t, a, 80, 24), a.look)
	press(a, "Enter")
	a.focusOn(a.messagesView().hex)
	typed("spark")
	golden(t, "found-bytes-80x24", show(t, a, 80, 24), a.look)
}
