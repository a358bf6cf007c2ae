package store

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// packer turns events into bytes. What it returns is valid until its next call.
type packer struct {
	credentials *lightssl.Credentials // of the event's connection, nil if not known
	buf         []byte
	words       words
	latest      latest
}

func newPacker() packer { return packer{words: newWords()} }

// latest is the message that was packed last. The other leg of a pair mostly
// carries the same one next, which then is kept once.
type latest struct {
	credentials *lightssl.Credentials
	place       place // of IV and plaintext
}

// isLatest reports whether a message seals from the same bytes as the one before.
func (p *packer) isLatest(c *content, e *decode.Event, m *decode.Message) bool {
	l := &p.latest
	if e.Conn.Leg == stream.Tapped || l.credentials == nil || p.credentials == nil || *l.credentials != *p.credentials || !c.chunks.has(l.place.chunk()) {
		return false
	}
	sealed := c.bytes(l.place)
	return bytes.Equal(sealed[:lightssl.BlockLen], m.IV[:]) && bytes.Equal(sealed[lightssl.BlockLen:], m.Plain) && seals(e, m)
}

// pack returns the bytes of any event but a message.
func (p *packer) pack(c *content, e *decode.Event, wide bool) []byte {
	b := appendBytes(appendWide(p.buf[:0], e.At, wide), e.Raw)
	switch body := e.Body.(type) {
	case *decode.Opened:
		b = appendBool(b, body.Joined)
	case *decode.Nonce:
		b = append(b, body.Nonce[:]...)
	case *decode.Identity:
		b = p.identity(c, b, body)
	case *decode.Credentials:
		b = appendBool(b, body.Opened, body.HasNonce)
		b = append(append(b, body.Credentials[:]...), body.Nonce[:]...)
		b = p.words.append(c, p.words.append(c, b, body.Source), body.Signature)
		b = p.words.append(c, b, body.Reason)
	case *decode.Sealed:
		b = p.words.append(c, b, body.Reason)
	case *decode.Malformed:
		b = p.words.append(c, b, body.Layer)
		b = binary.AppendVarint(b, int64(body.Offset))
		b = p.words.append(c, b, body.Reason)
		b = appendBytes(appendBytes(b, body.Plain), body.Padded)
	case *decode.Gap:
		b = binary.AppendVarint(b, int64(body.Len))
	case *decode.Closed:
		b = binary.AppendVarint(append(b, byte(body.How)), int64(body.Pending))
	case *decode.Finding:
		b = appendFinding(b, body)
	}
	p.buf = b
	return b
}

func (p *packer) identity(c *content, b []byte, body *decode.Identity) []byte {
	id := &body.Identity
	b = appendBool(b, body.Opened, body.HasNonce, body.NonceOK)
	b = append(append(b, id.Nonce[:]...), id.Device[:]...)
	b = appendBytes(b, id.Key)
	b = append(b, body.Nonce[:]...)
	b = appendBytes(binary.AppendUvarint(b, uint64(body.Parts)), body.Plain)
	return p.words.append(c, b, body.Reason)
}

// appendWide appends the time of an event whose record has no room for it.
func appendWide(dst []byte, t time.Time, wide bool) []byte {
	if !wide {
		return dst
	}
	return binary.AppendUvarint(binary.AppendVarint(dst, t.Unix()), uint64(t.Nanosecond()))
}

// The first byte of a message's bytes says what follows. Most of the time that
// is the response time and the ID of the request, the IV, and the plaintext.
const (
	formVerbatim = 1 << iota // all bytes as they are: raw, plain, padded and IV
	formShared               // IV and plaintext lie at a place
	formRTT                  // it answers: response time and ID of the request
	formName
	formUpdate
	formGap        // distance to the message ID that is expected
	formMisnumber  // no bytes
	formTypeSender // the type of a variable, or the sender is another than the event's
)

// message returns the bytes of a message, and the offset of IV and plaintext in
// them, 0 for none; or, if these are shared, their place.
func (p *packer) message(c *content, e *decode.Event, m *decode.Message, wide bool) (b []byte, tail int, shared place) {
	b = appendWide(p.buf[:0], e.At, wide)
	form := len(b)
	b = p.meaning(c, append(b, 0), e.From, m)
	if p.isLatest(c, e, m) {
		shared = p.latest.place
		b[form] |= formShared
		b = binary.LittleEndian.AppendUint64(b, uint64(shared))
	} else if p.credentials != nil && seals(e, m) {
		tail = len(b)
		b = append(append(b, m.IV[:]...), m.Plain...)
	} else {
		b[form] |= formVerbatim
		b = appendBytes(appendBytes(appendBytes(b, e.Raw), m.Plain), m.Padded)
		b = append(b, m.IV[:]...)
	}
	p.buf = b
	return b, tail, shared
}

// meaning appends what a message means, after the byte that says which of it.
func (p *packer) meaning(c *content, b []byte, from stream.Direction, m *decode.Message) []byte {
	g := &m.Meaning
	form := len(b) - 1
	if g.HasRTT {
		b[form] |= formRTT
		b = binary.AppendVarint(b, int64(g.RTT))
		b = binary.AppendUvarint(b, uint64(g.RequestID))
	}
	if g.Name != nil {
		b[form] |= formName
		b = p.words.appendName(c, b, g.Name)
	}
	if u := &g.Update; u.Known || u.CRCOK || u.Repeated || u.Index|u.Received|u.Total != 0 {
		b[form] |= formUpdate
		b = appendBool(b, u.Known, u.CRCOK, u.Repeated)
		for _, v := range [...]uint32{u.Index, u.Received, u.Total} {
			b = binary.AppendUvarint(b, uint64(v))
		}
	}
	if g.MIDGap != 0 {
		b[form] |= formGap
		b = binary.AppendVarint(b, int64(g.MIDGap))
	}
	if g.Misnumbered {
		b[form] |= formMisnumber
	}
	if g.Type != 0 || g.From != from {
		b[form] |= formTypeSender
		b = append(b, byte(g.Type), byte(g.From))
	}
	return b
}
