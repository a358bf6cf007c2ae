package ui

import (
	"strings"
	"testing"
)

// A time of day is shown whole, wherever times are shown.
func TestATimeOfDayIsNotCutOff(t *testing.T) {
	for _, size := range screenSizes[1:] {
		a := newApp(Options{Store: stored(talk(t)...)})
		press(a, "2", "g", "t", "t")
		row, _ := a.model.store.Row(0)
		want := row.At.UTC().Format("15:04:05.000")
		for _, view := range []string{"2", "4"} {
			press(a, view)
			if text := string(capture(show(t, a, size.w, size.h), a.look)); !strings.Contains(text, want) {
				t.Errorf("%dx%d, view %s: %s is not there:\n%s", size.w, size.h, view, want, text)
			}
		}
	}
}
