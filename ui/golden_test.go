package ui

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"

	committed "github.com/photonscope/photonscope/internal/golden"
)

// screenSizes are those that every view is drawn at.
var screenSizes = []struct{ w, h int }{{40, 10}, {60, 16}, {80, 24}, {140, 45}, {200, 60}}

// newScreen returns a simulated screen.
func newScreen(t testing.TB, w, h int) tcell.SimulationScreen {
	t.Helper()
	screen := tcell.NewSimulationScreen("UTF-8")
	if err := screen.Init(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(screen.Fini)
	screen.SetSize(w, h)
	return screen
}

// golden compares what is on a screen with testdata/screens/NAME.txt: the text,
// below it what each cell looks like, and where the cursor is.
func golden(t *testing.T, name string, screen tcell.SimulationScreen, l *look) {
	t.Helper()
	committed.Check(t, filepath.Join("testdata", "screens", name+".txt"), capture(screen, l))
}

// capture writes down a screen.
func capture(screen tcell.SimulationScreen, l *look) []byte {
	screen.Show()
	w, h := screen.Size()
	var text, style bytes.Buffer
	for y := range h {
		var line, looks strings.Builder
		for x := 0; x < w; {
			s, st, n := screen.Get(x, y)
			if s == "" {
				s = " "
			}
			line.WriteString(s)
			looks.WriteString(strings.Repeat(styleLetter(l, st), max(n, 1)))
			x += max(n, 1)
		}
		fmt.Fprintln(&text, strings.TrimRight(line.String(), " "))
		fmt.Fprintln(&style, strings.TrimRight(looks.String(), "."))
	}
	cursor := "none"
	if x, y, visible := screen.GetCursor(); visible {
		cursor = fmt.Sprintf("%d,%d", x, y)
	}
	return fmt.Appendf(nil, "-- text --\n%s-- style --\n%s-- cursor --\n%s\n", &text, &style, cursor)
}

// styleLetter names a style by its role: one letter, a capital if it is
// reversed, "u" and "U" if nothing in the theme looks so.
func styleLetter(l *look, st tcell.Style) string {
	const letters, reversed = ".qsdcgwekahijlmn", "RQSDCGWEKAHIJLMN"
	for r := range roles {
		if l.styles[r] == st {
			return letters[r : r+1]
		}
	}
	for r := range roles {
		if l.styles[r].Reverse(true) == st {
			return reversed[r : r+1]
		}
	}
	if _, _, attr := st.Decompose(); attr&tcell.AttrReverse != 0 {
		return "U"
	}
	return "u"
}
