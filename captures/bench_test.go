package captures

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/gopacket/pcapgo"

	"github.com/photonscope/photonscope/decode/stream"
)

// traffic makes a capture of many sessions at once: frames of 18 to 600 bytes,
// half of them followed by a bare acknowledgement, 0.5 % out of order, 0.5 %
// twice. Ethernet, classic pcap.
func traffic(packets, sessions int) []byte {
	rng := rand.New(rand.NewPCG(1, 1))
	head := "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00"
	file := pcapFile(binary.LittleEndian, magicMicro, linkEthernet)
	next := make([][2]uint32, sessions)
	at := epoch
	data := incompressible(700)
	var held []byte
	put := func(f frame) {
		at = at.Add(20 * time.Microsecond)
		p := crafted{at: at, ip: append([]byte(head), f.appendIP(nil)...)}
		record := pcapFile(binary.LittleEndian, magicMicro, linkEthernet, p)[pcapHeaderLen:]
		switch r := rng.IntN(1000); {
		case held != nil:
			file, held = append(append(file, record...), held...), nil
		case r < 5:
			held = record
		case r < 10:
			file = append(append(file, record...), record...)
		default:
			file = append(file, record...)
		}
	}
	for n := 0; n < packets; n++ {
		s, from := rng.IntN(sessions), rng.IntN(2)
		ends := [2]frame{{src: neighbour(deviceEnd, s), dst: cloudEnd}, {src: cloudEnd, dst: neighbour(deviceEnd, s)}}
		seqs := &next[s]
		if seqs[0] == 0 {
			ends[0].control, ends[1].control = tcpSYN, tcpSYN|tcpACK
			ends[0].seq, ends[1].seq, ends[1].ack = 0, 0, 1
			put(ends[0])
			put(ends[1])
			*seqs = [2]uint32{1, 1}
		}
		size := 18 + 16*rng.IntN(36)
		f := ends[from]
		f.control, f.seq, f.ack, f.data = tcpPSH|tcpACK, seqs[from], seqs[1-from], data[:size]
		put(f)
		seqs[from] += uint32(size)
		if rng.IntN(2) == 0 {
			f = ends[1-from]
			f.control, f.seq, f.ack = tcpACK, seqs[1-from], seqs[from]
			put(f)
			n++
		}
	}
	return file
}

// BenchmarkRead reads and reassembles a synthetic capture, beside the sha1 of
// its bytes and gopacket's reader alone.
func BenchmarkRead(b *testing.B) {
	file := traffic(100_000, 500)
	ng := toNG(file)
	for name, f := range map[string][]byte{"pcap": file, "pcapng": ng} {
		b.Run(name, func(b *testing.B) {
			var stats Stats
			b.SetBytes(int64(len(f)))
			b.ReportAllocs()
			for b.Loop() {
				stats = Stats{}
				for it, err := range Read(bytes.NewReader(f), ReadOptions{Stats: &stats}) {
					if err != nil {
						b.Fatal(err)
					}
					_ = it
				}
			}
			perPacket(b, stats.Packets)
		})
	}
	b.Run("sha1", func(b *testing.B) {
		b.SetBytes(int64(len(file)))
		for b.Loop() {
			sha1.Sum(file)
		}
		perPacket(b, 100_000)
	})
	b.Run("pcapgo, packets alone", func(b *testing.B) {
		b.SetBytes(int64(len(file)))
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			r, err := pcapgo.NewReader(bytes.NewReader(file))
			if err != nil {
				b.Fatal(err)
			}
			for n = 0; err == nil; n++ {
				_, _, err = r.ZeroCopyReadPacketData()
			}
		}
		perPacket(b, n)
	})
}

func perPacket(b *testing.B, packets int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(packets), "ns/packet")
}

// toNG puts the packets of a pcap in microseconds into enhanced packet blocks.
func toNG(pcap []byte) []byte {
	n := newNG(binary.LittleEndian).iface(linkEthernet, 0, nil)
	for b := pcap[pcapHeaderLen:]; len(b) > 0; {
		size := binary.LittleEndian.Uint32(b[8:])
		ticks := uint64(binary.LittleEndian.Uint32(b))*1e6 + uint64(binary.LittleEndian.Uint32(b[4:]))
		n.enhanced(0, ticks, crafted{ip: b[pcapRecordLen : pcapRecordLen+size]})
		b = b[pcapRecordLen+size:]
	}
	return n.b
}

// BenchmarkAppendItem encodes a frame for a recording.
func BenchmarkAppendItem(b *testing.B) {
	for _, size := range []int{34, 514, 16 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			e := NewEncoder()
			buf := e.AppendItem(nil, &stream.Opened{At: epoch, Conn: stream.Conn{ID: 1, Leg: stream.DeviceLeg, Device: deviceEnd, Cloud: cloudEnd}})
			var it stream.Item = &stream.Segment{At: epoch, Conn: 1, Data: make([]byte, size)}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				buf = e.AppendItem(buf[:0], it)
			}
		})
	}
}
