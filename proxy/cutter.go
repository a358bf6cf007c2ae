package proxy

import (
	"encoding/binary"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// piece is what the front of a stream is.
type piece uint8

const (
	incomplete  piece = iota
	nonce             // a whole handshake record
	identity          //
	credentials       //
	frames            // one or more whole frames
	rest              // the rest of a record whose beginning was passed on incomplete
)

func (p piece) String() string {
	return [...]string{"nothing", "nonce", "identity", "credentials", "frame", "rest"}[p]
}

// The handshake records of each direction, in order, and their lengths.
var (
	recordsOf  = [2][]piece{stream.FromDevice: {identity}, stream.FromCloud: {nonce, credentials}}
	recordLens = [...]int{nonce: lightssl.NonceLen, identity: lightssl.IdentityLen, credentials: lightssl.CredentialsRecordLen}
)

// cutter knows where the records of one direction end.
type cutter struct {
	handshake []piece // records still due before the frames
	rest      int     // bytes of the current record that pass as they come
	half      int     // the first length byte, passed on without the second, plus 1; 0: none
	odd       int     // a length that no cipher makes, plus 1; the first one seen; 0: none
}

func newCutter(d stream.Direction) cutter { return cutter{handshake: recordsOf[d]} }

// expects returns the piece that comes next.
func (c *cutter) expects() piece {
	if len(c.handshake) > 0 {
		return c.handshake[0]
	}
	return frames
}

// next says what the front of b is and how long: one handshake record, or the
// whole frames there are, as far as they fit into one write, or with one set the
// first of them.
func (c *cutter) next(b []byte, one bool) (piece, int) {
	switch {
	case len(b) == 0:
		return incomplete, 0
	case c.half > 0:
		c.rest = 1 + ((c.half-1)<<8 | int(b[0]))
		c.half = 0
		fallthrough
	case c.rest > 0:
		n := min(c.rest, len(b))
		c.rest -= n
		return rest, n
	case len(c.handshake) > 0:
		return c.record(b)
	}
	n := c.frames(b, one)
	if n == 0 {
		return incomplete, 0
	}
	return frames, n
}

func (c *cutter) record(b []byte) (piece, int) {
	p := c.handshake[0]
	if len(b) < recordLens[p] {
		return incomplete, 0
	}
	c.handshake = c.handshake[1:]
	return p, recordLens[p]
}

func (c *cutter) frames(b []byte, one bool) (n int) {
	for len(b)-n >= lightssl.FrameHeaderLen {
		body := int(binary.BigEndian.Uint16(b[n:]))
		if len(b)-n < lightssl.FrameHeaderLen+body || n > 0 && n+lightssl.FrameHeaderLen+body > oneWrite {
			break
		}
		if c.odd == 0 && (body == 0 || body%lightssl.BlockLen != 0) {
			c.odd = body + 1
		}
		n += lightssl.FrameHeaderLen + body
		if one {
			break
		}
	}
	return n
}

// want returns how long b has to be for the record at its front to be whole.
func (c *cutter) want(b []byte) int {
	switch {
	case c.rest > 0 || c.half > 0:
		return 1
	case len(c.handshake) > 0:
		return recordLens[c.handshake[0]]
	case len(b) < lightssl.FrameHeaderLen:
		return lightssl.FrameHeaderLen
	}
	return lightssl.FrameLen(b)
}

// passOn notes that the partial record b leaves as it is.
func (c *cutter) passOn(b []byte) {
	switch {
	case len(c.handshake) > 0:
		c.rest = recordLens[c.handshake[0]] - len(b)
		c.handshake = c.handshake[1:]
	case len(b) < lightssl.FrameHeaderLen:
		c.half = int(b[0]) + 1
	default:
		c.rest = lightssl.FrameLen(b) - len(b)
	}
}
