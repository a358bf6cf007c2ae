package store

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/store/filter"
)

// What lacks the bytes that are asked for is refused where it lies, in whatever form
// that is stored.
func TestOnlyMessagesWithTheNeedleAreLookedAt(t *testing.T) {
	tr := newTraffic(3)
	tr.play(4, 500)
	events := decoded(tr.keys, tr.items)
	for i := range events { // some need the long form of their time
		if i%5 == 0 {
			events[i].At = time.Unix(1<<60, 5)
		}
	}
	needle := []byte("room/2")
	var want, looked []Seq
	for i := range events {
		if m, ok := events[i].Body.(*decode.Message); ok && bytes.Contains(m.Plain, needle) {
			want = append(want, Seq(i))
		}
	}
	v := NewView(stored(events))
	v.SetMatch(Match{Where: Where{Types: SetOf(TypeMessage)}, Needle: needle, Later: true, Event: func(_ *decode.Event, row *Row) bool {
		looked = append(looked, row.Seq)
		return true
	}})
	v.Refresh(0)
	if !slices.Equal(looked, want) || v.Len() != len(want) || len(want) == 0 {
		t.Errorf("looked at %d events, found %d, want %d", len(looked), v.Len(), len(want))
	}
}

func TestKindsAndTypesFitTheirBits(t *testing.T) {
	for _, k := range particle.Kinds() {
		if k.Kind >= 64 {
			t.Errorf("%s is kind %d, sets and verdicts hold 64", k.Name, k.Kind)
		}
	}
	for i, name := range decode.EventTypes {
		if i > typeMask || EventType(i).String() != name {
			t.Errorf("%s is type %d", name, i)
		}
	}
}

// An expression finds in a store what it finds among the events, whatever of it is
// decided without looking at them.
func TestExpressionsFindInAStoreWhatTheyFindInAStream(t *testing.T) {
	tr := newTraffic(11)
	tr.play(4, 500)
	events := decoded(tr.keys, tr.items)
	s := stored(events)
	for _, expr := range []string{
		`photon.session == 2`, `photon.leg == "cloud" or photon.msg == "ping"`, `not photon.dir == "device"`,
		`photon.msg == "event" and coap.opt.uri_path contains "room/1"`, `coap.type == 0 xor photon.session in {1, 3}`,
		`photon.rtt > 30ms`, `frame.wire[2] < 80`, `type in {"gap", "malformed"}`, `coap.payload contains "1"`, `tcp.port == 4000`, `frame.padding`,
	} {
		f, err := filter.Parse(expr, nil)
		if err != nil {
			t.Fatal(err)
		}
		v := NewView(s)
		v.SetMatch(MatchOf(f))
		v.Refresh(0)
		found := 0
		for i := range events {
			want := f.Match(&events[i])
			if _, got := v.RowOf(Seq(i)); got != want {
				t.Fatalf("%s: event %d: %v, want %v", expr, i, got, want)
			}
			if want {
				found++
			}
		}
		if found == 0 || found == len(events) && expr != `tcp.port == 4000` {
			t.Errorf("%s finds %d of %d", expr, found, len(events))
		}
	}
	if m := MatchOf(nil); m.Event != nil {
		t.Error("no filter looks at events")
	}
	f, _ := filter.Parse("unanswered", nil)
	v := NewView(s)
	v.SetMatch(MatchOf(f))
	v.Refresh(0)
	for _, seq := range model(s, Match{Where: Where{Need: Unanswered}}) {
		row, _ := s.Row(seq)
		e, _ := s.At(seq)
		if _, got := v.RowOf(seq); got != f.MatchWith(&e, row.Relation()) {
			t.Errorf("unanswered: event %d: %v", seq, got)
		}
	}
}
