package replay

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// Act is what a [Player] wants done: a report told, and if Bytes is not nil a
// message sent.
type Act struct {
	Bytes []byte // a CoAP message without padding
	Report
}

// Pace says when things are done.
type Pace struct {
	Speed float64       // the recorded time between messages is divided by it; 0: no time passes
	Wait  time.Duration // how long beyond its time a message is waited for
}

// Player plays a plan. It is told the messages that come and the time, and says
// what to send: no socket, no clock. It is not safe for concurrent use.
type Player struct {
	plan    *Plan
	pace    Pace
	compare Comparison
	conn    stream.Conn // of all live events
	live    particle.Conversation
	state   map[*Step]*progress
	next    int // the first step that is not done
	id      uint16

	begun    time.Time // when the step before next was done
	recorded time.Time // when it was recorded
	passed   *Step     // the last one whose message passed
	heard    time.Time // when something came, or a ping left
	spoke    time.Time // when the last step of ours left
	pinging  bool
	acts     []Act
}

// progress is how far a step is.
type progress struct {
	done, live bool // live: its message passed
	missed     bool // it was given up
	announced  bool
	at         time.Time
	id         uint16 // under which its message passed live
	token      []byte
}

// firmware's limits of silence (docs/protocol.md section 1.2).
const (
	pingAfter = 15 * time.Second
	pingWait  = 10 * time.Second
)

// NewPlayer returns a player whose first message has the given ID. ignore are
// fields that are not compared.
func NewPlayer(p *Plan, pace Pace, first uint16, ignore []string) *Player {
	y := &Player{plan: p, pace: pace, compare: Comparison{Ignore: ignore}, id: first - 1, state: make(map[*Step]*progress, len(p.Steps))}
	for _, s := range p.Steps {
		y.state[s] = new(progress)
	}
	return y
}

// Over reports whether every step is done.
func (y *Player) Over() bool { return y.next == len(y.plan.Steps) }

// Advance does what is due, and returns when to call again at the latest.
func (y *Player) Advance(now time.Time) (acts []Act, again time.Time) {
	y.acts = nil
	if y.begun.IsZero() {
		y.begun, y.heard, y.recorded = now, now, y.plan.Steps[0].Event.At
	}
	for !y.Over() {
		due, ok := y.step(y.plan.Steps[y.next], now)
		if !ok {
			return y.keepAlive(now, due)
		}
	}
	return y.acts, now
}

// step does one step if it can be done now, or says when it may be.
func (y *Player) step(s *Step, now time.Time) (again time.Time, done bool) {
	st := y.state[s]
	due := y.due(s)
	switch {
	case st.done:
		y.pass(s, st.at)
	case s.Do == Leave:
		y.leave(s, s.Why)
	case s.Answers != nil && !y.state[s.Answers].live:
		y.leave(s, "what it answers did not pass")
	case s.Do == Send && now.Before(due):
		return due, false
	case s.Do == Send:
		y.send(s, now)
	case now.Before(y.deadline(s, due)):
		return y.announce(s, now, due), false
	default:
		y.diverge(&Divergence{Fault: Missing, Step: s})
		y.finish(s, now, false)
		st.missed = true
		y.pass(s, now)
	}
	return now, true
}

// due is when a step's turn comes: so long after the one before as was recorded.
func (y *Player) due(s *Step) time.Time { return y.behind(y.begun, y.recorded, s) }

// behind is when a step's turn comes, if another one recorded at a time was done
// at another.
func (y *Player) behind(done, recorded time.Time, s *Step) time.Time {
	gap := s.Event.At.Sub(recorded)
	if y.pace.Speed <= 0 || gap <= 0 {
		return done
	}
	return done.Add(time.Duration(float64(gap) / y.pace.Speed))
}

// pass goes on to the next step.
func (y *Player) pass(s *Step, at time.Time) {
	y.next++
	if at.After(y.begun) {
		y.begun = at
	}
	y.recorded = s.Event.At
	if y.state[s].live {
		y.passed = s
	}
}

// leave passes over a step. Time goes on from the last one that was done.
func (y *Player) leave(s *Step, why string) {
	y.state[s].done = true
	y.next++
	y.acts = append(y.acts, Act{Report: Report{Step: s, Happened: LeftOut, Why: why}})
}

// announceAfter is how long a message may be due before it is said that the
// session waits for it.
const announceAfter = 300 * time.Millisecond

// announce says once that the session waits for what nothing of ours asks for, and
// returns when to look again.
func (y *Player) announce(s *Step, now, due time.Time) (again time.Time) {
	st, say := y.state[s], due.Add(min(announceAfter, y.pace.Wait))
	if s.Answers == nil && !st.announced && now.Before(say) {
		return say
	}
	if s.Answers == nil && !st.announced {
		st.announced = true
		y.acts = append(y.acts, Act{Report: Report{Step: s, Happened: Waiting}})
	}
	return y.deadline(s, due)
}

func (y *Player) finish(s *Step, at time.Time, live bool) {
	st := y.state[s]
	st.done, st.live, st.at = true, live, at
}

func (y *Player) diverge(d *Divergence) {
	y.acts = append(y.acts, Act{Report: Report{Step: d.Step, Happened: Diverged, Actual: d.Actual, Diverged: d}})
}

// send sends a step's message, renumbered.
func (y *Player) send(s *Step, now time.Time) {
	m := s.CoAP
	m.ID, m.Token = y.number(s), y.token(s)
	if s.Meaning.Kind == particle.KindTimeReply {
		m.Payload = binary.BigEndian.AppendUint32(nil, uint32(now.Unix()))
	}
	st := y.state[s]
	st.id, st.token = m.ID, m.Token
	y.spoke = now
	y.finish(s, now, true)
	y.pass(s, now)
	plain := m.Append(nil)
	y.acts = append(y.acts, Act{Bytes: plain, Report: Report{Step: s, Happened: Sent, Actual: y.event(y.plan.As, now, plain, &m)}})
}

// number returns the ID of a message of ours.
func (y *Player) number(s *Step) uint16 {
	switch {
	case s.spendsID():
		return y.id + 1 // the gap behind it is in the next message's number
	case s.isAnswerByID() && s.Answers != nil && !s.Meaning.Misnumbered:
		return y.state[s.Answers].id
	case s.isAnswerByID():
		return s.CoAP.ID
	}
	y.id += uint16(1 + int(s.Meaning.MIDGap) - s.owed)
	return y.id
}

// token returns the token of a message of ours: its own, or of an answer that of
// the live message.
func (y *Player) token(s *Step) []byte {
	if a := s.Answers; a != nil && len(s.CoAP.Token) > 0 && bytes.Equal(s.CoAP.Token, a.CoAP.Token) {
		return y.state[a].token
	}
	return s.CoAP.Token
}

// event makes the event of a live message, and follows the conversation.
func (y *Player) event(from stream.Direction, at time.Time, plain []byte, m *coap.Message) *decode.Event {
	g := y.live.Next(from, at, m)
	g.Name = bytes.Clone(g.Name)
	return &decode.Event{At: at, Conn: &y.conn, From: from, Session: 1, Body: &decode.Message{Plain: plain, Padded: plain, Meaning: g}}
}

// keepAlive pings as a device does, and answers when to call again.
func (y *Player) keepAlive(now, again time.Time) ([]Act, time.Time) {
	if y.plan.As != stream.FromDevice || y.next == 0 {
		return y.acts, again
	}
	limit := y.heard.Add(pingAfter)
	if y.pinging {
		limit = y.heard.Add(pingWait)
	}
	switch {
	case now.Before(limit):
	case y.pinging:
		y.diverge(&Divergence{Fault: Ended, Step: y.plan.Steps[y.next], Reason: "it answers no ping"})
		y.next = len(y.plan.Steps)
	default:
		y.id++
		y.heard, y.pinging = now, true
		limit = now.Add(pingWait)
		m := particle.ComposeEmpty(coap.Confirmable, y.id, nil)
		plain := m.Append(nil)
		y.acts = append(y.acts, Act{Bytes: plain, Report: Report{Happened: Sent, Actual: y.event(y.plan.As, now, plain, &m)}})
	}
	if limit.Before(again) {
		again = limit
	}
	return y.acts, again
}
