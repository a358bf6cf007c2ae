package store

import (
	"slices"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
)

// matcher tests records. What it remembers is of one content. Most of what is
// asked depends on little: the envelope, the sender, the type and the kind. For each
// combination of these it is found out once.
type matcher struct {
	Match
	loader
	flags, need uint32 // of a record's bits: those that are asked for, and what they must be
	event       decode.Event
	row         Row
	bare        bare

	verdicts []verdicts // by envelope
	base     uint64     // number of the first one
}

// verdicts are what is known of the combinations of one envelope, two bits each.
type verdicts [combinations / 32]uint64

// of returns what is known of a combination.
func (v *verdicts) of(at uint32) uint64 { return v[at/32] >> (at % 32 * 2) & 3 }

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
	undecided // flags decide, or Event
)

func newMatcher(m Match) matcher {
	need, never := uint32(m.Where.Need)<<flagShift, uint32(m.Where.Never)<<flagShift
	return matcher{Match: m, loader: loader{wire: m.Wire, reuse: true}, flags: need | never, need: need}
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

// scan appends to dst the numbers, from a base, of the events from one up to another
// that are meant. All of them are held.
func (m *matcher) scan(dst []uint32, base, from, end Seq) []uint32 {
	for from < end {
		n := min(end-from, pageLen-from%pageLen)
		records := m.pages.ref(uint64(from) >> pageBits).records[from%pageLen:][:n]
		dst = m.scanPage(dst, base, from, records)
		from += n
	}
	return dst
}

// scanPage is scan for some records of one page. What the verdicts leave open it looks
// at when it is through, so that nothing before branches on what matches.
func (m *matcher) scanPage(dst []uint32, base, from Seq, records []record) []uint32 {
	dst = slices.Grow(dst, len(records))
	found := dst[len(dst):cap(dst)]
	n, open, first := 0, uint64(0), uint32(from-base)
	for i := range records {
		r := &records[i]
		bits := r.load()
		if bits&m.flags != m.need {
			continue
		}
		verdict := m.known(r, bits)
		if verdict == unknown {
			verdict = m.judge(r, bits)
		}
		found[n] = first + uint32(i)
		n += int(verdict >> 1)
		open |= verdict & (verdict >> 1)
	}
	if found = found[:n]; open != 0 {
		found = slices.DeleteFunc(found, func(k uint32) bool {
			r := &records[k-first]
			return !m.allows(base+Seq(k), r, r.load())
		})
	}
	return dst[:len(dst)+len(found)]
}

// matches reports whether an event that is held is meant.
func (m *matcher) matches(seq Seq) bool {
	r := m.record(seq)
	bits := r.load()
	return bits&m.flags == m.need && m.allows(seq, r, bits)
}

// known returns what is known of a record.
func (m *matcher) known(r *record, bits uint32) uint64 {
	return m.verdicts[r.envelope-uint32(m.base)].of(combinationOf(bits))
}

// allows decides what the flags alone do not.
func (m *matcher) allows(seq Seq, r *record, bits uint32) bool {
	verdict := m.known(r, bits)
	if verdict == unknown {
		verdict = m.judge(r, bits)
	}
	switch {
	case verdict != undecided:
		return verdict == allowed
	case flagsOf(bits)&(Lone|Differs) == 0 && m.mayBeCopy(m.content.envelope(r), bits):
		return false
	case m.Event == nil:
		return true
	case len(m.Needle) > 0 && typeOf(bits) == TypeMessage && !m.mayHold(m.Needle, r, bits):
		return false
	}
	m.load(seq, &m.event)
	if !m.Later {
		return m.Event(&m.event, nil)
	}
	m.row.fill(seq, &m.event, bits)
	return m.Event(&m.event, &m.row)
}

// judge finds out about the combination of a record, and notes it.
func (m *matcher) judge(r *record, bits uint32) uint64 {
	e, at := m.content.envelope(r), combinationOf(bits)
	verdict := uint64(unknown)
	if e.before > m.base {
		verdict = m.verdicts[e.before-m.base].of(at)
	}
	if verdict == unknown {
		verdict = m.verdictOf(e, bits)
	}
	m.verdicts[r.envelope-uint32(m.base)][at/32] |= verdict << (at % 32 * 2)
	return verdict
}

func (m *matcher) verdictOf(e *envelope, bits uint32) uint64 {
	matches, decided := m.Event == nil, m.Event == nil
	switch {
	case !m.Where.allows(e, bits):
		return refused
	case m.Decide != nil:
		matches, decided = m.Decide(m.bare.event(e, bits))
	}
	switch {
	case !decided || matches && m.mayBeCopy(e, bits):
		return undecided
	case matches:
		return allowed
	}
	return refused
}

// mayBeCopy reports whether events of a combination are left out if they show what the
// other leg shows.
func (m *matcher) mayBeCopy(e *envelope, bits uint32) bool {
	return m.Where.OneLeg && e.conn.Leg == stream.CloudLeg && e.conn.Pair != 0 && !alwaysShown(typeOf(bits))
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
