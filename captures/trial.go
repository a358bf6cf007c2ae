package captures

import (
	"slices"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// A capture holds all that a network carried. A connection of which no end has the
// port that clouds use, or that the reader was told, is on trial until it shows
// whether a Photon speaks there, and only then is it delivered; what is foreign is
// counted and not put together. The protocol shows itself at once (protocol.md
// section 1): the cloud speaks first and says 40 bytes, to which the device answers
// 256, to which the cloud answers 384; after that both say nothing but frames.

// trial is what a connection said that is not judged yet.
type trial struct {
	held     []statement
	bytes    int
	heard    [2]int // bytes, by side
	text     [2]int // of these, printable ones
	segments int    // with data
}

// statement is a segment that is held back.
type statement struct {
	at   time.Time
	side int
	segment
}

type verdict int

const (
	unknown verdict = iota
	ours
	foreign
)

const (
	nonceLen       = 40
	identityLen    = 256
	credentialsLen = 384
	frameUnit      = 16
	longestFrame   = 1024 // no Photon takes more
)

// tried puts a new connection on trial, unless a port tells what it is.
func (t *table) tried(f *flow, p *packet, s *segment) {
	for _, port := range [2]uint16{s.srcPort, s.dstPort} {
		if port == cloudPort || t.port != 0 && port == t.port {
			return
		}
	}
	if p.leg == stream.Tapped && !p.ordered {
		f.suspect, f.trial = true, new(trial)
	}
}

// try takes a segment of a connection on trial, or of a foreign one.
func (f *flow) try(p *packet, side int, s *segment) {
	if s.syn {
		f.synchronise(side, s)
	}
	t := f.trial
	if t == nil {
		return
	}
	h, other := &f.lanes[side], &f.lanes[1-side]
	if s.ack && !s.rst && h.started && !other.started && s.seq == h.initial+1 && f.isDevice(side) {
		other.start(s.ackSeq)
	}
	what := unknown
	if len(s.data) > 0 {
		what = f.judge(side, s)
	}
	idle := len(s.data)+s.lost == 0 && !s.syn && !s.fin && !s.rst // what it acknowledges, later ones do as well
	if what == unknown && !idle && !t.hold(p.at, side, s) {
		what = foreign
	}
	switch what {
	case foreign:
		f.refuse()
	case ours:
		f.trial, f.suspect = nil, false
		for i := range t.held {
			f.segment(&packet{at: t.held[i].at, leg: f.leg}, t.held[i].side, &t.held[i].segment)
		}
		f.segment(p, side, s)
	}
}

// refuse ends a trial that showed nothing of ours.
func (f *flow) refuse() {
	if f.trial != nil {
		f.trial = nil
		f.table.stats.Foreign++
	}
}

// hold keeps a segment, and reports false if there are too many.
func (t *trial) hold(at time.Time, side int, s *segment) bool {
	kept := *s
	kept.src, kept.dst, kept.data = nil, nil, slices.Clone(s.data)
	t.held = append(t.held, statement{at, side, kept})
	t.bytes += len(s.data)
	return len(t.held) <= maxStatements && t.bytes <= maxTrial
}

// judge hears a segment with data.
func (f *flow) judge(side int, s *segment) verdict {
	t, h := f.trial, &f.lanes[side]
	n := len(s.data) + s.lost
	if h.started && distance(h.initial+1, s.seq)+n <= t.heard[side] || !h.started && t.repeats(side, s) {
		return unknown // it was heard before
	}
	t.heard[side] += n
	t.segments++
	for _, b := range s.data {
		if b >= ' ' && b <= '~' || b == '\r' || b == '\n' || b == '\t' {
			t.text[side]++
		}
	}
	if t.text[side] == t.heard[side]-s.lost && t.text[side] >= frameUnit || looksLikeTLS(s.data) {
		return foreign
	}
	if f.device == unknownSide {
		return t.judgeMidway(side, s, n)
	}
	return f.judgeOpening(side, s, n)
}

// judgeOpening judges the first bytes of a connection whose opening was captured.
// Where the capture lacks one direction, what the other acknowledges tells as much.
func (f *flow) judgeOpening(side int, s *segment, n int) verdict {
	h, other := &f.lanes[side], &f.lanes[1-side]
	begin, answered := 0, -1 // bytes before these; bytes that they answer, if that is known
	if h.started {
		begin = distance(h.initial+1, s.seq)
	}
	if other.started && s.ack {
		answered = distance(other.initial+1, s.ackSeq)
	}
	end := begin + n
	switch {
	case !f.isDevice(side) && (end == nonceLen || begin == nonceLen && answered == identityLen):
		return ours
	case !f.isDevice(side) && end < nonceLen:
		return unknown
	case f.isDevice(side) && (answered == nonceLen || answered < 0 && end == identityLen):
		return ours
	case f.isDevice(side) && answered < 0 && end < identityLen:
		return unknown
	}
	return foreign
}

// judgeMidway judges a segment of a connection that was joined later.
func (t *trial) judgeMidway(side int, s *segment, n int) verdict {
	frames := t.framesFrom(side, s)
	switch {
	case frames >= 0:
		t.held = t.held[frames:] // before it is the rest of a frame whose beginning is not there
		return ours
	case n == identityLen && t.heard[side] == n && t.heard[1-side] == nonceLen:
		return ours
	case n == credentialsLen && t.heard[side] == n && t.heard[1-side] == identityLen:
		return ours
	case t.segments >= maxSpeeches:
		return foreign
	}
	return unknown
}

// framesFrom returns from which of the segments held the side said nothing but
// whole frames up to s, which may have been cut into several; all of them if s
// alone is that, -1 if none is.
func (t *trial) framesFrom(side int, s *segment) int {
	data := s.data
	if framed(data, len(data)+s.lost) {
		return len(t.held)
	}
	for i, h := range slices.Backward(t.held) {
		switch {
		case h.side != side:
			continue
		case h.lost > 0 || h.seq+uint32(len(h.data)+len(data)) != s.seq+uint32(len(s.data)):
			return -1
		}
		data = slices.Concat(h.data, data)
		if framed(data, len(data)+s.lost) {
			return i
		}
	}
	return -1
}

// repeats reports whether a segment is held already.
func (t *trial) repeats(side int, s *segment) bool {
	return slices.ContainsFunc(t.held, func(h statement) bool { return h.side == side && h.seq == s.seq && len(h.data) == len(s.data) })
}

// framed reports whether a segment of n bytes is nothing but whole frames. Their
// content is sealed, and so has few zeros.
func framed(data []byte, n int) bool {
	at := 0
	for at+2+frameUnit <= len(data) {
		size := int(data[at])<<8 | int(data[at+1])
		zeros := 0
		for _, b := range data[at+2 : at+2+frameUnit] {
			if b == 0 {
				zeros++
			}
		}
		if size == 0 || size%frameUnit != 0 || size > longestFrame || zeros > 3 {
			return false
		}
		at += 2 + size
	}
	return at == n
}

// looksLikeTLS recognises a TLS record by its header: type, version, length.
func looksLikeTLS(b []byte) bool {
	return len(b) >= 5 && b[0] >= 0x14 && b[0] <= 0x18 && b[1] == 3 && b[2] <= 4 && b[3] <= 0x48
}
