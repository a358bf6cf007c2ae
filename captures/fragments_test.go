package captures

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// cutUp is a fragment to be sent: bytes of an IP packet's inside.
type cutUp struct {
	id   uint32
	at   int
	more bool
	data []byte
}

// four returns the fragment as an IPv4 packet.
func (c cutUp) four(proto byte) []byte {
	b := []byte{0x46, 0} // with an option
	b = binary.BigEndian.AppendUint16(b, uint16(24+len(c.data)))
	b = binary.BigEndian.AppendUint16(b, uint16(c.id))
	place := uint16(c.at / 8)
	if c.more {
		place |= 1 << 13
	}
	b = binary.BigEndian.AppendUint16(b, place)
	b = append(b, 64, proto, 0, 0, 10, 0, 0, 7, 192, 168, 1, 9, 1, 1, 1, 0)
	return append(b, c.data...)
}

// six returns the fragment as an IPv6 packet, with another extension before the
// fragment header.
func (c cutUp) six(proto byte) []byte {
	b := []byte{0x60, 0, 0, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(8+8+len(c.data)))
	b = append(b, 60, 64)
	b = append(append(b, bytes.Repeat([]byte{0xfd}, 16)...), bytes.Repeat([]byte{0xfe}, 16)...)
	b = append(b, 44, 0, 1, 4, 0, 0, 0, 0, proto, 0)
	place := uint16(c.at)
	if c.more {
		place |= 1
	}
	b = binary.BigEndian.AppendUint16(b, place)
	b = binary.BigEndian.AppendUint32(b, c.id)
	return append(b, c.data...)
}

// fragmented cuts packets into fragments as a bad network delivers them: in any
// order, twice, overlapping with other bytes, or not at all.
func fragmented(rng *rand.Rand) (all []cutUp) {
	for id := range uint32(1 + rng.IntN(4)) {
		size := 1 + rng.IntN(2000)
		for at := 0; at < size; {
			n := 8 * (1 + rng.IntN(60))
			for range 1 + rng.IntN(4)/3 {
				from := max(0, at-8*rng.IntN(3)*rng.IntN(2))
				to := min(size, at+n+8*rng.IntN(3)*rng.IntN(2))
				c := cutUp{id, from, to < size, make([]byte, to-from)}
				for i := range c.data {
					c.data[i] = byte(rng.Uint32())
				}
				if rng.IntN(40) > 0 {
					all = append(all, c)
				}
			}
			at += n
		}
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// An IP packet comes together to what an array of bytes comes to, into which
// fragments are written as they come, the first copy of each byte staying.
func TestFragmentsComeTogetherAsAnArrayOfBytes(t *testing.T) {
	whole := 0
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 3))
		var stats Stats
		h, parts := newHeaders(), fragments{stats: &stats}
		models := make(map[uint32]*model)
		ends := make(map[uint32]int)
		form, skip := cutUp.four, 20
		if seed%2 == 1 {
			form, skip = cutUp.six, 40
		}
		for _, c := range fragmented(rng) {
			if c.at == 0 && !c.more {
				continue // a whole packet
			}
			m := models[c.id]
			if m == nil {
				m = new(model)
				models[c.id], ends[c.id] = m, -1
			}
			m.write(c.at, c.data)
			if !c.more {
				ends[c.id] = c.at + len(c.data)
			}
			var want []byte
			if data, missing := m.result(); missing == 0 && len(data) == ends[c.id] {
				want = data
				delete(models, c.id)
				whole++
			}
			var s segment
			if k := h.decode(&packet{link: linkRaw, data: form(c, 99)}, &s); k != isFragment {
				t.Fatalf("seed %d: kind %d", seed, k)
			}
			p, ok := h.piecemeal()
			got := parts.add(p, epoch)
			if !ok || (got == nil) != (want == nil) || got != nil && !bytes.Equal(got[skip:], want) {
				t.Fatalf("seed %d: got %d bytes, want %d, or other bytes", seed, len(got)-skip, len(want))
			}
			if got != nil {
				if k := h.decode(&packet{link: linkRaw, data: got, wire: len(got)}, &s); k != isOther {
					t.Fatalf("seed %d: the whole packet is of kind %d", seed, k)
				}
			}
		}
		parts.finish()
		if stats.Incomplete != len(models) {
			t.Fatalf("seed %d: %d incomplete, want %d", seed, stats.Incomplete, len(models))
		}
	}
	if whole < 1500 {
		t.Fatalf("only %d came together: the test tests little", whole)
	}
}

// Connections in fragments are as those in whole packets.
func TestConnectionsInFragmentsAreRead(t *testing.T) {
	for _, six := range []bool{false, true} {
		for _, mtu := range []int{48, 80, 200} {
			traffic := badTraffic
			traffic.MTU, traffic.IPv6 = mtu+20, six
			file, truth := generated(t, traffic)
			var stats Stats
			list, err := items(bytes.NewReader(file), ReadOptions{Stats: &stats})
			if err != nil || stats.Packets != truth.Packets || stats.Fragments == 0 || stats.Reassembled == 0 || stats.Incomplete != 0 {
				t.Errorf("%v, %+v, want %d packets", err, stats, truth.Packets)
			}
			checkTruth(t, list, truth)
		}
	}
}

// What waits is bounded in number, bytes and time, and counted when given up.
func TestWaitingFragmentsAreBounded(t *testing.T) {
	key := func(id int) fragmentKey { return fragmentKey{id: uint32(id)} }
	head := make([]byte, 20)
	part := func(id, at, n int) piecemeal {
		return piecemeal{key: key(id), head: head, offset: at, more: true, data: make([]byte, n)}
	}
	var stats Stats
	f := fragments{stats: &stats}
	for id := range maxDatagrams {
		f.add(part(id, 0, 8), epoch)
	}
	if len(f.pending) != maxDatagrams || stats.Incomplete != 0 {
		t.Errorf("%d wait, %d given up", len(f.pending), stats.Incomplete)
	}
	f.add(part(maxDatagrams, 0, 8), epoch)
	if len(f.pending) != maxDatagrams || stats.Incomplete != 1 || f.pending[key(0)] != nil {
		t.Errorf("%d wait, %d given up, the oldest among them: %v", len(f.pending), stats.Incomplete, f.pending[key(0)] == nil)
	}
	f.add(part(-1, 0, 8), epoch.Add(fragmentPatience))
	if stats.Incomplete != 2 {
		t.Errorf("%d given up in time", stats.Incomplete)
	}
	f.add(part(-1, 8, 8), epoch.Add(fragmentPatience+1))
	if len(f.pending) != 1 || stats.Incomplete != maxDatagrams+1 {
		t.Errorf("%d wait, %d given up after their time", len(f.pending), stats.Incomplete)
	}

	f, stats = fragments{stats: &stats}, Stats{}
	for i := range maxFragments {
		f.add(part(1, 16*i, 8), epoch)
	}
	if len(f.pending) != 1 {
		t.Error("given up before the limit")
	}
	if f.add(part(1, 8, 8), epoch); len(f.pending) != 0 || f.held != 0 || stats.Incomplete != 1 {
		t.Errorf("%d wait, holding %d, %d given up", len(f.pending), f.held, stats.Incomplete)
	}
	for id := range maxDatagrams {
		if f.add(part(id, 0, 60_000), epoch); f.held > maxFragmentBytes {
			t.Fatalf("%d bytes are held", f.held)
		}
	}
	for _, impossible := range []piecemeal{part(9999, 65_512, 8), part(9999, 0, 7)} {
		if f.add(impossible, epoch); f.pending[key(9999)] != nil {
			t.Errorf("a fragment of %d bytes at %d was kept", len(impossible.data), impossible.offset)
		}
	}
}

// Fragments that were cut by the capture, or are cut in an impossible way, cost
// nothing but their packet.
func TestBrokenFragmentsAreTolerated(t *testing.T) {
	d, want := chat()
	tcp := d.packets[3].ip[20:]
	for name, parts := range map[string][]cutUp{
		"an end before the front":      {{1, 8, false, tcp[:8]}, {1, 0, true, tcp[:16]}, {1, 16, true, tcp[:8]}},
		"two ends":                     {{1, 8, false, tcp[:8]}, {1, 40, false, tcp[:8]}, {1, 0, true, tcp[:8]}},
		"a fragment of a fragment":     {{1, 0, true, cutUp{2, 0, true, tcp}.four(6)[:32]}, {1, 32, false, tcp[:8]}},
		"less than the ports":          {{1, 0, true, nil}, {1, 0, false, tcp[:3]}},
		"beyond the longest packet":    {{1, 65_528, false, tcp[:16]}},
		"nothing but the end":          {{1, 0, false, nil}},
		"the same one a hundred times": slices.Repeat([]cutUp{{1, 0, true, tcp[:8]}}, 100),
	} {
		for _, form := range []func(cutUp, byte) []byte{cutUp.four, cutUp.six} {
			e := *d
			for i, c := range parts {
				ip := form(c, 6)
				e.packets = append(e.packets, crafted{at: epoch.Add(time.Hour + time.Duration(i)), ip: ip, wire: len(ip) + 3})
			}
			list, err := items(e.reader(), ReadOptions{})
			if got := story(list); err != nil || !strings.HasPrefix(got, want) {
				t.Errorf("%s: %v, got\n%s", name, err, got)
			}
		}
	}
	var stats Stats
	ip := cutUp{7, 0, true, tcp[:24]}.four(6)
	e := dialogue{packets: []crafted{{at: epoch, ip: ip[:len(ip)-5], wire: len(ip)}}}
	if _, err := items(e.reader(), ReadOptions{Stats: &stats}); err != nil || stats.Fragments != 1 || stats.Incomplete != 0 {
		t.Errorf("a fragment cut by the capture: %+v, %v", stats, err)
	}
}
