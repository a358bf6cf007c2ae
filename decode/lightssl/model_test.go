package lightssl_test

import (
	"crypto/aes"
	"encoding/binary"
)

// modelDirection is one direction of a session, written from protocol.md §1.4
// alone: AES on single blocks, chained here, state and all.
type modelDirection struct{ key, iv [16]byte }

func newModel(material [40]byte) *modelDirection {
	return &modelDirection{[16]byte(material[:16]), [16]byte(material[16:32])}
}

func xor(a, b [16]byte) (c [16]byte) {
	for i := range c {
		c[i] = a[i] ^ b[i]
	}
	return c
}

// seal returns the frame of a message.
func (m *modelDirection) seal(message []byte) []byte {
	pad := 16 - len(message)%16
	padded := append([]byte(nil), message...)
	for range pad {
		padded = append(padded, byte(pad))
	}
	return m.sealRaw(padded)
}

// sealRaw returns the frame of bytes that are padded already.
func (m *modelDirection) sealRaw(padded []byte) []byte {
	block, _ := aes.NewCipher(m.key[:])
	frame := binary.BigEndian.AppendUint16(nil, uint16(len(padded)))
	chain := m.iv
	for i := 0; i < len(padded); i += 16 {
		chain = xor(chain, [16]byte(padded[i:]))
		block.Encrypt(chain[:], chain[:])
		frame = append(frame, chain[:]...)
	}
	m.iv = [16]byte(frame[2:])
	return frame
}

// open returns all decrypted bytes of a frame's body, and the length of the
// message in it, or -1 if the padding is wrong.
func (m *modelDirection) open(body []byte) (padded []byte, n int) {
	block, _ := aes.NewCipher(m.key[:])
	chain := m.iv
	for i := 0; i < len(body); i += 16 {
		var p [16]byte
		block.Decrypt(p[:], body[i:i+16])
		p = xor(p, chain)
		chain = [16]byte(body[i:])
		padded = append(padded, p[:]...)
	}
	m.iv = [16]byte(body)
	pad := int(padded[len(padded)-1])
	if pad < 1 || pad > 16 {
		return padded, -1
	}
	for _, b := range padded[len(padded)-pad:] {
		if int(b) != pad {
			return padded, -1
		}
	}
	return padded, len(padded) - pad
}
