package captures

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// reader takes one capture apart into packets.
type reader struct {
	name    string
	in      *input
	stats   *Stats
	pass    func(*packet) bool // takes a packet; false: no more are wanted
	stopped bool
	fault   *FormatError // the first damage that reading could pass over
	packed  bool
}

func newReader(from Input, stats *Stats, pass func(*packet) bool) *reader {
	return &reader{name: from.Name, in: newInput(from.R), stats: stats, pass: pass}
}

// read reads the capture to its end. The error is what was wrong with it.
func (rd *reader) read() error {
	err := rd.capture()
	if err == io.EOF { // of a damage that was noted
		err = nil
	}
	switch {
	case rd.fault == nil:
		return rd.named(err)
	case err == nil:
		return rd.named(rd.fault)
	}
	return errors.Join(rd.named(rd.fault), rd.named(err))
}

// named says which input an error is of.
func (rd *reader) named(err error) error {
	var format *FormatError
	switch {
	case err == nil || rd.name == "":
	case errors.As(err, &format):
		format.Input = rd.name
	default:
		err = fmt.Errorf("%s: %w", rd.name, err)
	}
	return err
}

// handle passes a packet on.
func (rd *reader) handle(p *packet) {
	if !rd.pass(p) {
		rd.stopped = true
	}
}

// packet is one packet as the file has it.
type packet struct {
	at      time.Time
	link    uint16 // link type
	data    []byte // captured bytes, valid until the input moves on
	wire    int    // its length on the wire
	leg     stream.Leg
	ordered bool // from a recording, so nothing comes late
	flags   uint32
	comment []byte // that a recording has at a packet by itself
	note    *stream.Note
}

const (
	magicMicro   = 0xa1b2c3d4
	magicNano    = 0xa1b23c4d
	magicSection = 0x0a0d0d0a
	magicGzip    = 0x1f8b
)

// capture reads the format that the first bytes name.
func (rd *reader) capture() error {
	head, err := rd.in.peek(4)
	if err != nil {
		return rd.noCapture(err)
	}
	le, be := binary.LittleEndian.Uint32(head), binary.BigEndian.Uint32(head)
	switch {
	case le == magicMicro, le == magicNano:
		return rd.pcap(binary.LittleEndian, le == magicNano)
	case be == magicMicro, be == magicNano:
		return rd.pcap(binary.BigEndian, be == magicNano)
	case be == magicSection:
		return rd.pcapng()
	case be>>16 == magicGzip && !rd.packed:
		return rd.gzip()
	}
	return &FormatError{What: fmt.Sprintf("not a capture: it begins with the bytes %x", head)}
}

// noCapture judges an input that ended before its fourth byte.
func (rd *reader) noCapture(err error) error {
	switch {
	case err == io.EOF:
		return &FormatError{What: "not a capture: it is empty"}
	case err == io.ErrUnexpectedEOF:
		return &FormatError{What: "not a capture: it is shorter than 4 bytes"}
	}
	return rd.failed(err, "the header")
}

// failed makes the error for input that ended or failed inside what.
func (rd *reader) failed(err error, what string) error {
	at := rd.in.offset + int64(rd.in.buffered())
	var format *FormatError
	switch {
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return &FormatError{Offset: at, What: "cut off inside " + what}
	case errors.As(err, &format):
		return err
	}
	return fmt.Errorf("reading after byte %d: %w", at, err)
}
