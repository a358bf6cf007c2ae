package captures

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// segment is one TCP segment. Its bytes are those of the packet.
type segment struct {
	src, dst           []byte // addresses, 4 or 16 bytes
	srcPort, dstPort   uint16
	seq, ackSeq        uint32
	syn, ack, fin, rst bool
	data               []byte
	lost               int // bytes after data that were sent but not captured
	note               *stream.Note
}

// flowKey names a connection without a direction: the ends in numeric order,
// and the leg it was seen on. It has no padding, so that it hashes as one piece.
type flowKey struct {
	addr  [2][2]uint64
	ports [2]uint32 // the second holds the leg as well
}

// is reports whether two keys are the same one, in line: a comparison of so many
// bytes is a call otherwise.
func (k *flowKey) is(o *flowKey) bool {
	return k.addr[0][1] == o.addr[0][1] && k.addr[1][1] == o.addr[1][1] && k.ports[0] == o.ports[0] && k.ports[1] == o.ports[1] &&
		k.addr[0][0] == o.addr[0][0] && k.addr[1][0] == o.addr[1][0]
}

// key sets k to the key of a segment's connection, and returns which of its ends
// sent it.
func (s *segment) key(k *flowKey, leg stream.Leg) (side int) {
	aHigh, aLow := wide(s.src)
	bHigh, bLow := wide(s.dst)
	a, b := uint32(s.srcPort), uint32(s.dstPort)
	if aHigh > bHigh || aHigh == bHigh && (aLow > bLow || aLow == bLow && a > b) {
		aHigh, aLow, a, bHigh, bLow, b, side = bHigh, bLow, b, aHigh, aLow, a, 1
	}
	k.addr[0][0], k.addr[0][1], k.addr[1][0], k.addr[1][1] = aHigh, aLow, bHigh, bLow
	k.ports[0], k.ports[1] = a, b|uint32(leg)<<16
	return side
}

// wide returns an address as two numbers; IPv4 in its form mapped into IPv6.
func wide(addr []byte) (high, low uint64) {
	if len(addr) == 4 {
		return 0, 0xffff<<32 | uint64(binary.BigEndian.Uint32(addr))
	}
	return binary.BigEndian.Uint64(addr), binary.BigEndian.Uint64(addr[8:])
}

// table holds the connections of a capture, and passes on what they carry.
type table struct {
	emit    func(stream.Item) bool
	stopped bool // emit wants no more
	stats   *Stats
	port    uint16 // that clouds of this capture use, 0 if not known

	flows   flowMap
	named   map[uint32]*flow // by the number that the recording gives them
	recent  *flow            // the flow of the latest segment
	idle    idleness
	packets uint64 // segments so far
	lastID  stream.ConnID
	last    time.Time // of the latest packet
	held    int       // bytes waiting, of all flows
	waiting []*flow   // flows that wait for missing bytes, oldest first
	unswept int       // packets since these were looked at
	spare   []piece   // empty: room for what the next flow waits for

	// The items at hand. One of each kind is enough, since an item is over once it
	// was passed on.
	segmentAtHand stream.Segment
	gapAtHand     stream.Gap
	closedAtHand  stream.Closed
}

func (t *table) init(stats *Stats, emit func(stream.Item) bool) {
	t.stats, t.emit = stats, emit
	t.flows.init()
	t.named = make(map[uint32]*flow)
}

// send passes an item on.
func (t *table) send(it stream.Item) {
	if !t.stopped && !t.emit(it) {
		t.stopped = true
	}
}

func (t *table) sendGap(it stream.Gap) {
	t.gapAtHand = it
	t.send(&t.gapAtHand)
}

func (t *table) sendClose(it stream.Closed) {
	t.closedAtHand = it
	t.send(&t.closedAtHand)
}

// segment puts a segment into its connection.
func (t *table) segment(p *packet, s *segment) {
	var key flowKey
	side := s.key(&key, p.leg)
	f := t.recent
	if f == nil || !f.key.is(&key) {
		f = t.flows.get(&key)
	}
	if f != nil && f.beginsAnew(side, s, p.at) {
		t.drop(f)
		f = nil
	}
	if f == nil {
		if s.rst || !s.syn && len(s.data) == 0 {
			return
		}
		f = t.add(key, p)
		t.tried(f, p, s)
	}
	t.packets++
	t.recent, f.seen, f.last = f, t.packets, instantOf(p.at)
	if f.suspect {
		f.try(p, side, s)
	} else {
		f.segment(p, side, s)
	}
}

// add makes a flow, and room for it.
func (t *table) add(key flowKey, p *packet) *flow {
	if t.flows.len() == maxFlows {
		idlest := t.idle.next(&t.flows)
		if idlest.id != 0 && !idlest.over {
			t.stats.Evicted++
		}
		t.drop(idlest)
	}
	f := &flow{table: t, key: key, leg: p.leg, ordered: p.ordered, began: p.at, device: unknownSide}
	t.flows.put(f)
	return f
}

// drop ends a flow and forgets it.
func (t *table) drop(f *flow) {
	f.refuse()
	f.end(f.last.time())
	t.flows.remove(f)
	if t.recent == f {
		t.recent = nil
	}
	if t.named[f.number] == f {
		delete(t.named, f.number)
	}
	if f.waiting {
		t.waiting = slices.DeleteFunc(t.waiting, func(w *flow) bool { return w == f })
	}
}

// sweep gives up missing bytes that were waited for long enough. Flows that
// wait are looked at once in as many packets as they are, which keeps the cost of
// a packet constant and depends on nothing but the packets.
func (t *table) sweep(at time.Time) {
	t.last = at
	if t.unswept++; len(t.waiting) == 0 || t.unswept < len(t.waiting) {
		return
	}
	t.unswept = 0
	kept := t.waiting[:0]
	for _, f := range t.waiting {
		for side := range f.lanes {
			if f.overdue(side, at) {
				f.giveUp(side)
			}
		}
		if f.waiting = f.lanes[0].hole() || f.lanes[1].hole(); f.waiting {
			kept = append(kept, f)
		}
	}
	clear(t.waiting[len(kept):])
	t.waiting = kept
}

// watch has sweep look after a flow.
func (t *table) watch(f *flow) {
	if !f.waiting {
		f.waiting = true
		t.waiting = append(t.waiting, f)
	}
}

// bound holds what waits within its limits: of one direction, and of all.
func (t *table) bound(f *flow, side int) {
	for f.lanes[side].held > maxHeld {
		f.giveUp(side)
	}
	for i := 0; t.held > maxHeldInAll && i < len(t.waiting); i++ {
		t.waiting[i].flush()
	}
}

// finish ends what is still open, in the order of opening.
func (t *table) finish() {
	open := make([]*flow, 0, t.flows.len())
	for f := range t.flows.all {
		f.refuse()
		if f.id != 0 && !f.over {
			open = append(open, f)
		}
	}
	slices.SortFunc(open, func(a, b *flow) int { return cmp.Compare(a.id, b.id) })
	for _, f := range open {
		f.end(t.last)
	}
}
