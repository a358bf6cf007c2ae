package replay

import (
	"bytes"
	"cmp"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
)

// Receive takes a message of the peer, without padding, which must keep its
// bytes. [Player.Advance] is to be called afterwards.
func (y *Player) Receive(now time.Time, plain []byte) []Act {
	var m coap.Message
	if err := m.Parse(plain); err != nil {
		return y.Unreadable(now, err.Error())
	}
	y.acts = nil
	y.heard, y.pinging = now, false
	e := y.event(y.plan.As.Opposite(), now, plain, &m)
	g := &e.Body.(*decode.Message).Meaning
	switch g.Kind {
	case particle.KindPing:
		y.answerPing(now, &m)
		return y.acts
	case particle.KindPingAck:
		return y.acts
	}
	s := y.expected(e, g, &m)
	if s == nil {
		y.surprise(e, g, &m)
		return y.acts
	}
	st, why := y.state[s], y.outOfOrder(s)
	st.id, st.token = m.ID, bytes.Clone(m.Token)
	y.finish(s, now, true)
	if found := y.compare.Differences(&s.Event, e, s.Meaning.Kind); len(found) > 0 {
		y.diverge(&Divergence{Fault: Differs, Step: s, Actual: e, Differences: found})
	} else {
		y.acts = append(y.acts, Act{Report: Report{Step: s, Happened: Came, Actual: e, Why: why}})
	}
	return y.acts
}

// Unreadable is told that a frame came that holds no message, and why.
func (y *Player) Unreadable(now time.Time, reason string) []Act {
	y.acts = nil
	y.heard, y.pinging = now, false
	y.diverge(&Divergence{Fault: Unreadable, Reason: reason})
	return y.acts
}

// End is told that the peer ended the session, and why.
func (y *Player) End(reason string) []Act {
	y.acts = nil
	for ; !y.Over(); y.next++ {
		if s := y.plan.Steps[y.next]; s.Do != Leave && !y.state[s].done {
			y.diverge(&Divergence{Fault: Ended, Step: s, Reason: reason})
			y.next = len(y.plan.Steps)
			break
		}
	}
	return y.acts
}

// answerPing answers a ping as the protocol wants it, and not under a wrong ID as
// newer firmware does: the servers lose count of that.
func (y *Player) answerPing(now time.Time, ping *coap.Message) {
	m := particle.ComposeEmpty(coap.Acknowledgement, ping.ID, nil)
	plain := m.Append(nil)
	y.acts = append(y.acts, Act{Bytes: plain, Report: Report{Happened: Sent, Actual: y.event(y.plan.As, now, plain, &m)}})
}

// expected finds the recorded message that a live one stands for, or nil: the first
// that it is like in every field, else the first about the same object, else the
// first of its kind.
func (y *Player) expected(e *decode.Event, g *particle.Meaning, m *coap.Message) *Step {
	if g.HasRTT {
		return y.expectedAnswer(g)
	}
	var same, similar *Step
	for s := range y.open() {
		switch {
		case s.Answers != nil || s.Meaning.Kind != g.Kind:
		case !sameObject(s, g, m):
			if g.Kind != particle.KindChunk { // which is nothing but its place
				similar = cmp.Or(similar, s)
			}
		case len(y.compare.Differences(&s.Event, e, s.Meaning.Kind)) == 0:
			return s
		default:
			same = cmp.Or(same, s)
		}
	}
	return cmp.Or(same, similar)
}

// expectedAnswer finds the recorded answer to the message of ours that a live one
// answers, of the same kind or else of any.
func (y *Player) expectedAnswer(g *particle.Meaning) (other *Step) {
	for s := range y.open() {
		if s.Answers == nil || !y.state[s.Answers].live || y.state[s.Answers].id != g.RequestID {
			continue
		}
		if s.Meaning.Kind == g.Kind {
			return s
		}
		if other == nil {
			other = s
		}
	}
	return other
}

// sameObject reports whether two messages of a kind are about the same: the same
// name, or the same place of an image.
func sameObject(s *Step, g *particle.Meaning, m *coap.Message) bool {
	return s.Meaning.Update.Index == g.Update.Index && bytes.Equal(address(&s.CoAP), address(m))
}

// address joins the options that name what a request is about.
func address(m *coap.Message) (b []byte) {
	for i := range m.Options {
		if o := &m.Options[i]; o.Number == coap.URIPath {
			b = append(append(b, '/'), o.Value...)
		}
	}
	return b
}

// surprise takes a message that no step waits for. One that the plan leaves out on
// purpose is none; the peer may also say once more what it said.
func (y *Player) surprise(e *decode.Event, g *particle.Meaning, m *coap.Message) {
	for _, s := range y.plan.Steps {
		left := s.Do == Leave && s.Event.From != y.plan.As && s.Meaning.Kind == g.Kind
		if left && (s.Answers != nil || sameObject(s, g, m)) {
			return
		}
	}
	if y.late(e, g) {
		return
	}
	y.diverge(&Divergence{Fault: Unexpected, Actual: e})
}
