package captures

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// seeds are captures with one of each block, option, link type and kind of
// damage.
func seeds() [][]byte {
	d, _ := chat()
	p := d.packets[3]
	var out [][]byte
	for _, order := range orders {
		n := &ngFile{order: order}
		out = append(out,
			pcapFile(order, magicMicro, linkRaw, d.packets...),
			pcapFile(order, magicNano, linkEthernet, wrapped(d.packets[:2], strings.Repeat("m", 12)+"\x81\x00\x00\x05\x08\x00")...),
			newNG(order).iface(linkRaw, 0, n.option(optName, nameCloudLeg)).enhanced(0, p.micros(), p, append(n.option(optComment, "c"), n.option(optFlags, "\x01\x00\x00\x00")...)...).b,
			newNG(order).iface(linkRaw, 40, n.option(optTimeRes, "\xbf")).simple(p).old(0, 9, p).b,
			newNG(order).iface(linkRaw, 0, n.option(optTimeOff, "12345678")).iface(linkNull, 0, n.option(optName, nameCoAP)).enhanced(1, 1, p).b,
			newNG(order).block(blockStatistics, append(make([]byte, 12), n.option(optDropped, "12345678")...)).block(10, []byte("secrets")).block(4, nil).section().b,
		)
	}
	for link, head := range map[uint32]string{
		linkNull: "\x02\x00\x00\x00", linkLoop: "\x00\x00\x00\x1c", linkIPv4: "", linkIPv6: "",
		linkSLL:  "\x00\x04\x00\x01\x00\x06mmmmmm\x00\x00\x08\x00",
		linkSLL2: "\x08\x00\x00\x00\x00\x00\x00\x03\x00\x01\x04\x06mmmmmm\x00\x00",
	} {
		out = append(out, pcapFile(binary.LittleEndian, magicMicro, link, wrapped(d.packets[:3], head)...))
	}
	six := sixDialogue("\x2c\x00\x01\x04\x00\x00\x00\x00"+"\x06\x00\x00\x00\x00\x00\x00\x07", 60)
	out = append(out, pcapFile(binary.BigEndian, magicNano, linkRaw, six...))
	late := newDialogue().open().up(5, "late").down(1, "x").add(1, tcpACK, 2, 9, "").up(3, "ABCD").add(0, tcpFIN|tcpACK, 20, 1, "").add(1, tcpRST, 2, 0, "")
	for _, c := range crashes() {
		out = append(out, c.file)
	}
	return append(out, late.file(), gzipped(d.file()), slices.Concat(gzipped(d.file()[:90]), gzipped(d.file()[90:])), encode(randomItems(7, 20, 600)))
}

// FuzzRead demands of any input: no panic, no error but the documented, items in
// an order that makes sense, no more memory than its bytes justify, and the same
// items however the bytes arrive.
func FuzzRead(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > 1<<20 {
			return
		}
		var list []item
		var err error
		var stats Stats
		used := allocated(func() { list, err = items(bytes.NewReader(file), ReadOptions{Stats: &stats}) })
		packed := bytes.HasPrefix(file, []byte("\x1f\x8b"))
		if !packed && used > allowance(len(file)) {
			t.Errorf("%d bytes allocated for %d", used, len(file))
		}
		var format *FormatError
		if err != nil && (!errors.As(err, &format) || !packed && format.Offset > int64(len(file))) {
			t.Errorf("error %v", err)
		}
		connections(t, list)
		if stats.Packets != stats.TCP+stats.Other+stats.Fragments+stats.Undecodable+stats.Skipped {
			t.Errorf("counts do not add up: %+v", stats)
		}
		var again Stats
		other, otherErr := items(oneByte(file), ReadOptions{Stats: &again})
		if !reflect.DeepEqual(list, other) || (err == nil) != (otherErr == nil) || stats != again {
			t.Errorf("from a pipe: %v and %+v, from a file: %v and %+v", otherErr, again, err, stats)
		}
	})
}

// oneByte reads short inputs byte by byte; long ones would take too long.
func oneByte(file []byte) io.Reader {
	if len(file) > 16<<10 {
		return iotest.HalfReader(bytes.NewReader(file))
	}
	return iotest.OneByteReader(bytes.NewReader(file))
}

// FuzzReassembly has the fuzzer choose the segments, and compares with the
// model. Each three bytes of input are one segment.
func FuzzReassembly(f *testing.F) {
	f.Add(uint32(1000), []byte("\x00\x00\x05\x01\x20\x09\x00\x05\x03"))
	f.Add(^uint32(2), []byte("\x00\x10\x05\x00\x00\x10\x00\x08\x20\x01\x01\x01"))
	f.Fuzz(func(t *testing.T, initial uint32, ops []byte) {
		d := newDialogue()
		d.initial = [2]uint32{initial, ^initial}
		d.open()
		var models [2]model
		for i := 0; len(ops) >= 3 && i < 1000; i, ops = i+1, ops[3:] {
			from, at, n := int(ops[0]&1), int(ops[0]>>1)<<2+int(ops[1]), int(ops[2]&0x3f)
			data := strings.Repeat(string(rune('a'+i%26)), n)
			if n > 0 {
				models[from].write(at, []byte(data))
				d.add(from, tcpACK, uint32(1+at), 1, data)
			}
		}
		for from, m := range models {
			data, missing := m.result()
			c := gather(t, d.reader())[0]
			if !bytes.Equal(c.bytes[from], data) || c.missed[from] != missing {
				t.Errorf("direction %d has %q and lacks %d, want %q and %d", from, c.bytes[from], c.missed[from], data, missing)
			}
		}
	})
}
