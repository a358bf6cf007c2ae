package captures

import (
	"net/netip"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// flow is one TCP connection, or what is left of one that is over: it stays so
// that late segments do not look like a new one.
//
// Packets of thousands of connections come by turns, so nothing of a flow is in
// the processor's cache. What each packet needs stands together, in 192 bytes.
type flow struct {
	key     flowKey
	id      stream.ConnID // 0 as long as nothing was delivered
	device  int8          // which side is the device
	leg     stream.Leg
	ordered bool // in a recording of ours: nothing comes late
	over    bool
	waiting bool // it is in the table's list
	suspect bool // nothing of ours was heard yet, or something foreign
	midway  bool // the recording says that the opening was not captured
	last    instant
	lanes   [2]lane // by sending side
	table   *table
	seen    uint64 // number of its latest packet

	trial  *trial    // of a suspect one, until it is judged
	pauses [2]pause  // by sending side
	began  time.Time // of its first packet
	ended  time.Time
	number uint32       // in the recording; 0: it names none
	pair   uint32       // the other leg's number there
	note   *stream.Note // of its opening
}

// instant is a time in 12 bytes.
type instant struct {
	ns  int32
	sec [2]uint32 // a number in halves, which need no alignment
}

func instantOf(t time.Time) instant {
	s := uint64(t.Unix())
	return instant{int32(t.Nanosecond()), [2]uint32{uint32(s), uint32(s >> 32)}}
}

func (i instant) time() time.Time {
	return time.Unix(int64(uint64(i.sec[0])|uint64(i.sec[1])<<32), int64(i.ns)).UTC()
}

const unknownSide = -1

// cloudPort is where clouds listen (protocol.md §1).
const cloudPort = 5683

// beginsAnew reports whether a segment cannot belong to the connection that f
// is, although it has its addresses: an opening with another initial sequence
// number, or data long after the end.
func (f *flow) beginsAnew(side int, s *segment, at time.Time) bool {
	h, other := &f.lanes[side], &f.lanes[1-side]
	switch {
	case !s.syn:
		return f.over && len(s.data) > 0 && at.Sub(f.ended) > portRest
	case f.over && f.id == 0:
		return true // refused, and tried again
	case h.started:
		return h.initial != s.seq
	case s.ack:
		return f.over
	}
	return f.over || other.started
}

// segment takes one segment from a side.
func (f *flow) segment(p *packet, side int, s *segment) {
	h := &f.lanes[side]
	if s.syn {
		f.synchronise(side, s)
		f.named(p.comment)
		if s.note != nil {
			f.note = s.note
		}
	}
	if s.ack && !s.rst {
		f.acknowledged(side, s, p.at)
	}
	seq := s.seq
	if s.syn {
		seq++
	}
	if len(s.data)+s.lost > 0 && !h.closed {
		if f.id == 0 {
			f.open(p, side, s)
		}
		if seq == h.next && h.started && !h.hole() && s.lost == 0 { // nearly always
			h.next += uint32(len(s.data))
			f.pass(side, p.at, s.data, s.note)
		} else {
			f.take(side, piece{p.at, seq, s.data, s.lost, s.note})
		}
	}
	if s.fin && len(s.data) == 0 {
		f.pauses[side].note = s.note
	}
	if s.fin {
		f.finished(side, seq+uint32(len(s.data)+s.lost), p.at)
	}
	if s.syn && s.ack && f.id == 0 && !f.over {
		f.open(p, side, s)
	}
	if s.rst {
		f.reset(side, s, p.at)
	}
}

// synchronise takes a SYN, which names the first sequence number of its side,
// and who called whom.
func (f *flow) synchronise(side int, s *segment) {
	f.lanes[side].start(s.seq + 1)
	if f.device == unknownSide {
		f.device = int8(side)
		if s.ack {
			f.device = int8(1 - side)
		}
	}
	if s.ack {
		f.lanes[1-side].start(s.ackSeq)
	}
}

// acknowledged takes the acknowledgement that a side sent.
func (f *flow) acknowledged(side int, s *segment, at time.Time) {
	h, other := &f.lanes[side], &f.lanes[1-side]
	if !other.started {
		if h.started && s.seq == h.initial+1 && f.isDevice(side) {
			other.start(s.ackSeq) // the answer to the SYN was not captured, this confirms it
		}
		return
	}
	f.confirm(1-side, s.ackSeq, at)
	if f.ordered && f.id != 0 && !other.closed && other.ackedAhead() {
		f.flushTo(1-side, other.acked, at)
	}
}

// open delivers the connection.
func (f *flow) open(p *packet, side int, s *segment) {
	joined := f.midway
	if f.device == unknownSide {
		joined = true
		f.device = int8(f.guessDevice(p, side, s))
	}
	f.table.lastID++
	f.id = f.table.lastID
	f.table.stats.Connections++
	conn := stream.Conn{ID: f.id, Leg: f.leg, Pair: f.other(), Device: f.endpoint(int(f.device)), Cloud: f.endpoint(1 - int(f.device))}
	f.table.send(&stream.Opened{At: f.began, Conn: conn, Joined: joined, Note: f.note})
	for side := range f.lanes {
		if h := &f.lanes[side]; h.closed { // before anything was delivered
			f.table.sendClose(stream.Closed{At: f.pauses[side].finAt, Conn: f.id, From: f.from(side), How: stream.Fin, Note: f.pauses[side].note})
		}
	}
}

// guessDevice finds the side that is the device of a connection whose opening was
// not captured. The lengths tell nonce (40) and credentials (384) of the cloud
// from the identity (256) of the device, because no frame has such a length
// (protocol.md §1); in a recording the packet's flags tell.
func (f *flow) guessDevice(p *packet, side int, s *segment) int {
	if received := p.flags & flagsDirection; received != 0 && f.leg != stream.Tapped {
		if (received == flagsInbound) == (f.leg == stream.DeviceLeg) {
			return side
		}
		return 1 - side
	}
	switch len(s.data) {
	case 40, 384:
		return 1 - side
	case 256:
		return side
	}
	low, high := f.port(0), f.port(1)
	switch {
	case high == cloudPort, low != cloudPort && high < low:
		return 0
	case low == cloudPort, low < high:
		return 1
	}
	return 1 - side
}

func (f *flow) port(side int) uint16 { return uint16(f.key.ports[side]) }

// endpoint returns address and port of a side.
func (f *flow) endpoint(side int) netip.AddrPort {
	var b [16]byte
	for i, half := range f.key.addr[side] {
		for j := range 8 {
			b[8*i+j] = byte(half >> (56 - 8*j))
		}
	}
	return netip.AddrPortFrom(netip.AddrFrom16(b).Unmap(), f.port(side))
}

func (f *flow) isDevice(side int) bool { return side == int(f.device) }

// from names the direction of what a side sends.
func (f *flow) from(side int) stream.Direction {
	if f.isDevice(side) {
		return stream.FromDevice
	}
	return stream.FromCloud
}

// finished notes that a side's bytes end before a sequence number.
func (f *flow) finished(side int, seq uint32, at time.Time) {
	h := &f.lanes[side]
	h.start(seq)
	if h.closed || h.fin || distance(h.next, seq) < 0 || distance(h.next, seq) >= maxAhead {
		return
	}
	h.fin, h.end, f.pauses[side].finAt = true, seq, at
	f.drain(side, at)
}

// reset ends a connection that a side aborted. One whose sequence number is
// far off was not meant for it, and one that aborts what was never answered
// leaves nothing.
func (f *flow) reset(side int, s *segment, at time.Time) {
	h := &f.lanes[side]
	if d := distance(h.next, s.seq); f.over || h.started && (d > maxGap || d < -maxGap) && f.id != 0 {
		return
	}
	if f.id == 0 {
		f.close(at)
		return
	}
	f.flush()
	if !f.over { // both FINs may have been among what waited
		f.table.sendClose(stream.Closed{At: at, Conn: f.id, From: f.from(side), How: stream.Reset, Note: s.note})
		f.close(at)
	}
}

// end ends a connection that nobody closed.
func (f *flow) end(at time.Time) {
	if f.id == 0 || f.over {
		return
	}
	f.flush()
	for _, side := range [2]int{int(f.device), 1 - int(f.device)} {
		h := &f.lanes[side]
		if n := distance(h.next, h.acked); !h.closed && h.ackedAhead() && n > 1 { // 1 may be a FIN
			f.gap(side, n, at)
		}
		if !h.closed {
			f.table.sendClose(stream.Closed{At: at, Conn: f.id, From: f.from(side), How: stream.Cut})
		}
	}
	f.close(at)
}

// close marks a connection as over.
func (f *flow) close(at time.Time) {
	f.over, f.ended = true, at
	for side := range f.lanes {
		f.lanes[side].closed = true
		f.release(side)
	}
}
