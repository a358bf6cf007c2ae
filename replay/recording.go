package replay

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// Message is one message of a recorded session.
type Message struct {
	Number  int // in the session, from 1
	Event   decode.Event
	CoAP    coap.Message
	Meaning particle.Meaning
	Answers *Message // the message that this one answers, nil if none is known
}

// Recording is what a capture holds of one session.
type Recording struct {
	Session  uint32
	Device   lightssl.DeviceID
	Known    bool // Device is known
	Foreign  bool // seen from outside, not recorded by photonscope
	Joined   bool // the capture does not have its beginning
	Gaps     int  // places where bytes are missing
	Sealed   int  // frames that no key opened
	Odd      int  // frames and records that are not what the protocol has there
	Messages []*Message
	Opened   time.Time
}

// Playable reports whether there is something in it that can be played.
func (r *Recording) Playable() bool { return len(r.Messages) > 0 }

// Collector takes sessions out of decoded events, those of both legs. Of a
// proxied session it keeps what was said between the device and photonscope, or if
// only that was seen what was said to the cloud. The zero value is ready.
type Collector struct {
	sessions map[uint32]*[2]Recording // the device's leg, or the one that there is; and the cloud's
}

// Add takes the next event, which must keep its bytes.
func (c *Collector) Add(e *decode.Event) {
	if c.sessions == nil {
		c.sessions = make(map[uint32]*[2]Recording)
	}
	legs := c.sessions[e.Session]
	if legs == nil {
		legs = new([2]Recording)
		c.sessions[e.Session] = legs
	}
	r := &legs[0]
	if e.Conn.Leg == stream.CloudLeg {
		r = &legs[1]
	}
	r.Session, r.Foreign = e.Session, e.Conn.Leg == stream.Tapped
	if e.Known {
		r.Device, r.Known = e.Device, true
	}
	switch b := e.Body.(type) {
	case *decode.Opened:
		r.Opened, r.Joined = e.At, b.Joined
	case *decode.Gap:
		r.Gaps++
	case *decode.Sealed:
		r.Sealed++
	case *decode.Malformed:
		r.Odd++
	case *decode.Message:
		r.add(e, b)
	}
}

func (r *Recording) add(e *decode.Event, b *decode.Message) {
	m := &Message{Number: len(r.Messages) + 1, Event: *e, Meaning: b.Meaning}
	if m.CoAP.Parse(b.Plain) != nil {
		return // the decoder parsed it
	}
	if b.Meaning.HasRTT {
		m.Answers = r.request(e, b)
	}
	r.Messages = append(r.Messages, m)
}

// request returns the message that another one answers: its ID and its time tell
// it from all others.
func (r *Recording) request(e *decode.Event, b *decode.Message) *Message {
	at := e.At.Add(-b.Meaning.RTT)
	for _, m := range slices.Backward(r.Messages) {
		if m.Event.From != e.From && m.CoAP.ID == b.Meaning.RequestID && m.Event.At.Equal(at) {
			return m
		}
	}
	return nil
}

// Recordings returns the sessions in order of their numbers.
func (c *Collector) Recordings() (list []*Recording) {
	for _, n := range slices.SortedFunc(maps.Keys(c.sessions), cmp.Compare) {
		legs := c.sessions[n]
		r := &legs[0]
		if len(r.Messages) == 0 && legs[1].Session != 0 && (r.Session == 0 || len(legs[1].Messages) > 0) {
			r = &legs[1]
		}
		list = append(list, r)
	}
	return list
}
