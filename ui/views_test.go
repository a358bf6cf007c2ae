package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/store"
)

func TestFollowAtEverySize(t *testing.T) {
	all := demo(t)
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(all...), Title: "demo.pcapng"})
		a.runCommand("go 50")
		press(a, "f")
		golden(t, fmt.Sprintf("follow-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
}

func TestAnExchangeCanBeFollowedAlone(t *testing.T) {
	a := newApp(Options{Store: stored(demo(t)...)})
	press(a, "2", "/")
	typed(a, `photon.msg == "function-call"`)
	press(a, "Enter", "f")
	f := a.view().(*follow)
	all := f.talk.view.Len()
	press(a, "T")
	if n := f.talk.view.Len(); n < 2 || n >= all {
		t.Errorf("the exchange has %d of %d messages", n, all)
	}
	press(a, "T")
	if n := f.talk.view.Len(); n != all {
		t.Errorf("%d messages, were %d", n, all)
	}
}

// A view that nobody sees does not go through the store again for every event that
// comes; shown, it has the session of the event that is selected.
func TestFollowLooksAtTheStoreOnlyWhileItIsShown(t *testing.T) {
	all := classroom(t)
	a := newApp(Options{Store: stored(all...)})
	var f *follow
	for _, v := range a.views {
		if v, ok := v.(*follow); ok {
			f = v
		}
	}
	press(a, "2", "g")
	for range 10 {
		a.refresh()
	}
	if done, total := f.talk.view.Progress(); done != 0 || total != len(all) && total != 0 {
		t.Errorf("hidden, it looked at %d of %d events", done, total)
	}
	for _, key := range []string{"g", "G"} {
		press(a, "2", key)
		row, _ := a.model.store.Row(store.Seq(a.messagesView().list.key))
		press(a, "5")
		if f.number != row.Session {
			t.Errorf("it shows session %d, selected is %d", f.number, row.Session)
		}
		if done, total := f.talk.view.Progress(); done != total || total != len(all) {
			t.Errorf("shown, it looked at %d of %d events", done, total)
		}
		press(a, "q")
	}
}

func TestStartPageRunsWhatIsChosen(t *testing.T) {
	ran := ""
	choices := []Choice{
		{Key: 'd', Name: "Demo", Does: "a simulated Photon", Note: "or type: photonscope demo", Run: func() { ran = "demo" }},
		{Key: 'p', Name: "Proxy", Does: "between device and server", Note: "type: photonscope proxy"},
	}
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(), Choices: choices})
		golden(t, fmt.Sprintf("start-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
	a := newApp(Options{Store: stored(), Choices: choices})
	press(a, "p")
	if a.notice != "q leaves this page; then type: photonscope proxy" {
		t.Errorf("what only tells how to run it says %q", a.notice)
	}
	if a.quitting || ran != "" {
		t.Error("what only tells how to run it ends the page")
	}
	press(a, "k", "Enter")
	if !a.quitting || ran != "demo" {
		t.Errorf("Enter on the demo ran %q", ran)
	}
}

func TestHelpAtEverySize(t *testing.T) {
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(demo(t)...)})
		press(a, "2", "?")
		golden(t, fmt.Sprintf("help-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
}

// What bytes mean is told beside them; what can be read is not said twice.
func TestAConversationTellsWhatBytesMean(t *testing.T) {
	a := newApp(Options{Store: stored(events(t, "healthy-spark-fw1.5.2/capture.pcap")...)})
	press(a, "2", "5")
	var all strings.Builder
	talk := a.view().(*follow).talk
	for i := range talk.view.Len() {
		e := a.model.event(talk.view.At(i))
		all.WriteString(string(talk.title(talk.view.At(i), &e)) + "\n")
	}
	for _, want := range []string{"time-reply 2026-11-24T02:55:58Z", "variable-reply temperature = 21.5", "variable-reply   40ms", "   event\n"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("no line has %q:\n%s", want, all.String())
		}
	}
}

// In ASCII what passed is a word, the legend has the signs that lists have, and nothing
// is drawn that such a terminal does not know.
func TestInASCIIEverySignIsReadable(t *testing.T) {
	a := newApp(Options{Store: stored(demo(t)...), ASCII: true, Theme: Mono})
	for keys, want := range map[string][]string{
		"1": {"nonce ok 5"}, "2g": {"-> ", "<- "}, "3": {"> 1 ok|", "40 bytes ok"}, "4": nil, "5": nil, "6": nil,
		"?": {"->        device to cloud", "ok        passed"},
	} {
		press(a, "Esc")
		press(a, strings.Split(keys, "")...)
		screen := show(t, a, 80, 60)
		said := string(capture(screen, a.look))
		said, _, _ = strings.Cut(said, "-- style --")
		for _, part := range want {
			if !strings.Contains(said, part) {
				t.Errorf("%s lacks %q:\n%s", keys, part, said)
			}
		}
		if i := strings.IndexFunc(said, func(r rune) bool { return r > '~' }); i >= 0 {
			t.Errorf("%s has %q:\n%s", keys, said[i:i+4], said)
		}
	}
}

// A click on the start page chooses what stands there, also where each choice has one
// line.
func TestAClickOnTheStartPageChoosesWhatStandsThere(t *testing.T) {
	choices := []Choice{{Key: 'a', Name: "One"}, {Key: 'b', Name: "Two"}, {Key: 'c', Name: "Three"}}
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(), Choices: choices})
		rows := strings.Split(string(capture(show(t, a, size.w, size.h), a.look)), "\n")
		for i, want := range choices {
			y := slices.IndexFunc(rows, func(row string) bool { return strings.Contains(row, want.Name) }) - 1
			if a.click(5, y); a.view().(*start).sel != i {
				t.Errorf("at %dx%d a click on %s chooses %d", size.w, size.h, want.Name, a.view().(*start).sel)
			}
		}
	}
}

// Where nothing has room, what is needed, what goes on and how to leave have it still.
func TestTooSmallAScreenSaysWhatGoesOn(t *testing.T) {
	a := newApp(Options{Store: stored(demo(t)...), Live: true})
	rows := strings.Split(string(capture(show(t, a, 30, 5), a.look)), "\n")[1:6]
	said := strings.Join(strings.Fields(strings.Join(rows, " ")), " ")
	if want := fmt.Sprintf("40x10 needed, 30x5 now; all else goes on, %s; Q quits", a.model.summary()); said != want {
		t.Errorf("it says %q, want %q", said, want)
	}
}

// A mark is of an event, which need not be seen where m is pressed.
func TestAMarkNamesItsEvent(t *testing.T) {
	a := newApp(Options{Store: stored(demo(t)...)})
	press(a, "2", "g", "j", "6", "m", "x")
	if a.notice != "Event 2 is marked. 'x leads there, w writes marks to a capture." {
		t.Errorf("it says %q", a.notice)
	}
}
