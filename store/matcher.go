package store

import (
	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
)

// matcher tests records. What it remembers is of one content. Most of what is
// asked depends on little: the envelope, the sender, the type and the kind. For each
// combination of these it is found out once.
type matcher struct {
	Match
	loader
	quick quick
	event decode.Event
	row   Row
	bare  bare

	verdicts []verdicts // by envelope
	base     uint64     // number of the first one
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

// verdicts are what is known of the combinations of one envelope, two bits each.
type verdicts [combinations / 32]uint64

// combinations is the number of kinds of messages and of other types, times that of
// senders.
const combinations = 2 * (64 + 16)

// combinationOf numbers the combination of a record.
func combinationOf(bits uint32) uint32 {
	n := 64 + bits&typeMask
	if EventType(bits&typeMask) == TypeMessage {
		n = bits >> kindShift & 63
	}
	return 2*n + bits/bitFrom&1
}

// The verdicts.
const (
	unknown = iota
	refused
	allowed
	undecided // Event must look
)

func newMatcher(m Match) matcher {
	return matcher{Match: m, loader: loader{wire: m.Wire, reuse: true}, quick: newQuick(&m.Where)}
}

// look takes a new snapshot.
func (m *matcher) look(c content) {
	if c.epoch != m.content.epoch {
		m.verdicts = m.verdicts[:0]
	}
	if len(m.verdicts) == 0 {
		m.base = c.envelopes.base
	}
	if n := c.envelopes.base - m.base; n > 1<<12 && n <= uint64(len(m.verdicts)) {
		m.verdicts = append([]verdicts(nil), m.verdicts[n:]...)
		m.base = c.envelopes.base
	}
	if n := int(c.envelopes.end() - m.base); n > len(m.verdicts) {
		m.verdicts = append(m.verdicts, make([]verdicts, n-len(m.verdicts))...)
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

// allows decides what the bits alone do not.
func (m *matcher) allows(seq Seq, r *record, bits uint32) bool {
	number := m.envelopeNumber(r)
	known := &m.verdicts[number-m.base]
	at := combinationOf(bits)
	verdict := known[at/32] >> (at % 32 * 2) & 3
	if verdict == unknown {
		verdict = m.judge(m.content.envelopes.ref(number), at, bits)
		known[at/32] |= verdict << (at % 32 * 2)
	}
	switch {
	case verdict == refused || m.Where.OneLeg && m.isCopy(r, bits):
		return false
	case verdict == allowed:
		return true
	}
	m.load(seq, &m.event)
	if !m.Later {
		return m.Event(&m.event, nil)
	}
	m.row.fill(seq, &m.event, bits)
	return m.Event(&m.event, &m.row)
}

// isCopy reports whether an event of the leg to the cloud shows what the other leg
// shows.
func (m *matcher) isCopy(r *record, bits uint32) bool {
	conn := m.content.envelope(r).conn
	return conn.Leg == stream.CloudLeg && conn.Pair != 0 && flagsOf(bits)&(Lone|Differs) == 0 && !alwaysShown(typeOf(bits))
}

// judge finds out about a combination.
func (m *matcher) judge(e *envelope, at, bits uint32) uint64 {
	if e.before > m.base {
		if verdict := m.verdicts[e.before-m.base][at/32] >> (at % 32 * 2) & 3; verdict != unknown {
			return verdict
		}
	}
	switch {
	case !m.Where.allows(e):
		return refused
	case m.Event == nil:
		return allowed
	case m.Decide == nil:
		return undecided
	}
	matches, decided := m.Decide(m.bare.event(e, bits))
	switch {
	case !decided:
		return undecided
	case matches:
		return allowed
	}
	return refused
}

// alwaysShown are the types that are shown of either leg.
func alwaysShown(t EventType) bool {
	return t == TypeOpened || t == TypeGap || t == TypeClosed || t == TypeFinding
}

// bare is an event of which only the combination is known.
type bare struct {
	decode.Event
	message decode.Message
}

// bodies are empty bodies by type, but for a message.
var bodies = [...]decode.Body{
	TypeOpened: new(decode.Opened), TypeNonce: new(decode.Nonce), TypeIdentity: new(decode.Identity), TypeCredentials: new(decode.Credentials),
	TypeSealed: new(decode.Sealed), TypeMalformed: new(decode.Malformed), TypeGap: new(decode.Gap), TypeClosed: new(decode.Closed), TypeFinding: new(decode.Finding),
}

func (b *bare) event(e *envelope, bits uint32) *decode.Event {
	b.Event = decode.Event{Conn: e.conn, Session: e.session, From: directionOf(bits), Device: e.device, Known: e.known}
	if b.Body = bodies[typeOf(bits)]; typeOf(bits) == TypeMessage {
		b.message.Meaning.Kind = kindOf(bits)
		b.Body = &b.message
	}
	return &b.Event
}
