package store

import (
	"bytes"
	"encoding/binary"
	"sync/atomic"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// Messages that belong together, a request with its repetitions and answers, are
// a ring: each record leads to the next one, the last to the first.

const (
	// answerWait is how long a confirmable message is waited for to be answered:
	// MAX_TRANSMIT_WAIT of RFC 7252 section 4.8.2.
	answerWait = 93 * time.Second
	// retryWait is how long a message ID names the same message:
	// EXCHANGE_LIFETIME of RFC 7252 section 4.8.2.
	retryWait = 247 * time.Second

	maxSent = 128 // messages of a side that are waited for
	maxRing = 64  // messages of an exchange; more begin another one
)

// side is the messages that one peer of a connection sent and that may be
// answered, oldest first.
type side struct {
	sent    []sent
	decided int // those before are answered or will not be
	id      uint16
}

type sent struct {
	seq  Seq
	at   int64
	id   uint16
	open bool // confirmable, and not answered
}

// relate links an event to those it belongs to. Its record is there.
func (w *writer) relate(c *content, conn *connection, seq Seq, e *decode.Event) {
	r := c.record(seq)
	leg := &conn.session.Legs[conn.leg]
	switch b := e.Body.(type) {
	case *decode.Message:
		conn.sides[e.From&1].decide(c, leg, r.at-int64(answerWait))
		conn.sides[e.From&1^1].decide(c, leg, r.at-int64(answerWait))
		conn.answer(c, leg, seq, &b.Meaning)
		conn.sides[e.From&1].send(c, leg, seq, b)
	case *decode.Closed:
		if b.How == stream.Cut { // what would have come is not known
			break
		}
		conn.sides[e.From&1^1].decide(c, leg, 1<<62)
		if b.How == stream.Reset {
			conn.sides[e.From&1].decide(c, leg, 1<<62)
		}
	}
	conn.session.twins.pair(c, conn, seq, e)
}

// answer links a message to the one that it answers.
func (conn *connection) answer(c *content, leg *Leg, seq Seq, g *particle.Meaning) {
	if !g.HasRTT {
		return
	}
	asked := conn.sides[g.From&1^1].sent
	r := c.record(seq)
	at := r.at - int64(g.RTT)
	for i := len(asked) - 1; i >= 0; i-- {
		if asked[i].id != g.RequestID || asked[i].at != at {
			continue
		}
		r.set(Answers)
		settle(c, leg, asked[:i+1])
		if c.has(asked[i].seq) {
			c.join(asked[i].seq, seq)
		}
		return
	}
}

// settle notes that the last of some messages was answered, and with it those
// that it repeated.
func settle(c *content, leg *Leg, asked []sent) {
	last := asked[len(asked)-1]
	for i := len(asked) - 1; i >= 0; i-- {
		m := &asked[i]
		if m.id != last.id || last.at-m.at > int64(retryWait) {
			continue
		}
		m.open = false
		if !c.has(m.seq) {
			continue
		}
		r := c.record(m.seq)
		r.set(Answered)
		if flagsOf(r.load())&Unanswered != 0 { // it came after all
			r.unset(Unanswered)
			leg.Unanswered--
			c.touch(m.seq)
		}
		if flagsOf(r.load())&Retry == 0 {
			return
		}
	}
}

// send notes a message that may be answered.
func (s *side) send(c *content, leg *Leg, seq Seq, m *decode.Message) {
	t, id := header(m.Plain)
	if t != coap.Confirmable && t != coap.NonConfirmable {
		return
	}
	r := c.record(seq)
	if t == coap.Confirmable && id != s.id+1 {
		s.findRetry(c, seq, id, m.Plain)
	}
	s.id = id
	if len(s.sent) == maxSent {
		s.drop(c, leg, maxSent/2)
	}
	s.sent = append(s.sent, sent{seq, r.at, id, t == coap.Confirmable})
}

// header returns a message's type and ID.
func header(plain []byte) (coap.Type, uint16) {
	if len(plain) < coap.HeaderLen {
		return coap.Acknowledgement, 0
	}
	return coap.Type(plain[0] >> 4 & 3), binary.BigEndian.Uint16(plain[2:])
}

// findRetry links a message to the one that it repeats, if it does.
func (s *side) findRetry(c *content, seq Seq, id uint16, plain []byte) {
	r := c.record(seq)
	for i := len(s.sent) - 1; i >= 0; i-- {
		m := &s.sent[i]
		if m.id != id || !c.has(m.seq) || r.at-m.at > int64(retryWait) {
			continue
		}
		if earlier := c.record(m.seq); bytes.Equal(c.plain(earlier, earlier.load()), plain) {
			r.set(Retry | Problem)
			c.join(m.seq, seq)
			return
		}
	}
}

// decide tells of the messages sent before a time that nothing answered them.
func (s *side) decide(c *content, leg *Leg, before int64) {
	for s.decided < len(s.sent) && s.sent[s.decided].at < before {
		m := &s.sent[s.decided]
		s.decided++
		if m.open {
			m.open = false
			leg.Unanswered++
			c.unanswered(leg, m.seq)
		}
	}
}

// drop forgets the oldest n messages.
func (s *side) drop(c *content, leg *Leg, n int) {
	s.decide(c, leg, s.sent[n-1].at+1)
	s.sent = s.sent[:copy(s.sent, s.sent[n:])]
	s.decided = max(s.decided-n, 0)
}

// unanswered flags a message that was not answered. That is a problem for a
// request. The Node servers acknowledge neither a describe's reply nor an unasked
// description, so it is none for these.
func (c *content) unanswered(leg *Leg, seq Seq) {
	if !c.has(seq) {
		return
	}
	r := c.record(seq)
	r.set(Unanswered)
	bits := r.load()
	plain := c.plain(r, bits)
	if !coap.Code(plain[1]).IsResponse() && kindOf(bits) != particle.KindDescribePost && r.set(Problem) {
		leg.Problems++
	}
	c.touch(seq)
}

// touch notes that an event's flags are others now.
func (c *content) touch(seq Seq) { c.touched.append(seq) }

// join adds a message to the exchange of an earlier one.
func (c *content) join(member, seq Seq) {
	last, head := member, member
	for n := 0; ; n++ {
		next := c.nextOf(last)
		if next <= last || !c.has(next) {
			head = next
			break
		}
		if last = next; n == maxRing || last == seq {
			return
		}
	}
	if seq-head > 1<<30 {
		return
	}
	atomic.StoreInt32(&c.record(last).next, int32(seq-last))
	atomic.StoreInt32(&c.record(seq).next, -int32(seq-head))
}

// nextOf returns the next message of the exchange.
func (c *content) nextOf(seq Seq) Seq {
	return seq + Seq(int64(atomic.LoadInt32(&c.record(seq).next)))
}

// Exchange appends to dst the messages that belong together with one, itself
// included, in order: a request, its repetitions and its answers. Of an exchange
// whose beginning was evicted it returns what follows seq.
func (s *Store) Exchange(dst []Seq, seq Seq) []Seq {
	c := s.snapshot()
	if !c.has(seq) {
		return dst
	}
	head := seq
	for n := 0; n < maxRing; n++ {
		next := c.nextOf(head)
		if next <= head {
			if c.has(next) {
				head = next
			} else {
				head = seq
			}
			break
		}
		if !c.has(next) { // appended since
			break
		}
		head = next
	}
	for n := 0; n <= maxRing; n++ {
		dst = append(dst, head)
		next := c.nextOf(head)
		if next <= head || !c.has(next) {
			break
		}
		head = next
	}
	return dst
}

// Twin returns the same message, or record of the handshake, on the other leg of
// the session, or false if none is held.
func (s *Store) Twin(seq Seq) (Seq, bool) {
	c := s.snapshot()
	if !c.has(seq) {
		return 0, false
	}
	d := atomic.LoadInt32(&c.record(seq).twin)
	twin := seq + Seq(int64(d))
	return twin, d != 0 && c.has(twin)
}
