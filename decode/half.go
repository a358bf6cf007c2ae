package decode

import (
	"math"
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

// half is one direction of a session. There are four for each proxied device,
// so it is small.
type half struct {
	next    record
	hasHead bool
	seen    bool  // some frame passed or was lost, so the credentials' IV is over
	lost    bool  // the byte at hand is the first after a gap
	ended   bool  // closed: no more bytes will come
	hurried bool  // waits for the other half no longer
	parts   uint8 // segments that brought the handshake's records, at most 255

	head    [lightssl.BlockLen]byte // of the last frame: the IV of the next one
	foreign protocol                // what a foreigner speaks
	damaged int32                   // bytes still to come of a record that lost others
	room    *room                   // bytes that do not make a record yet; nil: none
}

// room is bytes at hand. A half without any gives it to the next one that has
// some, so that the many sessions that are silent hold none.
type room struct {
	buf     []byte // the bytes, from used on
	used    int
	scanned int    // bytes at hand that are known to begin no frame
	passed  int    // bytes that were there before buf
	marks   []mark // when the bytes came
	grain   int    // a mark is for more bytes than that, or the last one
}

// mark says when the bytes up to an offset came, counted from the first byte that
// was put into the room.
type mark struct {
	end int
	at  time.Time
}

const (
	holdLimit = 256 << 10 // bytes that a half collects while it waits for the other one
	maxMarks  = 1024      // times that it remembers
	keptLen   = 64 << 10  // capacity that is kept for the next half
)

// add takes bytes as they come. spare is room that nobody uses, if there is any.
func (h *half) add(at time.Time, data []byte, spare **room) {
	if h.next != aFrame && len(h.pending()) < lightssl.IdentityLen && h.parts < math.MaxUint8 {
		h.parts++
	}
	if h.room == nil {
		if h.room, *spare = *spare, nil; h.room == nil {
			h.room = new(room)
		}
	}
	r := h.room
	r.buf = append(r.buf, data...)
	end := r.passed + len(r.buf)
	n := len(r.marks)
	if n == maxMarks {
		r.coarsen()
		n = len(r.marks)
	}
	if n > 0 && (r.marks[n-1].at.Equal(at) || end-r.markedBefore(n-1) <= r.grain) {
		r.marks[n-1] = mark{end, at}
		return
	}
	r.marks = append(r.marks, mark{end, at})
}

// markedBefore returns where the bytes begin that a mark is for.
func (r *room) markedBefore(i int) int {
	if i == 0 {
		return r.passed
	}
	return r.marks[i-1].end
}

// coarsen joins every two marks, and has those to come be for as many bytes.
// Bytes pass for as late as their neighbours.
func (r *room) coarsen() {
	for i := range maxMarks / 2 {
		r.marks[i] = r.marks[2*i+1]
	}
	r.marks = r.marks[:maxMarks/2]
	r.grain = max(2, 2*r.grain)
}

// pending returns the bytes that no record has taken.
func (h *half) pending() []byte {
	if h.room == nil {
		return nil
	}
	return h.room.buf[h.room.used:]
}

// time returns when the last of the first n pending bytes came. There are that many.
func (h *half) time(n int) time.Time {
	marks, end := h.room.marks, h.room.passed+h.room.used+n
	return marks[sort.Search(len(marks), func(i int) bool { return marks[i].end >= end })].at
}

// consume takes the first n pending bytes away.
func (h *half) consume(n int) {
	if n > 0 {
		h.room.used += n
	}
}

// compact gives back the room of bytes that were consumed, and all of it to
// spare if that leaves none.
func (h *half) compact(spare **room) {
	r := h.room
	if r == nil || r.used == 0 {
		return
	}
	r.passed += r.used
	r.buf = r.buf[:copy(r.buf, r.buf[r.used:])]
	r.used = 0
	old := sort.Search(len(r.marks), func(i int) bool { return r.marks[i].end > r.passed })
	r.marks = r.marks[:copy(r.marks, r.marks[old:])]
	if len(r.marks) <= 1 {
		r.grain = 0
	}
	if len(r.buf) > 0 {
		return
	}
	r.passed, r.scanned = 0, 0
	if h.room = nil; cap(r.buf) <= keptLen {
		*spare = r
	}
}
