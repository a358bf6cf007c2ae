package diagnose

import (
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// mark is an event that a finding may rest on. There are a dozen for each of
// thousands of connections, so it is small and points to nothing of the event.
type mark struct {
	sec   int64 // since 1970
	ns    uint32
	event uint32 // its number, 0: there was none
	wire  uint32 // bytes
	plain uint16 // bytes, of a message
	name  name
	from  stream.Direction
}

// newMark is the mark of the event with a number.
func newMark(number uint32, e *decode.Event) mark {
	m := mark{sec: e.At.Unix(), ns: uint32(e.At.Nanosecond()), event: number, wire: uint32(len(e.Raw)), from: e.From}
	if b, ok := e.Body.(*decode.Message); ok {
		m.name, m.plain = name(b.Meaning.Kind), uint16(len(b.Plain))
	} else {
		m.name = nameOf(e.Body)
	}
	return m
}

func (m mark) seen() bool { return m.event > 0 }

func (m mark) at() time.Time {
	if !m.seen() {
		return time.Time{}
	}
	return time.Unix(m.sec, int64(m.ns)).UTC()
}

// since returns how long after another event this one was.
func (m mark) since(o mark) time.Duration { return m.at().Sub(o.at()) }

// shows makes evidence of bytes of a layer of the event.
func (m mark) shows(layer string, start, end int, what string) decode.Evidence {
	return decode.Evidence{Event: int(m.event), At: m.at(), From: m.from, Name: m.name.String(), Layer: layer, Start: start, End: end, Shows: what}
}

// says makes evidence of all of the event's bytes on the wire, if it has any.
func (m mark) says(what string) decode.Evidence {
	if m.wire == 0 {
		return m.shows("", 0, 0, what)
	}
	return m.shows(decode.Wire, 0, int(m.wire), what)
}

// showsPlain makes evidence of all of the event's plaintext.
func (m mark) showsPlain(what string) decode.Evidence {
	return m.shows(decode.Plain, 0, int(m.plain), what)
}

// name is what an event is called: a message by its particle.Kind, and others by
// their type, from firstType on in the order of types.
type name uint8

const firstType = 240

var types = [...]decode.Body{
	(*decode.Opened)(nil), (*decode.Nonce)(nil), (*decode.Identity)(nil), (*decode.Credentials)(nil),
	(*decode.Sealed)(nil), (*decode.Malformed)(nil), (*decode.Gap)(nil), (*decode.Closed)(nil),
}

// nameOf returns the name of an event that is no message.
func nameOf(b decode.Body) name {
	switch b.(type) {
	case *decode.Opened:
		return firstType
	case *decode.Nonce:
		return firstType + 1
	case *decode.Identity:
		return firstType + 2
	case *decode.Credentials:
		return firstType + 3
	case *decode.Sealed:
		return firstType + 4
	case *decode.Malformed:
		return firstType + 5
	case *decode.Gap:
		return firstType + 6
	}
	return firstType + 7
}

func (n name) String() string {
	if n < firstType {
		return particle.Kind(n).String()
	}
	return types[n-firstType].Name()
}
