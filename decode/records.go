package decode

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// The states of a half: one function for each record of the protocol.

func readNonce(s *session, _ stream.Direction, b []byte) (int, Body, state) {
	if len(b) < lightssl.NonceLen {
		return 0, nil, nil
	}
	s.nonce, s.haveNonce = lightssl.Nonce(b[:lightssl.NonceLen]), true
	s.d.pairByNonce(s)
	return lightssl.NonceLen, &Nonce{Nonce: s.nonce, Looks: looksLike(b)}, readCredentials
}

func readIdentity(s *session, from stream.Direction, b []byte) (int, Body, state) {
	if len(b) < lightssl.IdentityLen || s.waits(from, s.haveNonce) {
		return 0, nil, nil
	}
	record := b[:lightssl.IdentityLen]
	body := &Identity{Nonce: s.nonce, HasNonce: s.haveNonce}
	id, _, err := s.d.keys.OpenIdentity(record)
	switch {
	case err == nil:
		body.Opened, body.Identity, body.Plain = true, id, lightssl.AppendIdentity(nil, id)
		body.NonceOK = s.haveNonce && id.Nonce == s.nonce
		s.device, s.known, s.announced = id.Device, true, &id
	case looksLike(record) != "":
		body.Reason = "begins like " + looksLike(record) + ", not like an identity"
	case errors.Is(err, lightssl.ErrNoKey):
		body.Reason = "sealed for the cloud: the server's private key opens it (-k server:FILE)"
	case errors.Is(err, lightssl.ErrDecrypt):
		body.Reason = "not sealed for the server key given: the device holds another server's public key, or -k names another server's key"
	default:
		body.Reason = err.Error()
	}
	return lightssl.IdentityLen, body, readFrame
}

func readCredentials(s *session, _ stream.Direction, b []byte) (int, Body, state) {
	if len(b) < lightssl.CredentialsRecordLen {
		return 0, nil, nil
	}
	s.record = bytes.Clone(b[:lightssl.CredentialsRecordLen])
	return lightssl.CredentialsRecordLen, s.openCredentials(), readFrame
}

// openCredentials tries every key on the credentials record and starts both
// ciphers if one fits.
func (s *session) openCredentials() *Credentials {
	body := &Credentials{Nonce: s.nonce, HasNonce: s.haveNonce}
	opened, err := s.d.keys.OpenCredentials(s.nonce, s.haveNonce, s.record, s.announcedKey())
	if err != nil {
		body.Reason = s.sealedReason()
		return body
	}
	body.Opened, body.Credentials = true, opened.Credentials
	body.Source, body.Signature = opened.Source, opened.Signature.String()
	s.start(opened.Credentials)
	return body
}

// start sets both halves to open frames.
func (s *session) start(c lightssl.Credentials) {
	s.creds, s.record = &c, nil
	for i := range s.half {
		h := &s.half[i]
		h.cipher = lightssl.NewCipher(c)
		if h.hasHead {
			h.cipher.SetHead(h.head[:])
		}
	}
}

func readFrame(s *session, from stream.Direction, b []byte) (int, Body, state) {
	n := lightssl.FrameLen(b)
	if n == 0 || len(b) < n || s.waits(from, s.creds != nil || s.sawCredentials()) {
		return 0, nil, nil
	}
	body := s.openFrame(from, b[lightssl.FrameHeaderLen:n])
	return n, body, readFrame
}

// sawCredentials reports whether the cloud's half is past its handshake.
func (s *session) sawCredentials() bool {
	return is(s.half[stream.FromCloud].next, readFrame) || is(s.half[stream.FromCloud].next, findFrame)
}

func (s *session) openFrame(from stream.Direction, ciphertext []byte) Body {
	h := &s.half[from]
	if s.creds == nil && s.generation != s.d.keys.Generation() {
		s.openLate(from, ciphertext)
	}
	headKnown := h.hasHead || h.first()
	defer h.passed(ciphertext)
	switch {
	case len(ciphertext) == 0:
		return &Malformed{Layer: "wire", Reason: "a frame of length 0: some peers lose the next message over it"}
	case len(ciphertext)%lightssl.BlockLen != 0:
		return &Malformed{Layer: "wire", Reason: fmt.Sprintf("a frame of %d bytes, no multiple of 16", len(ciphertext))}
	case s.creds == nil:
		return &Sealed{Reason: s.sealedReason()}
	}
	if h.hasHead {
		h.cipher.SetHead(h.head[:])
	}
	plain, err := h.cipher.Open(s.d.arena.take(len(ciphertext))[:0], ciphertext)
	whole := plain[:len(ciphertext)]
	if !headKnown {
		return &Malformed{Layer: "plain", Plain: plain, Padded: whole, Reason: "after a gap: the first 16 bytes are unreadable, the rest is right"}
	}
	if err != nil {
		return &Malformed{Layer: "plain", Offset: len(whole) - 1, Plain: whole, Padded: whole,
			Reason: fmt.Sprintf("the padding is wrong (last byte %#02x)", whole[len(whole)-1])}
	}
	return s.parse(plain, whole)
}

// parse makes a message of an opened frame.
func (s *session) parse(plain, padded []byte) Body {
	err := s.msg.Parse(plain)
	var fault *coap.ParseError
	if errors.As(err, &fault) {
		return &Malformed{Layer: "plain", Offset: fault.Offset, Plain: plain, Padded: padded, Reason: "not CoAP: " + fault.Reason}
	}
	m := s.d.messages.new()
	m.Plain, m.Padded = plain, padded
	return m
}

// first reports whether no frame has passed yet, so that the credentials' IV
// is the right one.
func (h *half) first() bool { return is(h.next, readFrame) && !h.seen }

// passed notes a frame: its head is the IV of the next one.
func (h *half) passed(ciphertext []byte) {
	h.seen = true
	if len(ciphertext) >= lightssl.BlockLen && len(ciphertext)%lightssl.BlockLen == 0 {
		copy(h.head[:], ciphertext)
		h.hasHead = true
	}
}

// openLate tries keys that came after the credentials record: first on the
// record, then the key log's lines without a nonce on the frame at hand.
func (s *session) openLate(from stream.Direction, ciphertext []byte) {
	s.generation = s.d.keys.Generation()
	if s.record != nil && s.openCredentials().Opened {
		return
	}
	if c, ok := s.d.keys.Session(s.nonce); ok && s.haveNonce {
		s.start(c)
		return
	}
	for _, c := range s.d.keys.Loose() {
		if s.fits(c, from, ciphertext) {
			s.start(c)
			return
		}
	}
}

// fits reports whether credentials open a frame to something that is padded
// and is CoAP.
func (s *session) fits(c lightssl.Credentials, from stream.Direction, ciphertext []byte) bool {
	cipher := lightssl.NewCipher(c)
	if h := &s.half[from]; h.hasHead {
		cipher.SetHead(h.head[:])
	}
	plain, err := cipher.Open(nil, ciphertext)
	var m coap.Message
	return err == nil && m.Parse(plain) == nil
}
