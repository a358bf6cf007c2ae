package captures

import (
	"container/list"
	"encoding/binary"
	"slices"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// piecemeal is one fragment of an IP packet. Its bytes are those of the packet
// that was captured.
type piecemeal struct {
	key    fragmentKey
	head   []byte // the header that the whole packet is to have, but for its length
	next   byte   // the protocol inside
	offset int
	more   bool // others come behind it
	data   []byte
}

// fragmentKey names an IP packet that was sent in fragments (RFC 791, RFC 8200).
type fragmentKey struct {
	src, dst [16]byte // IPv4 in its form mapped into IPv6
	id       uint32
	family   byte // 4 or 6
	next     byte // protocol, of IPv4 only
}

// piecemeal returns the fragment that decode found, or false if it is none that
// can be put together: some of it was not captured, or IPv4 has the header of IPv6.
func (h *headers) piecemeal() (piecemeal, bool) {
	var family gopacket.LayerType // of the innermost IP
	for _, l := range h.found {
		if l == layers.LayerTypeIPv4 || l == layers.LayerTypeIPv6 {
			family = l
		}
	}
	six := h.found[len(h.found)-1] == layers.LayerTypeIPv6Fragment
	if six != (family == layers.LayerTypeIPv6) {
		return piecemeal{}, false
	}
	if !six {
		ip := &h.ip4
		return piecemeal{
			key:    fragmentKey{[16]byte(ip.SrcIP.To16()), [16]byte(ip.DstIP.To16()), uint32(ip.Id), 4, byte(ip.Protocol)},
			head:   ip.Contents[:20],
			next:   byte(ip.Protocol),
			offset: 8 * int(ip.FragOffset),
			more:   ip.Flags&layers.IPv4MoreFragments != 0,
			data:   ip.Payload,
		}, len(ip.Payload) == int(ip.Length)-len(ip.Contents)
	}
	ip, f := &h.ip6, &h.frag
	var s segment
	size := h.fromIPv6(&s) - h.ext.length - len(f.Contents)
	place := binary.BigEndian.Uint16(f.Contents[2:])
	return piecemeal{
		key:    fragmentKey{[16]byte(ip.SrcIP.To16()), [16]byte(ip.DstIP.To16()), binary.BigEndian.Uint32(f.Contents[4:]), 6, 0},
		head:   ip.Contents[:40],
		next:   byte(f.next),
		offset: int(place &^ 7),
		more:   place&1 != 0,
		data:   f.Payload[:max(0, min(size, len(f.Payload)))],
	}, size <= len(f.Payload)
}

// fragments puts IP packets together. Fragments may come in any order and
// overlap; of a byte that comes twice the first copy counts. What is not complete
// in time, or does not fit, is given up and counted.
type fragments struct {
	stats   *Stats
	pending map[fragmentKey]*datagram
	byAge   list.List // of *datagram, the oldest first
	held    int       // what all of them cost
}

// datagram is an IP packet of which some fragments have come.
type datagram struct {
	key    fragmentKey
	began  time.Time
	place  *list.Element
	head   []byte // of the first fragment, nil until that comes
	next   byte
	pieces []run // in order, without overlap
	count  int   // fragments that came
	have   int   // bytes
	total  int   // bytes, once the last fragment came; -1 before
}

// run is some consecutive bytes.
type run struct {
	at   int
	data []byte
}

// add takes a fragment and returns the packet that it completes, or nil.
func (f *fragments) add(p piecemeal, at time.Time) []byte {
	f.expire(at)
	if p.more {
		p.data = p.data[:len(p.data)&^7] // as receivers do it: only the last may be odd
	}
	if len(p.data) == 0 || p.offset+len(p.data) > maxAssembled {
		return nil
	}
	d := f.pending[p.key]
	if d == nil {
		d = f.begin(p.key, at)
	}
	if d.count++; d.count > maxFragments {
		f.giveUp(d)
		return nil
	}
	f.held += d.take(p)
	if d.complete() {
		f.forget(d)
		f.stats.Reassembled++
		return d.packet()
	}
	for f.held > maxFragmentBytes {
		f.giveUp(f.byAge.Front().Value.(*datagram))
	}
	return nil
}

func (f *fragments) begin(key fragmentKey, at time.Time) *datagram {
	if f.pending == nil {
		f.pending = make(map[fragmentKey]*datagram)
	}
	if len(f.pending) == maxDatagrams {
		f.giveUp(f.byAge.Front().Value.(*datagram))
	}
	d := &datagram{key: key, began: at, total: -1}
	d.place = f.byAge.PushBack(d)
	f.pending[key] = d
	return d
}

// expire gives up what waited too long.
func (f *fragments) expire(at time.Time) {
	for e := f.byAge.Front(); e != nil; e = f.byAge.Front() {
		d := e.Value.(*datagram)
		if at.Sub(d.began) <= fragmentPatience {
			return
		}
		f.giveUp(d)
	}
}

func (f *fragments) giveUp(d *datagram) {
	f.stats.Incomplete++
	f.forget(d)
}

func (f *fragments) forget(d *datagram) {
	f.byAge.Remove(d.place)
	delete(f.pending, d.key)
	f.held -= d.cost()
}

// finish gives up what is left.
func (f *fragments) finish() { f.stats.Incomplete += len(f.pending) }

func (d *datagram) cost() int { return d.have + pieceCost*len(d.pieces) }

// take keeps the bytes that are not there yet, and returns what they cost.
func (d *datagram) take(p piecemeal) int {
	before := d.cost()
	if p.offset == 0 && d.head == nil {
		d.head, d.next = slices.Clone(p.head), p.next
	}
	if !p.more && d.total < 0 {
		d.total = p.offset + len(p.data)
	}
	at, data := p.offset, p.data
	i, _ := slices.BinarySearchFunc(d.pieces, at, func(r run, at int) int { return r.at + len(r.data) - at - 1 })
	for ; len(data) > 0; i++ {
		free := len(data)
		if i < len(d.pieces) {
			free = min(free, d.pieces[i].at-at)
		}
		if free > 0 {
			d.pieces = slices.Insert(d.pieces, i, run{at, slices.Clone(data[:free])})
			d.have += free
		}
		skip := min(len(data), d.pieces[i].at+len(d.pieces[i].data)-at)
		at, data = at+skip, data[skip:]
	}
	return d.cost() - before
}

// complete reports whether all bytes up to the end are there.
func (d *datagram) complete() bool {
	if d.total < 0 || d.have < d.total {
		return false
	}
	at := 0
	for _, r := range d.pieces {
		if r.at != at {
			return false
		}
		if at += len(r.data); at >= d.total {
			return true
		}
	}
	return false
}

// packet returns the whole packet: a header as if it had never been cut, and
// what the fragments held.
func (d *datagram) packet() []byte {
	b := append(make([]byte, 0, len(d.head)+d.have), d.head...)
	for _, r := range d.pieces {
		b = append(b, r.data...)
	}
	b = b[:len(d.head)+d.total]
	if d.key.family == 4 {
		b[0] = 0x45
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
		b[6], b[7] = 0, 0
	} else {
		binary.BigEndian.PutUint16(b[4:], uint16(d.total))
		b[6] = d.next
	}
	return b
}
