package captures

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// ReadOptions changes how a capture is read. The zero value reads everything.
type ReadOptions struct {
	Stats *Stats // counted into while reading; nil: not counted
}

// Stats counts what a capture holds. It may be looked at between items.
type Stats struct {
	Packets     int   // all packets, those below included
	Bytes       int64 // captured bytes of all packets
	TCP         int   // TCP segments
	Other       int   // whole packets of anything else
	Fragments   int   // IP fragments, not put together
	Undecodable int   // headers cut off, broken, or of an unknown link type
	Skipped     int   // decrypted copies in our own recordings
	Connections int   // connections delivered
	Evicted     int   // of these, cut because too many were open
	Gaps        int   // gaps delivered
	GapBytes    int64 // bytes missing in these, as far as known
	BadBlocks   int   // pcapng blocks whose inside made no sense, skipped
	Dropped     int64 // packets a recorder says it had to drop
}

// FormatError says where a capture stops making sense. Items before that place
// have been delivered.
type FormatError struct {
	Offset int64  // from the start, of the unpacked bytes if the capture is compressed; 0: not a capture at all
	What   string // what is wrong
}

// Error returns what is wrong and where.
func (e *FormatError) Error() string {
	if e.Offset == 0 {
		return e.What
	}
	return fmt.Sprintf("%s at byte %d", e.What, e.Offset)
}

// Read returns the items of the TCP connections in a capture: pcap, pcapng, or
// either in gzip, told apart by content. Connections that never carried data and
// were never answered are left out.
//
// Items are delivered as soon as the bytes of their packet have arrived; Read
// does not wait for more than it needs. Waiting for missing segments is measured
// in packet time, so that a file and a pipe give the same items. What is still
// open at the end is closed with [stream.Cut].
//
// If the capture is damaged or cut off, or r fails, what came before is delivered
// to its end, and then one error: a [*FormatError], or that of r. It is the last
// element. The sequence can be used once.
func Read(r io.Reader, opts ReadOptions) iter.Seq2[stream.Item, error] {
	return func(yield func(stream.Item, error) bool) {
		stats := opts.Stats
		if stats == nil {
			stats = new(Stats)
		}
		rd := &reader{in: newInput(r), stats: stats, headers: newHeaders()}
		rd.table.init(stats, func(it stream.Item) bool { return yield(it, nil) })
		err := rd.capture()
		rd.table.finish()
		if err == nil {
			err = rd.fault
		}
		if err != nil && !rd.table.stopped {
			yield(nil, err)
		}
	}
}

// reader takes one capture apart.
type reader struct {
	in      *input
	stats   *Stats
	headers *headers
	table   table
	fault   error // the first damage that reading could pass over
	packed  bool
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
	comment []byte // of a packet in a recording
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
		return &FormatError{at, "cut off inside " + what}
	case errors.As(err, &format):
		return err
	}
	return fmt.Errorf("reading after byte %d: %w", at, err)
}

// handle passes one packet on to its connection.
func (rd *reader) handle(p *packet) {
	rd.stats.Packets++
	rd.stats.Bytes += int64(len(p.data))
	var s segment
	switch rd.headers.decode(p, &s) {
	case isTCP:
		rd.stats.TCP++
		rd.table.segment(p, &s)
	case isFragment:
		rd.stats.Fragments++
	case isOther:
		rd.stats.Other++
	case isBroken:
		rd.stats.Undecodable++
	}
	rd.table.sweep(p.at)
}
