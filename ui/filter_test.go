package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/store"
)

// typed types a text into whatever takes keys.
func typed(a *app, text string) {
	for _, r := range text {
		press(a, string(r))
	}
}

func TestTypingAFilterShowsWhatItLeaves(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...), Title: "talk.pcapng"})
	press(a, "2", "g", "j", "j", "/")
	typed(a, `photon.msg == "hello" and coap.co`)
	golden(t, "filter-80x24", show(t, a, 80, 24), a.look)
	golden(t, "filter-40x10", show(t, a, 40, 10), a.look)
	press(a, "Tab")
	typed(a, ` == POST`)
	golden(t, "filter-140x45", show(t, a, 140, 45), a.look)
	if n := a.model.Len(); n != 4 {
		t.Errorf("%d events are shown before Enter, want the 4 hellos", n)
	}
	press(a, "Enter")
	if a.top() != nil || a.model.Len() != 4 {
		t.Errorf("%d events are shown after Enter", a.model.Len())
	}
	press(a, `\`)
	if a.model.Len() != int(a.model.end) {
		t.Errorf("with the filter off %d of %d events are shown", a.model.Len(), a.model.end)
	}
	press(a, `\`)
	if a.model.Len() != 4 {
		t.Errorf("with the filter on again %d events are shown", a.model.Len())
	}
}

func TestABadFilterKeepsTheOldOne(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...)})
	if trouble := a.runCommand("filter pings"); trouble != "" {
		t.Fatal(trouble)
	}
	n := a.model.Len()
	press(a, "/", "Ctrl-U")
	typed(a, "photon.msg ==")
	press(a, "Enter")
	if a.top() == nil {
		t.Error("Enter closes the prompt although the expression is not complete")
	}
	press(a, "Esc")
	if a.model.Len() != n || a.model.filter.text != "pings" {
		t.Errorf("the filter is %q with %d events, was pings with %d", a.model.filter.text, a.model.Len(), n)
	}
}

func TestAFilterOnTheValueUnderTheCursorShowsItsEvent(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...)})
	m := a.messagesView()
	press(a, "2", "g")
	for i := range 60 {
		m.list.choose(i * 3)
		for _, keys := range [][]string{{}, {"Tab", "j", "j"}, {"Tab", "j", "j", "j", "j", "j", "j"}} {
			seq := m.list.key
			press(a, append(keys, "*")...)
			row, ok := a.model.RowOf(seq)
			if !ok {
				t.Errorf("event %d is hidden by %s (row %d)", seq+1, a.model.filter.text, row)
			}
			a.runCommand("filter")
			press(a, "Esc")
			a.selectKey(seq)
		}
	}
}

func TestSearchGoesFromHitToHit(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...)})
	press(a, "2", "g", "/")
	typed(a, `photon.msg == "hello"`)
	press(a, "Ctrl-F")
	var at []uint64
	for range 4 {
		at = append(at, a.selectedKey())
		press(a, "n")
	}
	for i := 1; i < len(at); i++ {
		if at[i] <= at[i-1] {
			t.Fatalf("hits at %v", at)
		}
	}
	if !strings.Contains(string(a.notice), "None below; this one is the first") || a.selectedKey() != at[0] {
		t.Errorf("after the last hit event %d is selected: %s", a.selectedKey(), a.notice)
	}
	press(a, "N")
	if !strings.Contains(string(a.notice), "None above; this one is the last") || a.selectedKey() <= at[2] {
		t.Errorf("before the first hit event %d is selected: %s", a.selectedKey(), a.notice)
	}
}

// At first the last event is selected, below which there is nothing.
func TestNFindsAProblemFromTheFirstScreen(t *testing.T) {
	all := classroom(t)
	a := newApp(Options{Store: stored(all...)})
	press(a, "n")
	if row, _ := a.model.store.Row(store.Seq(a.selectedKey())); row.Flags&store.Problem == 0 {
		t.Errorf("event %d is selected: %s", a.selectedKey(), a.notice)
	}
	press(a, "/")
	typed(a, `photon.msg == "key-change"`)
	if press(a, "Ctrl-F"); !strings.HasPrefix(string(a.notice), "There is no ") || a.hunt != nil {
		t.Errorf("a search for what is not there says %q", a.notice)
	}
}

// What is no filter is found as text, as the lines have it.
func TestTextIsFoundInTheLines(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...)})
	press(a, "2", "g", "/")
	typed(a, "OTA_chunk")
	press(a, "Ctrl-F")
	for i := range 3 {
		e := a.model.event(store.Seq(a.selectedKey()))
		if !strings.Contains(string(a.summaryOf(&e)), "ota_chunk") {
			t.Errorf("hit %d is event %d, %s %s", i+1, a.selectedKey()+1, kindOf(&e), a.summaryOf(&e))
		}
		press(a, "n")
	}
	if a.model.filter.text != "" || a.top() != nil {
		t.Errorf("finding left the filter %q", a.model.filter.text)
	}
}

func TestNGoesToTheNextProblem(t *testing.T) {
	a := newApp(Options{Store: stored(classroom(t)...)})
	press(a, "2", "g", "n")
	first := a.selectedKey()
	press(a, "!")
	if a.model.Len() == 0 || a.model.Key(0) != first {
		t.Errorf("n goes to %d, the problems are %d from %d on", first, a.model.Len(), a.model.Key(0))
	}
}

func TestASavedFilterIsKeptForTheNextTime(t *testing.T) {
	kept := make(map[string]string)
	keep := func(name, expr string) (string, error) { kept[name] = expr; return "filters", nil }
	a := newApp(Options{Store: stored(demo(t)...), Filters: map[string]string{"mine": "~m event"}, Filter: "mine", Actions: Actions{KeepFilter: keep}})
	if n, all := a.model.view.Len(), int(a.model.end); n == 0 || n == all {
		t.Fatalf("%d of %d events match a filter of the user's own", n, all)
	}
	if trouble := a.runCommand("filter-save also"); trouble != "" {
		t.Fatal(trouble)
	}
	done(a)
	if kept["also"] != "mine" || a.notice != "Written to filters" {
		t.Errorf("kept %v, the screen says %q", kept, a.notice)
	}
	if trouble := a.runCommand("filter also"); trouble != "" {
		t.Error(trouble)
	}
	for _, name := range []string{"a b", "x=y", "(", `"q"`} {
		if trouble := a.runCommand("filter-save " + name); trouble == "" {
			t.Errorf("%s can be the name of a filter", name)
		}
	}
	press(a, "/", "Ctrl-U", "a", "l")
	if text := string(capture(show(t, a, 80, 24), a.look)); !strings.Contains(text, "also") {
		t.Errorf("the name is not offered:\n%s", text)
	}
}

// Of two legs that say the same one is listed, and the line above counts what is.
func TestTheNumberOfEventsIsThatOfTheRows(t *testing.T) {
	all := demo(t)
	a := newApp(Options{Store: stored(all...)})
	if want := fmt.Sprintf("%d events, %d on both legs", a.model.Len(), len(all)); !strings.Contains(string(a.model.label()), want) {
		t.Errorf("%s lacks %q", a.model.label(), want)
	}
	a.runCommand("legs both")
	if want := fmt.Sprintf("   %d events", len(all)); a.model.Len() != len(all) || !strings.HasSuffix(string(a.model.label()), want) {
		t.Errorf("%s of %d rows lacks %q", a.model.label(), a.model.Len(), want)
	}
}
