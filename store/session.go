package store

import (
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// Step is a step of a session's way to being online.
type Step uint8

// The steps, in the order in which a session takes them.
const (
	StepOpened Step = iota
	StepNonce
	StepIdentity
	StepCredentials
	StepHello
	StepHelloReply
	Steps = int(StepHelloReply) + 1
)

// Reached is when a step was taken.
type Reached struct {
	Done bool
	At   time.Time
	Seq  Seq
}

// Session is what is known of a session in sum. Counts are of all its events,
// evicted ones included.
type Session struct {
	Number uint32
	Device lightssl.DeviceID
	Known  bool // Device is known
	Hello  Hello
	Legs   [2]Leg // the leg to the device, or where it was tapped, and the leg to the cloud

	// Findings are the events about its causes of failure, in order, the first
	// ones if there are many. Shared: not to be changed.
	Findings []Seq
}

// Main is the leg that stands for the session: what the device sees, if that is
// known.
func (s *Session) Main() *Leg {
	if !s.Legs[0].Seen && s.Legs[1].Seen {
		return &s.Legs[1]
	}
	return &s.Legs[0]
}

// Hello is what a device said of itself.
type Hello struct {
	Seen           bool
	Product        uint16
	ProductVersion uint16
	HasPlatform    bool
	Platform       uint16
	HasSystem      bool
	System         uint16 // version of the system module, such as 3302 for 3.3.1
}

// Leg is one connection of a session.
type Leg struct {
	Seen        bool
	Conn        stream.Conn
	First, Last time.Time // of its events
	FirstSeq    Seq
	LastSeq     Seq
	Steps       [Steps]Reached
	Opened      bool    // its frames can be opened
	Ended       [2]bool // by the direction that ended
	EndedBy     stream.Direction
	EndedAt     time.Time        // of the first end
	How         stream.CloseKind // of the first end

	Events      int
	Messages    [2]int // by sender
	Frames      [2]int // by sender, sealed and malformed ones included
	Bytes       [2]int // on the wire, by sender
	Sealed      int    // frames that no key opens
	Malformed   int
	Gaps        int
	Retries     int
	Unanswered  int
	LastMessage Seq // if there was one
	LastKind    particle.Kind
	RTT         Times
	Traffic     Traffic
}

// Over reports whether both directions have ended.
func (l *Leg) Over() bool { return l.Ended[0] && l.Ended[1] }

// Step returns the last step that was taken.
func (l *Leg) Step() Step {
	last := StepOpened
	for i := range l.Steps {
		if l.Steps[i].Done {
			last = Step(i)
		}
	}
	return last
}

// Times are response times in sum.
type Times struct {
	Count               int
	Last, P50, P99, Max time.Duration
}

// count adds an event to the leg.
func (l *Leg) count(seq Seq, e *decode.Event) {
	if !l.Seen {
		l.Seen, l.First, l.FirstSeq = true, e.At, seq
	}
	l.Last, l.LastSeq = e.At, seq
	l.Events++
	l.Bytes[e.From&1] += len(e.Raw)
	if len(e.Raw) > 0 {
		l.Traffic.add(e.At)
	}
	switch b := e.Body.(type) {
	case *decode.Opened:
		l.reach(StepOpened, seq, e)
	case *decode.Nonce:
		l.reach(StepNonce, seq, e)
	case *decode.Identity:
		l.reach(StepIdentity, seq, e)
	case *decode.Credentials:
		l.reach(StepCredentials, seq, e)
	case *decode.Message:
		l.message(seq, e, b)
	case *decode.Sealed:
		l.Sealed++
		l.Frames[e.From&1]++
	case *decode.Malformed:
		l.Malformed++
		l.Frames[e.From&1]++
	case *decode.Gap:
		l.Gaps++
	case *decode.Closed:
		l.end(e.At, e.From, b.How)
	}
}

func (l *Leg) reach(s Step, seq Seq, e *decode.Event) {
	if !l.Steps[s].Done {
		l.Steps[s] = Reached{true, e.At, seq}
	}
}

func (l *Leg) message(seq Seq, e *decode.Event, m *decode.Message) {
	l.Messages[e.From&1]++
	l.Frames[e.From&1]++
	l.LastMessage, l.LastKind = seq, m.Meaning.Kind
	switch m.Meaning.Kind {
	case particle.KindHello:
		l.reach(StepHello, seq, e)
	case particle.KindHelloReply:
		l.reach(StepHelloReply, seq, e)
	}
}

func (l *Leg) end(at time.Time, from stream.Direction, how stream.CloseKind) {
	if l.Ended == [2]bool{} {
		l.EndedAt, l.EndedBy, l.How = at, from, how
	}
	l.Ended[from&1] = true
	if how == stream.Reset {
		l.Ended = [2]bool{true, true}
	}
}

// helloOf reads a device's hello.
func helloOf(m *decode.Message) Hello {
	h := Hello{Seen: true}
	var c coap.Message
	if c.Parse(m.Plain) != nil {
		return h
	}
	for _, f := range m.Meaning.AppendFields(nil, &c) {
		if f.Def == nil {
			continue
		}
		n := f.Value.Uint()
		switch f.Def.Key {
		case "photon.hello.product_id":
			h.Product = uint16(n)
		case "photon.hello.product_version":
			h.ProductVersion = uint16(n)
		case "photon.hello.platform_id":
			h.Platform, h.HasPlatform = uint16(n), true
		case "photon.hello.system_version":
			h.System, h.HasSystem = uint16(n), true
		}
	}
	return h
}
