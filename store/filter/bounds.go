package filter

import (
	"slices"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/stream"
)

// Bounds are what an event must be for a filter to match it, as far as that can be
// told without a look at its fields: for those who hold events in a form in which
// this is cheaper.
type Bounds struct {
	Types    uint64   // bit i: decode.EventTypes[i]
	Kinds    uint64   // bit k: the particle.Kind k; bit 0: what is no message
	From     uint64   // bit d: the stream.Direction d
	Legs     uint64   // bit l: the stream.Leg l
	Sessions []uint32 // nil: any
	Exact    bool     // an event within the bounds matches
}

// Bounds returns the bounds of the filter. What may match lies within them.
func (f *Filter) Bounds() Bounds { return f.root.bounds() }

// NeedsWire reports whether the filter looks at the bytes on the wire or at the
// padding of a message, which a holder of events may have to compute.
func (f *Filter) NeedsWire() bool { return f.wire }

// wireFields are those fields.
var wireFields = []string{"frame.wire", "frame.block", "frame.padding", "frame.rest"}

// Holds reports whether an event lies within the bounds.
func (b *Bounds) Holds(e *decode.Event) bool {
	var s scratch
	s.begin(e, Relation{})
	kind := uint64(1)
	if s.m != nil {
		kind = uint64(s.kind)
	}
	return b.Types&uint64(s.in) != 0 && b.Kinds&kind != 0 && b.From>>e.From&1 != 0 && b.Legs>>e.Conn.Leg&1 != 0 &&
		(b.Sessions == nil || slices.Contains(b.Sessions, e.Session))
}

const anything = ^uint64(0)

// unbounded is every event. Whether all of them match is for the caller to say.
func unbounded(exact bool) Bounds {
	return Bounds{Types: anything, Kinds: anything, From: anything, Legs: anything, Exact: exact}
}

// not returns the bounds of a negation: those of a single kind that are exact can
// be turned round.
func (b Bounds) not() Bounds {
	out := unbounded(b.Exact)
	bounded := 0
	for _, d := range [...]struct{ from, to *uint64 }{{&b.Types, &out.Types}, {&b.Kinds, &out.Kinds}, {&b.From, &out.From}, {&b.Legs, &out.Legs}} {
		if *d.from != anything {
			*d.to = ^*d.from
			bounded++
		}
	}
	if !b.Exact || bounded != 1 || b.Sessions != nil {
		return unbounded(false)
	}
	return out
}

// and returns the bounds of what lies within both.
func (b Bounds) and(c Bounds) Bounds {
	out := Bounds{Types: b.Types & c.Types, Kinds: b.Kinds & c.Kinds, From: b.From & c.From, Legs: b.Legs & c.Legs, Exact: b.Exact && c.Exact}
	switch {
	case b.Sessions == nil:
		out.Sessions = c.Sessions
	case c.Sessions == nil:
		out.Sessions = b.Sessions
	default:
		out.Sessions = []uint32{} // none
		for _, s := range b.Sessions {
			if slices.Contains(c.Sessions, s) {
				out.Sessions = append(out.Sessions, s)
			}
		}
	}
	return out
}

// or returns bounds around both. They are exact if the two differ in one thing.
func (b Bounds) or(c Bounds) Bounds {
	out := Bounds{Types: b.Types | c.Types, Kinds: b.Kinds | c.Kinds, From: b.From | c.From, Legs: b.Legs | c.Legs}
	differ := 0
	for _, same := range [...]bool{b.Types == c.Types, b.Kinds == c.Kinds, b.From == c.From, b.Legs == c.Legs, slices.Equal(b.Sessions, c.Sessions) && (b.Sessions == nil) == (c.Sessions == nil)} {
		if !same {
			differ++
		}
	}
	if b.Sessions != nil && c.Sessions != nil {
		out.Sessions = slices.Concat(b.Sessions, c.Sessions)
	}
	out.Exact = b.Exact && c.Exact && differ <= 1
	return out
}

func (l *list) bounds() Bounds {
	b := l.parts[0].bounds()
	for _, n := range l.parts[1:] {
		switch l.by {
		case andBinding:
			b = b.and(n.bounds())
		case orBinding:
			b = b.or(n.bounds())
		default:
			return unbounded(false)
		}
	}
	return b
}

func (n *not) bounds() Bounds { return n.n.bounds().not() }

// bounds returns those of one test: of a field that is one of a few words what the
// test says of each of these.
func (t *test) bounds() Bounds {
	out := unbounded(true)
	single := t.other.field == nil && t.op != present && t.left.cut == nil
	switch key := t.left.field.Key; {
	case t.by == typeDecides:
		out.Types = uint64(t.types)
	case t.by == kindDecides:
		out.Kinds = uint64(t.kinds)
	case key == "photon.dir" && single:
		out.Types, out.From = uint64(t.left.field.in), 0
		for _, d := range stream.Directions {
			if t.holds(field.WordOf(d.String())) {
				out.From |= 1 << d
			}
		}
	case key == "photon.leg" && single:
		out.Legs = 0
		for _, l := range [...]stream.Leg{stream.Tapped, stream.DeviceLeg, stream.CloudLeg} {
			if t.holds(field.WordOf(l.String())) {
				out.Legs |= 1 << l
			}
		}
	case key == "photon.session" && single && t.sessions() != nil:
		out.Sessions = t.sessions()
	case t.op == present && alwaysThere(key):
	default:
		out.Types, out.Exact = uint64(t.left.field.in), false
		if t.left.field.kinds != everyKind {
			out.Kinds = uint64(t.left.field.kinds)
		}
	}
	return out
}

// alwaysThere reports whether every event has a field.
func alwaysThere(key string) bool {
	return slices.Contains([]string{"type", "time", "photon.session", "photon.leg"}, key)
}

// sessions returns the sessions that a test for equality names, nil if it is
// another test.
func (t *test) sessions() []uint32 {
	list := []uint32{}
	switch t.op {
	case equal:
		return appendSession(list, &t.value)
	case oneOf:
		for i := range t.set {
			if t.set[i].isRange {
				return nil
			}
			list = appendSession(list, &t.set[i].low)
		}
		return list
	}
	return nil
}

// appendSession appends a number of a session; one that none can have is left out.
func appendSession(list []uint32, l *literal) []uint32 {
	if n := l.v.Uint(); n <= 1<<32-1 {
		list = append(list, uint32(n))
	}
	return list
}
