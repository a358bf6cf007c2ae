package captures

import (
	"slices"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// lane is one direction of a connection: bytes arrive in any order, several
// times or never, and leave in order, once. Of bytes that arrive twice the first
// copy counts, as most receivers do it.
type lane struct {
	next    uint32 // sequence number of the byte to deliver next
	acked   uint32 // what the receiver acknowledged, if that is ahead of next
	initial uint32 // the sequence number before its first byte
	end     uint32 // the one behind its last byte
	started bool
	ahead   bool // acked counts
	fin     bool // end counts
	closed  bool
	queue   []piece
	held    int // what the queue costs
}

// pause is since when a lane waits.
type pause struct {
	since   time.Time    // the hole was last known to be one
	ackedAt time.Time    // bytes were first acknowledged that are not here
	finAt   time.Time    // its end was known
	note    *stream.Note // of the packet that told its end
}

// piece is a run of bytes, the last of which may be missing.
type piece struct {
	at   time.Time
	seq  uint32
	data []byte
	lost int // bytes after data that were sent but not captured
	note *stream.Note
}

func (p *piece) len() int { return len(p.data) + p.lost }

// cut takes the first n bytes off p.
func (p *piece) cut(n int) piece {
	k := min(n, len(p.data))
	head := piece{p.at, p.seq, p.data[:k], n - k, p.note}
	if n < p.len() { // else p is empty after this
		head.note = nil
	}
	p.seq += uint32(n)
	p.data = p.data[k:]
	p.lost -= n - k
	return head
}

// distance returns how far b is ahead of a, in sequence numbers that wrap.
func distance(a, b uint32) int { return int(int32(b - a)) }

// start sets the number of the first byte, once.
func (h *lane) start(seq uint32) {
	if !h.started {
		h.started, h.next, h.initial = true, seq, seq-1
	}
}

// confirm takes an acknowledgement by the receiver: either it has bytes that we
// have not, or it misses them as well, and they will be sent again.
func (f *flow) confirm(side int, seq uint32, at time.Time) {
	h := &f.lanes[side]
	switch d := distance(h.next, seq); {
	case d > 0 && d < maxAhead:
		if !h.ackedAhead() {
			h.ahead, h.acked, f.pauses[side].ackedAt = true, seq, at
		} else if distance(h.acked, seq) > 0 {
			h.acked = seq
		}
	case d == 0 && h.hole():
		f.pauses[side].since = at
	}
}

func (h *lane) ackedAhead() bool { return h.ahead && distance(h.next, h.acked) > 0 }

// hole reports whether bytes are missing before others that are here.
func (h *lane) hole() bool { return len(h.queue) > 0 || h.fin && !h.closed }

func (f *flow) overdue(side int, at time.Time) bool {
	h, p := &f.lanes[side], &f.pauses[side]
	return h.hole() && (h.ackedAhead() && at.Sub(p.ackedAt) > ackedPatience || at.Sub(p.since) > holePatience)
}

// take delivers a piece, or keeps it until its turn.
func (f *flow) take(side int, p piece) {
	h := &f.lanes[side]
	h.start(p.seq)
	for !h.closed {
		d := distance(h.next, p.seq)
		if d < 0 {
			p.cut(min(-d, p.len()))
			d = distance(h.next, p.seq)
		}
		if h.fin {
			p = p.cut(max(0, min(p.len(), distance(p.seq, h.end))))
		}
		if p.len() == 0 || d < 0 || d >= maxAhead {
			return
		}
		if d > 0 {
			f.queue(side, p)
			return
		}
		n := p.len()
		if len(h.queue) > 0 {
			n = min(n, distance(h.next, h.queue[0].seq))
		}
		f.deliver(side, p.cut(n))
		if h.hole() {
			f.drain(side, p.at)
		}
	}
}

// deliver passes on a piece that is next.
func (f *flow) deliver(side int, p piece) {
	f.lanes[side].next += uint32(len(p.data))
	if len(p.data) > 0 {
		f.pass(side, p.at, p.data, p.note)
	}
	if p.lost > 0 {
		f.gap(side, p.lost, p.at)
	}
}

// pass passes on bytes that were next.
func (f *flow) pass(side int, at time.Time, data []byte, note *stream.Note) {
	it := &f.table.segmentAtHand
	it.At, it.Conn, it.From, it.Data, it.Note = at, f.id, f.from(side), data, note
	f.table.send(it)
}

// gap passes on that the next n bytes are missing.
func (f *flow) gap(side, n int, at time.Time) {
	f.lanes[side].next += uint32(n)
	if f.id == 0 { // nobody has heard of the connection
		return
	}
	if n >= maxGap {
		n = 0
	}
	f.table.stats.Gaps++
	f.table.stats.GapBytes += int64(n)
	f.table.sendGap(stream.Gap{At: at, Conn: f.id, From: f.from(side), Len: n})
}

// queue keeps the parts of a piece that are not kept yet.
func (f *flow) queue(side int, p piece) {
	h := &f.lanes[side]
	if !h.hole() {
		f.pauses[side].since = p.at
	}
	i, _ := slices.BinarySearchFunc(h.queue, p.seq, func(q piece, seq uint32) int {
		return distance(h.next, q.seq) + q.len() - distance(h.next, seq) - 1
	})
	for ; i < len(h.queue) && p.len() > 0; i++ {
		q := &h.queue[i]
		if before := distance(p.seq, q.seq); before > 0 {
			f.insert(side, i, p.cut(min(before, p.len())))
			continue // the piece that was at i is at i+1 now
		}
		p.cut(min(q.len()-distance(q.seq, p.seq), p.len()))
	}
	if p.len() > 0 {
		f.insert(side, i, p)
	}
	if f.ordered {
		f.giveUp(side)
		return
	}
	f.table.watch(f)
	f.table.bound(f, side)
}

func (f *flow) insert(side, i int, p piece) {
	h := &f.lanes[side]
	if h.queue == nil {
		h.queue, f.table.spare = f.table.spare, nil
	}
	p.data = slices.Clone(p.data)
	h.queue = slices.Insert(h.queue, i, p)
	h.held += len(p.data) + pieceCost
	f.table.held += len(p.data) + pieceCost
}

// drain delivers what became next, and closes the direction at its end.
func (f *flow) drain(side int, at time.Time) {
	h := &f.lanes[side]
	n := 0
	for n < len(h.queue) && h.queue[n].seq == h.next && !(h.fin && h.next == h.end) {
		p := h.queue[n]
		if h.fin {
			p = p.cut(min(p.len(), distance(p.seq, h.end)))
		}
		h.held -= len(h.queue[n].data) + pieceCost
		f.table.held -= len(h.queue[n].data) + pieceCost
		f.deliver(side, p)
		n++
	}
	h.queue = slices.Delete(h.queue, 0, n)
	if len(h.queue) == 0 {
		h.queue, f.table.spare = nil, h.queue
	}
	switch {
	case h.fin && h.next == h.end:
		f.closeLane(side)
	case h.hole():
		f.pauses[side].since = at
		f.table.watch(f)
		if f.ordered {
			f.giveUp(side)
		}
	}
}

func (f *flow) closeLane(side int) {
	h := &f.lanes[side]
	h.closed = true
	f.release(side)
	if f.id != 0 {
		f.table.sendClose(stream.Closed{At: f.pauses[side].finAt, Conn: f.id, From: f.from(side), How: stream.Fin, Note: f.pauses[side].note})
	}
	if f.lanes[1-side].closed {
		f.close(f.pauses[side].finAt)
	}
}

// giveUp stops waiting for the bytes before the first that are here.
func (f *flow) giveUp(side int) {
	h := &f.lanes[side]
	if !h.hole() {
		return
	}
	to, at := h.end, f.pauses[side].finAt
	if len(h.queue) > 0 && !(h.fin && distance(h.end, h.queue[0].seq) >= 0) {
		to, at = h.queue[0].seq, h.queue[0].at
	}
	if n := distance(h.next, to); n > 0 {
		f.gap(side, n, at)
	}
	f.drain(side, at)
}

// flush gives up everything that is waited for.
func (f *flow) flush() {
	for side := range f.lanes {
		for f.lanes[side].hole() {
			f.giveUp(side)
		}
	}
}

// flushTo gives up what is missing before a sequence number.
func (f *flow) flushTo(side int, seq uint32, at time.Time) {
	h := &f.lanes[side]
	for h.hole() && distance(h.next, seq) > 0 {
		f.giveUp(side)
	}
	if n := distance(h.next, seq); n > 0 && !h.closed {
		f.gap(side, n, at)
	}
}

// release forgets what a direction holds.
func (f *flow) release(side int) {
	h := &f.lanes[side]
	f.table.held -= h.held
	h.queue, h.held = nil, 0
}
