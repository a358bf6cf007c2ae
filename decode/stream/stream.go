// Package stream is the vocabulary between the sources of traffic and the
// decoder: connections, legs, directions, and the items that say what happened
// on a connection in order.
//
// The proxy taps its sockets into [Item] values, package captures reads files
// and pipes into the same values, and decode.Decoder consumes them. That both
// sources speak these words and no others is what makes a live session and its
// recording decode to the same events. Begin with [Item] and [Conn].
package stream

import (
	"bytes"
	"net/netip"
	"time"
)

// Direction says which peer sent the bytes. Its text is the value of the
// field photon.dir.
type Direction uint8

// The two directions.
const (
	FromDevice Direction = iota // the Photon sent it
	FromCloud                   // the cloud sent it
)

// Directions lists both directions, for loops over the halves of a connection.
var Directions = [2]Direction{FromDevice, FromCloud}

// String returns "device" or "cloud".
func (d Direction) String() string {
	if d == FromCloud {
		return "cloud"
	}
	return "device"
}

// Opposite returns the other direction.
func (d Direction) Opposite() Direction { return d ^ 1 }

// Leg says where a connection was seen. Its text is the value of photon.leg.
type Leg uint8

// The places a connection is seen from.
const (
	Tapped    Leg = iota // from outside, in somebody's capture
	DeviceLeg            // between a device and photonscope
	CloudLeg             // between photonscope and the cloud
)

// String returns "tapped", "device" or "cloud".
func (l Leg) String() string {
	switch l {
	case DeviceLeg:
		return "device"
	case CloudLeg:
		return "cloud"
	default:
		return "tapped"
	}
}

// ConnID numbers the connections of one source, from 1 in order of opening.
// Zero means "no connection".
type ConnID uint32

// Conn describes one TCP connection.
type Conn struct {
	ID     ConnID
	Leg    Leg
	Pair   ConnID         // the other leg of a proxied session, 0 if unknown or none
	Device netip.AddrPort // the end that speaks for the device, the zero value if unknown
	Cloud  netip.AddrPort // the end that speaks for the cloud
}

// An Item is one thing that happened on a connection: [Opened], [Segment],
// [Gap] or [Closed]. Items of one connection are in order; times need not be,
// because a reassembler may release late data with its own packet's time.
//
// Items are pointers so that a source can use one value again for all items of
// a kind: an item is valid only until the function that was handed it returns.
type Item interface{ item() }

// Clone returns a copy of an item, its bytes included, that stays valid.
func Clone(it Item) Item {
	switch it := it.(type) {
	case *Opened:
		return new(*it)
	case *Segment:
		s := *it
		s.Data = bytes.Clone(it.Data)
		return &s
	case *Gap:
		return new(*it)
	case *Closed:
		return new(*it)
	}
	return nil
}

// Opened is the first item of a connection.
type Opened struct {
	At     time.Time
	Conn   Conn
	Joined bool  // the source did not see the connection begin: either direction may lack its first bytes
	Note   *Note // what people wrote at it, nil if nothing; so everywhere
}

// Segment is some consecutive bytes of one direction, as they came. Where they
// are cut means nothing. Data belongs to the source and is valid as long as the
// item.
type Segment struct {
	At   time.Time
	Conn ConnID
	From Direction
	Data []byte
	Note *Note // of the record that ends in Data, or of the first of them
}

// Gap stands for bytes that are known to be missing from one direction.
type Gap struct {
	At   time.Time
	Conn ConnID
	From Direction
	Len  int // bytes missing, 0 if unknown
}

// Closed ends one direction of a connection, or with Reset both. A direction
// that nobody closed before the source ended is closed by the source with Cut,
// so every connection ends in at least one Closed.
type Closed struct {
	At   time.Time
	Conn ConnID
	From Direction // who closed; with Cut the direction that was still open
	How  CloseKind
	Note *Note
}

// Note is what people wrote at a packet or an event. Its text is foreign, and it
// never changes. A nil Note is none.
type Note struct {
	Mark    string // the characters by which it is found again, most often none or one
	Comment string // may be empty
}

// CloseKind says how a direction ended. Its text is the value of photon.close.
type CloseKind uint8

// The ways a direction ends.
const (
	Fin   CloseKind = iota // orderly: the peer will send no more
	Reset                  // aborted by the peer, both directions are over
	Cut                    // the source ended first: nobody is known to have closed
)

// String returns "fin", "rst" or "cut".
func (k CloseKind) String() string {
	switch k {
	case Reset:
		return "rst"
	case Cut:
		return "cut"
	default:
		return "fin"
	}
}

func (*Opened) item()  {}
func (*Segment) item() {}
func (*Gap) item()     {}
func (*Closed) item()  {}
