package captures

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// Block types.
const (
	blockInterface   = 1
	blockPacket      = 2 // the old kind
	blockSimple      = 3
	blockNames       = 4
	blockStatistics  = 5
	blockEnhanced    = 6
	blockJournal     = 9
	blockSecrets     = 10
	blockCustom      = 0x00000bad
	blockCustomLocal = 0x40000bad // not to be copied
	blockSection     = magicSection
)

// Option codes, each within its kind of block.
const (
	optEnd     = 0
	optComment = 1
	optAppl    = 4  // of a section: who wrote it
	optName    = 2  // of an interface
	optTimeRes = 9  // of an interface
	optTimeOff = 14 // of an interface
	optFlags   = 2  // of a packet
	optDropped = 5  // of statistics: packets dropped by the interface
)

// Names of the interfaces of recordings.
const (
	nameDeviceLeg = "device-leg"
	nameCloudLeg  = "cloud-leg"
	nameCoAP      = "photon-coap"
	nameTapped    = "tapped"
)

// The direction within a packet's flags: what the interface received or sent.
const (
	flagsDirection = 3
	flagsInbound   = 1
	flagsOutbound  = 2
)

const (
	blockFrame     = 12 // type and both lengths
	byteOrderMagic = 0x1a2b3c4d
)

// section is the state of a pcapng section.
type section struct {
	rd         *reader
	order      binary.ByteOrder
	interfaces []iface
	last       time.Time // of the packet before, for packets without a time
	p          packet
}

// iface is one interface of a section.
type iface struct {
	link    uint16
	snap    uint32
	clock   clock
	leg     stream.Leg
	ordered bool
	skip    bool
	dropped int64 // packets, as its statistics say
}

// pcapng reads a capture of blocks.
func (rd *reader) pcapng() error {
	s := &section{rd: rd, last: time.Unix(0, 0).UTC()}
	for !rd.stopped {
		head, err := rd.in.peek(8)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return rd.failed(err, "the header of a block")
		}
		if err := s.next(head); err != nil {
			return err
		}
	}
	return nil
}

// next reads the section header or other block of which head is the front, or
// finds the next one behind it if it makes no sense.
func (s *section) next(head []byte) error {
	fault, err := s.take(head)
	if fault == nil || fault.Offset == 0 {
		return cmp.Or(err, errorOf(fault))
	}
	return s.resync(fault, err)
}

// errorOf returns nil for nil.
func errorOf(f *FormatError) error {
	if f == nil {
		return nil
	}
	return f
}

// take reads a block. What makes no sense is a fault. Input that ends or fails is
// an error; with a fault as well, it may not be the input's end that is wrong, but
// the length of the block.
func (s *section) take(head []byte) (*FormatError, error) {
	if binary.BigEndian.Uint32(head) == blockSection {
		if fault, err := s.begin(); fault != nil || err != nil {
			return fault, err
		}
		head = s.rd.in.buf[s.rd.in.start:]
	}
	return s.block(s.order.Uint32(head), s.order.Uint32(head[4:]))
}

// begin starts the section whose header is next.
func (s *section) begin() (*FormatError, error) {
	in := s.rd.in
	head, err := in.peek(16)
	if err != nil {
		return nil, s.rd.failed(err, "the header of a section")
	}
	order := byteOrderOf(head[8:])
	if order == nil {
		return &FormatError{Offset: in.offset, What: fmt.Sprintf("not a capture: a section header without its byte order mark (%x)", head[8:12])}, nil
	}
	if major := order.Uint16(head[12:]); major != 1 {
		return &FormatError{Offset: in.offset, What: fmt.Sprintf("a section in pcapng version %d, which is unknown", major)}, nil
	}
	s.order, s.interfaces = order, s.interfaces[:0]
	return nil, nil
}

// block reads or skips the block that is next.
func (s *section) block(kind, total uint32) (*FormatError, error) {
	in := s.rd.in
	long := kind == blockCustom || kind == blockCustomLocal || kind == blockSecrets || kind == blockJournal
	switch {
	case total < blockFrame || total%4 != 0 || total > maxBuffer && !long:
		return s.fault(kind, "claims %d bytes", total), nil
	case total > maxBuffer:
		if err := in.skip(int64(total)); err != nil {
			return nil, s.rd.failed(err, "a block")
		}
		return nil, nil
	}
	b, err := in.peek(int(total))
	if err != nil {
		return s.fault(kind, "claims %d bytes", total), s.rd.failed(err, "a block")
	}
	if again := s.order.Uint32(b[total-4:]); again != total {
		return s.fault(kind, "begins with length %d and ends with %d", total, again), nil
	}
	if !s.body(kind, b[8:total-4]) {
		s.bad(kind)
	}
	in.advance(int(total))
	return nil, nil
}

func (s *section) fault(kind uint32, form string, lengths ...any) *FormatError {
	return &FormatError{Offset: s.rd.in.offset, What: fmt.Sprintf("damaged: a block of type %d "+form, append([]any{kind}, lengths...)...)}
}

// bad counts a block that is passed over, and remembers the first.
func (s *section) bad(kind uint32) {
	s.rd.stats.BadBlocks++
	if s.rd.fault == nil {
		s.rd.note(s.fault(kind, "was passed over"))
	} else { // there may be very many
		s.rd.fault.More++
	}
}

// body reads what is inside a block, and reports whether it makes sense.
// Unknown blocks do.
func (s *section) body(kind uint32, b []byte) bool {
	switch kind {
	case blockInterface:
		return s.addInterface(b)
	case blockEnhanced:
		return len(b) >= 20 && s.packet(s.order.Uint32(b), b[4:])
	case blockPacket:
		return len(b) >= 20 && s.packet(uint32(s.order.Uint16(b)), b[4:])
	case blockSimple:
		return s.simple(b)
	case blockStatistics:
		s.statistics(b)
	}
	return true
}

func (s *section) addInterface(b []byte) bool {
	if len(b) < 8 || len(s.interfaces) == maxInterfaces {
		return false
	}
	f := iface{link: s.order.Uint16(b), snap: s.order.Uint32(b[4:]), clock: clock{resolution: 6}}
	for code, value := range options(s.order, b[8:]) {
		switch {
		case code == optName:
			f.named(strings.TrimRight(string(value[:min(len(value), 32)]), "\x00"))
		case code == optTimeRes && len(value) == 1:
			f.clock.resolution = value[0]
		case code == optTimeOff && len(value) == 8:
			f.clock.offset = int64(s.order.Uint64(value))
		}
	}
	s.interfaces = append(s.interfaces, f)
	return true
}

// named recognises the interfaces of our own recordings.
func (f *iface) named(name string) {
	switch name {
	case nameDeviceLeg:
		f.leg, f.ordered = stream.DeviceLeg, true
	case nameCloudLeg:
		f.leg, f.ordered = stream.CloudLeg, true
	case nameTapped:
		f.ordered = true
	case nameCoAP:
		f.skip = true
	}
}

// packet reads the common part of enhanced and old packet blocks: time in two
// halves, both lengths, the packet, options.
func (s *section) packet(id uint32, b []byte) bool {
	captured := int64(s.order.Uint32(b[8:]))
	if captured > int64(len(b)-16) || captured > maxPacket {
		return false
	}
	f := s.iface(id)
	if f == nil {
		return false
	}
	s.p.at = f.clock.time(uint64(s.order.Uint32(b))<<32 | uint64(s.order.Uint32(b[4:])))
	s.p.data = b[16 : 16+captured]
	s.p.wire = max(int(s.order.Uint32(b[12:])), int(captured))
	s.p.flags, s.p.comment, s.p.note = 0, nil, nil
	if !f.skip {
		s.options(f, b[min(16+padded(int(captured)), len(b)):])
	}
	s.deliver(f)
	return true
}

// options takes a packet's comments, and in a recording its flags.
func (s *section) options(f *iface, opts []byte) {
	for code, value := range options(s.order, opts) {
		switch {
		case code == optFlags && len(value) == 4 && f.ordered:
			s.p.flags = s.order.Uint32(value)
		case code == optComment && f.ordered && ofRecording(value):
			s.p.comment = value
		case code == optComment:
			s.p.note = annotate(s.p.note, value)
		}
	}
}

// simple reads a simple packet block, which has no time and belongs to the
// first interface.
func (s *section) simple(b []byte) bool {
	f := s.iface(0)
	if f == nil || len(b) < 4 {
		return false
	}
	wire := int64(s.order.Uint32(b))
	captured := min(wire, int64(len(b)-4))
	if f.snap > 0 {
		captured = min(captured, int64(f.snap))
	}
	if captured > maxPacket {
		return false
	}
	s.p.at, s.p.flags, s.p.comment, s.p.note = s.last, 0, nil, nil
	s.p.data = b[4 : 4+captured]
	s.p.wire = int(wire)
	s.deliver(f)
	return true
}

// statistics takes the number of packets that an interface dropped so far.
func (s *section) statistics(b []byte) {
	if len(b) < 12 {
		return
	}
	f := s.iface(s.order.Uint32(b))
	for code, value := range options(s.order, b[12:]) {
		if f != nil && code == optDropped && len(value) == 8 {
			n := int64(s.order.Uint64(value) & (1<<48 - 1))
			s.rd.stats.Dropped += n - f.dropped
			f.dropped = n
		}
	}
}

func (s *section) iface(id uint32) *iface {
	if int64(id) >= int64(len(s.interfaces)) {
		return nil
	}
	return &s.interfaces[id]
}

func (s *section) deliver(f *iface) {
	s.last = s.p.at
	if f.skip {
		s.rd.stats.Packets++
		s.rd.stats.Bytes += int64(len(s.p.data))
		s.rd.stats.Skipped++
		return
	}
	s.p.link, s.p.leg, s.p.ordered = f.link, f.leg, f.ordered
	s.rd.handle(&s.p)
}

// padded returns n rounded up to a multiple of 4.
func padded(n int) int { return (n + 3) &^ 3 }

// options yields code and value of each option, up to the end mark or to where
// they stop making sense.
func options(order binary.ByteOrder, b []byte) func(yield func(uint16, []byte) bool) {
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= 4 {
			code, n := order.Uint16(b), int(order.Uint16(b[2:]))
			if code == optEnd || 4+n > len(b) {
				return
			}
			if !yield(code, b[4:4+n]) {
				return
			}
			b = b[min(4+padded(n), len(b)):]
		}
	}
}
