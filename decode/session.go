package decode

import (
	"slices"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// A session is two halves, one for each direction, that share the nonce and
// the credentials:
//
//	from the cloud:   nonce (40) → credentials (384) → frames …
//	from the device:  identity (256) ────────────────→ frames …
//
// Each half takes one record after the other off the front of its bytes.
// Packets of the two directions may have been captured out of order, so a half
// whose next record depends on the other half waits for it: the identity for
// the nonce, the device's frames for the credentials. What waited follows
// directly on the record it waited for, wherever that record's bytes were cut.
//
// What every frame needs stands together: thousands of sessions that speak by
// turns find nothing in the processor's cache, and fetching it costs more than
// all the rest.
type session struct {
	d         *Decoder
	creds     *lightssl.Credentials
	late      Body // credentials that were opened by a frame: shown before it
	number    uint32
	id        stream.ConnID
	device    lightssl.DeviceID
	known     bool // device
	haveNonce bool
	midway    bool // some half is known to have begun among frames
	expanded  bool // the opener is there
	ciphered  bool // it had so before
	paired    bool // the other leg is known
	half      [2]half
	opener    lightssl.Opener // of the credentials, if expanded
	note      [2]*stream.Note // of the next record, by who sends it
	conn      *stream.Conn    // replaced rather than changed
	last      time.Time       // of the latest item
	conv      particle.Conversation

	place      int                                  // of the opener
	announced  *lightssl.Identity                   // until the credentials are opened
	record     *[lightssl.CredentialsRecordLen]byte // while unopened, for keys that come late
	offered    *lightssl.Credentials                // the other leg's: perhaps also this one's
	generation uint64                               // of the keyring when it was last tried
	tries      int32                                // frames on which loose credentials may still be tried
	nonce      lightssl.Nonce
}

func newSession(d *Decoder, it *stream.Opened) *session {
	s := &session{d: d, id: it.Conn.ID, conn: new(it.Conn), paired: it.Conn.Pair != 0, last: it.At}
	for _, from := range stream.Directions {
		s.half[from].next = firstRecord(from)
		if it.Joined {
			s.half[from].next = aBeginning
		}
	}
	return s
}

func (s *session) over() bool { return s.half[0].ended && s.half[1].ended }

// origin is where an event comes from.
type origin struct {
	at   time.Time // when the last byte of it came
	from stream.Direction
	raw  []byte // its bytes, which the event keeps; nil: it has none
}

// event appends an event of this session.
func (s *session) event(dst []Event, o origin, body Body) []Event {
	if len(dst) == cap(dst) {
		dst = slices.Grow(dst, 1)
	}
	dst = dst[:len(dst)+1]
	e := &dst[len(dst)-1] // filled in place: it is long
	e.At, e.Conn, e.Session, e.From = o.at, s.conn, s.number, o.from
	e.Device, e.Known, e.Altered = s.device, s.known, false
	e.Raw, e.Body, e.Note = o.raw, body, nil
	if o.raw != nil {
		e.Note, s.note[o.from] = s.note[o.from], nil
	}
	return dst
}

func (s *session) segment(dst []Event, it *stream.Segment) []Event {
	h := &s.half[it.From]
	if h.ended || len(it.Data) == 0 {
		return dst
	}
	s.last = it.At
	if it.Note != nil {
		s.note[it.From] = it.Note
	}
	data := it.Data
	if s.flowing(it.From) {
		dst, data = s.frames(dst, it)
		if len(data) == 0 {
			return dst
		}
	}
	h.add(it.At, data, &s.d.spare)
	dst = s.pump(dst, it.From)
	if len(h.pending()) > holdLimit {
		h.hurried = true
		dst = s.pump(dst, it.From)
	}
	h.compact(&s.d.spare)
	s.half[it.From.Opposite()].compact(&s.d.spare)
	return dst
}

// flowing reports whether a half takes frames that nothing has to wait for: then
// they need not be collected.
func (s *session) flowing(from stream.Direction) bool {
	h := &s.half[from]
	return h.next == aFrame && h.damaged == 0 && h.room == nil && s.creds != nil && s.half[from.Opposite()].room == nil
}

// frames takes the whole frames at the front of a segment, and returns what is
// left of it.
func (s *session) frames(dst []Event, it *stream.Segment) ([]Event, []byte) {
	data := it.Data
	for {
		n, body := s.readFrame(it.From, data)
		if n == 0 {
			return dst, data
		}
		dst = s.show(dst, origin{it.At, it.From, s.d.twin.raw}, body)
		data = data[n:]
	}
}

// pump lets both halves advance until neither can. After each record of the
// half that was fed the other one goes on as far as it can, so that the order
// of events does not depend on how many records a segment held.
func (s *session) pump(dst []Event, fed stream.Direction) []Event {
	for more := true; more; {
		dst, more = s.step(dst, fed)
		for other := true; other; {
			dst, other = s.step(dst, fed.Opposite())
		}
	}
	return dst
}

// step takes one record off a half and appends what it means. It reports false
// if the half must wait.
func (s *session) step(dst []Event, from stream.Direction) ([]Event, bool) {
	h := &s.half[from]
	b := h.pending()
	if len(b) == 0 {
		return dst, false
	}
	if h.next == aBeginning {
		return s.begin(dst, from, b)
	}
	n, body := s.read(from, b)
	if n == 0 {
		return dst, false
	}
	dst = s.show(dst, origin{h.time(n), from, s.keep(b[:n])}, body)
	h.consume(n)
	return dst, true
}

// show appends what a record means.
func (s *session) show(dst []Event, o origin, body Body) []Event {
	if s.late != nil {
		dst = s.event(dst, origin{at: o.at, from: stream.FromCloud}, s.late)
		s.late = nil
	}
	if m, ok := body.(*Message); ok {
		m.Meaning = s.conv.Next(o.from, o.at, &s.d.message)
	}
	return s.event(dst, o, body)
}

// waits reports whether a half must still wait for what the other half brings.
func (s *session) waits(from stream.Direction) bool {
	return !s.midway && !s.half[from].hurried && !s.half[from].ended && !s.half[from.Opposite()].ended
}

// close ends one direction, or both if the connection was reset.
func (s *session) close(dst []Event, it *stream.Closed) []Event {
	h, other := &s.half[it.From], &s.half[it.From.Opposite()]
	reset := it.How == stream.Reset
	if h.ended && (!reset || other.ended) {
		return dst
	}
	h.ended = true
	other.ended = other.ended || reset
	dst = s.pump(dst, it.From)
	pending := len(h.pending())
	dst = s.flush(dst, it.From)
	if reset {
		pending += len(other.pending())
		dst = s.flush(dst, it.From.Opposite())
	}
	dst = s.event(dst, origin{at: it.At, from: it.From}, &Closed{How: it.How, Pending: pending})
	dst[len(dst)-1].Note = it.Note
	return dst
}

// flush reports the bytes of a record that will never be complete.
func (s *session) flush(dst []Event, from stream.Direction) []Event {
	h := &s.half[from]
	b := h.pending()
	if len(b) > 0 {
		body := &Malformed{Layer: Wire, Offset: len(b), Reason: s.incomplete(from)}
		dst = s.event(dst, origin{h.time(len(b)), from, s.d.memory.arena.copy(b)}, body)
		h.consume(len(b))
	}
	h.compact(&s.d.spare)
	return dst
}

// finish ends the directions that are still open, as cut off.
func (s *session) finish(dst []Event) []Event {
	for _, from := range stream.Directions {
		dst = s.close(dst, &stream.Closed{At: s.last, Conn: s.conn.ID, From: from, How: stream.Cut})
	}
	return dst
}
