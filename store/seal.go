package store

import (
	"bytes"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
)

// A frame on the wire is its plaintext under the session's key and the frame's
// IV, so the store keeps IV and plaintext: less than the frame, and what filters
// look at. Sealing gives the frame again because opening it gave the plaintext,
// which is what makes a message.

// sealer keeps the ciphers of the sessions that spoke last.
type sealer struct {
	ciphers map[*lightssl.Credentials]*lightssl.Cipher
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

// seals reports whether a message's frame is its plaintext, padded and sealed.
func seals(e *decode.Event, m *decode.Message) bool {
	return len(m.Plain) <= lightssl.MaxMessageLen && isPadded(m.Padded, m.Plain) &&
		len(e.Raw) == lightssl.FrameHeaderLen+len(m.Padded) && lightssl.FrameLen(e.Raw) == len(e.Raw)
}

// isPadded reports whether padded is plain with its padding.
func isPadded(padded, plain []byte) bool {
	n := len(padded) - len(plain)
	return n >= 1 && n <= lightssl.BlockLen && len(padded)%lightssl.BlockLen == 0 &&
		bytes.Equal(padded[:len(plain)], plain) && bytes.Equal(padded[len(plain):], pads[n-1][:n])
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
