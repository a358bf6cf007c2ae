package particle

import (
	"bytes"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/stream"
)

// Conversation is what the messages of one session have to do with each other.
// It is fed every message in order of time by Next. The zero value is ready;
// what it remembers is bounded. It is not safe for concurrent use.
type Conversation struct {
	expected uint16 // the ID that a server expects of the device's next message
	own      uint16 // the ID that the device takes next: another once it spent one on an acknowledgement
	counting bool   // expected and own hold
	stack    Stack
	update   *Transfer
	pending  [2]pending // by the sender of the requests
	names    names
	updates  int
}

// Stack returns which stack the device runs, as far as facts have told.
func (c *Conversation) Stack() Stack { return c.stack }

// Forgotten returns how many requests were forgotten for want of room before
// they were answered.
func (c *Conversation) Forgotten() int { return int(c.pending[0].forgotten + c.pending[1].forgotten) }

// Transfer returns the firmware transfer that is going on or was the last one,
// or nil if there was none. It changes with every message.
func (c *Conversation) Transfer() *Transfer { return c.update }

// Next returns what the next message of the session means. It keeps no part
// of m.
func (c *Conversation) Next(from stream.Direction, at time.Time, m *coap.Message) Meaning {
	g := Meaning{From: from}
	if from == stream.FromDevice && m.Type != coap.Acknowledgement {
		g.MIDGap = c.count(m.ID)
	}
	if isRequest(m) {
		c.ask(&g, at, m)
	} else {
		c.respond(&g, at, m)
	}
	c.trackUpdate(&g, at, m)
	return g
}

// Lose tells that messages of one side are missing, so that the ID of the
// device's next one is not known.
func (c *Conversation) Lose(from stream.Direction) {
	if from == stream.FromDevice {
		c.counting = false
	}
}

// isRequest reports whether a message asks for something: a request, or an
// empty message that is no answer.
func isRequest(m *coap.Message) bool {
	if m.Type == coap.Acknowledgement || m.Type == coap.ResetMessage {
		return false
	}
	return !m.Code.IsResponse()
}

// count notes the ID of a device's message that is not an acknowledgement, and
// returns its distance from the expected one. The servers expect each of these
// to be one higher than the one before and hang up otherwise
// (particle-iot/spark-protocol@2c745e7:js/clients/SparkCore.js,
// Brewskey/spark-protocol@f664ab3:src/clients/Device.js).
func (c *Conversation) count(id uint16) (gap int16) {
	if c.counting {
		gap = int16(id - c.expected)
	}
	c.counting, c.expected, c.own = true, id+1, id+1
	return gap
}

// ask classifies a request and remembers it.
func (c *Conversation) ask(g *Meaning, at time.Time, m *coap.Message) {
	g.Kind = requestKind(g.From, m)
	e := exchange{kind: g.Kind}
	switch g.Kind {
	case KindHello:
		c.learnStack(m.Payload)
	case KindHelloReply:
		if hello := c.pending[stream.FromDevice].newest(KindHello); hello != nil {
			c.answers(g, hello, at)
		}
	case KindDescribePost:
		c.names.learn(m.Payload)
	case KindDescribeBlock:
		e.kind = KindDescribePost
	case KindFunctionCall, KindVariable, KindEvent, KindSubscribe:
		var room [64]byte
		e.ref = c.names.find(joined(room[:], nameParts(m)))
	case KindPresence, KindGoodbye:
		return
	}
	c.pending[g.From].add(e, at, m)
}

// learnStack tells the stack by the hello's flags: LightSSL always sets the bit
// for diagnostics, which came with it.
func (c *Conversation) learnStack(hello []byte) {
	switch {
	case len(hello) < 6:
	case hello[5]&HelloDiagnostics != 0:
		c.stack = LightSSLStack
	default:
		c.stack = LegacyStack
	}
}

// respond classifies an answer and finds what it answers.
func (c *Conversation) respond(g *Meaning, at time.Time, m *coap.Message) {
	asked := &c.pending[g.From.Opposite()]
	e := c.find(g, asked, m)
	if e != nil {
		g.Kind = answerKind(e.kind, m)
	} else {
		g.Kind, e = c.orphan(g.From, asked, m)
	}
	if e != nil {
		c.answers(g, e, at)
		c.learnStackFrom(g)
	}
	if g.Kind == KindDescribeReply {
		c.names.learn(m.Payload)
	}
	if m.Type == coap.Confirmable {
		c.pending[g.From].add(exchange{kind: separateKind(g.Kind)}, at, m)
	}
	if e != nil {
		asked.settle(e, m)
	}
}

// separateKind is the kind under which a confirmable response waits for its
// acknowledgement.
func separateKind(k Kind) Kind {
	if k == KindDescribeBlock || k == KindMetrics {
		return KindDescribeReply
	}
	return k
}

// answers notes that g answers e.
func (c *Conversation) answers(g *Meaning, e *exchange, at time.Time) {
	g.Answers, g.HasRTT, g.RequestID = e.kind, true, e.id
	g.RTT = time.Duration(at.UnixNano() - e.at)
	switch e.kind {
	case KindChunk:
		g.Update.Index = e.ref
	case KindFunctionCall, KindVariable, KindEvent, KindSubscribe:
		if n := c.names.at(e.ref); n != nil {
			g.Name = n.text
			if g.Kind == KindVariableReply {
				g.Type = n.typ
			}
		}
	}
}

// find returns the message that m answers, by the rules of its sender.
func (c *Conversation) find(g *Meaning, asked *pending, m *coap.Message) *exchange {
	switch {
	case m.Code == coap.Empty:
		return c.findEmpty(g, asked, m)
	case g.From == stream.FromCloud:
		return findForDevice(asked, m)
	}
	// Servers look at nothing but the token.
	e := asked.byToken(m.Token)
	if m.Type != coap.Acknowledgement {
		return e
	}
	if e == nil {
		return asked.byID(m.ID)
	}
	if e.id != m.ID {
		c.misnumber(g, m.ID)
	}
	return e
}

// misnumber notes an acknowledgement under an ID that is not its request's. The
// device spent an ID on it if that is the one it would have taken next.
func (c *Conversation) misnumber(g *Meaning, id uint16) {
	g.Misnumbered = true
	if g.From == stream.FromDevice && c.counting && id == c.own {
		c.own++
	}
}

// findForDevice finds what a cloud's response answers. The original server puts
// a token of 00 that means nothing into every acknowledgement, so the ID goes
// first; and a device takes every 2.05 for the time.
func findForDevice(asked *pending, m *coap.Message) *exchange {
	if m.Type == coap.Acknowledgement {
		if e := asked.byID(m.ID); e != nil {
			return e
		}
	}
	if e := asked.byToken(m.Token); e != nil && (m.Type != coap.Acknowledgement || !bytes.Equal(m.Token, fillerToken)) {
		return e
	}
	if m.Code == coap.Content {
		return asked.newest(KindTime)
	}
	return nil
}

var fillerToken = []byte{0}

// findEmpty finds what an empty acknowledgement or a reset answers: by its ID,
// except that LightSSL acknowledges pings and key changes under its own next ID,
// and that a server may answer the ID 0 under a random one.
func (c *Conversation) findEmpty(g *Meaning, asked *pending, m *coap.Message) *exchange {
	e := asked.byID(m.ID)
	if e != nil && !e.has(acked) || m.Type != coap.Acknowledgement {
		return e
	}
	var other *exchange
	if g.From == stream.FromDevice {
		other = asked.oldestUnanswered(KindPing, KindKeyChange)
	} else {
		other = asked.zeroID()
	}
	if other == nil {
		return e
	}
	c.misnumber(g, m.ID)
	return other
}

// orphan classifies an answer that nothing was found for, by its form. A
// description whose request had no token is known by its form as well.
func (c *Conversation) orphan(from stream.Direction, asked *pending, m *coap.Message) (Kind, *exchange) {
	switch {
	case m.Type == coap.ResetMessage:
		return KindReset, nil
	case m.Code == coap.Empty:
		return KindAck, nil
	}
	kind := formKind(from, m, c.update != nil && !c.update.Over())
	if kind.Generic() {
		return kind, nil
	}
	for i := int(asked.n) - 1; i >= 0; i-- {
		e := asked.at(i)
		if !e.has(tokenLen|answered) && answerKind(e.kind, m) == kind {
			return kind, e
		}
	}
	return kind, nil
}

// learnStackFrom tells the stack by how a device acknowledges a ping: only the
// legacy one uses the ping's ID.
func (c *Conversation) learnStackFrom(g *Meaning) {
	switch {
	case g.Kind != KindPingAck || g.From != stream.FromDevice || c.stack != UnknownStack:
	case g.Misnumbered:
		c.stack = LightSSLStack
	default:
		c.stack = LegacyStack
	}
}
