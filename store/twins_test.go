package store

import (
	"slices"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// meddle sends a message over the first leg and another one, or none, over the
// second.
func (k *talk) meddle(from stream.Direction) {
	m := coap.Message{Type: coap.NonConfirmable, Code: coap.POST, ID: k.id(from), Options: []coap.Option{{Number: coap.URIPath, Value: []byte("e")}, {Number: coap.URIPath, Value: []byte("a")}}}
	edited := m
	edited.Payload = []byte("edited")
	first, second := *k, *k
	first.conns, second.conns = k.conns[:1], k.conns[1:]
	if from == stream.FromCloud {
		first, second = second, first
	}
	second.ciphers[from] = k.other(from)
	what := k.tr.IntN(3)
	if what != 0 { // else dropped
		first.say(from, m)
	}
	if what != 1 { // else injected
		second.say(from, edited)
	}
}

func TestTwinsAreTheSameMessageOnBothLegs(t *testing.T) {
	for seed := range uint64(10) {
		tr := newTraffic(seed)
		var talks []*talk
		for range 3 {
			k := tr.open(2)
			k.hello()
			talks = append(talks, k)
		}
		for range 200 {
			k := talks[tr.IntN(3)]
			k.ping(true)
			k.call("led")
			k.event(true)
		}
		events := decoded(tr.keys, tr.items)
		s := stored(events)
		for i := range events {
			twin, ok := s.Twin(Seq(i))
			if ok != (events[i].Raw != nil) {
				t.Fatalf("event %d has a twin: %v", i, ok)
			}
			if !ok {
				continue
			}
			a, b := &events[i], &events[twin]
			if back, _ := s.Twin(twin); back != Seq(i) || a.Session != b.Session || a.Conn.ID == b.Conn.ID || a.From != b.From || !slices.Equal(a.Raw, b.Raw) {
				t.Fatalf("event %d has the twin %d, that one %d", i, twin, back)
			}
		}
	}
}

// One leg is shown as decode.OneLeg does, which sees the events as a stream.
func TestAViewOfOneLegShowsWhatOneLegShows(t *testing.T) {
	for seed := range uint64(20) {
		tr := newTraffic(seed)
		tr.play(3, 100)
		for range 3 {
			k := tr.open(2)
			k.hello()
			for range 60 {
				k.ping(true)
				k.call("led")
				if tr.IntN(5) == 0 {
					k.meddle(stream.Direction(tr.IntN(2)))
				}
			}
			k.close(stream.Fin)
		}
		events := decoded(tr.keys, tr.items)
		var one decode.OneLeg
		shown := make(map[string]bool)
		var out []decode.Event
		for _, e := range events {
			out = one.Feed(out, e)
		}
		for _, e := range one.Finish(out) {
			shown[keyOf(&e)] = true
		}
		s := stored(events)
		v := NewView(s)
		v.SetMatch(Match{Where: Where{OneLeg: true}})
		v.Refresh(0)
		for i := range events {
			if _, got := v.RowOf(Seq(i)); got != shown[keyOf(&events[i])] {
				row, _ := s.Row(Seq(i))
				t.Fatalf("seed %d: event %d of session %d is shown: %v, want %v; %+v", seed, i, events[i].Session, got, !got, row)
			}
		}
	}
}

// A message that arrives under another ID, because one before it was dropped, is
// the same message; so a view of one leg has it once, and it does not differ.
func TestARenumberedMessageHasItsTwin(t *testing.T) {
	for _, from := range stream.Directions {
		tr := newTraffic(1)
		k := tr.open(2)
		k.hello()
		m := coap.Message{Type: coap.NonConfirmable, Code: coap.POST, ID: 100, Payload: []byte("dropped"), Options: []coap.Option{{Number: coap.URIPath, Value: []byte("e")}}}
		first, second := *k, *k
		first.conns, second.conns = k.conns[:1], k.conns[1:]
		if from == stream.FromCloud {
			first, second = second, first
		}
		second.ciphers[from] = k.other(from)
		first.say(from, m)
		for i, payload := range []string{"a", "b", "c"} {
			m.Payload, m.ID = []byte(payload), uint16(101+i)
			first.say(from, m)
			m.ID--
			second.say(from, m)
		}
		events := decoded(tr.keys, tr.items)
		s := stored(events)
		v := NewView(s)
		v.SetMatch(Match{Where: Where{OneLeg: true}})
		v.Refresh(0)
		pairs := 0
		for i := range events {
			b, ok := events[i].Body.(*decode.Message)
			if !ok || b.Plain[1] != byte(coap.POST) || len(b.Plain) > 20 || b.Meaning.Kind != particle.KindEvent {
				continue
			}
			row, _ := s.Row(Seq(i))
			twin, paired := s.Twin(Seq(i))
			_, shown := v.RowOf(Seq(i))
			if !paired {
				if string(b.Plain[len(b.Plain)-7:]) != "dropped" || row.Flags&Lone == 0 || !shown {
					t.Errorf("from the %s: %x has no twin, flags %v, shown %v", from, b.Plain, row.Flags, shown)
				}
				continue
			}
			pairs++
			other := events[twin].Body.(*decode.Message)
			if row.Flags&Differs != 0 || string(other.Plain[4:]) != string(b.Plain[4:]) || shown != (events[i].Conn.Leg == stream.DeviceLeg) {
				t.Errorf("from the %s: %x and %x, flags %v, shown %v", from, b.Plain, other.Plain, row.Flags, shown)
			}
		}
		if pairs != 6 {
			t.Errorf("from the %s: %d events have a twin, want 6", from, pairs)
		}
	}
}
