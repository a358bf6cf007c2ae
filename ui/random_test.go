package ui

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"github.com/gdamore/tcell/v2"
)

// anyKey returns a key: mostly one of the table, sometimes any.
func anyKey(r *rand.Rand) string {
	if r.IntN(5) == 0 {
		return string(rune(' ' + r.IntN(95)))
	}
	keys := strings.Fields(bindings[r.IntN(len(bindings))].keys)
	key := keys[r.IntN(len(keys))]
	switch {
	case key == "Q", key == "Ctrl-C":
		return "Esc"
	case key == "i" && r.IntN(2) == 0:
		return "Ctrl-T" // which only the window of a held message knows
	}
	return key
}

// checkScreen holds whatever the user did.
func checkScreen(t *testing.T, a *app, screen tcell.SimulationScreen, did func() string) {
	t.Helper()
	w, h := screen.Size()
	for y := range h {
		for x := range w {
			s, _, _ := screen.Get(x, y)
			for _, r := range s {
				if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
					t.Fatalf("%q at %d,%d after %s", s, x, y, did())
				}
			}
		}
	}
	for _, e := range a.opt.Log.kept() {
		text := e.text
		if strings.Contains(text, "internal error") {
			t.Fatalf("%s after %s", text, did())
		}
	}
	if a.pane() == nil {
		t.Fatalf("nothing has the focus after %s", did())
	}
}

func TestRandomKeysAndSizesDoNoHarm(t *testing.T) {
	all := talk(t)
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 4))
		source := stored()
		screen := newScreen(t, 80, 24)
		a := newApp(Options{Screen: screen, Store: source, Title: "x", Live: seed%2 == 0, ASCII: seed%3 == 0, Theme: Themes[seed%4], Log: new(Log)})
		if seed%2 == 0 {
			m := &meddler{held: []Held{heldOf(t, 1, heldCall), heldOf(t, 2, heldEvent), {ID: 3, Message: []byte{1}}}}
			a.opt.Actions.Meddle = m.actions()
		}
		var did []string
		told := func() string { return fmt.Sprintf("seed %d: %s", seed, strings.Join(did, " ")) }
		for range 60 {
			switch r.IntN(8) {
			case 0:
				w, h := r.IntN(210), r.IntN(60)
				did = append(did, fmt.Sprintf("%dx%d", w, h))
				screen.SetSize(w, h)
			case 1:
				_, n := source.Bounds()
				source.Append(all[n:min(len(all), int(n)+r.IntN(40))])
				did = append(did, fmt.Sprintf("%d events", n))
				a.refresh()
			default:
				key := anyKey(r)
				did = append(did, key)
				press(a, key)
			}
			if a.quitting {
				break
			}
			redraw(a, screen)
			checkScreen(t, a, screen, told)
		}
		leavesByEscape(t, a, told)
	}
}

// leavesByEscape holds that Esc leads out of everything.
func leavesByEscape(t *testing.T, a *app, did func() string) {
	t.Helper()
	for range 6 {
		if a.top() == nil || a.quitting {
			return
		}
		press(a, "Esc")
	}
	if a.top() != nil {
		t.Fatalf("six times Esc do not lead out after %s", did())
	}
}

func TestAnySizeIsDrawnWithinTheScreen(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...), Title: "x"})
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 400 {
		w, h := 1+r.IntN(220), 1+r.IntN(70)
		if i < 40 {
			w, h = 1+i%7, 1+i/7
		}
		screen := newScreen(t, w, h)
		a.SetRect(0, 0, w, h)
		a.Draw(&fenced{screen, t, w, h})
		if i%10 == 0 {
			press(a, anyKey(r))
		}
	}
}

// fenced is a screen that nothing may be drawn outside of.
type fenced struct {
	tcell.SimulationScreen
	t    *testing.T
	w, h int
}

func (f *fenced) SetContent(x, y int, r rune, comb []rune, st tcell.Style) {
	if x < 0 || y < 0 || x >= f.w || y >= f.h {
		f.t.Errorf("%q is drawn at %d,%d of a screen of %dx%d", r, x, y, f.w, f.h)
	}
	f.SimulationScreen.SetContent(x, y, r, comb, st)
}
