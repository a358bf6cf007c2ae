package decode

import (
	"bytes"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// twin is the frame at hand. The other leg of a proxied session mostly carries
// the same one next, which then is neither kept nor opened twice.
type twin struct {
	raw        []byte // as an event has it
	creds      lightssl.Credentials
	iv         [lightssl.BlockLen]byte
	ciphertext []byte // nil: not opened, or of a session without a pair
	plain      []byte
	err        error
}

// keep returns a copy of b that nobody will write to.
func (s *session) keep(b []byte) []byte {
	t := &s.d.twin
	if len(b) == 0 || !bytes.Equal(b, t.raw) {
		t.raw, t.ciphertext = s.d.memory.arena.copy(b), nil
	}
	return t.raw
}

// decrypt opens the ciphertext that keep returned last. The result has room for the
// padding.
func (s *session) decrypt(iv, ciphertext []byte) ([]byte, error) {
	t := &s.d.twin
	if t.ciphertext != nil && len(t.ciphertext) == len(ciphertext) && bytes.Equal(t.iv[:], iv) && t.creds == *s.creds {
		return t.plain, t.err
	}
	plain, err := s.d.ciphers.of(s).Open(s.d.memory.arena.take(len(ciphertext))[:0], iv, ciphertext)
	if s.paired {
		t.creds, t.iv, t.ciphertext = *s.creds, [lightssl.BlockLen]byte(iv), ciphertext
		t.plain, t.err = plain, err
	}
	return plain, err
}
