package decode

import (
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// Keys may come while a session runs, and a key log may not know the session's
// nonce, so that only a frame shows whether its line fits. What opens then opens
// from this frame on, and a second credentials event, without bytes, says so. It is
// the same with what comes from the session's other leg (pairs.go).

const (
	looseTries = 8 // frames on which credentials without a nonce are tried, for each growth of the keyring
	surePad    = 4 // bytes of padding that do not come by chance
)

// openLate tries what is new in the keyring: on the record, by the nonce, and
// then the credentials of unknown sessions on the frame at hand, if the head of
// the frame before it is known.
func (s *session) openLate(h *half, from stream.Direction, ciphertext []byte) bool {
	if g := s.d.keys.Generation(); g != s.generation {
		s.generation, s.tries = g, looseTries
		if s.openByRecord() {
			return true
		}
	}
	if s.tries == 0 || h.seen && !h.hasHead {
		return false
	}
	s.tries--
	for _, c := range s.d.keys.Loose() {
		if h.fits(c, ciphertext) {
			s.opened(c)
			return true
		}
	}
	return s.fitsOffered(h, ciphertext)
}

// openByRecord opens the record with a new key, or the session by its nonce.
func (s *session) openByRecord() bool {
	if s.record != nil {
		body := s.openCredentials()
		if body.Opened {
			s.late = body
		}
		return body.Opened
	}
	c, ok := s.d.keys.Session(s.nonce)
	if ok = ok && s.haveNonce; ok {
		s.opened(c)
	}
	return ok
}

// opened starts a session with credentials from the key log.
func (s *session) opened(c lightssl.Credentials) {
	s.late = &Credentials{Opened: true, Credentials: c, Nonce: s.nonce, HasNonce: s.haveNonce,
		Source: "key log", Signature: lightssl.SignatureUnchecked.String()}
	s.start(c)
}

// fits reports whether credentials open a frame to what no other key could make
// of it by chance, not even one of some thousand: CoAP with long padding, or a
// request of the catalogue's form. Shorter evidence must wait for another frame.
func (h *half) fits(c lightssl.Credentials, ciphertext []byte) bool {
	cipher := lightssl.NewCipher(c)
	if h.hasHead {
		cipher.SetHead(h.head[:])
	}
	plain, err := cipher.Open(nil, ciphertext)
	var m coap.Message
	if err != nil || m.Parse(plain) != nil {
		return false
	}
	return len(ciphertext)-len(plain) >= surePad || m.Code.IsRequest() && m.Path() != 0
}
