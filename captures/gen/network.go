package gen

import (
	"math/rand/v2"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// start is when captures begin.
var start = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// network carries the segments of all sessions past the capture.
type network struct {
	Traffic
	rng      *rand.Rand
	now      time.Time
	file     *file
	sessions []*session
	messages int
	lost     int
	plain    []byte
	sealed   []byte
	ip       []byte // the packet at hand
	late     []byte // one that the next of its direction overtakes
	again    []byte // one that is captured a second time after the next
}

// chance is true so many times in a thousand.
func (n *network) chance(perThousand int) bool {
	return perThousand > 0 && n.rng.IntN(1000) < perThousand
}

// step lets one session go on by a packet or two.
func (n *network) step(s *session) {
	if s.opening(n) {
		return
	}
	m := s.next(n.rng)
	from := m.from
	if !n.chance(n.Reordered) {
		n.frame(s, m)
	} else if n.late = n.captured(n.late[:0], s, m); len(n.late) > 0 {
		n.frame(s, s.event(from, n.rng))
		n.packet(n.late)
	}
	if n.chance(n.Acked) {
		n.send(s, from.Opposite(), ack, nil)
	}
}

// frame sends a message.
func (n *network) frame(s *session, m message) {
	if n.ip = n.captured(n.ip[:0], s, m); len(n.ip) == 0 {
		return
	}
	n.packet(n.ip)
	if n.chance(n.Repeated) {
		n.again = append(n.again[:0], n.ip...)
	}
}

// captured appends the packet of a message, or nothing if the capture loses it.
func (n *network) captured(dst []byte, s *session, m message) []byte {
	n.messages++
	n.plain = m.append(n.plain[:0])
	l := &s.lanes[m.from]
	n.sealed = l.cipher.AppendSealedFrame(n.sealed[:0], n.plain)
	s.Sent[m.from] += len(n.sealed)
	if n.chance(n.Lost) {
		n.lost++
		s.Lost[m.from] += len(n.sealed)
		l.seq += uint32(len(n.sealed))
		l.tail = l.tail[:0]
		return dst
	}
	if n.chance(n.Overlapped) {
		return s.appendOverlapping(dst, m.from, n.sealed)
	}
	return s.appendData(dst, m.from, psh|ack, n.sealed)
}

// send sends a segment that the network leaves alone.
func (n *network) send(s *session, from stream.Direction, control byte, data []byte) {
	s.Sent[from] += len(data)
	n.ip = s.appendData(n.ip[:0], from, control, data)
	n.packet(n.ip)
}

// packet lets an IP packet pass, and then what is due to come once more.
func (n *network) packet(ip []byte) {
	n.now = n.now.Add(time.Duration(1+n.rng.IntN(40)) * time.Microsecond)
	if n.MTU > 0 && len(ip) > n.MTU {
		for _, part := range fragments(ip, n.MTU, uint32(n.file.packets), n.rng) {
			n.file.packet(n.now, part)
		}
	} else {
		n.file.packet(n.now, ip)
	}
	if len(n.again) > 0 {
		ip = n.again
		n.again = nil
		n.packet(ip)
		n.again = ip[:0]
	}
}

// finish closes what is open.
func (n *network) finish() (Truth, error) {
	truth := Truth{Messages: n.messages, Lost: n.lost}
	for _, s := range n.sessions {
		if s.stage == 0 {
			continue
		}
		for s.opening(n) { // to its end
		}
		n.send(s, stream.FromDevice, fin|ack, nil)
		n.send(s, stream.FromCloud, fin|ack, nil)
		n.send(s, stream.FromDevice, ack, nil)
		truth.KeyLog = s.appendKeyLog(truth.KeyLog)
		truth.Streams = append(truth.Streams, s.Stream)
	}
	truth.Packets = n.file.packets
	return truth, n.file.flush()
}
