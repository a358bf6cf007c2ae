package captures

import (
	"encoding/binary"
	"io"
)

// Reading goes on behind damage where the format shows where: a pcapng block has
// its length at both ends, and records of a classic capture are believed if
// several follow each other.

const (
	chainLen = 3             // records in a row that are believed
	farApart = 7 * 24 * 3600 // seconds between packets that are unusual
)

// damaged notes a damage behind which reading goes on here.
func (rd *reader) damaged(f *FormatError) {
	f.Offset = min(f.Offset, rd.in.offset) // it may be before where it was noticed
	f.Passed = rd.in.offset - f.Offset
	rd.stats.Damages++
	rd.stats.DamagedBytes += f.Passed
	rd.note(f)
}

// note keeps the first fault, and how many came after it.
func (rd *reader) note(f *FormatError) {
	if rd.fault == nil {
		rd.fault = f
	} else {
		rd.fault.More++
	}
}

// lost notes a damage behind which nothing could be made out up to the end of
// the input.
func (rd *reader) lost(f *FormatError, err error) error {
	failed := rd.failed(err, "what is damaged")
	rd.in.advance(rd.in.buffered())
	rd.damaged(f)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return io.EOF
	}
	return failed
}

// resync looks for the next block behind one that was faulty. If there is none,
// the error is ended, if that is not nil.
func (s *section) resync(fault *FormatError, ended error) error {
	in := s.rd.in
	for {
		in.advance(1)
		_, err := in.peek(blockFrame)
		switch {
		case err == nil && s.plausible():
			s.rd.damaged(fault)
			return nil
		case err == nil:
		case ended != nil:
			return ended
		default:
			return s.rd.lost(fault, err)
		}
	}
}

// plausible reports whether a whole block of a known kind is next.
func (s *section) plausible() bool {
	in := s.rd.in
	head, _ := in.peek(blockFrame)
	order := s.order
	kind := order.Uint32(head)
	switch kind {
	case blockSection:
		if order = byteOrderOf(head[8:]); order == nil {
			return false
		}
	case blockInterface, blockPacket, blockSimple, blockNames, blockStatistics, blockEnhanced, blockJournal, blockSecrets, blockCustom, blockCustomLocal:
	default:
		return false
	}
	total := order.Uint32(head[4:])
	if total < blockFrame || total%4 != 0 || total > maxPlausible {
		return false
	}
	b, err := in.peek(int(total))
	return err == nil && order.Uint32(b[total-4:]) == total
}

// byteOrderOf reads the byte order mark of a section, and returns nil if it is
// none.
func byteOrderOf(mark []byte) binary.ByteOrder {
	switch {
	case binary.LittleEndian.Uint32(mark) == byteOrderMagic:
		return binary.LittleEndian
	case binary.BigEndian.Uint32(mark) == byteOrderMagic:
		return binary.BigEndian
	}
	return nil
}
