package ui

import (
	"strings"
	"testing"
	"time"
)

func TestACaptureIsPlayedAtItsPace(t *testing.T) {
	now := time.Unix(0, 0)
	a := newApp(Options{Store: stored(demo(t)...), Title: "demo.pcapng", Now: func() time.Time { return now }})
	press(a, "2", "g", "Space")
	golden(t, "replay-80x24", show(t, a, 80, 24), a.look)
	begin, _ := a.model.store.Row(a.model.view.At(0))
	for range 40 {
		now = now.Add(100 * time.Millisecond)
		a.refresh()
		if !a.player.on {
			break
		}
		row := a.selectedRow()
		this, _ := a.model.store.Row(a.model.view.At(row))
		next, _ := a.model.store.Row(a.model.view.At(row + 1))
		if at := begin.At.Add(now.Sub(time.Unix(0, 0))); this.At.After(at) || !next.At.After(at) {
			t.Fatalf("after %v event %d is selected, of %v; the next is of %v", now.Sub(time.Unix(0, 0)), row+1, this.At.Sub(begin.At), next.At.Sub(begin.At))
		}
	}
	if a.player.on || a.selectedRow() != a.model.Len()-1 {
		t.Errorf("after 4 s a capture of 2.4 s is at row %d of %d", a.selectedRow()+1, a.model.Len())
	}
}

// What was watched live can be played once it is over, as a capture can.
func TestWhatHasEndedIsPlayed(t *testing.T) {
	over := false
	a := newApp(Options{Store: stored(demo(t)...), Live: true, Ended: func() bool { return over }})
	bar := func() bool { return strings.Contains(string(capture(show(t, a, 80, 24), a.look)), " of 2.4 s  1x") }
	press(a, "2", "Space")
	if !a.model.paused || a.player.on || bar() {
		t.Error("live traffic is not paused")
	}
	over = true
	if press(a, "Space"); a.model.paused || a.player.on || !bar() {
		t.Error("a paused screen does not go on, or there is no bar")
	}
	if press(a, "Space"); !a.player.on || a.selectedRow() != 0 {
		t.Errorf("what has ended is not played from row %d on", a.selectedRow()+1)
	}
}

// The keys that step begin at the event that is selected where the user is.
func TestTheLadderStepsFromItsOwnEvent(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...)})
	press(a, "4", "g", "j", "j")
	if press(a, "."); a.view().(*ladder).list.sel != 3 {
		t.Errorf("one event on from row 3 is row %d", a.view().(*ladder).list.sel+1)
	}
	press(a, "j", "/")
	typed(a, "kind")
	if press(a, "Esc"); a.view().(*ladder).list.sel != 4 {
		t.Errorf("a filter that was taken back leads from row 5 to %d", a.view().(*ladder).list.sel+1)
	}
}

func TestSeekingAndStepping(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...)})
	press(a, "2", "g", ".", ".", ",")
	if a.selectedRow() != 1 {
		t.Errorf("two steps on and one back lead to row %d", a.selectedRow()+1)
	}
	if trouble := a.runCommand("seek 20"); trouble != "" {
		t.Fatal(trouble)
	}
	at := func() float64 {
		row, _ := a.model.store.Row(a.model.view.At(a.selectedRow()))
		return row.At.Sub(a.model.origin).Seconds()
	}
	if s := at(); s > 20 {
		t.Errorf("seek 20 leads to second %g", s)
	}
	press(a, "g")
	for steps := 0; a.selectedRow() < a.model.Len()-1; steps++ { // 70 s with silences of 15 s
		before, row := at(), a.selectedRow()
		press(a, "Right")
		if d := at() - before; a.selectedRow() == row || d > 5 && a.selectedRow() != row+1 || steps > 70 {
			t.Fatalf("5 s on from row %d at %g s is row %d at %g s", row+1, before, a.selectedRow()+1, at())
		}
	}
	before := at()
	press(a, "Left", "Left")
	if d := before - at(); d < 10 {
		t.Errorf("twice 5 s back are %g s", d)
	}
	if a.runCommand("seek x") == "" {
		t.Error("seek x is taken")
	}
}
