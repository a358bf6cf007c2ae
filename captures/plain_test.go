package captures

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/photonscope/photonscope/captures/gen"
)

// sameAsGopacket checks that a packet that is read as a plain one is read by
// gopacket to the same end. It tells whether it was read as one.
func sameAsGopacket(t *testing.T, h *headers, link uint16, data []byte, wire int) bool {
	t.Helper()
	p := &packet{link: link, data: data, wire: max(wire, len(data))}
	b, first := strip(link, data)
	var got, want segment
	if !plain(b, first, &got) {
		return false
	}
	if kind := h.layered(p, b, first, &want); kind != isTCP {
		t.Fatalf("link type %d, %x: gopacket says kind %d", link, data, kind)
	}
	if !bytes.Equal(got.src, want.src) || !bytes.Equal(got.dst, want.dst) || !bytes.Equal(got.data, want.data) {
		t.Fatalf("link type %d, %x: addresses or data differ: %+v, gopacket %+v", link, data, got, want)
	}
	got.src, got.dst, got.data = nil, nil, nil
	want.src, want.dst, want.data = nil, nil, nil
	if got.srcPort != want.srcPort || got.dstPort != want.dstPort || got.seq != want.seq || got.ackSeq != want.ackSeq ||
		got.syn != want.syn || got.ack != want.ack || got.fin != want.fin || got.rst != want.rst || got.lost != want.lost {
		t.Fatalf("link type %d, %x: %+v, gopacket %+v", link, data, got, want)
	}
	return true
}

// everyShape calls f for packets of made-up traffic, of every link type and
// either IP, some of them cut or in fragments.
func everyShape(t testing.TB, f func(link uint16, data []byte, wire int)) {
	t.Helper()
	for i, link := range gen.Links {
		for six := range 2 {
			traffic := gen.Traffic{Packets: 300, Sessions: 2, Seed: uint64(i), Acked: 300, IPv6: six == 1, Link: link, SnapLen: []int{0, 150}[i%2], MTU: []int{0, 0, 300}[i%3]}
			file, _ := generated(t, traffic)
			for b := file[pcapHeaderLen:]; len(b) > 0; {
				n := pcapRecordLen + int(binary.LittleEndian.Uint32(b[8:]))
				f(link.Type, b[pcapRecordLen:n], int(binary.LittleEndian.Uint32(b[12:])))
				b = b[n:]
			}
		}
	}
}

func TestPlainPacketsAreReadAsGopacketReadsThem(t *testing.T) {
	h := newHeaders()
	rng := rand.New(rand.NewPCG(5, 6))
	whole, damaged := 0, 0
	everyShape(t, func(link uint16, data []byte, wire int) {
		if sameAsGopacket(t, h, link, data, wire) {
			whole++
		}
		for range 20 {
			b := bytes.Clone(data)
			for range 1 + rng.IntN(3) { // mostly among the headers
				b[min(rng.IntN(80), len(b)-1)] ^= 1 << rng.IntN(8)
			}
			if rng.IntN(4) == 0 {
				b = b[:rng.IntN(len(b)+1)]
			}
			if sameAsGopacket(t, h, link, b, wire) {
				damaged++
			}
		}
	})
	if whole < 1000 || damaged < 10_000 {
		t.Errorf("only %d whole and %d damaged packets were plain: this test says little", whole, damaged)
	}
}

func FuzzPlain(f *testing.F) {
	n := 0
	everyShape(f, func(link uint16, data []byte, wire int) {
		if n++; n%97 == 0 {
			f.Add(link, data, wire)
		}
	})
	f.Fuzz(func(t *testing.T, link uint16, data []byte, wire int) {
		sameAsGopacket(t, newHeaders(), link, data, wire)
	})
}
