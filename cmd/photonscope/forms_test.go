package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/internal/golden"
)

// captured is a packet as any format has it.
type captured struct {
	ns   uint64 // since 1970
	data []byte
}

// packetsOf reads a recording's packets, all of one link type: classic with
// microseconds, or pcapng with one section and one interface.
func packetsOf(t *testing.T, file string) (link uint16, list []captured) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	if le.Uint32(b) == 0xa1b2c3d4 {
		link = uint16(le.Uint32(b[20:]))
		for b = b[24:]; len(b) > 0; {
			n := le.Uint32(b[8:])
			list = append(list, captured{uint64(le.Uint32(b))*1e9 + uint64(le.Uint32(b[4:]))*1e3, b[16 : 16+n]})
			b = b[16+n:]
		}
		return link, list
	}
	unit := uint64(1000)
	for ; len(b) > 0; b = b[le.Uint32(b[4:]):] {
		switch le.Uint32(b) {
		case 1:
			link = le.Uint16(b[8:])
			if bytes.Contains(b[16:le.Uint32(b[4:])], []byte{9, 0, 1, 0, 9}) {
				unit = 1
			}
		case 6:
			ticks := uint64(le.Uint32(b[12:]))<<32 | uint64(le.Uint32(b[16:]))
			list = append(list, captured{ticks * unit, b[28 : 28+le.Uint32(b[20:])]})
		}
	}
	return link, list
}

// order writes numbers in a byte order.
type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// classic writes a pcap file.
func classic(o order, magic uint32, unit uint64, link uint16, list []captured) []byte {
	b := o.AppendUint32(nil, magic)
	b = append(o.AppendUint16(o.AppendUint16(b, 2), 4), make([]byte, 8)...)
	b = o.AppendUint32(o.AppendUint32(b, 65535), uint32(link))
	for _, p := range list {
		b = o.AppendUint32(o.AppendUint32(b, uint32(p.ns/1e9)), uint32(p.ns%1e9/unit))
		b = o.AppendUint32(o.AppendUint32(b, uint32(len(p.data))), uint32(len(p.data)))
		b = append(b, p.data...)
	}
	return b
}

// block frames a block of a pcapng file.
func block(o order, dst []byte, kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	n := uint32(len(body) + 12)
	return o.AppendUint32(append(o.AppendUint32(o.AppendUint32(dst, kind), n), body...), n)
}

// sectioned writes a pcapng file with times in nanoseconds.
func sectioned(o order, link uint16, list []captured) []byte {
	section := o.AppendUint16(o.AppendUint16(o.AppendUint32(nil, 0x1a2b3c4d), 1), 0)
	b := block(o, nil, 0x0a0d0d0a, o.AppendUint64(section, ^uint64(0)))
	iface := append(o.AppendUint16(nil, link), make([]byte, 6)...)
	iface = append(o.AppendUint16(o.AppendUint16(iface, 9), 1), 9, 0, 0, 0, 0, 0, 0, 0)
	b = block(o, b, 1, iface)
	for _, p := range list {
		body := o.AppendUint32(o.AppendUint32(o.AppendUint32(nil, 0), uint32(p.ns>>32)), uint32(p.ns))
		body = o.AppendUint32(o.AppendUint32(body, uint32(len(p.data))), uint32(len(p.data)))
		b = block(o, b, 6, append(body, p.data...))
	}
	return b
}

func zipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// inPieces is a standard input that brings so many bytes at a time, and lets the
// reader have each piece before the next.
func inPieces(t *testing.T, b []byte, size int) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer w.Close()
		for len(b) > 0 {
			n := min(size, len(b))
			if _, err := w.Write(b[:n]); err != nil {
				return
			}
			b = b[n:]
			runtime.Gosched()
		}
	}()
	t.Cleanup(func() { r.Close() })
	return r
}

// I3: whatever the format, its byte order, whether it is packed, and whether it
// is a file or comes down a pipe byte by byte, the output is the same but for
// the source's name.
func TestTheFormOfACaptureMakesNoDifference(t *testing.T) {
	for _, file := range []string{growing, recordings + "/healthy-brewskey-fw2.3.1/capture.pcapng", recordings + "/net-mtu600-loss-spark/capture-server-side.pcapng", recordings + "/fail-wrong-server-key-spark/capture.pcapng"} {
		keys := []string{"-k", recordings + "/keys"}
		for _, format := range [][]string{{"-T", "ndjson"}, {"-v"}} {
			read := append(append([]string{"read"}, format...), keys...)
			want, wantErrs, code := runApp(t, nil, append(read, file)...)
			if code != exitOK {
				t.Fatalf("%s: exit %d", file, code)
			}
			if format[0] == "-T" {
				want = withoutHeader(want)
			}
			for name, b := range formsOf(t, file) {
				for _, how := range []string{"file", "pipe", "bytes"} {
					if how == "bytes" && format[0] != "-T" {
						continue // the pipe's pieces do not know what is printed
					}
					var got, errs string
					switch how {
					case "file":
						got, errs, code = runApp(t, nil, append(read, writeKey(t, "form", b))...)
					case "pipe":
						got, errs, code = runApp(t, inPieces(t, b, 4096), append(read, "-")...)
					default:
						got, errs, code = runApp(t, inPieces(t, b, 1), append(read, "-")...)
					}
					if format[0] == "-T" {
						got = withoutHeader(got)
					}
					if code != exitOK || got != want || errs != wantErrs {
						t.Errorf("%s as %s, %s: exit %d, %s", strings.TrimPrefix(file, recordings), name, how, code, golden.Difference(got, want))
					}
				}
			}
		}
	}
}

// formsOf are a recording's packets in every format that can hold their times.
func formsOf(t *testing.T, file string) map[string][]byte {
	t.Helper()
	link, list := packetsOf(t, file)
	forms := map[string][]byte{}
	micros := true
	for _, p := range list {
		micros = micros && p.ns%1000 == 0
	}
	for name, o := range map[string]order{"little-endian": binary.LittleEndian, "big-endian": binary.BigEndian} {
		forms["pcap in ns, "+name] = classic(o, 0xa1b23c4d, 1, link, list)
		forms["pcapng, "+name] = sectioned(o, link, list)
		if micros {
			forms["pcap in µs, "+name] = classic(o, 0xa1b2c3d4, 1000, link, list)
		}
	}
	for _, name := range []string{"pcap in ns, big-endian", "pcapng, little-endian"} {
		forms[fmt.Sprint("packed ", name)] = zipped(t, forms[name])
	}
	return forms
}
