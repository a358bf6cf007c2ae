package store

import (
	"slices"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/store/filter"
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

// has reports whether a value is in the set.
func (s Set) has(v uint8) bool { return s == 0 || s>>v&1 != 0 }

// Where says what an event must be, as far as its record tells. It is checked in
// some nanoseconds. The zero value allows everything.
type Where struct {
	Sessions []uint32 // nil: any
	Legs     Set      // of stream.Leg
	From     Set      // of stream.Direction
	Types    Set      // of EventType
	Kinds    Set      // of particle.Kind; of NoKind is whatever is no message
	Need     Flags    // all of them are set
	Never    Flags    // none of them is set
	OneLeg   bool     // of the leg to the cloud only what the other one lacks or has with other bytes, and its beginning, its end and its gaps
}

// Match says which events are meant: those that Where allows and for which Event
// is true. [MatchOf] makes one of an expression of the filter language.
type Match struct {
	Where Where

	// Decide says whether Event is true, if it is the same for every event with the
	// connection, session, sender, device, type and kind of this one, in which
	// nothing else is set. It is asked once for each such combination. nil decides
	// nothing.
	Decide func(*decode.Event) (matches, decided bool)

	// Event looks at the event itself, if it is not nil. What it is given is valid
	// until it returns. Row is nil unless Later is set.
	Event func(*decode.Event, *Row) bool

	// Needle is in the plaintext of every message for which Event is true. Those that
	// lack it are not looked at otherwise. nil is in all of them.
	Needle []byte

	// Later says that Event looks at Row, so that a view must ask it again when a
	// later event changes its flags.
	Later bool

	// Notes says that Event looks at what people write at events, so that a view must
	// ask it again when that changes.
	Notes bool

	// Wire says that Event looks at the bytes of decode.Event.Raw or at the padding.
	// Otherwise Raw of a message has its length and the frame's, and bytes of no
	// meaning behind, and Padded is Plain: to have them, the frame must be sealed
	// again.
	Wire bool
}

// MatchOf returns what matches an expression, nil for everything. It must not be
// used elsewhere meanwhile.
func MatchOf(f *filter.Filter) Match {
	if f == nil {
		return Match{}
	}
	m := Match{Decide: f.Decide, Needle: f.Needle(), Later: f.NeedsLater(), Notes: f.NeedsNotes(), Wire: f.NeedsWire()}
	if m.Later {
		m.Event = func(e *decode.Event, r *Row) bool { return f.MatchWith(e, r.Relation()) }
	} else {
		m.Event = func(e *decode.Event, _ *Row) bool { return f.Match(e) }
	}
	return m
}

// later reports whether the match depends on what changes later.
func (m *Match) later() bool {
	return (m.Later || m.Notes) && m.Event != nil || m.Where.Need|m.Where.Never != 0 || m.Where.OneLeg
}

// allows reports whether events of an envelope and some bits are allowed, but for
// their flags.
func (w *Where) allows(e *envelope, bits uint32) bool {
	return (w.Sessions == nil || slices.Contains(w.Sessions, e.session)) && w.Legs.has(uint8(e.conn.Leg)) &&
		w.From.has(uint8(directionOf(bits))) && w.Types.has(uint8(typeOf(bits))) && w.Kinds.has(uint8(kindOf(bits)))
}
