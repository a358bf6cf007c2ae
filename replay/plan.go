package replay

import (
	"errors"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// Action is what a plan does with a recorded message.
type Action uint8

// The actions.
const (
	Leave Action = iota // nothing
	Send
	Await
)

// Step is what is done with one recorded message.
type Step struct {
	*Message
	Do      Action
	Why     string // it is left out
	Answers *Step  // what this message answers, nil if nothing that is known

	owed int // message IDs that messages left out before this one had used up on acknowledgements
}

// Choice says what of a recording is played, and by whom.
type Choice struct {
	As       stream.Direction    // whose part is played
	From, To int                 // first and last message, by their numbers; To 0: to the end
	Match    func(*Message) bool // which messages are meant; nil: all
}

// Plan is a recording with what is done with each of its messages.
type Plan struct {
	As    stream.Direction
	Steps []*Step
	Stack particle.Stack // of the recorded device
}

// Errors of recordings that cannot be played.
var (
	ErrNothing = errors.New("replay: no message of the recording could be opened")
	ErrNoHello = errors.New("replay: the recording lacks the Hello of the end that is to be played")
)

// NewPlan plans to play one end's part of a recording.
func NewPlan(r *Recording, c Choice) (*Plan, error) {
	if len(r.Messages) == 0 {
		return nil, ErrNothing
	}
	p := &Plan{As: c.As, Stack: particle.LegacyStack}
	steps := make(map[*Message]*Step, len(r.Messages))
	begun, owed := false, 0
	for _, m := range r.Messages {
		s := &Step{Message: m, Answers: steps[m.Answers]}
		s.Do, s.Why = c.decide(m)
		if s.Do == Send && m.Meaning.Kind == firstKind(c.As) {
			begun = true
		}
		if m.Meaning.Kind == particle.KindHello && len(m.CoAP.Payload) >= 6 && m.CoAP.Payload[5]&particle.HelloDiagnostics != 0 {
			p.Stack = particle.LightSSLStack
		}
		if m.Event.From == c.As {
			owed = s.owe(owed)
		}
		steps[m] = s
		p.Steps = append(p.Steps, s)
	}
	if !begun {
		return nil, ErrNoHello
	}
	return p, nil
}

// owe counts the IDs that were used up by acknowledgements left out: the next
// message is not to repeat the gap that they made.
func (s *Step) owe(owed int) int {
	switch {
	case s.spendsID() && s.Do == Leave:
		return owed + 1
	case !s.isAnswerByID():
		s.owed = owed
		return 0
	}
	return owed
}

// isAnswerByID reports whether a message has the ID of what it answers.
func (m *Message) isAnswerByID() bool {
	return m.CoAP.Type == coap.Acknowledgement || m.CoAP.Type == coap.ResetMessage
}

// spendsID reports whether a device acknowledged under its own next ID, as the
// newer stack does (docs/protocol.md section 8.2).
func (m *Message) spendsID() bool {
	switch m.Meaning.Kind {
	case particle.KindPingAck, particle.KindSignalAck, particle.KindKeyChangeAck:
		return m.Meaning.Misnumbered && m.Event.From == stream.FromDevice
	}
	return false
}

// firstKind is what an end says first.
func firstKind(d stream.Direction) particle.Kind {
	if d == stream.FromCloud {
		return particle.KindHelloReply
	}
	return particle.KindHello
}

// decide says what is done with a message, and why it is left out.
func (c *Choice) decide(m *Message) (Action, string) {
	kind := m.Meaning.Kind
	switch {
	case kind == particle.KindPing, kind == particle.KindPingAck:
		return Leave, "pings follow the silence of the live session"
	case kind == particle.KindPresence:
		return Leave, "it is no part of a session"
	case !startsSession(m) && (m.Number < c.From || c.To > 0 && m.Number > c.To):
		return Leave, "not in the range"
	case !startsSession(m) && c.Match != nil && !c.Match(m):
		return Leave, "the filter does not match"
	case m.Event.From == c.As:
		return Send, ""
	}
	return Await, ""
}

// startsSession reports whether a message belongs to what every session needs:
// the Hellos, and what the servers hang up without, the description.
func startsSession(m *Message) bool {
	switch m.Meaning.Kind {
	case particle.KindHello, particle.KindHelloReply, particle.KindDescribe, particle.KindDescribeBlock:
		return true
	}
	return m.Answers != nil && startsSession(m.Answers)
}

// Actuates reports whether a message makes a device do something: it calls a
// function, updates firmware, changes keys or signals.
func (m *Message) Actuates() bool {
	if m.Event.From != stream.FromCloud {
		return false
	}
	switch m.Meaning.Kind {
	case particle.KindFunctionCall, particle.KindSignal, particle.KindKeyChange,
		particle.KindUpdateBegin, particle.KindSaveBegin, particle.KindChunk, particle.KindUpdateDone,
		particle.KindOTA3Start, particle.KindOTA3Chunk, particle.KindOTA3Finish:
		return true
	}
	return false
}

// Actuating returns the steps that would make a device do something.
func (p *Plan) Actuating() (steps []*Step) {
	for _, s := range p.Steps {
		if s.Do == Send && s.Actuates() {
			steps = append(steps, s)
		}
	}
	return steps
}

// Counts returns how many messages are sent, waited for and left out.
func (p *Plan) Counts() (sent, awaited, left int) {
	var n [3]int
	for _, s := range p.Steps {
		n[s.Do]++
	}
	return n[Send], n[Await], n[Leave]
}
