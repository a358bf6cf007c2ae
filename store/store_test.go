package store

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

func TestMadeSessionsComeBackAsTheyWere(t *testing.T) {
	for seed := range uint64(24) {
		tr := newTraffic(seed)
		tr.play(1+tr.IntN(4), 200)
		for _, keys := range []*lightssl.Keyring{tr.keys, nil} {
			events := decoded(keys, tr.items)
			got := all(t, stored(events))
			sameEvents(t, got, events)
			sameLines(t, got, events)
		}
	}
}

func TestAStoreNeedsNothingOfWhatItsSourceUsesAgain(t *testing.T) {
	for seed := range uint64(8) {
		tr := newTraffic(seed)
		tr.play(1+tr.IntN(4), 500)
		want := decoded(tr.keys, tr.items)
		s := New(0)
		var raw, padded [64 << 10]byte
		var message decode.Message
		for _, e := range want {
			if m, ok := e.Body.(*decode.Message); ok {
				message = *m
				e.Raw, message.Padded = append(raw[:0], e.Raw...), append(padded[:0], m.Padded...)
				message.Plain = message.Padded[:len(m.Plain)]
				e.Body = &message
			}
			s.Append([]decode.Event{e})
		}
		got := all(t, s)
		sameEvents(t, got, want)
		sameLines(t, got, want)
	}
}

// sameLines compares NDJSON and trees, with secrets.
func sameLines(t *testing.T, got, want []decode.Event) {
	t.Helper()
	p, q := decode.Printer{ShowSecrets: true}, decode.Printer{ShowSecrets: true}
	for i := range want {
		a, b := p.AppendTree(p.AppendJSON(nil, &got[i]), &got[i]), q.AppendTree(q.AppendJSON(nil, &want[i]), &want[i])
		if !bytes.Equal(a, b) {
			t.Fatalf("event %d prints as\n%s, not as\n%s", i, a, b)
		}
		x, _ := got[i].Body.(*decode.Message)
		if y, ok := want[i].Body.(*decode.Message); ok && x.IV != y.IV {
			t.Fatalf("event %d has the IV %x, not %x", i, x.IV, y.IV)
		}
	}
}

func TestAnyBodyComesBackAsItWas(t *testing.T) {
	at := time.Date(2026, 11, 24, 12, 0, 0, 1, time.UTC)
	huge := bytes.Repeat([]byte{7}, 3<<20)
	events := []decode.Event{
		{At: at, Body: &decode.Opened{Joined: true}},
		{At: time.Unix(math.MaxInt64/1000, 999999999), Body: &decode.Opened{}},
		{At: time.Time{}, Raw: []byte{}, Altered: true, Body: &decode.Malformed{Layer: "wire", Offset: -1, Plain: []byte{}, Padded: nil}},
		{At: at, Raw: huge, Body: &decode.Malformed{Reason: string(huge[:300]), Plain: nil, Padded: []byte{}}},
		{At: at, Body: &decode.Finding{ID: "PH-01", Title: "another server key", Confidence: "certain", Evidence: []decode.Evidence{
			{Session: 9, Event: 3, At: at, From: stream.FromCloud, Name: "identity", Layer: decode.Wire, Start: 1, End: 256, Shows: "too large"}, {At: at},
		}, RuledOut: []string{"PH-02", ""}, Device: "red", Remedy: []string{"$ do"}, Repair: "none"}},
		{At: at, Body: &decode.Gap{Len: 1 << 40}},
		{At: at, From: stream.FromCloud, Body: &decode.Closed{How: stream.Cut, Pending: 12}},
		{At: at, Body: &decode.Identity{Reason: "no key", Parts: 2}},
		{At: at, Body: &decode.Sealed{}},
		{At: time.Unix(1<<60, 5), Raw: []byte{0, 0}, Body: &decode.Message{Plain: []byte{0x40, 0, 0, 1}, Padded: []byte{1}, IV: [16]byte{1, 2}}},
	}
	for i := range events {
		events[i].Conn = new(stream.Conn)
	}
	sameEvents(t, all(t, stored(events)), events)
}

func TestWhatExceedsTheBudgetIsEvictedAndCounted(t *testing.T) {
	tr := newTraffic(1)
	tr.play(3, 9000)
	events := decoded(tr.keys, tr.items)
	const budget = 1 << 20
	s := New(budget)
	for i := range events {
		s.Append(events[i : i+1])
		if used, _ := s.Size(); used > budget+pageSize+chunkLen {
			t.Fatalf("%d bytes of %d after %d events", used, budget, i+1)
		}
	}
	first, end := s.Bounds()
	if end != Seq(len(events)) || first == 0 || s.Evicted() != uint64(first) {
		t.Fatalf("holds %d to %d of %d, evicted %d", first, end, len(events), s.Evicted())
	}
	sameEvents(t, all(t, s), events[first:])
	if _, ok := s.At(first - 1); ok {
		t.Error("an evicted event is there")
	}
	if _, ok := s.At(end); ok {
		t.Error("an event to come is there")
	}
	total := 0
	for _, v := range s.Sessions(nil) {
		total += v.Legs[0].Events + v.Legs[1].Events
	}
	if total != len(events) {
		t.Errorf("sessions count %d events of %d", total, len(events))
	}
}

func TestLongEventsAreEvictedOneByOne(t *testing.T) {
	s := New(8 << 20)
	var events []decode.Event
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		e := decode.Event{At: time.Unix(int64(i), 0), Conn: new(stream.Conn), Raw: bytes.Repeat([]byte{byte(i)}, rnd.IntN(300<<10)), Body: &decode.Malformed{Layer: "wire"}}
		events = append(events, e)
		s.Append(events[i:])
		if used, budget := s.Size(); used > budget+2*chunkLen {
			t.Fatalf("%d bytes of %d after %d events", used, budget, i+1)
		}
	}
	first, _ := s.Bounds()
	if first < 100 {
		t.Errorf("still holds event %d", first)
	}
	sameEvents(t, all(t, s), events[first:])
}

func TestChangedIsClosedByTheNextAppend(t *testing.T) {
	s := New(0)
	changed := s.Changed()
	select {
	case <-changed:
		t.Fatal("changed before anything was appended")
	default:
	}
	s.Append([]decode.Event{{Conn: new(stream.Conn), Body: &decode.Opened{}}})
	select {
	case <-changed:
	default:
		t.Fatal("not changed")
	}
	if s.Changed() == changed {
		t.Error("the same channel again")
	}
}
