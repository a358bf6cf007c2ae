package captures

import (
	"fmt"
	"io"
	"iter"

	"github.com/photonscope/photonscope/decode/stream"
)

// ReadOptions changes how a capture is read. The zero value reads everything.
type ReadOptions struct {
	Stats *Stats // counted into while reading; nil: not counted
	Port  uint16 // if not 0, connections of which neither end has this port are left out
}

// Input is one capture of several.
type Input struct {
	Name string // for errors; may be empty
	R    io.Reader
}

// Stats counts what a capture holds. It may be looked at between items.
type Stats struct {
	Packets      int      // all packets, those below included
	Bytes        int64    // captured bytes of all packets
	TCP          int      // TCP segments
	OtherPorts   int      // of these, left out because of [ReadOptions.Port]
	Other        int      // whole packets of anything else
	Fragments    int      // IP fragments
	Reassembled  int      // IP packets put together of these
	Incomplete   int      // IP packets of which fragments are missing, or came too late
	Undecodable  int      // headers cut off, broken, or of an unknown link type
	UnknownLink  int      // of these, packets of link types that are not read
	FirstUnknown LinkType // the first such
	Skipped      int      // decrypted copies in our own recordings
	Connections  int      // connections delivered
	Foreign      int      // connections left out because nothing in them was of a Photon
	Evicted      int      // of these, cut because too many were open
	Gaps         int      // gaps delivered
	GapBytes     int64    // bytes missing in these, as far as known
	BadBlocks    int      // pcapng blocks whose inside made no sense, skipped
	Damages      int      // places where nothing made sense, and reading went on behind them
	DamagedBytes int64    // passed over there
	Dropped      int64    // packets a recorder says it had to drop
}

// FormatError says where a capture makes no sense. What is whole before that
// place has been delivered, and what is whole behind it as far as the format shows
// where that begins.
type FormatError struct {
	Offset int64  // from the start, of the unpacked bytes if the capture is compressed; 0: not a capture at all
	What   string // what is wrong
	Passed int64  // bytes from there on that were passed over
	More   int    // further places where something is wrong
	Input  string // the input's name, if it has one
}

// Error returns what is wrong and where.
func (e *FormatError) Error() string {
	text := e.What
	if e.Offset != 0 {
		text = fmt.Sprintf("%s at byte %d", e.What, e.Offset)
	}
	if e.Passed != 0 {
		text += fmt.Sprintf(", %d bytes passed over", e.Passed)
	}
	if e.More != 0 {
		text += fmt.Sprintf(" (the first of %d places)", e.More+1)
	}
	if e.Input != "" {
		text = e.Input + ": " + text
	}
	return text
}

// Read returns the items of the TCP connections in a capture: pcap, pcapng, or
// either in gzip, told apart by content. Connections that never carried data and
// were never answered are left out, and so are those of other programs, which are
// counted: unless an end has the port 5683 or that of the options, a connection
// must begin as the protocol does, or consist of frames.
//
// Items are delivered as soon as the bytes of their packet have arrived; Read
// does not wait for more than it needs. Waiting for missing segments is measured
// in packet time, so that a file and a pipe give the same items. What is still
// open at the end is closed with [stream.Cut].
//
// If the capture is damaged or cut off, or r fails, everything that is whole is
// delivered, and then one error: a [*FormatError], that of r, or both joined. It is
// the last element. The sequence can be used once.
func Read(r io.Reader, opts ReadOptions) iter.Seq2[stream.Item, error] {
	return ReadAll([]Input{{R: r}}, opts)
}

// ReadAll is Read for a capture in several parts: the files of a rotated capture,
// or those of several computers, in any order and of any format. Packets are taken
// in the order of their times, of equal ones that of the first input first, and
// so a connection may begin in one input and go on in another. Each input is taken
// to be in order itself.
//
// Since the next packet may be in any of the inputs, ReadAll waits for each of
// them: a pipe that is silent holds up all others until it has a packet or ends.
//
// An input that is damaged or fails ends alone. The error at the end is that of
// each such input, joined.
func ReadAll(inputs []Input, opts ReadOptions) iter.Seq2[stream.Item, error] {
	return func(yield func(stream.Item, error) bool) {
		a := newAssembler(opts, func(it stream.Item) bool { return yield(it, nil) })
		var err error
		if len(inputs) == 1 { // spares the merge
			err = newReader(inputs[0], a.stats, a.handle).read()
		} else {
			err = a.merge(inputs)
		}
		a.finish()
		if err != nil && !a.table.stopped {
			yield(nil, err)
		}
	}
}

// assembler puts the packets of all inputs together.
type assembler struct {
	stats   *Stats
	port    uint16
	headers *headers
	parts   fragments
	table   table
}

func newAssembler(opts ReadOptions, emit func(stream.Item) bool) *assembler {
	a := &assembler{stats: opts.Stats, port: opts.Port, headers: newHeaders()}
	if a.stats == nil {
		a.stats = new(Stats)
	}
	a.parts.stats = a.stats
	a.table.port = a.port
	a.table.init(a.stats, emit)
	return a
}

// handle passes one packet on to its connection. It reports false once nobody
// wants more.
func (a *assembler) handle(p *packet) bool {
	a.stats.Packets++
	a.stats.Bytes += int64(len(p.data))
	var s segment
	switch a.headers.decode(p, &s) {
	case isTCP:
		a.stats.TCP++
		a.segment(p, &s)
	case isFragment:
		a.stats.Fragments++
		a.fragment(p)
	case isOther:
		a.stats.Other++
	case isBroken:
		a.stats.Undecodable++
		a.unread(LinkType(p.link))
	}
	a.table.sweep(p.at)
	return !a.table.stopped
}

// segment passes a segment on to its connection, unless it is of another port.
func (a *assembler) segment(p *packet, s *segment) {
	if a.port != 0 && a.port != s.srcPort && a.port != s.dstPort {
		a.stats.OtherPorts++
		return
	}
	s.note = p.note
	a.table.segment(p, s)
}

// fragment takes a fragment, and passes on the packet that it completes.
func (a *assembler) fragment(p *packet) {
	part, ok := a.headers.piecemeal()
	if !ok {
		return
	}
	ip := a.parts.add(part, p.at)
	if ip == nil {
		return
	}
	whole := *p
	whole.link, whole.data, whole.wire = linkRaw, ip, len(ip)
	var s segment
	if a.headers.decode(&whole, &s) == isTCP {
		a.segment(&whole, &s)
	}
}

// finish ends what is still open.
func (a *assembler) finish() {
	a.parts.finish()
	a.table.finish()
}

// unread counts a packet that could not be read because of its link type.
func (a *assembler) unread(link LinkType) {
	if link.read() {
		return
	}
	if a.stats.UnknownLink++; a.stats.UnknownLink == 1 {
		a.stats.FirstUnknown = link
	}
}
