package captures

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"time"
)

const (
	pcapHeaderLen = 24
	pcapRecordLen = 16
)

// classic reads the packets of a capture in the classic format. Nothing in it
// marks where a record begins, so a length that was damaged is noticed only by
// what follows: a record is passed once the next one makes sense.
type classic struct {
	rd   *reader
	big  bool  // its numbers are big-endian
	unit int64 // of the second part of times, in ns
	p    packet
	last int64 // seconds of the packet before
	any  bool  // there was one
}

// recordHead is the header of a packet.
type recordHead struct {
	sec            int64
	part           int64 // of a second, in ns
	captured, wire uint32
}

func (r recordHead) len() int { return pcapRecordLen + int(r.captured) }

// pcap reads a capture in the classic format.
func (rd *reader) pcap(order binary.ByteOrder, nano bool) error {
	head, err := rd.in.peek(pcapHeaderLen)
	if err != nil {
		return rd.failed(err, "the header")
	}
	c := &classic{rd: rd, big: order == binary.BigEndian, unit: int64(time.Microsecond)}
	if nano {
		c.unit = 1
	}
	// The upper half of the last field holds flags about checksums at the end of frames.
	c.p.link = uint16(order.Uint32(head[20:]))
	rd.in.advance(pcapHeaderLen)
	return c.packets()
}

// packets reads the packets to the end.
func (c *classic) packets() error {
	in := c.rd.in
	for before := 0; !c.rd.stopped; { // bytes of the record before, still at hand
		head, err := in.peek(before + pcapRecordLen)
		if endsAfter(err, in, before) {
			return nil
		}
		if err != nil {
			return c.rd.failed(err, "the header of a packet")
		}
		r := c.header(head[before:])
		if !c.credible(r, before) {
			if err := c.resync(r, before); err != nil {
				return err
			}
			before = 0
			continue
		}
		b, err := in.peek(before + r.len())
		if err != nil {
			return c.rd.failed(err, "a packet")
		}
		c.deliver(r, b[before+pcapRecordLen:])
		in.advance(before)
		before = r.len()
	}
	return nil
}

// endsAfter reports whether the input ended with the n bytes that are at hand.
func endsAfter(err error, in *input, n int) bool {
	return (err == io.EOF || err == io.ErrUnexpectedEOF) && in.buffered() == n
}

func (c *classic) header(b []byte) recordHead {
	b = b[:pcapRecordLen]
	sec, part := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	captured, wire := binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])
	if c.big {
		sec, part = bits.ReverseBytes32(sec), bits.ReverseBytes32(part)
		captured, wire = bits.ReverseBytes32(captured), bits.ReverseBytes32(wire)
	}
	return recordHead{int64(sec), int64(part) * c.unit, captured, wire}
}

func (c *classic) deliver(r recordHead, data []byte) {
	c.last, c.any = r.sec, true
	c.p.at = time.Unix(r.sec, min(r.part, nanos-1)).UTC()
	c.p.wire = max(int(r.wire), len(data))
	c.p.data = data
	c.rd.handle(&c.p)
}

// What is odd about a header. Nearly all have nothing, but clocks jump, and some
// programs write times and lengths that others do not.
const (
	oddPart   = 1 << iota // a part of a second of more than a second
	oddEmpty              // nothing captured
	oddLength             // more captured than there was
	oddTime               // far from the packet before
	oddSize               // longer than any packet
)

// usual reports whether nothing is odd about a header, quickly.
func (r recordHead) usual(near int64) bool {
	return r.part < nanos && r.captured-1 < r.wire && r.wire <= maxPacket && max(r.sec-near, near-r.sec) <= farApart
}

// odd returns what is odd about a header, beside a packet of the given time.
func (r recordHead) odd(near int64) (what int) {
	for i, is := range [...]bool{
		r.part >= nanos, r.captured == 0, r.captured > r.wire,
		max(r.sec-near, near-r.sec) > farApart, max(r.captured, r.wire) > maxBuffer,
	} {
		if is {
			what |= 1 << i
		}
	}
	return what
}

// credible judges a header behind some bytes at hand. One that is odd is believed
// if the input ends behind its packet, or another one follows that is not, or is
// in the same way.
func (c *classic) credible(r recordHead, before int) bool {
	if c.any && r.usual(c.last) {
		return true
	}
	near := c.last
	if !c.any {
		near = r.sec
	}
	odd := r.odd(near)
	if odd == 0 || r.captured > maxPacket {
		return r.captured <= maxPacket
	}
	end := before + r.len()
	b, err := c.rd.in.peek(end + pcapRecordLen)
	if err != nil {
		return endsAfter(err, c.rd.in, end) && r != recordHead{}
	}
	next := c.header(b[end:]).odd(r.sec)
	return next == 0 || next == odd && odd < oddTime
}

// resync looks for the next record. The one before was delivered, but if its
// length was wrong, whole ones lie inside it.
func (c *classic) resync(r recordHead, before int) error {
	in := c.rd.in
	fault := &FormatError{Offset: in.offset + int64(before), What: fmt.Sprintf("damaged: a packet claims %d captured bytes", r.captured)}
	if r.captured <= maxPacket {
		fault.What = "damaged: no packet can be made out"
	}
	in.advance(min(before, pcapRecordLen))
	for {
		if _, err := in.peek(pcapRecordLen); err != nil {
			return c.rd.lost(fault, err)
		}
		if c.chained() {
			c.rd.damaged(fault)
			return nil
		}
		in.advance(1)
	}
}

// chained reports whether usual records follow each other from here on.
func (c *classic) chained() bool {
	at, near := 0, c.last
	for n := range chainLen {
		b, err := c.rd.in.peek(at + pcapRecordLen)
		if err != nil {
			return n > 0
		}
		r := c.header(b[at:])
		if !c.any && n == 0 {
			near = r.sec
		}
		if r.odd(near) != 0 || r.captured > maxPacket {
			return false
		}
		near = r.sec
		at += r.len()
	}
	return true
}
