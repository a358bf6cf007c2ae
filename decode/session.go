package decode

import (
	"time"

	"github.com/photonscope/photonscope/decode/coap"
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
// Each half is a chain of states. A state takes one record off the front of the
// half's bytes. Packets of the two directions may have been captured out of
// order, so a half whose next record depends on the other half waits for it:
// the identity for the nonce, the device's frames for the credentials.
type session struct {
	d      *Decoder
	conn   stream.Conn
	number uint32
	half   [2]half

	nonce     lightssl.Nonce
	haveNonce bool
	device    lightssl.DeviceID
	known     bool
	announced *lightssl.Identity

	record     []byte // the credentials record while unopened, for keys that come late
	generation uint64 // of the keyring when it was last tried
	creds      *lightssl.Credentials
	conv       particle.Conversation
	msg        coap.Message // reused
}

// A state takes one record off the front of b and returns its length, what it
// means, and the state for what follows. Length 0 asks for more bytes.
type state func(s *session, from stream.Direction, b []byte) (n int, body Body, next state)

// half is one direction of a session.
type half struct {
	next    state
	buf     []byte // bytes that do not make a record yet
	marks   []mark // when they came
	cipher  *lightssl.Cipher
	head    [lightssl.BlockLen]byte // of the last frame: the IV of the next one
	hasHead bool
	seen    bool // some frame passed or was lost, so the credentials' IV is over
	damaged int  // bytes still to come of a record that lost others
	ended   bool // closed: no more bytes will come
	forced  bool // waits for the other half no longer
}

// mark says when the bytes up to end came.
type mark struct {
	end int
	at  time.Time
}

// holdLimit bounds what a half collects while it waits for the other one.
const holdLimit = 256 << 10

func newSession(d *Decoder, c stream.Conn) *session {
	s := &session{d: d, conn: c}
	s.half[stream.FromDevice].next = readIdentity
	s.half[stream.FromCloud].next = readNonce
	return s
}

func (s *session) over() bool { return s.half[0].ended && s.half[1].ended }

// event makes an event of this session. raw is kept.
func (s *session) event(at time.Time, from stream.Direction, raw []byte, body Body) Event {
	return Event{At: at, Conn: s.conn, Session: s.number, From: from, Device: s.device, Known: s.known, Raw: raw, Body: body}
}

func (s *session) segment(dst []Event, it stream.Segment) []Event {
	h := &s.half[it.From]
	if h.ended || len(it.Data) == 0 {
		return dst
	}
	h.buf = append(h.buf, it.Data...)
	h.marks = append(h.marks, mark{len(h.buf), it.At})
	if len(h.buf) > holdLimit {
		h.forced = true
	}
	return s.pump(dst)
}

// pump lets both halves advance until neither can.
func (s *session) pump(dst []Event) []Event {
	for {
		before := len(dst)
		dst = s.advance(dst, stream.FromCloud)
		dst = s.advance(dst, stream.FromDevice)
		if len(dst) == before {
			return dst
		}
	}
}

// advance takes every complete record off one half.
func (s *session) advance(dst []Event, from stream.Direction) []Event {
	h := &s.half[from]
	used := 0
	for used < len(h.buf) {
		if h.damaged > 0 {
			n := min(h.damaged, len(h.buf)-used)
			if n < h.damaged && !h.ended {
				break
			}
			h.damaged -= n
			dst = append(dst, s.event(h.time(used+n), from, s.d.arena.copy(h.buf[used:used+n]),
				&Malformed{Layer: "wire", Reason: "the rest of a record that lost bytes"}))
			used += n
			continue
		}
		n, body, next := h.next(s, from, h.buf[used:])
		if n == 0 {
			break
		}
		at := h.time(used + n)
		dst = append(dst, s.event(at, from, s.d.arena.copy(h.buf[used:used+n]), s.interpret(body, from, at)))
		h.next = next
		used += n
	}
	h.drop(used)
	return dst
}

// interpret finishes a message, once its time is known.
func (s *session) interpret(body Body, from stream.Direction, at time.Time) Body {
	if m, ok := body.(*Message); ok {
		m.Meaning = s.conv.Next(from, at, &s.msg)
	}
	return body
}

// time returns when the byte before offset end of the buffer came.
func (h *half) time(end int) time.Time {
	for _, m := range h.marks {
		if m.end >= end {
			return m.at
		}
	}
	return time.Time{}
}

// drop forgets the first n bytes of the buffer.
func (h *half) drop(n int) {
	if n == 0 {
		return
	}
	h.buf = h.buf[:copy(h.buf, h.buf[n:])]
	kept := h.marks[:0]
	for _, m := range h.marks {
		if m.end > n {
			kept = append(kept, mark{m.end - n, m.at})
		}
	}
	h.marks = kept
}

// waits reports whether a half must still wait for what the other half brings.
func (s *session) waits(from stream.Direction, have bool) bool {
	return !have && !s.half[from].forced && !s.half[from].ended && !s.half[from.Opposite()].ended
}

// close ends one direction, or both if the connection was reset.
func (s *session) close(dst []Event, it stream.Closed) []Event {
	h := &s.half[it.From]
	if h.ended {
		return dst
	}
	h.ended = true
	if it.How == stream.Reset {
		s.half[it.From.Opposite()].ended = true
	}
	dst = s.pump(dst)
	pending := len(h.buf)
	dst = s.flush(dst, it.From)
	if it.How == stream.Reset {
		dst = s.flush(dst, it.From.Opposite())
	}
	return append(dst, s.event(it.At, it.From, nil, &Closed{How: it.How, Pending: pending}))
}

// flush reports the bytes of a record that will never be complete.
func (s *session) flush(dst []Event, from stream.Direction) []Event {
	h := &s.half[from]
	if len(h.buf) == 0 {
		return dst
	}
	at := h.time(len(h.buf))
	body := &Malformed{Layer: "wire", Offset: len(h.buf), Reason: s.incomplete(from)}
	dst = append(dst, s.event(at, from, s.d.arena.copy(h.buf), body))
	h.drop(len(h.buf))
	return dst
}
