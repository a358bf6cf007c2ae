package decode

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// read takes one record off the front of b, the pending bytes of a half. It
// returns the record's length and what it means; length 0 asks for more bytes,
// or for the other half to go on.
func (s *session) read(from stream.Direction, b []byte) (n int, body Body) {
	h := &s.half[from]
	switch {
	case h.damaged > 0:
		return h.readDamaged(b)
	case h.next == aForeigner || h.next <= anIdentity && looksLike(b) != noOther:
		return h.readForeign(b)
	case h.next == anyFrame:
		return s.readAnyFrame(from, b)
	case h.next == aFrame:
		return s.readFrame(from, b)
	case len(b) < h.next.size() || h.next == anIdentity && s.awaitsNonce():
		return 0, nil
	}
	n = h.next.size()
	body = s.readHandshake(h.next, b[:n])
	if id, ok := body.(*Identity); ok {
		id.Parts = int(h.parts)
	}
	h.next = h.next.following()
	return n, body
}

// awaitsNonce reports whether the device's half must wait for the nonce.
func (s *session) awaitsNonce() bool {
	next := s.half[stream.FromCloud].next
	return (next == aNonce || next == aBeginning) && s.waits(stream.FromDevice)
}

// awaitsCredentials reports whether the device's half must wait for them. The
// cloud's own frames come after them anyway.
func (s *session) awaitsCredentials(from stream.Direction) bool {
	next := s.half[stream.FromCloud].next
	return from == stream.FromDevice && (next == aNonce || next == aBeginning || next == theCredentials) && s.waits(from)
}

func (s *session) readHandshake(r record, b []byte) Body {
	switch r {
	case aNonce:
		s.nonce, s.haveNonce = lightssl.Nonce(b), true
		s.d.pairByNonce(s)
		return &Nonce{Nonce: s.nonce}
	case anIdentity:
		return s.openIdentity(b)
	}
	s.record = (*[lightssl.CredentialsRecordLen]byte)(b)
	s.generation, s.tries = s.d.keys.Generation(), looseTries
	body := s.openCredentials()
	if s.record != nil { // it waits for keys
		s.record = (*[lightssl.CredentialsRecordLen]byte)(bytes.Clone(b))
	}
	return body
}

func (s *session) openIdentity(record []byte) *Identity {
	body := &Identity{Nonce: s.nonce, HasNonce: s.haveNonce}
	id, _, err := s.d.keys.OpenIdentity(record)
	if err != nil {
		body.Reason = identityReason(err)
		return body
	}
	body.Opened, body.Identity, body.Plain = true, id, lightssl.AppendIdentity(nil, id)
	body.NonceOK = s.haveNonce && id.Nonce == s.nonce
	s.device, s.known, s.announced = id.Device, true, &id
	if !s.haveNonce { // lost by the capture, not by the device
		s.nonce, s.haveNonce = id.Nonce, true
	}
	return body
}

// openCredentials tries every key on the credentials record and starts both
// ciphers if one fits.
func (s *session) openCredentials() *Credentials {
	body := &Credentials{Nonce: s.nonce, HasNonce: s.haveNonce}
	opened, err := s.d.keys.OpenCredentials(s.nonce, s.haveNonce, s.record[:], s.announcedKey())
	if err != nil && !s.provesOffered(&opened) {
		body.Reason = s.sealedReason()
		return body
	}
	body.Opened, body.Credentials = true, opened.Credentials
	body.Source, body.Signature = opened.Source, opened.Signature.String()
	s.start(opened.Credentials)
	return body
}

// start lets both halves open frames.
func (s *session) start(c lightssl.Credentials) {
	s.d.ciphers.drop(s)
	s.creds, s.record, s.announced = &c, nil, nil
	s.offer()
}

func (s *session) readFrame(from stream.Direction, b []byte) (int, Body) {
	n := lightssl.FrameLen(b)
	if n == 0 || len(b) < n || s.creds == nil && s.awaitsCredentials(from) {
		return 0, nil
	}
	h := &s.half[from]
	ciphertext := s.keep(b[:n])[lightssl.FrameHeaderLen:]
	var body Body
	switch {
	case len(ciphertext) == 0:
		body = &Malformed{Layer: Wire, Reason: "a frame of length 0: some peers lose the next message over it"}
	case len(ciphertext)%lightssl.BlockLen != 0:
		body = &Malformed{Layer: Wire, Reason: fmt.Sprintf("a frame of %d bytes, no multiple of 16: no peer can decrypt it", len(ciphertext))}
	default:
		body = s.openFrame(h, from, ciphertext)
		copy(h.head[:], ciphertext)
		h.hasHead = true
	}
	h.seen = true
	return n, body
}

// openFrame opens a ciphertext of whole blocks.
func (s *session) openFrame(h *half, from stream.Direction, ciphertext []byte) Body {
	if s.creds == nil && !s.openLate(h, from, ciphertext) {
		return &Sealed{Reason: s.sealedReason()}
	}
	headKnown := h.hasHead || !h.seen
	iv := h.head[:]
	if !h.hasHead {
		iv = s.creds.IV()
	}
	plain, err := s.decrypt(iv, ciphertext)
	whole := plain[:len(ciphertext)]
	switch {
	case !headKnown && len(ciphertext) == lightssl.BlockLen:
		return &Malformed{Layer: Plain, Plain: whole, Padded: whole, Reason: "unreadable: the frame before it, whose head is the IV of this one, is missing"}
	case err != nil:
		return &Malformed{Layer: Plain, Offset: len(whole) - 1, Plain: whole, Padded: whole,
			Reason: fmt.Sprintf("the padding is wrong (last byte %#02x)", whole[len(whole)-1])}
	case !headKnown:
		return &Malformed{Layer: Plain, Plain: plain, Padded: whole,
			Reason: "the first 16 bytes are unreadable, because the frame before is missing; the rest is right"}
	}
	return s.parse(iv, plain, whole)
}

// parse makes a message of an opened frame.
func (s *session) parse(iv, plain, padded []byte) Body {
	if err := s.d.message.Parse(plain); err != nil {
		return notCoAP(err, plain, padded)
	}
	m := s.d.memory.messages.new()
	m.Plain, m.Padded = plain, padded // show adds the meaning
	copy(m.IV[:], iv)
	return m
}

func notCoAP(err error, plain, padded []byte) *Malformed {
	body := &Malformed{Layer: Plain, Plain: plain, Padded: padded, Reason: err.Error()}
	var fault *coap.ParseError
	if errors.As(err, &fault) {
		body.Offset, body.Reason = fault.Offset, "not CoAP: "+fault.Reason
	}
	return body
}

const foreignPiece = 4 << 10

// readForeign shows what another protocol says: first enough to be told what it
// is, then in large pieces.
func (h *half) readForeign(b []byte) (int, Body) {
	n, known := foreignPiece, h.next == aForeigner
	if !known {
		n = foreignHead
	}
	if len(b) < n {
		return 0, nil
	}
	if known {
		return n, &Malformed{Layer: Wire, Reason: "more of " + h.foreign.String()}
	}
	place := h.next
	h.next, h.foreign = aForeigner, looksLike(b)
	return n, &Malformed{Layer: Wire, Reason: fmt.Sprintf("begins like %s, where %s belongs: another program speaks here", h.foreign, place)}
}
