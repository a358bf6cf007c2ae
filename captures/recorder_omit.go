package captures

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// Lost counts what was left out of a recording.
type Lost struct {
	Packets  int // segments of a connection, or whole connections' openings and closings
	Bytes    int // in those segments
	Messages int // decrypted messages; the segments they came in may be there
}

// String says what is missing in words.
func (l Lost) String() string {
	if l == (Lost{}) {
		return "nothing is missing"
	}
	return fmt.Sprintf("missing for want of room: %d packets with %d bytes, %d decrypted messages", l.Packets, l.Bytes, l.Messages)
}

// room is how many more bytes a recording may take: ordinary packets, and the
// openings of connections, for which a reserve is kept because a connection
// without one cannot be recorded at all.
type room struct{ packets, openings int }

// reserve is the part of the limit, as its divisor, that is kept for openings
// and closings.
const reserve = 16

// overhead is more than any item takes beyond its data: the opening of a
// connection is three packets without data and at most one interface.
const overhead = 1 << 10

// omitter encodes items, or leaves them out when there is no room, and then
// sees to it that the recording says so: before the next packet of a direction
// that lacks bytes comes a gap of their number.
type omitter struct {
	enc     *Encoder
	lost    Lost
	leaving bool // something was left out since whoever cares set it to false
	pending map[half]omission
	absent  map[stream.ConnID]int // connections whose opening is not recorded: directions still open
}

// half is one direction of a connection.
type half struct {
	conn stream.ConnID
	from stream.Direction
}

// omission is what a half lacks since its last packet.
type omission struct {
	at    time.Time // of the last packet left out
	bytes int
}

func newOmitter(app string) omitter {
	enc := NewEncoder()
	enc.App = app
	return omitter{enc: enc, pending: make(map[half]omission), absent: make(map[stream.ConnID]int)}
}

// appendItem appends the blocks of it to dst, or counts it.
func (o *omitter) appendItem(dst []byte, it stream.Item, r room) []byte {
	switch v := it.(type) { // the encoder gets it, not v: boxing v again would allocate
	case *stream.Opened:
		if r.openings < overhead {
			o.leaving = true
			o.lost.Packets++
			o.absent[v.Conn.ID] = len(stream.Directions)
			return dst
		}
	case *stream.Segment:
		h := half{v.Conn, v.From}
		if o.leavesOut(h, v.At, len(v.Data), r) {
			return dst
		}
		dst = o.appendGap(dst, h)
	case *stream.Gap:
		h := half{v.Conn, v.From}
		if o.leavesOut(h, v.At, v.Len, r) {
			return dst
		}
		dst = o.appendGap(dst, h)
	case *stream.Closed:
		if o.closesAbsent(v) {
			return dst
		}
		dst = o.appendGap(dst, half{v.Conn, v.From})
		if v.How == stream.Reset {
			dst = o.appendGap(dst, half{v.Conn, v.From.Opposite()})
		}
	}
	return o.enc.AppendItem(dst, it)
}

// leavesOut reports whether n bytes of h are left out, and counts them.
func (o *omitter) leavesOut(h half, at time.Time, n int, r room) bool {
	absent := len(o.absent) > 0 && o.absent[h.conn] > 0
	if !absent && r.packets >= n+overhead {
		return false
	}
	o.leaving = true
	o.lost.Packets++
	o.lost.Bytes += n
	if !absent {
		o.pending[h] = omission{at, o.pending[h].bytes + n}
	}
	return true
}

// closesAbsent reports whether c ends a connection that is not recorded. Other
// endings are recorded always: there are no more of them than openings.
func (o *omitter) closesAbsent(c *stream.Closed) bool {
	open := o.absent[c.Conn]
	if open == 0 {
		return false
	}
	o.lost.Packets++
	o.absent[c.Conn] = open - 1
	if open == 1 || c.How == stream.Reset {
		delete(o.absent, c.Conn)
	}
	return true
}

// appendGap says what h lacks, if anything.
func (o *omitter) appendGap(dst []byte, h half) []byte {
	if len(o.pending) == 0 {
		return dst
	}
	p, ok := o.pending[h]
	if !ok {
		return dst
	}
	delete(o.pending, h)
	gap := &stream.Gap{At: p.at, Conn: h.conn, From: h.from, Len: maxGap - 1}
	for ; p.bytes >= maxGap; p.bytes -= gap.Len {
		dst = o.enc.AppendItem(dst, gap) // one of maxGap or more would lose its length
	}
	gap.Len = p.bytes
	return o.enc.AppendItem(dst, gap)
}

// appendPending says what all halves lack.
func (o *omitter) appendPending(dst []byte) []byte {
	halves := slices.SortedFunc(maps.Keys(o.pending), func(a, b half) int {
		return cmp.Or(cmp.Compare(a.conn, b.conn), cmp.Compare(a.from, b.from))
	})
	for _, h := range halves {
		dst = o.appendGap(dst, h)
	}
	return dst
}

// appendMessage appends the blocks of a decrypted message to dst, or counts it.
func (o *omitter) appendMessage(dst []byte, m *Message, r room) []byte {
	if r.packets < len(m.Data)+len(m.Comment)+overhead {
		o.leaving = true
		o.lost.Messages++
		return dst
	}
	return o.enc.AppendMessage(dst, *m)
}
