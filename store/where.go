package store

import (
	"slices"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// Set is a set of small numbers: directions, legs, event types or kinds. The zero
// value stands for all of them.
type Set uint64

// SetOf returns the set of some values below 64.
func SetOf[T ~uint8](values ...T) Set {
	var s Set
	for _, v := range values {
		s |= 1 << v
	}
	return s
}

// full returns the set with the zero value written out.
func (s Set) full() Set {
	if s == 0 {
		return ^Set(0)
	}
	return s
}

// has reports whether a value is in the set.
func (s Set) has(v uint8) bool { return s.full()>>v&1 != 0 }

// Where says what an event must be, as far as its record tells. It is checked in
// some nanoseconds. The zero value allows everything.
type Where struct {
	Sessions []uint32            // nil: any
	Devices  []lightssl.DeviceID // nil: any
	Legs     Set                 // of stream.Leg
	From     Set                 // of stream.Direction
	Types    Set                 // of EventType
	Kinds    Set                 // of particle.Kind; of NoKind is whatever is no message
	Need     Flags               // all of them are set
	Never    Flags               // none of them is set
	OneLeg   bool                // of the leg to the cloud only what the other one lacks or has with other bytes, and its beginning, its end and its gaps
}

// Match says which events are meant: those that Where allows and for which Event
// is true.
type Match struct {
	Where Where

	// Event looks at the event itself, if it is not nil. What it is given is valid
	// until it returns. Row is nil unless Later is set.
	Event func(*decode.Event, *Row) bool

	// Later says that Event looks at Row, so that a view must ask it again when a
	// later event changes its flags.
	Later bool

	// Wire says that Event looks at the bytes of decode.Event.Raw or at the padding.
	// Otherwise Raw of a message has its length and the frame's, and bytes of no
	// meaning behind, and Padded is Plain: to have them, the frame must be sealed
	// again.
	Wire bool
}

// later reports whether the match depends on flags that later events change.
func (m *Match) later() bool {
	return m.Later && m.Event != nil || m.Where.Need|m.Where.Never != 0 || m.Where.OneLeg
}

// matcher tests records. What it remembers is of one content.
type matcher struct {
	Match
	loader
	quick quick
	event decode.Event
	row   Row

	envelopes []byte // what is known of each: 0 nothing yet
	base      uint64 // number of the first one
}

// quick is what the bits of a record decide.
type quick struct {
	need, never        uint32
	from, types, kinds Set // none of them empty
}

func newQuick(w *Where) quick {
	return quick{
		need: uint32(w.Need) << flagShift, never: uint32(w.Never) << flagShift,
		from: w.From.full(), types: w.Types.full(), kinds: w.Kinds.full(),
	}
}

func (q *quick) allows(bits uint32) bool {
	return bits&q.need == q.need && bits&q.never == 0 &&
		(q.from>>(bits/bitFrom&1))&(q.types>>(bits&typeMask))&(q.kinds>>(bits>>kindShift&63))&1 != 0
}

const (
	refused byte = 1 + iota
	allowed
	onlyIfAlone // allowed where the other leg lacks it or differs
)

func newMatcher(m Match) matcher {
	return matcher{Match: m, loader: loader{wire: m.Wire, reuse: true}, quick: newQuick(&m.Where)}
}

// look takes a new snapshot.
func (m *matcher) look(c content) {
	if c.epoch != m.content.epoch {
		m.envelopes = m.envelopes[:0]
	}
	if len(m.envelopes) == 0 {
		m.base = c.envelopes.base
	}
	if n := c.envelopes.base - m.base; n > 1<<16 && n <= uint64(len(m.envelopes)) {
		m.envelopes = append([]byte(nil), m.envelopes[n:]...)
		m.base = c.envelopes.base
	}
	if n := int(c.envelopes.end() - m.base); n > len(m.envelopes) {
		m.envelopes = append(m.envelopes, make([]byte, n-len(m.envelopes))...)
	}
	m.content = c
	m.latest = nil
}

// scan calls found for the events from one up to another that are meant. All of
// them are held.
func (m *matcher) scan(from, end Seq, found func(Seq)) {
	for from < end {
		n := min(end-from, pageLen-from%pageLen)
		records := m.pages.ref(uint64(from) >> pageBits).records[from%pageLen:][:n]
		for i := range records {
			r := &records[i]
			if bits := r.load(); m.quick.allows(bits) && m.allows(from+Seq(i), r, bits) {
				found(from + Seq(i))
			}
		}
		from += n
	}
}

// matches reports whether an event that is held is meant.
func (m *matcher) matches(seq Seq) bool {
	r := m.record(seq)
	bits := r.load()
	return m.quick.allows(bits) && m.allows(seq, r, bits)
}

// allows decides what the bits do not.
func (m *matcher) allows(seq Seq, r *record, bits uint32) bool {
	number := m.envelopeNumber(r)
	known := m.envelopes[number-m.base]
	if known == 0 {
		known = m.Where.allows(m.content.envelopes.ref(number))
		m.envelopes[number-m.base] = known
	}
	switch {
	case known == refused:
		return false
	case known == onlyIfAlone && flagsOf(bits)&(Lone|Differs) == 0 && !alwaysShown(typeOf(bits)):
		return false
	case m.Event == nil:
		return true
	}
	m.load(seq, &m.event)
	if !m.Later {
		return m.Event(&m.event, nil)
	}
	m.row.fill(seq, &m.event, bits)
	return m.Event(&m.event, &m.row)
}

// alwaysShown are the types that are shown of either leg.
func alwaysShown(t EventType) bool {
	return t == TypeOpened || t == TypeGap || t == TypeClosed || t == TypeFinding
}

// allows says what an envelope decides.
func (w *Where) allows(e *envelope) byte {
	switch {
	case w.Sessions != nil && !slices.Contains(w.Sessions, e.session),
		w.Devices != nil && !(e.known && slices.Contains(w.Devices, e.device)),
		!w.Legs.has(uint8(e.conn.Leg)):
		return refused
	case w.OneLeg && e.conn.Leg == stream.CloudLeg && e.conn.Pair != 0:
		return onlyIfAlone
	}
	return allowed
}
