package captures

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/crash again")

// crash is a file that crashes, starves or misleads gopacket's readers, layers
// or reassembly (v1.1.19, and the fork v1.7.0), and what must come of it.
type crash struct {
	file    []byte
	packets int
	fault   string // part of what is said, "" for nothing
	offset  int64  // of the fault; -1: anywhere
	bytes   string // of the device
}

// crashes are by the id of the finding.
func crashes() map[string]crash {
	all := make(map[string]crash)
	order := binary.LittleEndian
	d := newDialogue().open().up(1, "identity")
	n := func() *ngFile { return newNG(order).iface(linkRaw, 0, nil) }
	packets := func(n *ngFile, options ...byte) []byte {
		for _, p := range d.packets {
			n.enhanced(0, p.micros(), p, options...)
		}
		return n.b
	}
	o := n()
	for name, res := range map[string]string{"40": "\x40", "7f": "\x7f", "c0": "\xc0", "ff": "\xff"} {
		all["G-1-resolution-"+name+".pcapng"] = crash{file: packets(newNG(order).iface(linkRaw, 0, o.option(optTimeRes, res))), packets: 4, bytes: "identity"}
	}
	p := d.packets[3]
	claim := func(file []byte, at int) []byte { order.PutUint32(file[at:], 1<<30); return file }
	front := len(n().b)
	all["G-2-enhanced.pcapng"] = crash{file: claim(n().enhanced(0, 0, p).b, front+20), fault: "a block of type 6 was passed over", offset: int64(front)}
	all["G-2-old.pcapng"] = crash{file: claim(n().old(0, 0, p).b, front+20), fault: "a block of type 2 was passed over", offset: int64(front)}
	all["G-2-simple.pcapng"] = crash{file: claim(n().simple(p).b, front+8), packets: 1, bytes: "identity"} // its length follows from the block's
	all["G-2-block.pcapng"] = crash{file: claim(n().enhanced(0, 0, p).b, front+4), fault: "claims 1073741824 bytes", offset: int64(front)}

	classic := func(change func(file []byte)) []byte {
		file := pcapFile(order, magicMicro, linkRaw, d.packets...)
		change(file)
		return file
	}
	all["G-3-snaplen-0.pcap"] = crash{file: classic(func(b []byte) { order.PutUint32(b[16:], 0) }), packets: 4, bytes: "identity"}
	all["G-3-snaplen-4GiB.pcap"] = crash{file: classic(func(b []byte) { order.PutUint32(b[16:], 1<<32-1) }), packets: 4, bytes: "identity"}
	all["G-3-captured-1GiB.pcap"] = crash{file: classic(func(b []byte) { order.PutUint32(b[16:], 1<<32-1); claim(b, 32) })[:140], fault: "claims 1073741824 captured bytes", offset: 24}
	all["G-3-captured-more-than-there-was.pcap"] = crash{file: classic(func(b []byte) { order.PutUint32(b[36:], 10) }), packets: 4, bytes: "identity"}
	all["G-3-flags-of-the-link-type.pcap"] = crash{file: classic(func(b []byte) { b[23] = 0x54 }), packets: 4, bytes: "identity"}
	all["G-3-version-2.3.pcap"] = crash{file: classic(func(b []byte) { b[6] = 3 }), packets: 4, bytes: "identity"}

	for _, e := range orders {
		for name, option := range map[string][]byte{
			"flags": (&ngFile{order: e}).option(optFlags, "\x01"), "dropped": (&ngFile{order: e}).option(4, "\x01\x02"),
			"id": (&ngFile{order: e}).option(5, "\x01"), "queue": (&ngFile{order: e}).option(6, ""),
		} {
			all["G-4-short-"+name+"-"+e.String()+".pcapng"] = crash{file: packets(newNG(e).iface(linkRaw, 0, nil), option...), packets: 4, bytes: "identity"}
		}
	}
	for name, option := range map[string]string{"0": "\x1e\x00\x00\x00", "1": "\x1e\x01\x00\x00", "2": "\x1e\x02\x00\x00", "9": "\x1e\x09\x00\x00", "cut": "\x01\x01\x01\x1e"} {
		c := newDialogue().open().up(1, option+"identity")
		ip := c.packets[3].ip
		ip[20+12] = 6 << 4
		all["G-5-multipath-option-"+name+".pcap"] = crash{file: c.file(), packets: 4, bytes: "identity"}
	}
	torn := newDialogue().open().up(5, "tity").up(3, "enXX").up(1, "i").up(1, "iden").up(2, "YYY").up(6, "ZZZ").add(0, tcpFIN|tcpACK, 9, 1, "")
	all["G-6-overlaps.pcap"] = crash{file: torn.file(), packets: 10, bytes: "identity"}

	cooked := func(head string, cut int) []byte {
		packets := wrapped(d.packets, head)
		packets[3].ip = packets[3].ip[:min(len(packets[3].ip), cut)]
		return pcapFile(order, magicNano, linkSLL, packets...)
	}
	all["G-7-address-length.pcap"] = crash{file: cooked("\x00\x00\x00\x01\xff\xff........\x08\x00", 1<<16), packets: 4, bytes: "identity"}
	all["G-7-cut.pcap"] = crash{file: cooked("\x00\x00\x00\x01\x00\x08........\x08\x00", 9), packets: 4}
	whole := packets(n())
	all["G-8-cut.pcapng"] = crash{file: whole[:len(whole)-5], packets: 3, fault: "cut off inside a block", offset: int64(len(whole) - 5)}
	long := slices.Concat(o.option(optComment, strings.Repeat("c", 65535)), o.option(optTimeRes, "\x06"))
	all["G-9-long-option.pcapng.gz"] = crash{file: gzipped(packets(newNG(order).iface(linkRaw, 0, long), o.option(optComment, strings.Repeat("c", 65533))...)), packets: 4, bytes: "identity"}
	all["G-10-empty-option.pcapng"] = crash{file: packets(newNG(order).iface(linkRaw, 0, slices.Concat(o.option(optTimeRes, "\x06"), o.option(optTimeRes, "")))), packets: 4, bytes: "identity"}
	trailing := slices.Concat(n().b, (&ngFile{order: order}).block(11, make([]byte, 8)).b)
	trailing[len(trailing)-4] = 99
	all["G-10-length-behind.pcapng"] = crash{file: packets(&ngFile{order: order, b: trailing}), packets: 4, fault: "begins with length 20 and ends with 99", offset: int64(front), bytes: "identity"}
	short := append(n().b, 6, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0)
	all["G-10-block-of-4-bytes.pcapng"] = crash{file: packets(&ngFile{order: order, b: short}), packets: 4, fault: "a block of type 6 claims 4 bytes", offset: int64(front), bytes: "identity"}
	many := newNG(order)
	for range 40_000 {
		many.iface(linkRaw, 0, nil)
	}
	all["G-11-interfaces.pcapng.gz"] = crash{file: gzipped(packets(many)), packets: 4, fault: "a block of type 1 was passed over", offset: -1, bytes: "identity"}
	return all
}

const crashFolder = "testdata/crash"

// The files that crash others are read as far as they make sense, with one clear
// sentence about the rest, and without an allocation that they chose: one of 140
// bytes costs at most a MiB.
func TestFilesThatCrashOthersAreRead(t *testing.T) {
	all := crashes()
	if *update {
		for name, c := range all {
			if err := os.WriteFile(filepath.Join(crashFolder, name), c.file, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := os.ReadDir(crashFolder)
	if err != nil || len(files) != len(all) {
		t.Fatalf("%d files, want %d: %v", len(files), len(all), err)
	}
	for name, want := range all {
		file, err := os.ReadFile(filepath.Join(crashFolder, name))
		if err != nil || len(file) > 4<<10 {
			t.Fatalf("%s: %d bytes, %v", name, len(file), err)
		}
		var stats Stats
		var list []item
		used := allocated(func() { list, err = items(bytes.NewReader(file), ReadOptions{Stats: &stats}) })
		packed := strings.HasSuffix(name, ".gz")
		if used > 1<<20 && !packed || used > 8<<20 {
			t.Errorf("%s: %d bytes allocated for %d", name, used, len(file))
		}
		var format *FormatError
		switch {
		case want.fault == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case want.fault != "" && (!errors.As(err, &format) || !strings.Contains(err.Error(), want.fault) || want.offset >= 0 && format.Offset != want.offset):
			t.Errorf("%s: %v, want %q at %d", name, err, want.fault, want.offset)
		}
		got := ""
		for _, c := range connections(t, list) {
			got += string(c.bytes[0])
		}
		if stats.Packets != want.packets || got != want.bytes {
			t.Errorf("%s: %d packets with %q, want %d with %q", name, stats.Packets, got, want.packets, want.bytes)
		}
	}
}
