package captures

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// fault reads a capture that is wrong somewhere and returns what is said of it.
func fault(t *testing.T, file []byte) (*FormatError, string, Stats) {
	t.Helper()
	var stats Stats
	list, err := items(bytes.NewReader(file), ReadOptions{Stats: &stats})
	connections(t, list) // their order is checked
	var format *FormatError
	if err != nil && !errors.As(err, &format) {
		t.Fatalf("error %v is none of the documented", err)
	}
	return format, story(list), stats
}

func TestDamageIsReportedWithItsPlace(t *testing.T) {
	d, want := chat()
	pcap := d.file()
	ng := newNG(binary.LittleEndian).iface(linkRaw, 0, nil)
	for _, p := range d.packets {
		ng.enhanced(0, p.micros(), p)
	}
	tail := func(b []byte, more string) []byte { return append(bytes.Clone(b), more...) }
	packet := pcapFile(binary.LittleEndian, magicNano, linkRaw, d.packets[0])[pcapHeaderLen:]
	claim := func(b []byte, at int, n uint32) []byte {
		b = bytes.Clone(b)
		binary.LittleEndian.PutUint32(b[at:], n)
		return b
	}
	end := func(b []byte) int64 { return int64(len(b)) }
	for name, c := range map[string]struct {
		file   []byte
		offset int64
		what   string
		story  string
	}{
		"nothing":                         {nil, 0, "empty", ""},
		"three bytes":                     {pcap[:3], 0, "shorter than 4 bytes", ""},
		"a web page":                      {[]byte("<!DOCTYPE html>"), 0, "begins with the bytes 3c21444f", ""},
		"a header cut off":                {pcap[:20], 20, "cut off inside the header", ""},
		"a record's header cut off":       {tail(pcap, string(packet[:9])), end(pcap) + 9, "cut off inside the header of a packet", want},
		"a packet cut off":                {tail(pcap, string(packet[:20])), end(pcap) + 20, "cut off inside a packet", want},
		"a packet of 4 GiB (G-3)":         {tail(pcap, string(claim(packet, 8, 1<<32-1))), end(pcap), "claims 4294967295 captured bytes", want},
		"a block's header cut off":        {tail(ng.b, string(ng.b[:5])), end(ng.b) + 5, "cut off inside the header of a block", want},
		"a block cut off (G-8)":           {tail(ng.b, string(ng.b[:27])), end(ng.b) + 27, "cut off inside a block", want},
		"a section's header cut off":      {ng.b[:15], 15, "cut off inside the header of a section", ""},
		"a long block cut off":            {tail(ng.b, "\xad\x0b\x00\x00\x00\x00\x00\x01...."), end(ng.b) + 12, "cut off inside a block", want},
		"a block shorter than its frame":  {tail(ng.b, "\x06\x00\x00\x00\x08\x00\x00\x00\x08\x00\x00\x00"), end(ng.b), "a block of type 6 claims 8 bytes", want},
		"a block of no length (G-10)":     {tail(ng.b, string(make([]byte, 12))), end(ng.b), "a block of type 0 claims 0 bytes", want},
		"a block of an odd length":        {tail(ng.b, "\x0b\x00\x00\x00\x0e\x00\x00\x00......\x0e\x00\x00\x00"), end(ng.b), "claims 14 bytes", want},
		"lengths that differ (G-10)":      {tail(ng.b, "\x0b\x00\x00\x00\x10\x00\x00\x00....\x14\x00\x00\x00"), end(ng.b), "begins with length 16 and ends with 20", want},
		"a section without its mark":      {tail(ng.b, string(newNG(binary.LittleEndian).b[:8])), end(ng.b) + 8, "cut off", want},
		"a section of an unknown version": {claim(newNG(binary.LittleEndian).b, 12, 2), 0, "version 2", ""},
		"gzip of something else":          {gzipped([]byte("hello")), 0, "not a capture", ""},
		"gzip in gzip":                    {gzipped(gzipped(pcap)), 0, "begins with the bytes 1f8b", ""},
		"a broken gzip header":            {[]byte("\x1f\x8b\x09\x00...."), 0, "begins like gzip", ""},
		"gzip cut off":                    {gzipped(pcap)[:150], -1, "compressed data is cut off", ""},
		"gzip with a wrong checksum":      {tail(gzipped(pcap)[:len(gzipped(pcap))-8], string(make([]byte, 8))), end(pcap), "compressed data is damaged", want},
		"a bomb":                          {gzipped(append(bytes.Clone(ng.b), newNG(binary.LittleEndian).block(0x0bad, make([]byte, 64<<20)).b...)), -1, "compressed beyond belief", want},
	} {
		err, got, _ := fault(t, c.file)
		switch {
		case err == nil:
			t.Errorf("%s: no error", name)
		case !strings.Contains(err.Error(), c.what) || err.Offset != c.offset && c.offset >= 0:
			t.Errorf("%s: %v (offset %d), want %q at %d", name, err, err.Offset, c.what, c.offset)
		}
		if c.story != "" && got != c.story {
			t.Errorf("%s: got\n%s", name, got)
		}
	}
}

// What is damaged inside one block costs that block alone.
func TestBlocksThatMakeNoSenseArePassedOver(t *testing.T) {
	d, want := chat()
	good := func(n *ngFile) *ngFile {
		for _, p := range d.packets {
			n.enhanced(0, p.micros(), p)
		}
		return n
	}
	order := binary.LittleEndian
	p := d.packets[0]
	huge := (&ngFile{order: order}).enhanced(0, 0, p).b
	order.PutUint32(huge[20:], 1<<30) // G-2
	for name, bad := range map[string][]byte{
		"captured length of 1 GiB (G-2)": huge,
		"an interface nobody described":  (&ngFile{order: order}).enhanced(7, 0, p).b,
		"an enhanced packet too short":   (&ngFile{order: order}).block(blockEnhanced, make([]byte, 16)).b,
		"an old packet too short":        (&ngFile{order: order}).block(blockPacket, make([]byte, 8)).b,
		"a simple packet too short":      (&ngFile{order: order}).block(blockSimple, nil).b,
		"an interface too short":         (&ngFile{order: order}).block(blockInterface, make([]byte, 4)).b,
		"a packet block of 2 MiB":        (&ngFile{order: order}).enhanced(0, 0, crafted{ip: make([]byte, 2<<20)}).b,
		"a packet of 512 KiB":            (&ngFile{order: order}).enhanced(0, 0, crafted{ip: make([]byte, 512<<10)}).b,
		"a simple packet of 512 KiB":     (&ngFile{order: order}).simple(crafted{ip: make([]byte, 512<<10)}).b,
	} {
		n := newNG(order).iface(linkRaw, 0, nil)
		at := int64(len(n.b))
		n.b = append(n.b, bad...)
		err, got, stats := fault(t, good(n).b)
		if err == nil || err.Offset != at || stats.BadBlocks+stats.Damages != 1 || got != want {
			t.Errorf("%s: %v, %+v, got\n%s", name, err, stats, got)
		}
	}
}

// Options that are wrong, or strange, cost nothing.
func TestStrangeOptionsAreTolerated(t *testing.T) {
	d, want := chat()
	for _, order := range orders {
		n := &ngFile{order: order}
		for name, options := range map[string][]byte{
			"G-1: a resolution that overflows":         n.option(optTimeRes, "\x40"),
			"G-1: a binary one":                        n.option(optTimeRes, "\xff"),
			"G-4: a short packet flag":                 n.option(optFlags, "\x01"),
			"G-9: an option of 65,535 bytes":           append(n.option(optComment, strings.Repeat("c", 65535)), n.option(optTimeRes, "\x06")...),
			"G-10: a resolution of no length":          append(n.option(optTimeRes, "\x06"), n.option(optTimeRes, "")...),
			"an option longer than its block":          order.AppendUint16(order.AppendUint16(nil, optComment), 400),
			"half an option":                           {1},
			"an end that is none":                      n.option(optEnd, "abc"),
			"everything at once":                       append(n.option(99, "abcde"), append(n.option(optName, strings.Repeat("n", 500)), n.option(optTimeOff, "1234567")...)...),
			"an option whose padding is not there":     append(n.option(optComment, "abcd"), 1, 0, 1, 0, 'x'),
			"a name of one of ours, padded with zeros": n.option(optName, nameTapped+"\x00\x00"),
		} {
			file := newNG(order).iface(linkRaw, 0, options)
			for _, p := range d.packets {
				file.enhanced(0, p.micros(), p, options...)
			}
			err, got, stats := fault(t, file.b)
			if strings.HasPrefix(name, "G-1:") { // the times are nonsense then
				if stats.TCP != len(d.packets) {
					t.Errorf("%s: %+v", name, stats)
				}
				continue
			}
			if err != nil || got != want {
				t.Errorf("%s, %v: %v, got\n%s", name, order, err, got)
			}
		}
	}
}

func TestInterfacesAreBounded(t *testing.T) {
	d, want := chat()
	n := newNG(binary.LittleEndian)
	for range maxInterfaces + 5 {
		n.iface(linkRaw, 0, nil)
	}
	for _, p := range d.packets {
		n.enhanced(maxInterfaces-1, p.micros(), p)
	}
	err, got, stats := fault(t, n.b)
	if err == nil || stats.BadBlocks != 5 || got != want {
		t.Errorf("%v, %+v, got\n%s", err, stats, got)
	}
}

func TestDroppedPacketsAreTakenFromStatistics(t *testing.T) {
	n := newNG(binary.BigEndian).iface(linkRaw, 0, nil)
	for _, dropped := range []string{"\x03", "\x05"} {
		n.block(blockStatistics, append(make([]byte, 12), n.option(optDropped, "\x00\x00\x00\x00\x00\x00\x00"+dropped)...))
	}
	if err, _, stats := fault(t, n.block(blockStatistics, nil).b); err != nil || stats.Dropped != 5 {
		t.Errorf("%v, %+v", err, stats)
	}
}

// A capture cut off at any byte gives the front of its bytes, and says so.
func TestCapturesCutOffAnywhere(t *testing.T) {
	d, _ := chat()
	ng := newNG(binary.BigEndian).iface(linkRaw, 0, nil)
	for _, p := range d.packets {
		ng.enhanced(0, p.micros(), p).old(0, p.micros(), p).simple(p)
	}
	for name, file := range map[string][]byte{"pcap": d.file(), "pcapng": ng.b, "gzip": gzipped(ng.b)} {
		_, whole, _ := fault(t, file)
		whole, _, _ = strings.Cut(whole, "5 1 cloud rst")
		complete := 0
		for n := range file {
			err, got, _ := fault(t, file[:n])
			if err == nil {
				complete++
			}
			got, _, _ = strings.Cut(got, "1 device cut")
			got = got[:strings.LastIndexByte(got, '\n')+1]
			if !strings.HasPrefix(whole, got) && !strings.Contains(got, "cloud rst") {
				t.Fatalf("%s cut at %d: %v, got\n%s", name, n, err, got)
			}
		}
		if packets := 3 * (len(d.packets) + 1); complete > packets {
			t.Errorf("%s: %d of %d cuts go unnoticed", name, complete, len(file))
		}
	}
}

func TestFailingReadersAreReported(t *testing.T) {
	d, want := chat()
	broken := errors.New("cable pulled")
	list, err := items(io.MultiReader(d.reader(), iotest.ErrReader(broken)), ReadOptions{})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "byte") || story(list) != want {
		t.Errorf("%v, got\n%s", err, story(list))
	}
	if _, err := items(readNothing{}, ReadOptions{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
}

type readNothing struct{}

func (readNothing) Read([]byte) (int, error) { return 0, nil }

// A consumer that stops gets nothing more: the loop would panic.
func TestReadingStopsWhenTheConsumerDoes(t *testing.T) {
	d, want := chat()
	for stop := 1; stop <= strings.Count(want, "\n"); stop++ {
		n := 0
		for range Read(io.MultiReader(d.reader(), iotest.ErrReader(io.ErrClosedPipe)), ReadOptions{}) {
			if n++; n == stop {
				break
			}
		}
	}
}

// allocated returns how many bytes a function allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// allowance is what reading n bytes may allocate: by their number, the headers'
// decoder, and the buffer, which doubles on its way to its length.
func allowance(n int) uint64 { return uint64(64*n) + 64<<10 + 2*maxBuffer }

// No length in a capture makes us allocate (G-2, G-3, G-11).
func TestAllocationFollowsTheBytesThatArrive(t *testing.T) {
	small := map[string][]byte{
		"a pcap that claims 256 KiB":   pcapFile(binary.LittleEndian, magicNano, linkRaw, crafted{ip: make([]byte, maxPacket)})[:100],
		"a pcapng that claims 1 MiB":   newNG(binary.LittleEndian).block(0x0bad, make([]byte, maxBuffer-blockFrame)).b[:140],
		"a pcapng that claims 4 GiB":   append(newNG(binary.LittleEndian).b, 6, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff),
		"a packet that claims 256 KiB": newNG(binary.LittleEndian).iface(linkRaw, 0, nil).enhanced(0, 0, crafted{ip: make([]byte, maxPacket)}).b[:140],
	}
	for name, file := range small {
		if n := allocated(func() { items(bytes.NewReader(file), ReadOptions{}) }); n > 1<<20 {
			t.Errorf("%s: %d bytes allocated for %d", name, n, len(file))
		}
	}
	ifaces := newNG(binary.LittleEndian)
	for range 200_000 {
		ifaces.iface(linkRaw, 0, nil)
	}
	flows := newDialogue()
	for i := range 20_000 {
		flows.device = neighbour(deviceEnd, i)
		flows.add(0, tcpSYN, 0, 0, "")
	}
	for name, file := range map[string][]byte{"interfaces": ifaces.b, "connections": flows.file()} {
		if n := allocated(func() { items(bytes.NewReader(file), ReadOptions{}) }); n > allowance(len(file)) {
			t.Errorf("%s: %d bytes allocated for %d", name, n, len(file))
		}
	}
}
