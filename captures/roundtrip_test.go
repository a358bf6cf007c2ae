package captures

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"github.com/photonscope/photonscope/decode/stream"
)

// script makes random items as a source would: connections open, speak, lose
// bytes, and close in every way or not at all.
type script struct {
	rng  *rand.Rand
	at   time.Time
	list []stream.Item
	open map[stream.ConnID]*[2]bool // directions that are over
	last stream.ConnID
	size int
}

// randomItems makes up to n items, and segments of up to size bytes.
func randomItems(seed uint64, n, size int) []stream.Item {
	s := &script{rng: rand.New(rand.NewPCG(seed, 2)), at: epoch, open: make(map[stream.ConnID]*[2]bool), size: size}
	for range 10 + s.rng.IntN(n) {
		s.at = s.at.Add(time.Duration(s.rng.Int64N(int64(time.Minute))))
		if len(s.open) == 0 || s.rng.IntN(12) == 0 {
			s.begin()
			continue
		}
		s.step(s.pick())
	}
	for id := stream.ConnID(1); id <= s.last; id++ {
		for _, from := range stream.Directions {
			if over := s.open[id]; over != nil && !over[from] {
				s.list = append(s.list, &stream.Closed{At: s.at, Conn: id, From: from, How: stream.Cut})
			}
		}
	}
	return s.list
}

func (s *script) pick() stream.ConnID {
	ids := make([]stream.ConnID, 0, len(s.open))
	for id := range s.open {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids[s.rng.IntN(len(ids))]
}

func (s *script) begin() {
	s.last++
	c := stream.Conn{ID: s.last, Leg: stream.Leg(s.rng.IntN(3))}
	c.Device = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(s.rng.IntN(2)), byte(s.last)}), uint16(1+s.rng.IntN(65535)))
	c.Cloud = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 2, 0, 1}), uint16(1+s.rng.IntN(65535)))
	if s.rng.IntN(3) == 0 {
		c.Device = netip.AddrPortFrom(netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", s.last)), c.Device.Port())
		c.Cloud = netip.AddrPortFrom(netip.MustParseAddr("fe80::1"), c.Cloud.Port())
	}
	s.open[s.last] = new([2]bool)
	s.list = append(s.list, &stream.Opened{At: s.at, Conn: c, Joined: s.rng.IntN(4) == 0})
}

func (s *script) step(id stream.ConnID) {
	over := s.open[id]
	from := stream.Direction(s.rng.IntN(2))
	if over[from] {
		from = from.Opposite()
	}
	switch s.rng.IntN(20) {
	case 0:
		s.list = append(s.list, &stream.Closed{At: s.at, Conn: id, From: from, How: stream.Fin})
		over[from] = true
		if over[from.Opposite()] {
			delete(s.open, id)
		}
	case 1:
		s.list = append(s.list, &stream.Closed{At: s.at, Conn: id, From: from, How: stream.Reset})
		delete(s.open, id)
	case 2, 3:
		s.list = append(s.list, &stream.Gap{At: s.at, Conn: id, From: from, Len: s.rng.IntN(3) * s.rng.IntN(maxGap/2)})
	case 4:
		s.list = append(s.list, s.segment(id, from, 1+s.rng.IntN(s.size)))
	default:
		s.list = append(s.list, s.segment(id, from, 1+s.rng.IntN(600)))
	}
}

func (s *script) segment(id stream.ConnID, from stream.Direction, n int) *stream.Segment {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(s.rng.Uint32())
	}
	return &stream.Segment{At: s.at, Conn: id, From: from, Data: data}
}

// joined joins what was split for want of room in a packet.
func joined(list []stream.Item) []stream.Item {
	var out []stream.Item
	for _, it := range list {
		s, ok := it.(*stream.Segment)
		if ok && len(out) > 0 {
			if last, ok := out[len(out)-1].(*stream.Segment); ok && last.Conn == s.Conn && last.From == s.From && last.At.Equal(s.At) {
				last.Data = append(last.Data, s.Data...)
				continue
			}
		}
		out = append(out, stream.Clone(it))
	}
	return out
}

func encode(list []stream.Item) []byte {
	e := NewEncoder()
	file := e.AppendHeader(nil)
	for _, it := range list {
		file = e.AppendItem(file, it)
	}
	return file
}

// What is recorded comes back as it was: the same items in the same order, with
// their times, bytes, gaps, legs, ends and closings.
func TestRecordingReadsBackAsTheSameItems(t *testing.T) {
	for seed := range uint64(300) {
		want := randomItems(seed, 100, 200_000)
		got, err := items(bytes.NewReader(encode(want)), ReadOptions{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got, want = joined(got), joined(want)
		for i := range min(len(got), len(want)) {
			if !sameItem(got[i], want[i]) {
				t.Fatalf("seed %d, item %d: got %.200v, want %.200v", seed, i, got[i], want[i])
			}
		}
		if len(got) != len(want) {
			t.Fatalf("seed %d: %d items, want %d", seed, len(got), len(want))
		}
	}
}

// sameItem compares items; the end of the source has the time of its last packet.
func sameItem(got, want stream.Item) bool {
	g, ok := got.(*stream.Closed)
	if w, isClosed := want.(*stream.Closed); ok && isClosed && w.How == stream.Cut {
		same := *g
		same.At = w.At
		got = &same
	}
	return reflect.DeepEqual(got, want)
}

// A recording that ends anywhere, as after a kill, gives the front of its items
// and says where it ends.
func TestRecordingCutOffAnywhereGivesItsFront(t *testing.T) {
	list := randomItems(7, 20, 600)
	e := NewEncoder()
	file := e.AppendHeader(nil)
	ends := map[int]int{len(file): 0} // length of the file → items in it
	for i, it := range list {
		file = e.AppendItem(file, it)
		ends[len(file)] = i + 1
	}
	whole := 0
	for n := len(e.AppendHeader(nil)); n < len(file); n++ {
		if k, ok := ends[n]; ok {
			whole = k
		}
		got, err := items(bytes.NewReader(file[:n]), ReadOptions{})
		if len(got) < len(joined(list[:whole])) {
			t.Fatalf("cut at %d: %d items, want %d and closings", n, len(got), whole)
		}
		for i, w := range joined(list[:whole]) {
			if !sameItem(got[i], w) {
				t.Fatalf("cut at %d, item %d: got %v, want %v", n, i, got[i], w)
			}
		}
		if format, ok := err.(*FormatError); ok && format.Offset != int64(n) {
			t.Fatalf("cut at %d: %v", n, err)
		} else if _, atEnd := ends[n]; err == nil && !atEnd && n%4 != 0 {
			t.Fatalf("cut at %d goes unnoticed", n)
		}
	}
}

// pcapgo reads what we write: the packets, interfaces and times are there, and
// the checksums are right.
func TestAnotherReaderUnderstandsRecordings(t *testing.T) {
	list := randomItems(3, 100, 200_000)
	conn := list[0].(*stream.Opened).Conn
	e := NewEncoder()
	e.App = "photonscope test"
	file := e.AppendHeader(nil)
	for _, it := range list {
		file = e.AppendItem(file, it)
	}
	file = e.AppendMessage(file, Message{At: epoch, Conn: conn, Data: []byte{0x40, 1, 0, 9}, Comment: "hello"})
	ng, err := pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.NgReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if ng.SectionInfo().Application != "photonscope test" {
		t.Errorf("written by %q", ng.SectionInfo().Application)
	}
	packets := 0
	for {
		data, info, err := ng.ReadPacketData()
		if err != nil {
			break
		}
		packets++
		if info.Timestamp.Before(epoch) || info.CaptureLength != info.Length {
			t.Errorf("packet %d: %+v", packets, info)
		}
		checkChecksums(t, data)
	}
	for i, want := range []string{"device-leg", "cloud-leg", "photon-coap", "tapped"} {
		if got, err := ng.Interface(i); err != nil || got.Name != want || got.LinkType != layers.LinkTypeRaw || got.TimestampResolution != 9 {
			t.Errorf("interface %d: %+v, %v", i, got, err)
		}
	}
	var stats Stats
	if _, err := items(bytes.NewReader(file), ReadOptions{Stats: &stats}); err != nil || stats.Packets != packets || stats.Skipped != 1 || stats.TCP != packets-1 {
		t.Errorf("we see %+v, %v; pcapgo %d packets", stats, err, packets)
	}
}

// checkChecksums makes a packet again with gopacket, which computes lengths and
// checksums on its own.
func checkChecksums(t *testing.T, data []byte) {
	t.Helper()
	first := layers.LayerTypeIPv4
	if data[0]>>4 == 6 {
		first = layers.LayerTypeIPv6
	}
	p := gopacket.NewPacket(data, first, gopacket.NoCopy)
	var parts []gopacket.SerializableLayer
	for _, l := range p.Layers() {
		switch l := l.(type) {
		case *layers.TCP:
			l.SetNetworkLayerForChecksum(p.NetworkLayer())
		case *layers.UDP:
			l.SetNetworkLayerForChecksum(p.NetworkLayer())
		}
		if l.LayerType() == layers.LayerTypeTCP || l.LayerType() == layers.LayerTypeUDP {
			parts = append(parts, l.(gopacket.SerializableLayer), gopacket.Payload(l.LayerPayload()))
			break
		}
		parts = append(parts, l.(gopacket.SerializableLayer))
	}
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, parts...); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(buf.Bytes(), data) {
		t.Fatalf("packet\n%x\nshould be\n%x", data[:60], buf.Bytes()[:60])
	}
}

func TestUnknownEndsGetAddressesForDocumentation(t *testing.T) {
	six := netip.MustParseAddrPort("[fe80::7%eth0]:4000")
	for _, c := range []struct{ in, want stream.Conn }{
		{stream.Conn{ID: 1}, stream.Conn{ID: 1, Device: netip.MustParseAddrPort("192.0.2.1:49153"), Cloud: netip.MustParseAddrPort("192.0.2.2:5683")}},
		{stream.Conn{ID: 1, Device: six}, stream.Conn{ID: 1, Device: netip.MustParseAddrPort("[fe80::7]:4000"), Cloud: netip.MustParseAddrPort("[2001:db8::2]:5683")}},
		{stream.Conn{ID: 1, Device: six, Cloud: cloudEnd}, stream.Conn{ID: 1, Device: netip.MustParseAddrPort("[fe80::7]:4000"), Cloud: cloudEnd}},
		{stream.Conn{ID: 1, Device: netip.AddrPortFrom(netip.AddrFrom16(deviceEnd.Addr().As16()), 9), Cloud: cloudEnd}, stream.Conn{ID: 1, Device: netip.AddrPortFrom(deviceEnd.Addr(), 9), Cloud: cloudEnd}},
	} {
		list, err := items(bytes.NewReader(encode([]stream.Item{&stream.Opened{At: epoch, Conn: c.in}})), ReadOptions{})
		if err != nil || len(list) != 3 || !reflect.DeepEqual(list[0], &stream.Opened{At: epoch, Conn: c.want}) {
			t.Errorf("%v became %v, %v", c.in, list, err)
		}
	}
}

// A recording of which the openings were lost still knows its directions, from
// the flags of packets.
func TestRecordingWithoutOpeningsKnowsItsDirections(t *testing.T) {
	for _, leg := range []stream.Leg{stream.DeviceLeg, stream.CloudLeg} {
		for _, from := range stream.Directions {
			e := NewEncoder()
			file := e.AppendHeader(nil)
			c := stream.Conn{ID: 1, Leg: leg, Device: netip.MustParseAddrPort("10.0.0.1:1"), Cloud: netip.MustParseAddrPort("10.0.0.2:2")}
			e.AppendItem(nil, &stream.Opened{At: epoch, Conn: c})
			file = e.AppendItem(file, &stream.Segment{At: epoch, Conn: 1, From: from, Data: make([]byte, 40)})
			all := gather(t, bytes.NewReader(file))
			if len(all) != 1 || all[0].conn != c || len(all[0].bytes[from]) != 40 {
				t.Errorf("%v leg, from the %v: %+v", leg, from, all)
			}
		}
	}
}
