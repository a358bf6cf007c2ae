package ui

import (
	"testing"

	"github.com/photonscope/photonscope/store"
)

// The event that is selected stays selected, whichever views lie between, and
// conversation and handshake are those of its session.
func TestTheSelectedEventIsTheSameInEveryView(t *testing.T) {
	s := stored(events(t, "healthy-spark-fw1.5.2/capture.pcap")...) // four sessions
	a := newApp(Options{Store: s})
	show(t, a, 80, 24)
	press(a, "2", "g", "j", "j", "j", "j")
	const selected = store.Seq(4)
	for _, keys := range [][]string{{"3"}, {"4"}, {"5"}, {"6"}, {"2"}, {"5", "3", "6", "4"}} {
		press(a, keys...)
		show(t, a, 80, 24)
		switch v := a.view().(type) {
		case *handshake:
			if v.shown().Number != 1 {
				t.Errorf("%v: the handshake is that of session %d", keys, v.shown().Number)
			}
		case eventLister:
			if l := v.events(); store.Seq(l.key) != selected {
				t.Errorf("%v: event %d is selected in %s", keys, l.key+1, a.view().name())
			}
		case *follow:
			if seq, _ := v.talk.selected(); seq != selected {
				t.Errorf("%v: event %d is selected in the conversation", keys, seq+1)
			}
		}
	}
}

// What the user does in a view is kept while the selection in the lists is.
func TestAViewKeepsItsPlaceUntilAnotherEventIsSelected(t *testing.T) {
	a := newApp(Options{Store: stored(events(t, "healthy-spark-fw1.5.2/capture.pcap")...)})
	show(t, a, 80, 24)
	press(a, "2", "g", "j", "3", "]")
	shown := func() uint32 { return a.view().(*handshake).shown().Number }
	if press(a, "2", "3"); shown() != 2 {
		t.Errorf("session %d is shown, the user went to 2", shown())
	}
	if press(a, "2", "j", "3"); shown() != 1 {
		t.Errorf("session %d is shown, an event of 1 was selected", shown())
	}
	press(a, "5", "j", "j")
	talk := a.view().(*follow).talk
	if at := talk.sel; at != 4 {
		t.Fatalf("row %d of the conversation is selected", at+1)
	}
	if press(a, "6", "5"); talk.sel != 4 {
		t.Errorf("row %d of the conversation is selected, the user went to 5", talk.sel+1)
	}
}

func TestWithoutAChoiceTheLatestIsShown(t *testing.T) {
	a := newApp(Options{Store: stored(events(t, "healthy-spark-fw1.5.2/capture.pcap")...)})
	show(t, a, 80, 24)
	if press(a, "2", "3"); a.view().(*handshake).shown().Number != 4 {
		t.Errorf("session %d is shown, nothing was selected", a.view().(*handshake).shown().Number)
	}
}
