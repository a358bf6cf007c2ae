package captures

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/captures/gen"
	"github.com/photonscope/photonscope/decode/stream"
)

// packetSeeds are packets of every link layer, family, extension header and kind
// of fragment, whole and cut.
func packetSeeds(t testing.TB) map[uint16][][]byte {
	all := make(map[uint16][][]byte)
	for i, link := range gen.Links {
		file, _ := generated(t, gen.Traffic{Packets: 6, Link: link, IPv6: i%2 == 1, MTU: 80 * (i % 2)})
		for _, p := range takeApartPackets(file) {
			all[link.Type] = append(all[link.Type], []byte(p))
		}
	}
	for _, next := range []byte{0, 43, 44, 51, 60, 41, 4, 50, 59} {
		ext := "\x06\x00\x00\x00\x00\x00\x00\x07"
		if next == 51 {
			ext = "\x06\x04" + strings.Repeat("\x00", 22)
		}
		all[linkRaw] = append(all[linkRaw], sixDialogue(ext, next)[1].ip)
	}
	c := cutUp{1, 8, true, make([]byte, 16)}
	all[linkRaw] = append(all[linkRaw], c.four(6), c.six(6), c.four(44), []byte("\x45\x00\x00\x00"))
	all[linkPPPEther] = [][]byte{[]byte("\x11\x00\x00\x07\x00\x02\x00\x21"), []byte("\x11\x09\x00\x07\x00\x00")}
	all[linkPPPDir] = [][]byte{[]byte("\x00\x21"), []byte("\x01\xff\x03\x00\x57\x60")}
	all[linkPPPHDLC] = [][]byte{[]byte("\xff\x03\xc0\x21\x01")}
	all[9999] = [][]byte{nil, []byte("x")}
	return all
}

// takeApartPackets returns the packets of a sound capture.
func takeApartPackets(file []byte) []string {
	all, _ := packetsOf(file, new(Stats))
	return all
}

// FuzzHeaders (F-8) demands of any packet in any link layer: no panic, nothing
// taken from beyond what was captured, lengths that make sense, and the same again.
func FuzzHeaders(f *testing.F) {
	for link, packets := range packetSeeds(f) {
		for _, p := range packets {
			f.Add(link, p, len(p))
			f.Add(link, p[:len(p)/2], len(p))
		}
	}
	h, again := newHeaders(), newHeaders()
	f.Fuzz(func(t *testing.T, link uint16, data []byte, wire int) {
		if len(data) > maxPacket {
			return
		}
		wire = max(len(data), min(wire, 1<<20))
		p := &packet{at: epoch, link: link, data: data, wire: wire}
		var s, other segment
		k := h.decode(p, &s)
		if again.decode(p, &other) != k {
			t.Fatal("another time it is of another kind")
		}
		switch k {
		case isTCP:
			if len(s.src) != len(s.dst) || len(s.src) != 4 && len(s.src) != 16 || s.lost < 0 || s.lost > max(wire, 1<<16) { // IP may say more than the capture
				t.Fatalf("addresses of %d and %d bytes, %d lost of %d", len(s.src), len(s.dst), s.lost, wire)
			}
			if len(s.data) > len(data)-40 && len(s.data) > 0 || !bytes.Contains(data, s.data) || !bytes.Equal(s.data, other.data) || s.seq != other.seq {
				t.Fatalf("%d bytes of data in %d, or not always the same", len(s.data), len(data))
			}
		case isFragment:
			if part, ok := h.piecemeal(); ok {
				if !bytes.Contains(data, part.data) || part.offset < 0 || part.offset%8 != 0 {
					t.Fatalf("%d bytes at %d in %d", len(part.data), part.offset, len(data))
				}
			}
		case isOther, isBroken:
		default:
			t.Fatalf("kind %d", k)
		}
	})
}

// FuzzFragments has the fuzzer choose fragments, four bytes each, and compares
// with the model.
func FuzzFragments(f *testing.F) {
	f.Add([]byte("\x01\x00\x02\x01\x01\x02\x01\x00"))
	f.Add([]byte("\x02\x01\x03\x01\x02\x00\x02\x01\x02\x03\x07\x00\x01\x00\x01\x00"))
	f.Add([]byte("\x00\x03\x01\x01\x00\x00\x09\x01\x00\x09\x05\x00\x00\x02\x03\x01"))
	f.Fuzz(func(t *testing.T, ops []byte) {
		var stats Stats
		parts := fragments{stats: &stats}
		models := make(map[uint32]*model)
		ends := make(map[uint32]int)
		head := make([]byte, 20)
		for i := 0; len(ops) >= 4 && i < maxFragments; i, ops = i+1, ops[4:] {
			c := cutUp{uint32(ops[0] % 4), 8 * int(ops[1]), ops[3]&1 == 1, bytes.Repeat([]byte{byte(i)}, int(ops[2]))}
			if c.more {
				c.data = c.data[:len(c.data)&^7]
			}
			got := parts.add(piecemeal{key: fragmentKey{id: c.id, family: 4}, head: head, offset: c.at, more: c.more, data: c.data}, epoch)
			if len(c.data) == 0 {
				continue
			}
			m := models[c.id]
			if m == nil {
				m = new(model)
				models[c.id], ends[c.id] = m, -1
			}
			m.write(c.at, c.data)
			if !c.more && ends[c.id] < 0 {
				ends[c.id] = c.at + len(c.data)
			}
			var want []byte
			if end := ends[c.id]; end >= 0 && len(m.bytes) >= end && !bytes.Contains(flags(m.here[:end]), []byte{0}) {
				want = m.bytes[:end]
				delete(models, c.id)
			}
			if (got == nil) != (want == nil) || got != nil && !bytes.Equal(got[20:], want) {
				t.Fatalf("after fragment %d: got %d bytes, want %d, or other bytes", i, len(got)-20, len(want))
			}
			held := 0
			for _, d := range parts.pending {
				held += d.cost()
			}
			if held != parts.held || len(parts.pending) != len(models) || parts.byAge.Len() != len(models) {
				t.Fatalf("holds %d and counts %d, %d packets of %d", held, parts.held, len(parts.pending), len(models))
			}
		}
	})
}

// flags returns a byte for each bool.
func flags(here []bool) []byte {
	b := make([]byte, len(here))
	for i, ok := range here {
		if ok {
			b[i] = 1
		}
	}
	return b
}

// FuzzConnections (F-9) has the fuzzer choose segments of two connections that
// share their ports with earlier ones: opened, half open, joined, closed, reset,
// late, at any sequence number. Items come in an order that makes sense, what waits
// is accounted for after each, and nothing is delivered that was not sent.
func FuzzConnections(f *testing.F) {
	f.Add(uint32(1000), []byte("\x00\x02\x00\x00\x01\x12\x00\x00\x00\x10\x00\x00\x00\x18\x05\x09\x01\x11\x00\x00\x00\x11\x09\x00"))
	f.Add(^uint32(5), []byte("\x02\x02\x00\x00\x00\x18\x20\x30\x00\x18\x00\x18\x01\x04\x00\x00\x00\x02\x40\x00\x00\x18\x41\x05"))
	f.Add(uint32(1<<31), []byte("\x10\x18\xff\xff\x00\x18\x80\x04\x81\x10\x00\x00\x00\x01\x03\x00\x40\x18\x09\x09"))
	f.Fuzz(func(t *testing.T, initial uint32, ops []byte) {
		sent, got := 0, 0
		var list []item
		a := newAssembler(ReadOptions{Port: cloudEnd.Port()}, func(it item) bool {
			if s, ok := it.(*stream.Segment); ok {
				got += len(s.Data)
			}
			list = append(list, stream.Clone(it))
			return true
		})
		d := newDialogue()
		d.initial = [2]uint32{initial, ^initial}
		for i := 0; len(ops) >= 4 && i < 500; i, ops = i+1, ops[4:] {
			from, control, at, n := int(ops[0]&1), ops[1]&0x1f, uint32(ops[2])<<(ops[0]>>5&3*8), int(ops[3]&0x3f)
			d.device = neighbour(deviceEnd, int(ops[0]>>1&1))
			d.later(time.Duration(ops[0]>>2&7) * 5 * time.Second)
			d.packets = d.packets[:0]
			d.add(from, control, at, uint32(ops[3]), strings.Repeat("x", n))
			sent += n
			c := d.packets[0]
			a.handle(&packet{at: c.at, link: linkRaw, data: c.ip, wire: len(c.ip)})
			a.table.account(t)
		}
		a.finish()
		connections(t, list)
		if got > sent {
			t.Fatalf("%d bytes delivered of %d", got, sent)
		}
	})
}

// account demands that what waits is as much as is counted.
func (tb *table) account(t *testing.T) {
	held, flows := 0, 0
	for f := range tb.flows.all {
		flows++
		for _, h := range f.lanes {
			mine := 0
			for i, p := range h.queue {
				mine += len(p.data) + pieceCost
				if distance(h.next, p.seq) <= 0 || i > 0 && distance(h.queue[i-1].seq, p.seq) < h.queue[i-1].len() {
					t.Fatal("what waits is not in order, or overlaps")
				}
			}
			if held += mine; mine != h.held {
				t.Fatalf("%d wait in a direction, %d are counted", mine, h.held)
			}
		}
	}
	if held != tb.held || flows != tb.flows.len() {
		t.Fatalf("%d wait in %d flows, counted are %d in %d", held, flows, tb.held, tb.flows.len())
	}
}
