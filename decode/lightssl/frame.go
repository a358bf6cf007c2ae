package lightssl

import "encoding/binary"

const (
	// FrameHeaderLen is the length of the length in front of a frame.
	FrameHeaderLen = 2
	// MaxFrameBody is the largest body a frame's length can announce. Photons
	// accept 768 (up to Device OS 2.3.1) or 928 bytes (3.x), servers any length.
	MaxFrameBody = 0xffff
	// MaxMessageLen is the length of the longest message that fits a frame.
	MaxMessageLen = MaxFrameBody/BlockLen*BlockLen - 1
)

// AppendFrame appends the frame of a ciphertext: its length, big endian, and
// the bytes. It panics above [MaxFrameBody].
func AppendFrame(dst, ciphertext []byte) []byte {
	if len(ciphertext) > MaxFrameBody {
		panic("lightssl: frame too long")
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(ciphertext)))
	return append(dst, ciphertext...)
}

// CutFrame takes the first frame off b. ok is false if b does not hold all of
// it yet. Any length is a frame, 0 and odd ones included: whether it can be
// opened is for [Cipher] to say. The results share the bytes of b.
func CutFrame(b []byte) (ciphertext, rest []byte, ok bool) {
	n := FrameLen(b)
	if n == 0 || len(b) < n {
		return nil, b, false
	}
	return b[FrameHeaderLen:n:n], b[n:], true
}

// FrameLen returns the length on the wire of the frame at the front of b, its
// two length bytes included, or 0 if b is too short to tell.
func FrameLen(b []byte) int {
	if len(b) < FrameHeaderLen {
		return 0
	}
	return FrameHeaderLen + int(binary.BigEndian.Uint16(b))
}

// AppendSealedFrame appends the whole frame of one message, and moves on to the
// next frame. It panics above [MaxMessageLen].
func (c *Cipher) AppendSealedFrame(dst, plaintext []byte) []byte {
	if len(plaintext) > MaxMessageLen {
		panic("lightssl: message too long for a frame")
	}
	n := len(plaintext) + BlockLen - len(plaintext)%BlockLen
	dst = binary.BigEndian.AppendUint16(dst, uint16(n))
	return c.Seal(dst, plaintext)
}
