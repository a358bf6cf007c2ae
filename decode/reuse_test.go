package decode

import (
	"bytes"
	"testing"

	"github.com/photonscope/photonscope/decode/stream"
)

// What is printed before Reuse is the same as if nothing were ever used again.
func TestReuseChangesNothingThatIsPrintedInTime(t *testing.T) {
	items, keys := longSession(t, 3000), vectorKeys(t)
	print := func(reuse bool) (out []byte) {
		d := NewDecoder(keys)
		var p Printer
		var events []Event
		for i, it := range items {
			events = d.Feed(events[:0], it)
			for j := range events {
				out = p.AppendJSON(out, &events[j])
			}
			if reuse && i%7 == 0 {
				d.Reuse()
			}
		}
		return out
	}
	if got, want := print(true), print(false); !bytes.Equal(got, want) {
		t.Error("lines differ")
	}
}

func TestReuseNeedsNoNewMemory(t *testing.T) {
	items, keys := longSession(t, 2000), vectorKeys(t)
	d := NewDecoder(keys)
	var events []Event
	for _, it := range items[:200] {
		events = d.Feed(events[:0], it)
		d.Reuse()
	}
	kept := &d.arena.spare[0][0]
	for _, it := range items[200:] {
		events = d.Feed(events[:0], it)
		d.Reuse()
	}
	if len(d.arena.spare) != 1 || &d.arena.spare[0][0] != kept {
		t.Errorf("%d chunks, another one than before", len(d.arena.spare))
	}
}

func TestOneLegIsIdleOnceAllTwinsCame(t *testing.T) {
	d, c := readyDuet(t)
	_, back := readyDuet(t)
	send := func(id stream.ConnID, from stream.Direction, plain string) {
		cipher := c[id]
		if from == cld {
			cipher = back[id]
		}
		d.item(stream.Segment{Conn: id, From: from, Data: cipher.AppendSealedFrame(nil, []byte(plain))})
	}
	for i, step := range []struct {
		leg  stream.ConnID
		from stream.Direction
		idle bool
	}{{1, dev, false}, {2, dev, true}, {2, cld, false}, {1, cld, true}, {2, cld, false}} {
		send(step.leg, step.from, "\x40\x00\x00"+string(rune(i/2)))
		if d.one.Idle() != step.idle {
			t.Errorf("step %d: idle %v", i, d.one.Idle())
		}
	}
	for _, from := range stream.Directions {
		d.end(from, stream.Fin, 1, 2)
	}
	if !d.one.Idle() {
		t.Error("not idle after the end")
	}
}
