package store

import (
	"bytes"
	"crypto/subtle"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
)

// A frame on the wire is its plaintext under the session's key and the frame's
// IV, so the store keeps IV and plaintext: less than the frame, and what filters
// look at. Sealing gives the frame again because opening it gave the plaintext,
// which is what makes a message; that the key is the right one is tried for each.

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

// sealing finds out the IVs of a connection's frames. The zero value is ready.
type sealing struct {
	cipher *lightssl.Cipher           // nil until it is needed
	heads  [2][lightssl.BlockLen]byte // by sender: the IV of the next frame, if none is missing
}

// sealingSize is an estimate of the memory of a sealing's cipher.
const sealingSize = 600

// start begins with other credentials.
func (s *sealing) start(c *lightssl.Credentials) {
	iv := [lightssl.BlockLen]byte(c.IV())
	*s = sealing{heads: [2][lightssl.BlockLen]byte{iv, iv}}
}

// follow notes how a frame begins, which is the IV of the next one.
func (s *sealing) follow(e *decode.Event) {
	if len(e.Raw) >= lightssl.FrameHeaderLen+lightssl.BlockLen {
		copy(s.heads[e.From&1][:], e.Raw[lightssl.FrameHeaderLen:])
	}
}

// iv returns the IV under which a message's plaintext seals to its frame, or
// false if nothing does. scratch is for its use, and returned.
func (s *sealing) iv(c *lightssl.Credentials, e *decode.Event, m *decode.Message, scratch []byte) (iv [lightssl.BlockLen]byte, ok bool, _ []byte) {
	if c == nil || len(m.Plain) > lightssl.MaxMessageLen || !isPadded(m.Padded, m.Plain) ||
		len(e.Raw) != lightssl.FrameHeaderLen+len(m.Padded) || lightssl.FrameLen(e.Raw) != len(e.Raw) {
		return iv, false, scratch
	}
	if s.cipher == nil {
		s.cipher = lightssl.NewCipher(*c)
	}
	iv = s.heads[e.From&1]
	s.cipher.SetHead(iv[:])
	scratch = s.cipher.SealRaw(scratch[:0], m.Padded)
	ciphertext := e.Raw[lightssl.FrameHeaderLen:]
	if bytes.Equal(scratch, ciphertext) {
		return iv, true, scratch
	}
	iv, ok = s.derive(c, m.Padded, ciphertext)
	return iv, ok, scratch
}

// derive returns the IV of a frame before which something is missing. The first
// block tells it, and the last one whether the key is right; a frame of one block
// seals to itself under any key.
func (s *sealing) derive(c *lightssl.Credentials, padded, ciphertext []byte) (iv [lightssl.BlockLen]byte, ok bool) {
	const n = lightssl.BlockLen
	if last := len(padded) - n; last > 0 {
		s.cipher.SetHead(ciphertext[last-n:])
		if !bytes.Equal(s.cipher.SealRaw(nil, padded[last:]), ciphertext[last:]) {
			return iv, false
		}
	}
	opened, _ := lightssl.NewOpener(c).Open(nil, iv[:], ciphertext[:n]) // the padding is none: there is one block
	subtle.XORBytes(iv[:], opened[:n], padded)
	return iv, true
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
