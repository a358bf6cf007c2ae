package store

import (
	"bytes"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
)

// A frame on the wire is its plaintext under the session's key and the frame's
// IV, so the store keeps IV and plaintext: less than the frame, and what filters
// look at. Whether sealing gives the very same frame is tried for each message.

// sealer keeps the ciphers of the sessions that spoke last.
type sealer struct {
	ciphers map[*lightssl.Credentials]*lightssl.Cipher
	scratch []byte
}

const maxCiphers = 64

func newSealer() sealer { return sealer{ciphers: make(map[*lightssl.Credentials]*lightssl.Cipher)} }

func (s *sealer) cipher(c *lightssl.Credentials) *lightssl.Cipher {
	cipher := s.ciphers[c]
	if cipher == nil {
		if len(s.ciphers) == maxCiphers {
			clear(s.ciphers)
		}
		cipher = lightssl.NewCipher(*c)
		s.ciphers[c] = cipher
	}
	return cipher
}

// appendFrame appends the frame of a plaintext.
func (s *sealer) appendFrame(dst []byte, c *lightssl.Credentials, iv, plain []byte) []byte {
	cipher := s.cipher(c)
	cipher.SetHead(iv)
	return cipher.AppendSealedFrame(dst, plain)
}

// iv returns the IV under which a message's plaintext seals to its frame, or
// false if nothing does.
func (s *sealer) iv(c *lightssl.Credentials, e *decode.Event, m *decode.Message) (iv [lightssl.BlockLen]byte, ok bool) {
	if c == nil || len(m.Plain) > lightssl.MaxMessageLen || !isPadded(m.Padded, m.Plain) || len(e.Raw) != lightssl.FrameHeaderLen+len(m.Padded) {
		return iv, false
	}
	cipher := s.cipher(c)
	cipher.SetHead(iv[:])
	head := e.Raw[lightssl.FrameHeaderLen:][:lightssl.BlockLen]
	opened, _ := cipher.Open(s.scratch[:0], head) // the padding is none: there is one block
	s.scratch = opened[:lightssl.BlockLen]
	for i := range iv {
		iv[i] = s.scratch[i] ^ m.Padded[i]
	}
	s.scratch = s.appendFrame(s.scratch[:0], c, iv[:], m.Plain)
	return iv, bytes.Equal(s.scratch, e.Raw)
}

// isPadded reports whether padded is plain with its padding.
func isPadded(padded, plain []byte) bool {
	n := len(padded) - len(plain)
	if n < 1 || n > lightssl.BlockLen || len(padded)%lightssl.BlockLen != 0 || !bytes.Equal(padded[:len(plain)], plain) {
		return false
	}
	for _, b := range padded[len(plain):] {
		if int(b) != n {
			return false
		}
	}
	return true
}

// appendPadded appends a plaintext and its padding.
func appendPadded(dst, plain []byte) []byte {
	pad := lightssl.BlockLen - len(plain)%lightssl.BlockLen
	return append(append(dst, plain...), pads[pad-1][:pad]...)
}

// pads are the paddings by their length minus one.
var pads = func() (p [lightssl.BlockLen][lightssl.BlockLen]byte) {
	for i := range p {
		for j := range p[i] {
			p[i][j] = byte(i + 1)
		}
	}
	return p
}()
