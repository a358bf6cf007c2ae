package decode

import (
	"fmt"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// Event is one thing the decoder found out: an envelope, which every kind of
// event has, and a body. Neither changes after it was returned, until
// [Decoder.Recycle] is called, if ever.
type Event struct {
	At      time.Time        // when the last byte it rests on passed
	Conn    *stream.Conn     // one for many events, so never changed; not nil
	Session uint32           // photon.session: one number for both legs of a proxied pair, from 1
	From    stream.Direction // who sent the bytes; of no meaning for Opened
	Device  lightssl.DeviceID
	Known   bool         // Device is known: some record of the session named it. A claim until a frame decrypts
	Altered bool         // set by OneLeg: the other leg carries different bytes here
	Raw     []byte       // the bytes on the wire, a frame's length included; nil if the event has none
	Note    *stream.Note // what people wrote at it, nil if nothing
	Body    Body
}

// Body is what happened. The set is closed: *Opened, *Nonce, *Identity,
// *Credentials, *Message, *Sealed, *Malformed, *Gap, *Closed, *Finding.
type Body interface {
	// Name is the event's type in NDJSON.
	Name() string
}

// Opened is the start of a connection.
type Opened struct {
	Joined bool // the source did not see the connection begin (stream.Opened)
}

// Nonce is the cloud's first record.
type Nonce struct {
	Nonce lightssl.Nonce
}

// Identity is the device's first record.
type Identity struct {
	Opened   bool // some server key opened it
	Identity lightssl.Identity
	Nonce    lightssl.Nonce // the one the cloud sent
	HasNonce bool
	Plain    []byte // the opened layer: nonce, device ID, device public key
	NonceOK  bool   // the nonce inside is the one the cloud sent
	Reason   string // why it is not opened, and which key would open it
	Parts    int    // segments that the record came in
}

// Credentials is the cloud's second record. One without bytes says that a record
// shown before, or one that was not captured, was opened by a key that came late,
// by a key log line without a nonce, or by what opened the other leg: what follows is
// readable.
type Credentials struct {
	Opened      bool
	Credentials lightssl.Credentials // secret
	Nonce       lightssl.Nonce       // of the session: names it in a key log
	HasNonce    bool
	Source      string // what opened it: "device key", "impersonation key", "key log" or "other leg"
	Signature   string // "verified", "failed" or "not checked"
	Reason      string // why it is not opened, and which key would open it
}

// Message is a frame that was opened and holds a CoAP message. Padded, encrypted
// with the session's key and IV, is the frame again.
type Message struct {
	Plain   []byte                  // the CoAP message, without padding
	Padded  []byte                  // the same with its padding: the plain layer
	IV      [lightssl.BlockLen]byte // the head of the frame before it in its direction; of the first one that of the credentials, a secret
	Meaning particle.Meaning
}

// Sealed is a frame that no known key opens.
type Sealed struct {
	Reason string // which key would open it
}

// Malformed is bytes that are not what the protocol has at their place.
type Malformed struct {
	Layer  string // the layer Offset counts in: "wire" or "plain"
	Offset int    // of the first byte that does not fit
	Reason string // what is wrong, in words
	Plain  []byte // what decryption gave, if it came that far; without padding if the padding was right
	Padded []byte // the same with its padding
}

// Gap is bytes that are missing from the capture.
type Gap struct {
	Len int // bytes, 0 if unknown
}

// Closed is the end of one direction, or by Reset of both. It is the last event
// of its direction.
type Closed struct {
	How     stream.CloseKind
	Pending int // bytes of an incomplete record that were waiting, reported before as Malformed
}

// Finding is a conclusion drawn from events. Only package diagnose makes it.
type Finding struct {
	ID         string // of the cause, such as "PH-01": photonscope explain tells all about it
	Title      string // one sentence
	Confidence string // "certain": the bytes prove it; "likely" or "possible"
	Evidence   []Evidence
	RuledOut   []string // other causes, and why they are not it
	Device     string   // what the device does and shows
	Remedy     []string // steps; those that begin with "$ " are commands
	Repair     string   // the repair of photonscope that lets the session live, "" if there is none
	Withdrawn  bool     // it was told before, and keys that came since tell otherwise
}

// Evidence is an event that a finding rests on, and what its bytes show.
type Evidence struct {
	Session    uint32           // of the event, if the finding is about several sessions; 0: that of the finding
	Event      int              // its number within its connection, from 1; findings do not count. 0: it is a file
	At         time.Time        // its time
	From       stream.Direction // who sent it
	Name       string           // its type, or the name of the file
	Layer      string           // the layer that Start and End count in: Wire or Plain; "" if it is about no bytes
	Start, End int              // the bytes, half open
	Shows      string           // in words
}

// String returns the evidence as one sentence.
func (v *Evidence) String() string {
	text := fmt.Sprintf("event %d, %s %s", v.Event, v.Name, v.From)
	if v.Session > 0 {
		text = fmt.Sprintf("session %d, %s", v.Session, text)
	}
	switch {
	case v.Event == 0:
		return fmt.Sprintf("%s, bytes %d to %d: %s", v.Name, v.Start, v.End-1, v.Shows)
	case v.Layer != "" && v.End == v.Start+1:
		text += fmt.Sprintf(", %s byte %d", v.Layer, v.Start)
	case v.Layer != "":
		text += fmt.Sprintf(", %s bytes %d to %d", v.Layer, v.Start, v.End-1)
	}
	return text + ": " + v.Shows
}

// Name implements Body.
func (*Opened) Name() string { return "opened" }

// Name implements Body.
func (*Nonce) Name() string { return "nonce" }

// Name implements Body.
func (*Identity) Name() string { return "identity" }

// Name implements Body.
func (*Credentials) Name() string { return "credentials" }

// Name implements Body.
func (*Message) Name() string { return "message" }

// Name implements Body.
func (*Sealed) Name() string { return "sealed" }

// Name implements Body.
func (*Malformed) Name() string { return "malformed" }

// Name implements Body.
func (*Gap) Name() string { return "gap" }

// Name implements Body.
func (*Closed) Name() string { return "closed" }

// Name implements Body.
func (*Finding) Name() string { return "finding" }

// EventTypes lists the types of events in the order in which a session shows
// them.
var EventTypes = []string{"opened", "nonce", "identity", "credentials", "message", "sealed", "malformed", "gap", "closed", "finding"}
