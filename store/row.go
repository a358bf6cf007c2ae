package store

import (
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store/filter"
)

// Seq is the number of an event in order of arrival, from 0. It stays the same
// when older events are evicted.
type Seq uint64

// EventType is the type of an event: its index in decode.EventTypes.
type EventType uint8

// The types.
const (
	TypeOpened EventType = iota
	TypeNonce
	TypeIdentity
	TypeCredentials
	TypeMessage
	TypeSealed
	TypeMalformed
	TypeGap
	TypeClosed
	TypeFinding
)

// String returns the type's name in NDJSON.
func (t EventType) String() string { return decode.EventTypes[t] }

// typeOfBody returns the type of a body.
func typeOfBody(b decode.Body) EventType {
	switch b.(type) {
	case *decode.Opened:
		return TypeOpened
	case *decode.Nonce:
		return TypeNonce
	case *decode.Identity:
		return TypeIdentity
	case *decode.Credentials:
		return TypeCredentials
	case *decode.Message:
		return TypeMessage
	case *decode.Sealed:
		return TypeSealed
	case *decode.Malformed:
		return TypeMalformed
	case *decode.Gap:
		return TypeGap
	case *decode.Closed:
		return TypeClosed
	}
	return TypeFinding
}

// Flags are what the store knows of an event beyond its content. Answered,
// Unanswered, Lone, Differs and Problem are decided by later events.
type Flags uint16

// The flags.
const (
	Answered   Flags = 1 << iota // the answer that it asks for came (filter.Answered)
	Unanswered                   // it asks for one, and none came in time, or before the connection ended
	Answers                      // it answers a message that was seen
	Retry                        // a confirmable message that was sent before
	Lone                         // the other leg does not carry it, or the capture lost it there
	Differs                      // the other leg carries it with different bytes
	Altered                      // decode.Event.Altered
	Problem                      // worth a look: see problemOf
	wideTime                     // the time is with the bytes
)

// Row is what the store knows of an event without decoding it.
type Row struct {
	Seq     Seq
	At      time.Time
	Conn    stream.ConnID
	Session uint32
	Leg     stream.Leg
	From    stream.Direction
	Device  lightssl.DeviceID
	Known   bool // Device is known
	Type    EventType
	Kind    particle.Kind // of a message
	Answers particle.Kind // of a message
	Flags   Flags
}

// Relation is what the filter language wants to know of an event.
func (r *Row) Relation() filter.Relation {
	switch {
	case r.Flags&Answered != 0:
		return filter.Relation{Answer: filter.Answered}
	case r.Flags&Unanswered != 0:
		return filter.Relation{Answer: filter.Unanswered}
	}
	return filter.Relation{}
}
