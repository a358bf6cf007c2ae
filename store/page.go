package store

import (
	"sync/atomic"

	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

const (
	pageBits = 12
	pageLen  = 1 << pageBits // records of a page
	chunkLen = 1 << 20       // bytes of a chunk

	sharing = 16 // pages that share their envelopes: each speaks of the same thousands of connections
)

// page is 4,096 records, which are never moved, so that links can be set in them
// while others read. They are 128 KiB to the byte, which wastes nothing.
type page struct {
	records  *[pageLen]record
	chunks   uint64 // the lowest numbers of what its records refer to
	envelope uint64
	touched  uint64
}

// record is an event in 32 bytes. All but bits, next and twin is written once,
// before anyone else can see it; these are read and written atomically.
type record struct {
	at       int64 // nanoseconds since 1970
	place    place
	envelope uint32 // lower half of its number
	bits     uint32
	next     int32 // distance to the next message of the exchange, from the last one to the first; 0: alone
	twin     int32 // distance to the same message on the other leg, 0: none
}

// The bits of a record.
const (
	kindShift    = 4
	answersShift = 12
	bitFrom      = 1 << 20
	flagShift    = 21

	typeMask = 1<<kindShift - 1
	byteMask = 1<<8 - 1
)

// packBits returns the bits of a record that never change.
func packBits(t EventType, from stream.Direction, g *particle.Meaning) uint32 {
	bits := uint32(t)
	if from == stream.FromCloud {
		bits |= bitFrom
	}
	if g != nil {
		bits |= uint32(g.Kind)<<kindShift | uint32(g.Answers)<<answersShift
	}
	return bits
}

func (r *record) load() uint32 { return atomic.LoadUint32(&r.bits) }

// set adds flags, and reports whether there was one that is new.
func (r *record) set(f Flags) bool {
	return atomic.OrUint32(&r.bits, uint32(f)<<flagShift)&(uint32(f)<<flagShift) != uint32(f)<<flagShift
}

func typeOf(bits uint32) EventType             { return EventType(bits & typeMask) }
func kindOf(bits uint32) particle.Kind         { return particle.Kind(bits >> kindShift & byteMask) }
func answersOf(bits uint32) particle.Kind      { return particle.Kind(bits >> answersShift & byteMask) }
func flagsOf(bits uint32) Flags                { return Flags(bits >> flagShift) }
func directionOf(bits uint32) stream.Direction { return stream.Direction(bits / bitFrom & 1) }

// place says where an event's bytes lie: the chunk's number, the offset in it
// and how many.
type place uint64

const (
	sizeBits   = 20
	offsetBits = 20
	wholeChunk = 1<<sizeBits - 1 // as a size: all of a chunk that is larger
)

func newPlace(chunk uint64, offset, size int) place {
	return place(chunk<<(sizeBits+offsetBits) | uint64(offset)<<sizeBits | uint64(min(size, wholeChunk)))
}

func (p place) chunk() uint64 { return uint64(p >> (sizeBits + offsetBits)) }
func (p place) offset() int   { return int(p >> sizeBits & (1<<offsetBits - 1)) }
func (p place) size() int     { return int(p & wholeChunk) }

// tail is the part of a place behind its first n bytes.
func (p place) tail(n int) place {
	size := p.size()
	return newPlace(p.chunk(), p.offset()+n, size-n)
}
