package ui

import (
	"slices"
	"strings"
	"testing"
)

func TestTheHeaderShowsTheOrderAndFollowingEnds(t *testing.T) {
	all := talk(t)
	d := drive(t, 80, 24, Options{Title: "test", Live: true})
	d.store.Append(all[:100])
	d.press("2").see("100 events").see("following")
	d.press("s", "l").see("LEN↓").see("sorted by length ↓").see("►    100").see("Not following.").gone("   following")
	d.press("s", "l").see("LEN↑")
	d.press("s", "x").see("DI↓")
	d.store.Append(all[100:150]) // the order has room for what comes
	d.see("150 events").press("s", "a").gone("sorted by")
}

func TestRowsAreInTheOrderThatTheHeaderSays(t *testing.T) {
	all := talk(t)
	a := newApp(Options{Store: stored(all...)})
	for _, down := range []bool{true, false} {
		press(a, "2", "s", "l")
		var lens []int
		for row := range a.model.Len() {
			lens = append(lens, len(a.model.event(a.model.view.At(row)).Raw))
		}
		if down {
			slices.Reverse(lens)
		}
		if len(lens) != len(all) || !slices.IsSorted(lens) {
			t.Errorf("greatest first %v: the lengths are %v", down, lens)
		}
		if want := "LEN" + string(sortSign(down)); !strings.Contains(string(capture(show(t, a, 80, 24), a.look)), want) {
			t.Errorf("the header does not say %s", want)
		}
	}
}
