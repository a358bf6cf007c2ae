package captures

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

const (
	pcapHeaderLen = 24
	pcapRecordLen = 16
)

// pcap reads a capture in the classic format.
func (rd *reader) pcap(order binary.ByteOrder, nano bool) error {
	head, err := rd.in.peek(pcapHeaderLen)
	if err != nil {
		return rd.failed(err, "the header")
	}
	// The upper half of the last field holds flags about checksums at the end of frames.
	p := &packet{link: uint16(order.Uint32(head[20:]))}
	rd.in.advance(pcapHeaderLen)
	unit := time.Microsecond
	if nano {
		unit = time.Nanosecond
	}
	for !rd.stopped {
		head, err := rd.in.peek(pcapRecordLen)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return rd.failed(err, "the header of a packet")
		}
		captured := order.Uint32(head[8:])
		if captured > maxPacket {
			return &FormatError{Offset: rd.in.offset, What: fmt.Sprintf("damaged: a packet claims %d captured bytes", captured)}
		}
		n := pcapRecordLen + int(captured)
		record, err := rd.in.peek(n)
		if err != nil {
			return rd.failed(err, "a packet")
		}
		p.at = time.Unix(int64(order.Uint32(record)), int64(order.Uint32(record[4:]))*int64(unit)).UTC()
		p.wire = max(int(order.Uint32(record[12:])), int(captured))
		p.data = record[pcapRecordLen:]
		rd.handle(p)
		rd.in.advance(n)
	}
	return nil
}
