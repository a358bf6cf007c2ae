package decode

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// completion is a run of bytes of one direction whose last byte completes something.
type completion struct {
	from stream.Direction
	end  int // offset in the direction
}

// interleave cuts and mixes the two directions of a session at random, but for
// the order in which its records become complete: earlier bytes of a record may
// come at any time before, and one segment may complete several records.
func interleave(rng *rand.Rand, items []stream.Item) []stream.Item {
	var bytes [2][]byte
	var records []completion
	for _, it := range items {
		if seg, ok := it.(*stream.Segment); ok {
			bytes[seg.From] = append(bytes[seg.From], seg.Data...)
			records = append(records, completion{seg.From, len(bytes[seg.From])})
		}
	}
	out := []stream.Item{items[0]}
	var at [2]int
	send := func(from stream.Direction, to int) {
		if to > at[from] {
			out = append(out, &stream.Segment{At: testStart, Conn: 1, From: from, Data: bytes[from][at[from]:to]})
			at[from] = to
		}
	}
	for i := 0; i < len(records); {
		for range rng.IntN(4) {
			from := stream.Direction(rng.IntN(2))
			send(from, at[from]+rng.IntN(1+spare(records[i:], from, at[from])))
		}
		from := records[i].from
		for i++; i < len(records) && records[i].from == from && rng.IntN(2) == 0; i++ {
		}
		send(from, records[i-1].end+rng.IntN(1+spare(records[i:], from, records[i-1].end)))
	}
	return append(out, items[len(items)-2:]...)
}

// spare returns how many bytes of a direction may come from an offset on
// without completing its next record.
func spare(records []completion, from stream.Direction, at int) int {
	for _, r := range records {
		if r.from == from {
			return r.end - 1 - at
		}
	}
	return 0
}

// I1: the events are the same, and in the same order, however the two directions
// are cut and mixed, as long as records become complete in the same order.
func TestInterleavingIsInvisible(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	for _, name := range vectorNames {
		items := loadVectors(t, name).items(t)
		keys := vectorKeys(t)
		want := render(decodeAll(keys, items))
		for round := range 200 {
			if got := render(decodeAll(keys, interleave(rng, items))); got != want {
				t.Fatalf("%s, round %d: other events\n%s", name, round, firstDifference(got, want))
			}
		}
	}
}

// The same holds where a half has to wait, and where bytes are damaged or
// missing.
func TestChunkingIsInvisibleInDamagedSessions(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	keys := vectorKeys(t)
	for round := range 400 {
		items := damage(rng, loadVectors(t, vectorNames[round%2]).items(t), round/2)
		if round%5 == 0 {
			items = deviceFirst(items)
		}
		want := render(decodeAll(keys, items))
		for _, limit := range []int{1, 7, 300} {
			if got := render(decodeAll(keys, cutItems(rng, items, limit))); got != want {
				t.Fatalf("round %d, up to %d bytes: other events\n%s", round, limit, firstDifference(got, want))
			}
		}
		if got := render(decodeAll(keys, joinItems(items))); got != want {
			t.Fatalf("round %d, joined: other events\n%s", round, firstDifference(got, want))
		}
	}
}

// deviceFirst puts all that the device sent before all that the cloud sent.
func deviceFirst(items []stream.Item) []stream.Item {
	items = slices.Clone(items)
	slices.SortStableFunc(items[1:len(items)-2], func(a, b stream.Item) int { return int(fromOf(a)) - int(fromOf(b)) })
	return items
}

func fromOf(it stream.Item) stream.Direction {
	switch it := it.(type) {
	case *stream.Segment:
		return it.From
	case *stream.Gap:
		return it.From
	}
	return 0
}

// joinItems makes one segment of neighbours of one direction.
func joinItems(items []stream.Item) []stream.Item {
	var out []stream.Item
	for _, it := range items {
		seg, ok := it.(*stream.Segment)
		if ok && len(out) > 0 {
			if last, too := out[len(out)-1].(*stream.Segment); too && last.From == seg.From {
				last.Data = append(last.Data, seg.Data...)
				continue
			}
		}
		out = append(out, stream.Clone(it))
	}
	return out
}

// I-8: what is known of the beginning never changes with what follows.
func TestEventsOfAPrefixAreAPrefixOfTheEvents(t *testing.T) {
	rng := rand.New(rand.NewPCG(25, 26))
	keys := vectorKeys(t)
	for round := range 60 {
		items := cutItems(rng, damage(rng, loadVectors(t, vectorNames[round%2]).items(t), round), 400)
		whole := render(decodeAll(keys, items))
		for range 10 {
			d := NewDecoder(keys)
			var events []Event
			for _, it := range items[:rng.IntN(len(items))] {
				events = d.Feed(events, it)
			}
			if part := render(events); !strings.HasPrefix(whole, part) {
				t.Fatalf("round %d: %s", round, firstDifference(part, whole))
			}
		}
	}
}

// The same items give the same events in the same order, however many sessions
// are open when the source breaks off.
func TestEveryRunEndsAlike(t *testing.T) {
	var want string
	for round := range 20 {
		d := NewDecoder(nil)
		var events []Event
		for id := range stream.ConnID(30) {
			events = d.Feed(events, &stream.Opened{At: testStart, Conn: stream.Conn{ID: id + 1}})
			events = d.Feed(events, &stream.Segment{At: testStart, Conn: id + 1, From: cld, Data: []byte{byte(id)}})
		}
		got := render(d.Finish(events))
		if round == 0 {
			want = got
		}
		if got != want || strings.Count(got, `"closed"`) != 60 {
			t.Fatalf("round %d: %s", round, firstDifference(got, want))
		}
	}
}

// An event has the time of its last byte, within a percent also where a half has
// collected more times than it remembers.
func TestAnEventHasTheTimeOfItsLastByte(t *testing.T) {
	s := newScene(t, "server device")
	open(s)
	b := append(s.bytes("identity"), make([]byte, 20_000)...) // and empty frames
	for i := range b {
		s.at = testStart.Add(time.Duration(i) * time.Millisecond)
		s.send(dev, b[i:i+1])
	}
	closes(cld, stream.Fin)(s)
	end := 0
	for _, e := range s.events[1:] {
		if end += len(e.Raw); len(e.Raw) == 0 {
			continue
		}
		right := testStart.Add(time.Duration(end-1) * time.Millisecond)
		if off := e.At.Sub(right); off < 0 || off > time.Second {
			t.Fatalf("the event that ends at byte %d is %v off", end, off)
		}
	}
	if end != len(b) {
		t.Errorf("%d of %d bytes", end, len(b))
	}
}
