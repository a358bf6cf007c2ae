package store

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// loader makes events of what is stored.
type loader struct {
	content
	wire   bool // with the bytes of frames and the padding
	reuse  bool // an event is valid until the next one
	sealer sealer

	latest  *envelope // that of the event is still the same; for reuse, as what follows
	message decode.Message
	frame   []byte
	padded  []byte
}

// time returns the time of a record.
func (c *content) time(r *record, bits uint32) time.Time {
	if flagsOf(bits)&wideTime == 0 {
		return time.Unix(0, r.at).UTC()
	}
	at := cursor{c.bytes(r.place)}
	return at.time()
}

func (c *cursor) time() time.Time {
	seconds := c.int()
	return time.Unix(seconds, int64(c.uint())).UTC()
}

// load makes the event of a record that is held.
func (l *loader) load(seq Seq, e *decode.Event) {
	r := l.record(seq)
	v := l.content.envelope(r)
	bits := r.load()
	if v != l.latest {
		e.Conn, e.Session, e.Device, e.Known = v.conn, v.session, v.device, v.known
	}
	if l.reuse {
		l.latest = v
	}
	e.Note = l.notes.at[seq]
	e.From, e.Altered = directionOf(bits), flagsOf(bits)&Altered != 0
	b := cursor{l.bytes(r.place)}
	if flagsOf(bits)&wideTime != 0 {
		e.At = b.time()
	} else {
		e.At = time.Unix(0, r.at).UTC()
	}
	if typeOf(bits) == TypeMessage {
		l.loadMessage(e, &b, bits, v.credentials)
		return
	}
	e.Raw = b.bytes()
	e.Body = l.body(typeOf(bits), &b)
}

// body reads any body but a message.
func (l *loader) body(t EventType, b *cursor) decode.Body {
	switch t {
	case TypeOpened:
		return &decode.Opened{Joined: b.bool(0)}
	case TypeNonce:
		return &decode.Nonce{Nonce: lightssl.Nonce(b.b)}
	case TypeIdentity:
		return l.identity(b)
	case TypeCredentials:
		return l.credentials(b)
	case TypeSealed:
		return &decode.Sealed{Reason: string(l.word(b))}
	case TypeMalformed:
		body := &decode.Malformed{Layer: string(l.word(b)), Offset: int(b.int()), Reason: string(l.word(b))}
		body.Plain, body.Padded = b.bytes(), b.bytes()
		return body
	case TypeGap:
		return &decode.Gap{Len: int(b.int())}
	case TypeClosed:
		return &decode.Closed{How: stream.CloseKind(b.byte()), Pending: int(b.int())}
	}
	return finding(b)
}

func (l *loader) identity(b *cursor) *decode.Identity {
	body := &decode.Identity{Opened: b.bool(0), HasNonce: b.bool(1), NonceOK: b.bool(2)}
	b.byte()
	id := &body.Identity
	copy(id.Nonce[:], b.take(len(id.Nonce)))
	copy(id.Device[:], b.take(len(id.Device)))
	id.Key = b.bytes()
	copy(body.Nonce[:], b.take(len(body.Nonce)))
	body.Parts, body.Plain = int(b.uint()), b.bytes()
	body.Reason = string(l.word(b))
	return body
}

func (l *loader) credentials(b *cursor) *decode.Credentials {
	body := &decode.Credentials{Opened: b.bool(0), HasNonce: b.bool(1)}
	b.byte()
	copy(body.Credentials[:], b.take(len(body.Credentials)))
	copy(body.Nonce[:], b.take(len(body.Nonce)))
	body.Source, body.Signature, body.Reason = string(l.word(b)), string(l.word(b)), string(l.word(b))
	return body
}

// loadMessage reads a message.
func (l *loader) loadMessage(e *decode.Event, b *cursor, bits uint32, credentials *lightssl.Credentials) {
	m := &l.message
	if !l.reuse {
		m = new(decode.Message)
	}
	e.Body = m
	form := b.byte()
	l.meaning(&m.Meaning, b, form, bits)
	if form&formVerbatim != 0 {
		e.Raw, m.Plain, m.Padded = b.bytes(), b.bytes(), b.bytes()
		copy(m.IV[:], b.take(len(m.IV)))
		return
	}
	if form&formShared != 0 {
		b.b = l.bytes(place(binary.LittleEndian.Uint64(b.b)))
	}
	copy(m.IV[:], b.take(len(m.IV)))
	n := len(b.b)
	padded := n + lightssl.BlockLen - n%lightssl.BlockLen
	l.frame = l.room(l.frame, lightssl.FrameHeaderLen+padded)
	if !l.wire {
		l.frame = l.frame[:lightssl.FrameHeaderLen+padded]
		binary.BigEndian.PutUint16(l.frame, uint16(padded))
		e.Raw, m.Plain, m.Padded = l.frame, b.b, b.b
		return
	}
	l.frame = l.sealerOf().appendFrame(l.frame, credentials, m.IV[:], b.b)
	l.padded = appendPadded(l.room(l.padded, padded), b.b)
	e.Raw, m.Plain, m.Padded = l.frame, l.padded[:n:n], l.padded
}

// room returns an empty slice of some capacity, b itself if it may be reused.
func (l *loader) room(b []byte, n int) []byte {
	if !l.reuse || cap(b) < n {
		b = make([]byte, 0, n)
	}
	return b[:0]
}

func (l *loader) sealerOf() *sealer {
	if l.sealer.ciphers == nil {
		l.sealer = newSealer()
	}
	return &l.sealer
}

// meaning reads what a message means.
func (l *loader) meaning(g *particle.Meaning, b *cursor, form byte, bits uint32) {
	*g = particle.Meaning{Kind: kindOf(bits), Answers: answersOf(bits), From: directionOf(bits), Misnumbered: form&formMisnumber != 0}
	if form&^formShared == 0 {
		return
	}
	if form&formRTT != 0 {
		g.HasRTT, g.RTT, g.RequestID = true, time.Duration(b.int()), uint16(b.uint())
	}
	if form&formName != 0 {
		g.Name = l.word(b)
	}
	if form&formUpdate != 0 {
		u := &g.Update
		u.Known, u.CRCOK, u.Repeated = b.bool(0), b.bool(1), b.bool(2)
		b.byte()
		u.Index, u.Received, u.Total = uint32(b.uint()), uint32(b.uint()), uint32(b.uint())
	}
	if form&formGap != 0 {
		g.MIDGap = int16(b.int())
	}
	if form&formTypeSender != 0 {
		g.Type, g.From = particle.VarType(b.byte()), stream.Direction(b.byte())
	}
}

// message positions a cursor at a message's bytes, and returns what follows.
func (c *content) messageBytes(r *record, bits uint32) (cursor, byte) {
	b := cursor{c.bytes(r.place)}
	if flagsOf(bits)&wideTime != 0 {
		b.time()
	}
	return b, b.byte()
}

// rtt returns the response time of an answer.
func (c *content) rtt(r *record, bits uint32) (time.Duration, bool) {
	if typeOf(bits) != TypeMessage || answersOf(bits) == particle.NoKind {
		return 0, false
	}
	b, form := c.messageBytes(r, bits)
	if form&formRTT == 0 {
		return 0, false
	}
	return time.Duration(b.int()), true
}

// plain returns the plaintext of a message.
func (c *content) plain(r *record, bits uint32) []byte {
	b, form := c.messageBytes(r, bits)
	skipMeaning(&b, form)
	switch {
	case form&formVerbatim != 0:
		b.bytes()
		return b.bytes()
	case form&formShared != 0:
		b.b = c.bytes(place(binary.LittleEndian.Uint64(b.b)))
	}
	return b.b[lightssl.BlockLen:]
}

// mayHold reports whether a message's plaintext holds some bytes. It looks for them in
// what is stored of it, which is a little more.
func (c *content) mayHold(needle []byte, r *record, bits uint32) bool {
	b := c.bytes(r.place)
	if flagsOf(bits)&wideTime != 0 || b[0]&formShared != 0 {
		b = c.plain(r, bits)
	}
	return bytes.Contains(b, needle)
}

func skipMeaning(b *cursor, form byte) {
	if form&formRTT != 0 {
		b.uint()
		b.uint()
	}
	if form&formName != 0 {
		if b.uint() == 0 {
			b.bytes()
		}
	}
	if form&formUpdate != 0 {
		b.byte()
		b.uint()
		b.uint()
		b.uint()
	}
	if form&formGap != 0 {
		b.uint()
	}
	if form&formTypeSender != 0 {
		b.take(2)
	}
}

// wireLen returns the number of bytes of an event on the wire.
func (c *content) wireLen(r *record, bits uint32) int {
	if typeOf(bits) != TypeMessage {
		b := cursor{c.bytes(r.place)}
		if flagsOf(bits)&wideTime != 0 {
			b.time()
		}
		return max(int(b.uint()), 1) - 1
	}
	b, form := c.messageBytes(r, bits)
	skipMeaning(&b, form)
	n := len(b.b)
	switch {
	case form&formVerbatim != 0:
		return len(b.bytes())
	case form&formShared != 0:
		n = place(binary.LittleEndian.Uint64(b.b)).size()
	}
	n -= lightssl.BlockLen
	return lightssl.FrameHeaderLen + n + lightssl.BlockLen - n%lightssl.BlockLen
}

// lowest returns the lowest chunk that holds a part of an event.
func (c *content) lowest(r *record) uint64 {
	low := r.place.chunk()
	bits := r.load()
	if typeOf(bits) != TypeMessage {
		return low
	}
	if b, form := c.messageBytes(r, bits); form&formShared != 0 {
		skipMeaning(&b, form)
		low = min(low, place(binary.LittleEndian.Uint64(b.b)).chunk())
	}
	return low
}
