package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/store"
)

func TestMessagesAtEverySize(t *testing.T) {
	all := demo(t)
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(all...), Title: "talk.pcapng", Theme: Ansi})
		press(a, "2", "g", "j", "j", "j", "j", "j")
		golden(t, fmt.Sprintf("messages-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
}

// Fields show codes and IDs as the conversation does.
func TestFieldsAreWrittenAsInOtherViews(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...)})
	press(a, "2", "g", "/")
	typed(a, "coap.code == 2.05")
	press(a, "Enter", "g", "f")
	talk := string(capture(show(t, a, 80, 24), a.look))
	e := a.model.event(store.Seq(a.messagesView().list.key))
	id := fmt.Sprintf("0x%02x%02x", e.Body.(*decode.Message).Plain[2], e.Body.(*decode.Message).Plain[3])
	press(a, "2")
	fields := string(capture(show(t, a, 140, 45), a.look))
	for _, want := range []string{"Code  2.05 (Content)", "Message ID  " + id + " = "} {
		if !strings.Contains(fields, want) {
			t.Errorf("the fields lack %q:\n%s", want, fields)
		}
	}
	if !strings.Contains(talk, id) {
		t.Errorf("the conversation lacks %s:\n%s", id, talk)
	}
}

// Only what asks to be acknowledged can be without an answer, and only what healthy
// peers answer is marked for it.
func TestNoneIsSaidWhereAnAnswerWasDue(t *testing.T) {
	a := newApp(Options{Store: stored(demo(t)...)})
	said := map[role]int{}
	for i := range a.model.Len() {
		seq := a.model.view.At(i)
		e := a.model.event(seq)
		row, _ := a.model.store.Row(seq)
		c := a.model.rttCell(seq, &e)
		if c.text != "none" {
			continue
		}
		said[c.role]++
		if m := e.Body.(*decode.Message); m.Plain[0]&0x30 != 0 || (c.role == warning) != (row.Flags&store.Problem != 0) {
			t.Errorf("event %d, %s of type %d, is said to lack an answer in role %d", seq+1, kindOf(&e), m.Plain[0]>>4&3, c.role)
		}
	}
	if said[quiet] == 0 || said[warning] == 0 {
		t.Errorf("the recording has %v of them", said)
	}
}

// What an event is stands once in a line.
func TestNoLineSaysTwiceWhatItIs(t *testing.T) {
	a := newApp(Options{Store: stored(demo(t)...)})
	for view, keys := range map[string][]string{"sessions": {"1"}, "ladder": {"4", "G"}, "follow": {"5", "x", "x", "G"}} {
		press(a, keys...)
		text := string(capture(show(t, a, 140, 45), a.look))
		if !strings.Contains(text, "the cloud c") { // a narrow column clips it
			t.Errorf("%s does not tell the end:\n%s", view, text)
		}
		for _, twice := range []string{"closed the", "closed cloud leg", "chunk chunk"} {
			if strings.Contains(text, twice) {
				t.Errorf("%s has %q:\n%s", view, twice, text)
			}
		}
	}
}

// A capture is read from its beginning; what is live, at its end.
func TestACaptureBeginsAtItsBeginning(t *testing.T) {
	all := talk(t)
	for live, want := range map[bool]int{false: 0, true: 199} {
		a := newApp(Options{Store: stored(all[:100]...), Live: live})
		a.model.store.Append(all[100:200])
		a.refresh()
		press(a, "2")
		if got := a.messagesView().list.sel; got != want {
			t.Errorf("live %v: row %d is selected, not %d", live, got, want)
		}
		if press(a, "4", "2"); !live {
			if _, chosen := a.chosen(); chosen {
				t.Error("who only looks around has chosen an event")
			}
		}
		press(a, "4", "G")
		a.model.store.Append(all[200:])
		a.refresh()
		if got, want := a.eventList().sel, len(all)-1; got != want {
			t.Errorf("live %v: G leads to row %d, not to the last one, %d", live, got, want)
		}
	}
}

func TestFoldedPingsAreNotTakenForASecondLeg(t *testing.T) {
	all := events(t, "healthy-spark-fw1.5.2/capture.pcap")
	a := newApp(Options{Store: stored(all...)})
	press(a, "2", "P")
	if got, want := a.model.label(), Safe(fmt.Sprintf("/ none   %d rows of %d events, pings folded", len(all)-1, len(all))); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheFirstOfTwoMarksStandsBeforeAnEvent(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...)})
	press(a, "2", "m", "b", "m", "a")
	if sign, _ := a.model.sign(0); sign != "a" && sign != "b" {
		t.Errorf("the sign is %q", sign)
	}
}

func TestALongFilterLeavesRoomForWhatItMatches(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...), Title: "/some/folder/talk.pcapng"})
	press(a, "2")
	expr := `photon.msg == "event" or photon.msg == "function-call" or photon.msg == "variable"`
	if err := a.model.setFilter(expr); err != nil {
		t.Fatal(err)
	}
	a.refresh()
	for w := 80; w < 200; w++ {
		if got, want := string(a.contextLine(standard, w)), fmt.Sprintf(" %d of 250", a.model.Len()); !strings.HasSuffix(got, want) || width(Safe(got)) > w {
			t.Errorf("%d columns: %q does not end in %q", w, got, want)
		}
	}
}

// Half of a small screen is the list's, and what an event has to show moves nothing.
func TestTheListKeepsItsLinesFromEventToEvent(t *testing.T) {
	for _, size := range []struct{ w, h, rows int }{{80, 24, 8}, {100, 28, 10}, {140, 45, 23}} {
		a := newApp(Options{Store: stored(demo(t)...)})
		press(a, "2", "g")
		screen := show(t, a, size.w, size.h)
		list := a.messagesView().list
		for range a.model.Len() {
			if _, _, _, h := list.GetRect(); h-1 != size.rows {
				t.Fatalf("at %dx%d event %d leaves %d rows for the list, want %d", size.w, size.h, list.key+1, h-1, size.rows)
			}
			press(a, "j")
			redraw(a, screen)
		}
	}
}
