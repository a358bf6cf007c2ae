package captures

import (
	"bytes"
	"hash/crc32"
	"net/netip"
	"testing"

	"github.com/photonscope/photonscope/captures/gen"
	"github.com/photonscope/photonscope/decode/stream"
)

// badTraffic is sessions over a network that does everything to packets.
var badTraffic = gen.Traffic{Packets: 1500, Sessions: 5, Seed: 9, Acked: 300, Reordered: 40, Repeated: 40, Overlapped: 40, Lost: 20}

// generated makes a capture.
func generated(t testing.TB, traffic gen.Traffic) ([]byte, gen.Truth) {
	t.Helper()
	var file bytes.Buffer
	truth, err := traffic.Write(&file)
	if err != nil {
		t.Fatal(err)
	}
	return file.Bytes(), truth
}

// checkTruth compares what a capture gave with what it holds.
func checkTruth(t testing.TB, list []item, truth gen.Truth) {
	t.Helper()
	found := make(map[netip.AddrPort]*connection)
	for _, c := range connections(t, list) {
		found[c.conn.Device] = c
	}
	if len(found) != len(truth.Streams) {
		t.Fatalf("%d connections, want %d", len(found), len(truth.Streams))
	}
	for _, s := range truth.Streams {
		c := found[s.Device]
		if c == nil {
			t.Fatalf("no connection of %v", s.Device)
		}
		for _, from := range stream.Directions {
			data := c.bytes[from]
			if len(data) != s.Sent[from]-s.Lost[from] || c.missed[from] != s.Lost[from] || crc32.ChecksumIEEE(data) != s.Sum[from] {
				t.Fatalf("%v of %v: %d bytes and %d missing, want %d and %d, or other bytes", from, s.Device, len(data), c.missed[from], s.Sent[from]-s.Lost[from], s.Lost[from])
			}
		}
	}
}

// Any link layer in any format, over both families, holds the same.
func TestEveryLinkLayerAndFormatCarriesTheSameStreams(t *testing.T) {
	for i, link := range gen.Links {
		for _, six := range []bool{false, true} {
			traffic := badTraffic
			traffic.Link, traffic.IPv6, traffic.Format = link, six, gen.Formats[i%len(gen.Formats)]
			file, truth := generated(t, traffic)
			var stats Stats
			list, err := items(bytes.NewReader(file), ReadOptions{Stats: &stats})
			if err != nil || stats.Packets != truth.Packets || stats.TCP != truth.Packets {
				t.Errorf("%s: %v, %+v, want %d packets", link.Name, err, stats, truth.Packets)
				continue
			}
			checkTruth(t, list, truth)
		}
	}
}
