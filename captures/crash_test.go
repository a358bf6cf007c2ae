package captures

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/internal/golden"
)

// crash is a file that crashes, starves or misleads gopacket's readers, layers
// or reassembly (v1.1.19, and the fork v1.7.0), and what must come of it.
type crash struct {
	file    []byte
	packets int
	fault   string // part of what is said, "" for nothing
	offset  int64  // of the fault; -1: anywhere
	bytes   string // of the device
}

// crashes are all of them, by the id of the finding.
func crashes() map[string]crash {
	all := make(map[string]crash)
	for _, of := range []map[string]crash{lengthCrashes(), optionCrashes(), classicCrashes(), packetCrashes(), endCrashes()} {
		maps.Copy(all, of)
	}
	return all
}

// little is the byte order of those that were found in one only.
var little = binary.LittleEndian

// identified is the dialogue that a crash leaves readable: four packets, the last
// with what the device says.
func identified() *dialogue { return newDialogue().open().up(1, "identity") }

// begun is a pcapng file with one interface.
func begun(options ...[]byte) *ngFile {
	return newNG(little).iface(linkRaw, 0, slices.Concat(options...))
}

// option is one of a pcapng block.
func option(code uint16, value string) []byte { return (&ngFile{order: little}).option(code, value) }

// withIdentity puts the dialogue behind what a pcapng file holds, each packet with the
// options.
func withIdentity(n *ngFile, options ...byte) []byte {
	for _, p := range identified().packets {
		n.enhanced(0, p.micros(), p, options...)
	}
	return n.b
}

// claiming has a length in a file be a GiB.
func claiming(file []byte, at int) []byte {
	little.PutUint32(file[at:], 1<<30)
	return file
}

// lengthCrashes are blocks of pcapng that are not as long as they say.
func lengthCrashes() map[string]crash {
	front := len(begun().b)
	at := int64(front)
	p := identified().packets[3]
	trailing := begun().block(11, make([]byte, 8))
	trailing.b[len(trailing.b)-4] = 99
	short := begun()
	short.b = append(short.b, 6, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0)
	return map[string]crash{
		"G-2-enhanced.pcapng": {file: claiming(begun().enhanced(0, 0, p).b, front+20), fault: "a block of type 6 was passed over", offset: at},
		"G-2-old.pcapng":      {file: claiming(begun().old(0, 0, p).b, front+20), fault: "a block of type 2 was passed over", offset: at},
		"G-2-simple.pcapng":   {file: claiming(begun().simple(p).b, front+8), packets: 1, bytes: "identity"}, // its length follows from the block's
		"G-2-block.pcapng":    {file: claiming(begun().enhanced(0, 0, p).b, front+4), fault: "claims 1073741824 bytes", offset: at},

		"G-10-length-behind.pcapng":    {file: withIdentity(trailing), packets: 4, fault: "begins with length 20 and ends with 99", offset: at, bytes: "identity"},
		"G-10-block-of-4-bytes.pcapng": {file: withIdentity(short), packets: 4, fault: "a block of type 6 claims 4 bytes", offset: at, bytes: "identity"},
	}
}

// optionCrashes are options of pcapng blocks that are no use, or too long.
func optionCrashes() map[string]crash {
	all := make(map[string]crash)
	read := func(name string, file []byte) { all[name] = crash{file: file, packets: 4, bytes: "identity"} }
	for name, res := range map[string]string{"40": "\x40", "7f": "\x7f", "c0": "\xc0", "ff": "\xff"} {
		read("G-1-resolution-"+name+".pcapng", withIdentity(begun(option(optTimeRes, res))))
	}
	for _, e := range orders {
		n := &ngFile{order: e}
		for name, option := range map[string][]byte{"flags": n.option(optFlags, "\x01"), "dropped": n.option(4, "\x01\x02"), "id": n.option(5, "\x01"), "queue": n.option(6, "")} {
			read("G-4-short-"+name+"-"+e.String()+".pcapng", withIdentity(newNG(e).iface(linkRaw, 0, nil), option...))
		}
	}
	long := begun(option(optComment, strings.Repeat("c", 65535)), option(optTimeRes, "\x06"))
	read("G-9-long-option.pcapng.gz", gzipped(withIdentity(long, option(optComment, strings.Repeat("c", 65533))...)))
	read("G-10-empty-option.pcapng", withIdentity(begun(option(optTimeRes, "\x06"), option(optTimeRes, ""))))
	return all
}

// classicCrashes are pcap files whose header or packets say what is not so.
func classicCrashes() map[string]crash {
	changed := func(change func(file []byte)) []byte {
		file := pcapFile(little, magicMicro, linkRaw, identified().packets...)
		change(file)
		return file
	}
	all := map[string]crash{"G-3-captured-1GiB.pcap": {
		file:  changed(func(b []byte) { little.PutUint32(b[16:], 1<<32-1); claiming(b, 32) })[:140],
		fault: "claims 1073741824 captured bytes", offset: 24,
	}}
	for name, change := range map[string]func(file []byte){
		"snaplen-0":                    func(b []byte) { little.PutUint32(b[16:], 0) },
		"snaplen-4GiB":                 func(b []byte) { little.PutUint32(b[16:], 1<<32-1) },
		"captured-more-than-there-was": func(b []byte) { little.PutUint32(b[36:], 10) },
		"flags-of-the-link-type":       func(b []byte) { b[23] = 0x54 },
		"version-2.3":                  func(b []byte) { b[6] = 3 },
	} {
		all["G-3-"+name+".pcap"] = crash{file: changed(change), packets: 4, bytes: "identity"}
	}
	return all
}

// packetCrashes are packets that no sender makes.
func packetCrashes() map[string]crash {
	torn := newDialogue().open().up(5, "tity").up(3, "enXX").up(1, "i").up(1, "iden").up(2, "YYY").up(6, "ZZZ").add(0, tcpFIN|tcpACK, 9, 1, "")
	cooked := func(head string, cut int) []byte {
		packets := wrapped(identified().packets, head)
		packets[3].ip = packets[3].ip[:min(len(packets[3].ip), cut)]
		return pcapFile(little, magicNano, linkSLL, packets...)
	}
	all := map[string]crash{
		"G-6-overlaps.pcap":       {file: torn.file(), packets: 10, bytes: "identity"},
		"G-7-address-length.pcap": {file: cooked("\x00\x00\x00\x01\xff\xff........\x08\x00", 1<<16), packets: 4, bytes: "identity"},
		"G-7-cut.pcap":            {file: cooked("\x00\x00\x00\x01\x00\x08........\x08\x00", 9), packets: 4},
	}
	for name, option := range map[string]string{"0": "\x1e\x00\x00\x00", "1": "\x1e\x01\x00\x00", "2": "\x1e\x02\x00\x00", "9": "\x1e\x09\x00\x00", "cut": "\x01\x01\x01\x1e"} {
		d := newDialogue().open().up(1, option+"identity")
		d.packets[3].ip[20+12] = 6 << 4 // the option is of TCP's header
		all["G-5-multipath-option-"+name+".pcap"] = crash{file: d.file(), packets: 4, bytes: "identity"}
	}
	return all
}

// endCrashes are files that end too early or have too much in them.
func endCrashes() map[string]crash {
	whole := withIdentity(begun())
	cut := len(whole) - 5
	many := newNG(little)
	for range 40_000 {
		many.iface(linkRaw, 0, nil)
	}
	return map[string]crash{
		"G-8-cut.pcapng":            {file: whole[:cut], packets: 3, fault: "cut off inside a block", offset: int64(cut)},
		"G-11-interfaces.pcapng.gz": {file: gzipped(withIdentity(many)), packets: 4, fault: "a block of type 1 was passed over", offset: -1, bytes: "identity"},
	}
}

const crashFolder = "testdata/crash"

// The files that crash others are read as far as they make sense, with one clear
// sentence about the rest, and without an allocation that they chose: one of 140
// bytes costs at most a MiB.
func TestFilesThatCrashOthersAreRead(t *testing.T) {
	all := crashes()
	for name, want := range all {
		file := golden.Committed(t, filepath.Join(crashFolder, name), want.file)
		if len(file) > 4<<10 {
			t.Fatalf("%s: %d bytes", name, len(file))
		}
		var stats Stats
		var list []item
		var err error
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
	if files, err := os.ReadDir(crashFolder); err != nil || len(files) != len(all) {
		t.Errorf("%d files, want %d: %v", len(files), len(all), err)
	}
}
