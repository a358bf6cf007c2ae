package store

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sort"
	"sync/atomic"

	"github.com/photonscope/photonscope/decode/coap"
)

// Column is what a view can be sorted by. Events that have no such value come
// first, equal ones in order of arrival.
type Column uint8

// The columns.
const (
	ByArrival Column = iota
	ByTime
	ByDevice
	BySession
	ByDirection
	ByKind // the type of the event, then the kind of message, both in order of their tables
	ByCode
	ByID
	ByLen   // on the wire
	ByRTT   // response time
	ByProxy // time between the legs
)

// order sorts the matches of a view by a column.
type order struct {
	by         Column
	descending bool
	sorted     []keyed
	fresh      []keyed   // not sorted yet
	runs       [][]keyed // sorted, each shorter than half of the one before
}

type keyed struct {
	key uint64
	n   uint32 // of the match
}

func compareKeyed(a, b keyed) int {
	if c := cmp.Compare(a.key, b.key); c != 0 {
		return c
	}
	return cmp.Compare(a.n, b.n)
}

// SetOrder has the view sort its rows. Refresh does it: until it has looked at
// everything once, a sorted view has no rows.
func (v *View) SetOrder(by Column, descending bool) {
	if v.order.by != by {
		v.order = order{by: by}
		v.order.rebuild(v)
	}
	v.order.descending = descending
	if v.next == v.match.content.end {
		v.order.settle()
	}
}

// Order returns what the view is sorted by.
func (v *View) Order() (by Column, descending bool) { return v.order.by, v.order.descending }

const runLen = 1 << 14 // sorted at once, in about a millisecond

// add adds a match.
func (o *order) add(v *View, seq Seq) {
	if o.by == ByArrival {
		return
	}
	o.fresh = append(o.fresh, keyed{v.match.content.key(o.by, seq), uint32(seq - v.base)})
	if len(o.fresh) >= runLen {
		o.sortFresh()
	}
}

// sortFresh makes a run of what is fresh, and merges runs that are about as long.
func (o *order) sortFresh() {
	if len(o.fresh) == 0 {
		return
	}
	slices.SortFunc(o.fresh, compareKeyed)
	o.runs = append(o.runs, o.fresh)
	o.fresh = nil
	for n := len(o.runs); n > 1 && len(o.runs[n-2]) < 2*len(o.runs[n-1]); n-- {
		o.mergeLast()
	}
}

func (o *order) mergeLast() {
	n := len(o.runs)
	o.runs[n-2] = merged(o.runs[n-2], o.runs[n-1])
	o.runs = o.runs[:n-1]
}

func merged(a, b []keyed) []keyed {
	out := make([]keyed, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if compareKeyed(a[0], b[0]) <= 0 {
			out = append(out, a[0])
			a = a[1:]
		} else {
			out = append(out, b[0])
			b = b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// settle merges everything, so that it can be shown.
func (o *order) settle() {
	o.sortFresh()
	if len(o.runs) == 0 {
		return
	}
	for len(o.runs) > 1 {
		o.mergeLast()
	}
	if len(o.sorted) == 0 {
		o.sorted = o.runs[0]
	} else {
		o.sorted = merged(o.sorted, o.runs[0])
	}
	o.runs = o.runs[:0]
}

func (o *order) reset() { o.sorted, o.fresh, o.runs = nil, nil, nil }

func (o *order) rebuild(v *View) {
	o.reset()
	for _, n := range v.matches {
		o.add(v, v.base+Seq(n))
	}
	if v.next == v.match.content.end {
		o.settle()
	}
}

// evict drops matches below n.
func (o *order) evict(n uint32) {
	old := func(k keyed) bool { return k.n < n }
	o.sorted = slices.DeleteFunc(o.sorted, old)
	o.fresh = slices.DeleteFunc(o.fresh, old)
	for i := range o.runs {
		o.runs[i] = slices.DeleteFunc(o.runs[i], old)
	}
}

// at returns the match of a row.
func (o *order) at(row int) uint32 {
	if o.descending {
		row = len(o.sorted) - 1 - row
	}
	return o.sorted[row].n
}

// find returns the row of an event, or where it would be.
func (o *order) find(v *View, seq Seq) (row int, ok bool) {
	if seq < v.base || !v.match.content.has(seq) {
		return 0, false
	}
	k := keyed{v.match.content.key(o.by, seq), uint32(seq - v.base)}
	row = sort.Search(len(o.sorted), func(i int) bool { return compareKeyed(o.sorted[i], k) >= 0 })
	if ok = row < len(o.sorted) && o.sorted[row].n == k.n; !ok { // its key may have become another one
		if i := slices.IndexFunc(o.sorted, func(s keyed) bool { return s.n == k.n }); i >= 0 {
			row, ok = i, true
		}
	}
	if o.descending {
		row = len(o.sorted) - row
		if ok {
			row--
		}
	}
	return row, ok
}

// key returns what an event is sorted by.
func (c *content) key(by Column, seq Seq) uint64 {
	r := c.record(seq)
	bits := r.load()
	switch by {
	case ByTime:
		return uint64(r.at) ^ 1<<63
	case ByDevice:
		if e := c.envelope(r); e.known {
			return binary.BigEndian.Uint64(e.device[:])>>1 + 1
		}
	case BySession:
		return uint64(c.envelope(r).session)
	case ByDirection:
		return uint64(directionOf(bits))
	case ByKind:
		return uint64(typeOf(bits))<<8 | uint64(kindOf(bits))
	case ByLen:
		return uint64(c.wireLen(r, bits))
	case ByRTT:
		if rtt, ok := c.rtt(r, bits); ok {
			return uint64(max(rtt, 0)) + 1
		}
	case ByProxy:
		return c.proxyKey(r, seq)
	case ByCode, ByID:
		return c.headerKey(by, r, bits)
	}
	return 0
}

func (c *content) proxyKey(r *record, seq Seq) uint64 {
	d := atomic.LoadInt32(&r.twin)
	twin := seq + Seq(int64(d))
	if d == 0 || !c.has(twin) {
		return 0
	}
	apart := r.at - c.record(twin).at
	return uint64(max(apart, -apart)) + 1
}

func (c *content) headerKey(by Column, r *record, bits uint32) uint64 {
	if typeOf(bits) != TypeMessage {
		return 0
	}
	plain := c.plain(r, bits)
	if len(plain) < coap.HeaderLen {
		return 0
	}
	if by == ByCode {
		return uint64(plain[1]) + 1
	}
	return uint64(binary.BigEndian.Uint16(plain[2:])) + 1
}
