package gen

import (
	"cmp"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"net/netip"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// Stream is what a capture holds of one TCP connection. What is counted by
// direction is what that side sent.
type Stream struct {
	Device, Cloud netip.AddrPort
	Sent          [2]int    // bytes of payload, each once
	Lost          [2]int    // of these, not in the capture
	Sum           [2]uint32 // CRC-32 of those that are, in order; not known with Traffic.SnapLen
}

// session is one connection between a device and the cloud.
type session struct {
	Stream
	handshake
	lanes   [2]lane
	stage   int // of the opening
	pending message
}

// lane is one direction.
type lane struct {
	seq    uint32 // of its next byte
	id     uint16 // of its next message
	token  byte
	cipher *lightssl.Cipher
	tail   []byte // the end of what was sent, for segments that overlap
}

// tailLen is how far segments overlap.
const tailLen = 24

// newSessions returns sessions with the addresses of different devices.
func newSessions(t Traffic) []*session {
	all := make([]*session, t.Sessions)
	for i, h := range handshakes(t.Seed, t.Sessions) {
		s := &session{handshake: h}
		s.Device, s.Cloud = ends(i, t)
		rng := rand.New(rand.NewPCG(t.Seed, uint64(i)))
		for from := range s.lanes {
			s.lanes[from] = lane{seq: rng.Uint32(), cipher: lightssl.NewCipher(h.credentials)}
		}
		_, s.lanes[stream.FromDevice].id = h.credentials.FirstMessageIDs()
		s.lanes[stream.FromCloud].id = uint16(rng.Uint32())
		all[i] = s
	}
	return all
}

// ends returns the addresses of the i-th session.
func ends(i int, t Traffic) (device, cloud netip.AddrPort) {
	port, to := uint16(49152+i%16384), cmp.Or(t.Port, 5683)
	if t.IPv6 {
		from := [16]byte{0xfd, 0, 0, 7, 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}
		return netip.AddrPortFrom(netip.AddrFrom16(from), port), netip.AddrPortFrom(netip.MustParseAddr("fd00:9::1"), to)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), port), netip.AddrPortFrom(netip.MustParseAddr("192.168.1.9"), to)
}

// opening sends the next part of TCP's opening and the handshake, and reports
// false once both are done.
func (s *session) opening(n *network) bool {
	const d, c = stream.FromDevice, stream.FromCloud
	switch s.stage {
	case 0:
		n.send(s, d, syn, nil)
	case 1:
		n.send(s, c, syn|ack, nil)
	case 2:
		n.send(s, d, ack, nil)
	case 3:
		n.send(s, c, psh|ack, s.nonce[:])
	case 4:
		n.send(s, d, psh|ack, s.identity)
	case 5:
		n.send(s, c, psh|ack, s.record)
		s.pending = message{template: hello, from: d}.under(s)
	default:
		return false
	}
	s.stage++
	return true
}

// appendData appends a segment of which the capture loses nothing.
func (s *session) appendData(dst []byte, from stream.Direction, control byte, data []byte) []byte {
	dst = s.appendSegment(dst, from, control, data)
	s.count(from, data)
	return dst
}

// appendOverlapping appends a segment that begins with bytes that were sent
// before.
func (s *session) appendOverlapping(dst []byte, from stream.Direction, data []byte) []byte {
	l := &s.lanes[from]
	l.seq -= uint32(len(l.tail))
	dst = s.appendSegment(dst, from, psh|ack, append(l.tail, data...))
	s.count(from, data)
	return dst
}

// count notes what the capture holds.
func (s *session) count(from stream.Direction, data []byte) {
	l := &s.lanes[from]
	s.Sum[from] = crc32.Update(s.Sum[from], crc32.IEEETable, data)
	if len(data) > 0 {
		l.tail = append(l.tail[:0], data[max(0, len(data)-tailLen):]...)
	}
}

// appendSegment appends an IP packet with a segment, and moves its lane on.
func (s *session) appendSegment(dst []byte, from stream.Direction, control byte, data []byte) []byte {
	l, other := &s.lanes[from], &s.lanes[from.Opposite()]
	p := segment{src: s.Device, dst: s.Cloud, seq: l.seq, control: control, data: data}
	if from == stream.FromCloud {
		p.src, p.dst = p.dst, p.src
	}
	if control&ack != 0 {
		p.ack = other.seq
	}
	l.seq += uint32(len(data))
	if control&(syn|fin) != 0 {
		l.seq++
	}
	return p.append(dst)
}

func (s *session) appendKeyLog(dst []byte) []byte {
	return lightssl.AppendKeyLog(dst, s.nonce, s.credentials)
}

// message is a message of a session, about to be sent.
type message struct {
	*template
	from  stream.Direction
	id    uint16
	token byte
}

// append appends its bytes.
func (m message) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, m.bytes...)
	binary.BigEndian.PutUint16(dst[start+2:], m.id)
	if m.bytes[0]&0xf > 0 {
		dst[start+4] = m.token
	}
	return dst
}

// under gives a message the next ID of its lane, and a request a token.
func (m message) under(s *session) message {
	l := &s.lanes[m.from]
	m.id = l.id
	l.id++
	if m.reply != nil {
		m.token = l.token
		l.token++
	}
	return m
}

// next returns the message that the session goes on with: the answer to the one
// before, or something new.
func (s *session) next(rng *rand.Rand) message {
	m := s.pending
	if m.template == nil {
		from, t := something(rng)
		m = message{template: t, from: from}.under(s)
	}
	s.pending = message{}
	if m.reply != nil {
		answer := message{template: m.reply, from: m.from.Opposite()}
		if !m.reply.acknowledges() {
			answer = answer.under(s)
		} else {
			answer.id = m.id
		}
		answer.token = m.token
		s.pending = answer
	}
	return m
}

// event returns a message that needs no answer.
func (s *session) event(from stream.Direction, rng *rand.Rand) message {
	return message{template: anEvent(from, rng), from: from}.under(s)
}
