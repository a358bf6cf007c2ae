package ui

import (
	"slices"
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"
)

// heads returns the line of titles above the list.
func heads(t *testing.T, a *app, screen tcell.SimulationScreen) string {
	t.Helper()
	redraw(a, screen)
	for line := range strings.Lines(string(capture(screen, a.look))) {
		if strings.Contains(line, "NO") && !strings.Contains(line, "▄") {
			return strings.Join(strings.Fields(line), " ")
		}
	}
	t.Fatal("the list has no titles")
	return ""
}

// withColumns is a screen of messages that keeps what is chosen.
func withColumns(t *testing.T, w, h int, opt Options) (*app, tcell.SimulationScreen, *[][]string) {
	t.Helper()
	kept := new([][]string)
	opt.Store, opt.Log = stored(talk(t)...), new(Log)
	opt.Actions.KeepColumns = func(names []string) (string, error) { *kept = append(*kept, names); return "file", nil }
	a := newApp(opt)
	screen := show(t, a, w, h)
	press(a, "2", "g")
	return a, screen, kept
}

func TestColumnsAreChosenByName(t *testing.T) {
	a, screen, kept := withColumns(t, 80, 24, Options{})
	if got := heads(t, a, screen); got != "NO TIME DIR KIND INFO LEN RTT" {
		t.Errorf("the usual columns are %q", got)
	}
	if trouble := a.runCommand("columns no,code,coap.mid,info,photon.event.name"); trouble != "" {
		t.Fatal(trouble)
	}
	if got := heads(t, a, screen); got != "NO CODE MID INFO NAME" {
		t.Errorf("the columns are %q", got)
	}
	if text := string(capture(screen, a.look)); !strings.Contains(text, "POST") {
		t.Errorf("the cells are missing:\n%s", text)
	}
	golden(t, "columns-80x24", screen, a.look)
	a.work.Wait()
	a.runCommand("columns default")
	a.work.Wait()
	if got := heads(t, a, screen); got != "NO TIME DIR KIND INFO LEN RTT" {
		t.Errorf("the columns are %q", got)
	}
	if len(*kept) != 2 || !slices.Equal((*kept)[0], []string{"no", "code", "coap.mid", "info", "photon.event.name"}) || (*kept)[1] != nil {
		t.Errorf("kept: %q", *kept)
	}
	for _, c := range [][2]string{{"nonsense", "there is no column nonsense"}, {"coap.mi", "near it: coap.mid"}, {"no,no,,", ""}, {",", "1 to 30 names"}} {
		if trouble := string(a.runCommand("columns " + c[0])); !strings.Contains(trouble, c[1]) || (c[1] == "") != (trouble == "") {
			t.Errorf("columns %s says %q", c[0], trouble)
		}
	}
}

func TestColumnsAreChosenInAWindow(t *testing.T) {
	a, screen, kept := withColumns(t, 80, 24, Options{})
	press(a, "o")
	redraw(a, screen)
	golden(t, "columns-window-80x24", screen, a.look)
	press(a, "j", "Space", "J", "k", "k", "G", "g", "c") // TIME off and one down; then to "code"
	press(a, "Space", "Enter")
	a.work.Wait()
	if got := heads(t, a, screen); got != "NO DIR KIND INFO LEN RTT CODE" {
		t.Errorf("the columns are %q; kept %q", got, *kept)
	}
	press(a, "o", "u")
	if got := heads(t, a, screen); got != "NO TIME DIR KIND INFO LEN RTT" {
		t.Errorf("the usual columns are %q", got)
	}
	press(a, "o", "Esc")
	if a.top() != nil {
		t.Error("Esc does not close the window")
	}
}

// What has no room is left out from the right, and told; INFO always has some.
func TestColumnsWithoutRoomAreCounted(t *testing.T) {
	for _, c := range []struct {
		w, h int
		want string
	}{
		{140, 45, "NO TIME KIND LEG INFO LEN RTT NAME DATA ID"}, {80, 24, "NO TIME KIND LEG INFO LEN RTT NAME +2"}, {60, 16, "NO TIME KIND LEG INFO LEN +4"}, {40, 10, "NO TIME INFO +7"},
	} {
		a, screen, _ := withColumns(t, c.w, c.h, Options{Columns: []string{"no", "time", "kind", "leg", "info", "len", "rtt", "photon.event.name", "photon.event.data", "id"}})
		if got := heads(t, a, screen); got != c.want {
			t.Errorf("%dx%d: %q, want %q", c.w, c.h, got, c.want)
		}
	}
}

func TestColumnsThatAreNoneAreToldAndLeftOut(t *testing.T) {
	a, screen, _ := withColumns(t, 80, 24, Options{Columns: []string{"no", "gone\x1b[2J"}})
	if got := heads(t, a, screen); got != "NO TIME DIR KIND INFO LEN RTT" {
		t.Errorf("the columns are %q", got)
	}
	if kept := a.opt.Log.kept(); len(kept) != 1 || !strings.Contains(kept[0].text, "there is no column gone") {
		t.Errorf("the log has %v", kept)
	}
}

// Columns of fields show nothing foreign as it is, and nothing that is hidden.
func TestColumnsOfFieldsAreSafe(t *testing.T) {
	fields := []string{"photon.event.name", "photon.event.data", "photon.func.name", "photon.var.name", "coap.payload", "coap.opt.uri_path", "info"}
	for _, text := range hostile() {
		a := newApp(Options{Store: stored(saying(text)...), Columns: fields})
		screen := show(t, a, 140, 45)
		press(a, "2", "g")
		redraw(a, screen)
		checkScreen(t, a, screen, func() string { return text })
	}
	a := newApp(Options{Store: stored(saying("zebra-crossing")...), Columns: fields})
	screen := show(t, a, 140, 45)
	press(a, "2", "g", "p")
	redraw(a, screen)
	if text := string(capture(screen, a.look)); strings.Contains(text, "zebra") || strings.Contains(text, "7a65627261") {
		t.Errorf("privacy hides no columns:\n%s", text)
	}
}
