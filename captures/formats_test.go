package captures

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"math/big"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"github.com/photonscope/photonscope/decode/stream"
)

// chat is a short conversation, and what reading it must give.
func chat() (*dialogue, string) {
	d := newDialogue().open().down(1, strings.Repeat("n", 40)).up(1, "identity").add(1, tcpRST, 41, 0, "")
	list, err := items(d.reader(), ReadOptions{})
	if err != nil {
		panic(err)
	}
	return d, story(list)
}

var orders = []byteOrder{binary.LittleEndian, binary.BigEndian}

// wrapped puts a link layer around each packet.
func wrapped(packets []crafted, head string) []crafted {
	out := make([]crafted, len(packets))
	for i, p := range packets {
		out[i] = crafted{at: p.at, ip: append([]byte(head), p.ip...)}
	}
	return out
}

func TestEveryFormatGivesTheSameItems(t *testing.T) {
	d, want := chat()
	files := map[string][]byte{}
	for _, order := range orders {
		name := order.String()
		files["pcap µs "+name] = pcapFile(order, magicMicro, linkRaw, d.packets...)
		files["pcap ns "+name] = pcapFile(order, magicNano, linkRaw, d.packets...)
		flagged := pcapFile(order, magicMicro, 0x54000000|linkRaw, d.packets...)
		order.PutUint32(flagged[16:], 0) // no snapshot length
		files["pcap with flags about checksums "+name] = flagged

		ng := newNG(order).iface(linkRaw, 0, nil)
		old := newNG(order).iface(linkRaw, 0, nil)
		many := newNG(order)
		for _, p := range d.packets {
			ng.block(0x0bad, []byte("custom")).enhanced(0, p.micros(), p, ng.option(optComment, "a comment")...)
			old.old(0, p.micros(), p)
			// A section and an interface for each packet, in alternating byte order.
			many.order = orders[len(many.b)/4%2]
			many.section().iface(linkEthernet, 0, nil).iface(linkRaw, 0, many.option(optTimeRes, "\x09"))
			many.enhanced(1, uint64(p.at.UnixNano()), p)
		}
		files["pcapng "+name] = ng.block(0x0bad, incompressible(2*maxBuffer)).b
		files["pcapng of old blocks "+name] = old.b
		files["pcapng of many sections "+name] = many.b
	}
	for name, f := range files {
		checkStory(t, name, bytes.NewReader(f), want)
		checkStory(t, name+", gzip", bytes.NewReader(gzipped(f)), want)
		checkStory(t, name+", gzip of two members", bytes.NewReader(slices.Concat(gzipped(f[:77]), gzipped(f[77:]))), want)
	}
}

func checkStory(t *testing.T, name string, r io.Reader, want string) {
	t.Helper()
	list, err := items(r, ReadOptions{})
	if got := story(list); got != want || err != nil {
		t.Errorf("%s: %v, got\n%swant\n%s", name, err, got, want)
	}
}

// incompressible returns what gzip cannot shrink.
func incompressible(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func TestEveryLinkTypeGivesTheSameItems(t *testing.T) {
	d, want := chat()
	mac := "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02"
	for name, c := range map[string]struct {
		link uint32
		head string
	}{
		"raw":                {linkRaw, ""},
		"raw of BSD":         {linkRawBSD, ""},
		"raw of OpenBSD":     {linkRawOpen, ""},
		"IPv4":               {linkIPv4, ""},
		"Ethernet":           {linkEthernet, mac + "\x08\x00"},
		"802.1Q":             {linkEthernet, mac + "\x81\x00\x00\x05\x08\x00"},
		"QinQ":               {linkEthernet, mac + "\x88\xa8\x00\x05\x81\x00\x00\x06\x08\x00"},
		"null":               {linkNull, "\x02\x00\x00\x00"},
		"null, big endian":   {linkNull, "\x00\x00\x00\x02"},
		"loop":               {linkLoop, "\x00\x00\x00\x02"},
		"cooked":             {linkSLL, "\x00\x04\x00\x01\x00\x06" + mac[:6] + "\x00\x00\x08\x00"},
		"cooked, 802.1Q":     {linkSLL, "\x00\x04\x00\x01\x00\x06" + mac[:6] + "\x00\x00\x81\x00\x00\x05\x08\x00"},
		"cooked, version 2":  {linkSLL2, "\x08\x00\x00\x00\x00\x00\x00\x03\x00\x01\x04\x06" + mac[:6] + "\x00\x00"},
		"QinQ of old":        {linkEthernet, mac + "\x91\x00\x00\x05\x81\x00\x00\x06\x08\x00"},
		"PPPoE":              {linkEthernet, mac + "\x88\x64\x11\x00\x00\x07\x00\x80\x00\x21"},
		"PPPoE, 802.1Q":      {linkEthernet, mac + "\x81\x00\x00\x07\x88\x64\x11\x00\x00\x07\x00\x80\x00\x21"},
		"PPPoE alone":        {linkPPPEther, "\x11\x00\x00\x07\x00\x80\x00\x21"},
		"PPP":                {linkPPP, "\x00\x21"},
		"PPP, compressed":    {linkPPP, "\x21"},
		"PPP, framed":        {linkPPP, "\xff\x03\x00\x21"},
		"PPP as in HDLC":     {linkPPPHDLC, "\xff\x03\x00\x21"},
		"PPP with direction": {linkPPPDir, "\x01\xff\x03\x00\x21"},
		"IPv4 in IPv4":       {linkRaw, "\x45\x00\x10\x00\x00\x00\x40\x00\x40\x04\x00\x00\x01\x02\x03\x04\x01\x02\x03\x05"},
		"IPv4 with checksum": {linkEthernet | 0x54000000, mac + "\x08\x00"},
	} {
		checkStory(t, name, bytes.NewReader(pcapFile(binary.LittleEndian, magicNano, c.link, wrapped(d.packets, c.head)...)), want)
	}
}

// sixDialogue is chat over IPv6 with extension headers.
func sixDialogue(extension string, next byte) []crafted {
	d, _ := chat()
	var out []crafted
	for _, p := range d.packets {
		tcp := p.ip[20:]
		ip := []byte{0x60, 0, 0, 0}
		ip = binary.BigEndian.AppendUint16(ip, uint16(len(extension)+len(tcp)))
		ip = append(ip, next, 64)
		src, dst := bytes.Repeat([]byte{0xfd}, 16), bytes.Repeat([]byte{0xfd}, 16)
		copy(src[12:], p.ip[12:16])
		copy(dst[12:], p.ip[16:20])
		ip = append(append(append(append(ip, src...), dst...), extension...), tcp...)
		out = append(out, crafted{at: p.at, ip: append(ip, "\xee\xee\xee\xee"...)}) // and a checksum of the frame
	}
	return out
}

func TestIPv6AndItsExtensionHeadersAreFollowed(t *testing.T) {
	_, want := chat()
	want = strings.Replace(want, "10.0.0.7:", "[fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:a00:7]:", 1)
	for name, c := range map[string]struct {
		ext  string
		next byte
	}{
		"none":                           {"", 6},
		"hop by hop":                     {"\x06\x00\x01\x04\x00\x00\x00\x00", 0},
		"destination":                    {"\x06\x01\x01\x0c" + strings.Repeat("\x00", 12), 60},
		"routing":                        {"\x06\x00\x00\x00\x00\x00\x00\x00", 43},
		"whole fragment":                 {"\x06\x00\x00\x00\x00\x00\x00\x07", 44},
		"authentication":                 {"\x06\x04" + strings.Repeat("\x00", 22), 51},
		"destination and authentication": {"\x33\x00\x01\x04\x00\x00\x00\x00" + "\x06\x04" + strings.Repeat("\x00", 22), 60},
		"two":                            {"\x2c\x00\x01\x04\x00\x00\x00\x00" + "\x06\x00\x00\x00\x00\x00\x00\x07", 60},
		"hop by hop and two":             {"\x3c\x00\x01\x04\x00\x00\x00\x00" + "\x2c\x00\x01\x04\x00\x00\x00\x00" + "\x06\x00\x00\x00\x00\x00\x00\x07", 0},
	} {
		for _, link := range []struct {
			kind uint32
			head string
		}{{linkIPv6, ""}, {linkRaw, ""}, {linkNull, "\x1e\x00\x00\x00"}, {linkEthernet, strings.Repeat("m", 12) + "\x86\xdd"}} {
			file := pcapFile(binary.LittleEndian, magicNano, link.kind, wrapped(sixDialogue(c.ext, c.next), link.head)...)
			checkStory(t, name, bytes.NewReader(file), want)
		}
	}
}

func TestWhatIsNotTCPIsCounted(t *testing.T) {
	udp := frame{src: deviceEnd, dst: cloudEnd, udp: true, data: []byte("x")}.appendIP(nil)
	part := newDialogue().up(1, "part").packets[0].ip
	part[6] = 0x20 // more fragments
	last := bytes.Clone(part)
	last[6], last[7] = 0, 1
	six := sixDialogue("\x06\x00\x00\x01\x00\x00\x00\x07", 44)[0]
	d := newDialogue().up(1, "x")
	for _, ip := range [][]byte{udp, part, last, six.ip, udp[:19], {0x45}, {}, {0x10}} {
		d.packets = append(d.packets, crafted{at: epoch, ip: ip})
	}
	var stats Stats
	if _, err := items(d.reader(), ReadOptions{Stats: &stats}); err != nil {
		t.Fatal(err)
	}
	if stats.Packets != 9 || stats.TCP != 1 || stats.Other != 1 || stats.Fragments != 3 || stats.Undecodable != 4 || stats.Connections != 1 {
		t.Errorf("%+v", stats)
	}
}

// G-5 and its like: options that gopacket refuses do not cost the data.
func TestBrokenTCPOptionsDoNotCostTheData(t *testing.T) {
	for _, options := range []string{"\x1e\x01\x00\x00", "\x1e\x09\x00\x00", "\x05\x00\x00\x00", "\x01\x01\x01\x1e"} {
		d := newDialogue().up(1, options+"data")
		ip := d.packets[0].ip
		ip[20+12] = 6 << 4
		all := gather(t, d.reader())
		if len(all) != 1 || string(all[0].bytes[0]) != "data" {
			t.Errorf("options %x: %+v", options, all)
		}
	}
}

func TestTimesOfEveryResolution(t *testing.T) {
	for res := range 256 {
		for _, ticks := range []uint64{0, 1, 999_999, 1_795_488_958_627_941, 1_795_488_958_627_941_123, 1 << 63, 1<<64 - 1} {
			got := clock{resolution: byte(res)}.time(ticks)
			if want := exactTime(byte(res), ticks); !got.Equal(want) {
				t.Errorf("resolution %#x, %d ticks: %v, want %v", res, ticks, got, want)
			}
		}
	}
	for offset, want := range map[int64]int64{3600: 3601, -5: 0, 1<<63 - 1: lastSecond, -1 << 63: 0} {
		if got := (clock{6, offset}).time(1e6).Unix(); got != want {
			t.Errorf("offset %d: %d, want %d", offset, got, want)
		}
	}
}

// exactTime is what a tick count means, computed with big numbers.
func exactTime(res byte, ticks uint64) time.Time {
	base := int64(10)
	if res >= 0x80 {
		base = 2
	}
	unit := new(big.Int).Exp(big.NewInt(base), big.NewInt(int64(res&0x7f)), nil)
	ns := new(big.Int).Mul(new(big.Int).SetUint64(ticks), big.NewInt(1e9))
	sec, rest := new(big.Int).DivMod(ns.Div(ns, unit), big.NewInt(1e9), new(big.Int))
	if !sec.IsInt64() || sec.Int64() > lastSecond {
		sec = big.NewInt(lastSecond)
	}
	return time.Unix(sec.Int64(), rest.Int64())
}

func TestSimplePacketsAreReadWithoutTimes(t *testing.T) {
	d, _ := chat()
	n := newNG(binary.BigEndian).iface(linkRaw, 60, nil)
	for _, p := range d.packets {
		n.simple(crafted{ip: p.ip[:min(len(p.ip), 60)], wire: len(p.ip)})
	}
	all := gather(t, bytes.NewReader(n.b))
	if len(all) != 1 || len(all[0].bytes[1]) != 20 || all[0].missed[1] != 20 || string(all[0].bytes[0]) != "identity" || all[0].closes[0].How != stream.Reset {
		t.Errorf("%+v", all)
	}
}

// Every packet gives its items as soon as its last byte has arrived on a pipe.
func TestPacketsAreDeliveredAsSoonAsTheyArrive(t *testing.T) {
	d, _ := chat()
	ng := newNG(binary.LittleEndian).iface(linkRaw, 0, nil)
	for name, f := range map[string]struct {
		head   []byte
		packet func(crafted) []byte
	}{
		"pcap": {pcapFile(binary.LittleEndian, magicNano, linkRaw), func(p crafted) []byte {
			return pcapFile(binary.LittleEndian, magicNano, linkRaw, p)[pcapHeaderLen:]
		}},
		"pcapng": {ng.b, func(p crafted) []byte {
			return (&ngFile{order: ng.order}).enhanced(0, p.micros(), p).b
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, w := io.Pipe()
				got := 0
				go func() {
					for range Read(r, ReadOptions{}) {
						got++
					}
				}()
				w.Write(f.head)
				want := []int{0, 1, 1, 2, 3, 4} // items after each packet
				for i, p := range d.packets {
					w.Write(f.packet(p))
					synctest.Wait()
					if got != want[i] {
						t.Errorf("%d items after packet %d, want %d", got, i, want[i])
					}
				}
				w.Close()
				synctest.Wait()
			})
		})
	}
}

// A file and a pipe that gives a byte at a time, or its end with its last bytes,
// give the same items.
func TestFileEqualsPipe(t *testing.T) {
	recordings(t, func(t *testing.T, capture []byte, _ []checked) {
		want, err := items(bytes.NewReader(capture), ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for name, r := range map[string]io.Reader{
			"one byte": iotest.OneByteReader(bytes.NewReader(capture)),
			"half":     iotest.HalfReader(bytes.NewReader(capture)),
			"data err": iotest.DataErrReader(bytes.NewReader(capture)),
			"gzip":     iotest.OneByteReader(bytes.NewReader(gzipped(capture))),
		} {
			if got, err := items(r, ReadOptions{}); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %d items, want %d, or other items; %v", name, len(got), len(want), err)
			}
		}
	})
}

// pcapgo writes what we read, and sees as many packets in genuine captures.
func TestAnotherWriterIsUnderstood(t *testing.T) {
	d, want := chat()
	var classic, ng bytes.Buffer
	w := pcapgo.NewWriterNanos(&classic)
	w.WriteFileHeader(0, layers.LinkTypeRaw)
	n, err := pcapgo.NewNgWriter(&ng, layers.LinkTypeRaw)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range d.packets {
		info := gopacket.CaptureInfo{Timestamp: p.at, CaptureLength: len(p.ip), Length: len(p.ip)}
		w.WritePacket(info, p.ip)
		n.WritePacket(info, p.ip)
	}
	n.Flush()
	checkStory(t, "pcapgo's pcap", &classic, want)
	checkStory(t, "pcapgo's pcapng", &ng, want)
	recordings(t, func(t *testing.T, capture []byte, _ []checked) {
		var stats Stats
		if _, err := items(bytes.NewReader(capture), ReadOptions{Stats: &stats}); err != nil {
			t.Fatal(err)
		}
		var src gopacket.PacketDataSource
		if src, err = pcapgo.NewNgReader(bytes.NewReader(capture), pcapgo.NgReaderOptions{}); err != nil {
			if src, err = pcapgo.NewReader(bytes.NewReader(capture)); err != nil {
				t.Fatal(err)
			}
		}
		packets, size := 0, int64(0)
		for {
			data, _, err := src.ReadPacketData()
			if err != nil {
				break
			}
			packets++
			size += int64(len(data))
		}
		if stats.Packets != packets || stats.Bytes != size {
			t.Errorf("%d packets, %d bytes; pcapgo sees %d, %d", stats.Packets, stats.Bytes, packets, size)
		}
	})
}
