package gen

import (
	"bufio"
	"encoding/binary"
	"io"
	"time"
)

// Format is a file format.
type Format struct {
	NG        bool // pcapng, else classic pcap
	Nanos     bool // times in ns, else µs
	BigEndian bool
}

// Formats are all of them.
var Formats = []Format{
	{}, {BigEndian: true}, {Nanos: true}, {Nanos: true, BigEndian: true},
	{NG: true}, {NG: true, BigEndian: true}, {NG: true, Nanos: true}, {NG: true, Nanos: true, BigEndian: true},
}

type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// file writes packets in one format.
type file struct {
	w       *bufio.Writer
	format  Format
	order   byteOrder
	unit    int64 // of times, in ns
	link    Link
	snap    int
	buf     []byte
	packets int
	err     error
}

// newFile begins a file.
func newFile(w io.Writer, t Traffic) *file {
	f := &file{w: bufio.NewWriterSize(w, 1<<16), format: t.Format, order: binary.LittleEndian, unit: 1000, link: t.Link, snap: t.SnapLen}
	if t.Format.BigEndian {
		f.order = binary.BigEndian
	}
	if t.Format.Nanos {
		f.unit = 1
	}
	if f.link.Name == "" {
		f.link = Ethernet
	}
	if f.snap == 0 {
		f.snap = 1 << 18
	}
	if t.Format.NG {
		f.beginNG()
	} else {
		f.beginClassic()
	}
	return f
}

func (f *file) beginClassic() {
	magic := uint32(0xa1b2c3d4)
	if f.format.Nanos {
		magic = 0xa1b23c4d
	}
	b := f.order.AppendUint32(nil, magic)
	b = f.order.AppendUint16(b, 2)
	b = f.order.AppendUint16(b, 4)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	b = f.order.AppendUint32(b, uint32(f.snap))
	f.write(f.order.AppendUint32(b, uint32(f.link.Type)))
}

// beginNG writes a section header and an interface.
func (f *file) beginNG() {
	b := f.order.AppendUint32(nil, 0x0a0d0d0a)
	b = f.order.AppendUint32(b, 28)
	b = f.order.AppendUint32(b, 0x1a2b3c4d)
	b = f.order.AppendUint16(b, 1)
	b = f.order.AppendUint16(b, 0)
	b = append(b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	b = f.order.AppendUint32(b, 28)

	b = f.order.AppendUint32(b, 1)
	b = f.order.AppendUint32(b, 32)
	b = f.order.AppendUint16(b, f.link.Type)
	b = f.order.AppendUint16(b, 0)
	b = f.order.AppendUint32(b, uint32(f.snap))
	b = f.order.AppendUint16(b, 9) // if_tsresol
	b = f.order.AppendUint16(b, 1)
	resolution := byte(6)
	if f.format.Nanos {
		resolution = 9
	}
	b = append(b, resolution, 0, 0, 0, 0, 0, 0, 0)
	f.write(f.order.AppendUint32(b, 32))
}

// packet writes an IP packet in its link layer.
func (f *file) packet(at time.Time, ip []byte) {
	head := f.link.head(ip[0]>>4 == 6)
	wire := len(head) + len(ip) + len(f.link.Tail)
	captured := min(wire, f.snap)
	b := f.buf[:0]
	if f.format.NG {
		b = f.order.AppendUint32(b, 6)
		b = f.order.AppendUint32(b, uint32(32+(captured+3)&^3))
		b = f.order.AppendUint32(b, 0)
		ticks := uint64(at.UnixNano() / f.unit)
		b = f.order.AppendUint32(b, uint32(ticks>>32))
		b = f.order.AppendUint32(b, uint32(ticks))
	} else {
		b = f.order.AppendUint32(b, uint32(at.Unix()))
		b = f.order.AppendUint32(b, uint32(int64(at.Nanosecond())/f.unit))
	}
	b = f.order.AppendUint32(b, uint32(captured))
	b = f.order.AppendUint32(b, uint32(wire))
	start := len(b)
	b = append(append(append(b, head...), ip...), f.link.Tail...)
	if at := f.link.Length; at > 0 {
		binary.BigEndian.PutUint16(b[start+at:], uint16(wire-at-2-len(f.link.Tail)))
	}
	b = b[:start+captured]
	if f.format.NG {
		b = append(b, 0, 0, 0)[:start+(captured+3)&^3]
		b = f.order.AppendUint32(b, uint32(32+(captured+3)&^3))
	}
	f.buf = b
	f.packets++
	f.write(b)
}

func (f *file) write(b []byte) {
	if _, err := f.w.Write(b); f.err == nil {
		f.err = err
	}
}

// flush writes what is buffered.
func (f *file) flush() error {
	if err := f.w.Flush(); f.err == nil {
		f.err = err
	}
	return f.err
}
