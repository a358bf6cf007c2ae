package decode

import (
	"sort"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// record is what the next bytes of a half are.
type record uint8

const (
	aNonce record = iota
	anIdentity
	theCredentials
	aFrame
	anyFrame   // a frame whose place is not known: after a gap
	aBeginning // the first record or, if the capture began too late, any frame
	aForeigner // another protocol, to the end
)

func firstRecord(from stream.Direction) record {
	if from == stream.FromCloud {
		return aNonce
	}
	return anIdentity
}

// following is the record after one of the handshake, or after a frame.
func (r record) following() record {
	if r == aNonce {
		return theCredentials
	}
	return aFrame
}

// size returns the length of a record, or 0 where it differs.
func (r record) size() int {
	switch r {
	case aNonce:
		return lightssl.NonceLen
	case anIdentity:
		return lightssl.IdentityLen
	case theCredentials:
		return lightssl.CredentialsRecordLen
	}
	return 0
}

// String names the record in a sentence.
func (r record) String() string {
	return [...]string{"the nonce", "the identity", "the credentials", "a frame", "a frame", "the first record", "another protocol"}[r]
}

// half is one direction of a session.
type half struct {
	next    record
	buf     []byte // bytes that do not make a record yet, from used on
	used    int
	begin   int                     // offset in the direction of buf's first byte
	marks   []mark                  // when the bytes came
	grain   int                     // a mark is for more bytes than that, or the last one
	label   string                  // what protocol a foreigner speaks
	head    [lightssl.BlockLen]byte // of the last frame: the IV of the next one
	hasHead bool
	seen    bool // some frame passed or was lost, so the credentials' IV is over
	lost    bool // the byte at hand is the first after a gap
	damaged int  // bytes still to come of a record that lost others
	scanned int  // bytes at hand that are known to begin no frame
	ended   bool // closed: no more bytes will come
	hurried bool // waits for the other half no longer
}

// mark says when the bytes up to an offset in the direction came.
type mark struct {
	end int
	at  time.Time
}

const (
	holdLimit = 256 << 10 // bytes that a half collects while it waits for the other one
	maxMarks  = 1024      // times that it remembers
	keptLen   = 64 << 10  // capacity that is kept for the next half
)

// add takes bytes as they come.
func (h *half) add(at time.Time, data []byte) {
	h.buf = append(h.buf, data...)
	end := h.begin + len(h.buf)
	n := len(h.marks)
	if n == maxMarks {
		h.coarsen()
		n = len(h.marks)
	}
	if n > 0 && (h.marks[n-1].at.Equal(at) || end-h.markedBefore(n-1) <= h.grain) {
		h.marks[n-1] = mark{end, at}
		return
	}
	h.marks = append(h.marks, mark{end, at})
}

// markedBefore returns where the bytes begin that a mark is for.
func (h *half) markedBefore(i int) int {
	if i == 0 {
		return h.begin
	}
	return h.marks[i-1].end
}

// coarsen joins every two marks, and has those to come be for as many bytes.
// Bytes pass for as late as their neighbours.
func (h *half) coarsen() {
	for i := range maxMarks / 2 {
		h.marks[i] = h.marks[2*i+1]
	}
	h.marks = h.marks[:maxMarks/2]
	h.grain = max(2, 2*h.grain)
}

// pending returns the bytes that no record has taken.
func (h *half) pending() []byte { return h.buf[h.used:] }

// time returns when the last of the first n pending bytes came.
func (h *half) time(n int) time.Time {
	end := h.begin + h.used + n
	return h.marks[sort.Search(len(h.marks), func(i int) bool { return h.marks[i].end >= end })].at
}

// consume takes the first n pending bytes away.
func (h *half) consume(n int) { h.used += n }

// room is what a half without pending bytes lends to the next one that has
// some, so that the many sessions that are silent hold none.
type room struct {
	buf   []byte
	marks []mark
}

// borrow makes room for bytes.
func (h *half) borrow(r *room) {
	if h.buf == nil {
		h.buf, h.marks = r.buf, r.marks
		*r = room{}
	}
}

// compact gives back the room of bytes that were consumed.
func (h *half) compact(r *room) {
	if h.used == 0 {
		return
	}
	h.begin += h.used
	h.buf = h.buf[:copy(h.buf, h.buf[h.used:])]
	h.used = 0
	if len(h.buf) == 0 {
		h.giveBack(r)
		return
	}
	old := sort.Search(len(h.marks), func(i int) bool { return h.marks[i].end > h.begin })
	h.marks = h.marks[:copy(h.marks, h.marks[old:])]
	if len(h.marks) <= 1 {
		h.grain = 0
	}
}

func (h *half) giveBack(r *room) {
	if cap(h.buf) <= keptLen {
		*r = room{h.buf[:0], h.marks[:0]}
	}
	h.buf, h.marks, h.grain = nil, nil, 0
}
