package store

import (
	"bytes"
	"encoding/binary"
	"math"
	"sync/atomic"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store/filter"
)

// Messages that belong together, a request with its repetitions and answers, are
// a ring: each record leads to the next one, the last to the first.
//
// Whether a message asks, and whether it was answered, is what package filter says
// of the field photon.answered.

const (
	maxSent = 256 // messages of a side that wait: as many as particle.Conversation remembers
	maxRing = 64  // messages of an exchange; more begin another one
	never   = math.MaxInt64
)

// side is the messages that one peer of a connection sent and that may be
// answered, oldest first.
type side struct {
	sent    []sent
	decided int   // of those before it is known whether they are answered, or they are repeated
	due     int64 // when the first of the others was sent, if there is one
	ids     ids
}

// sent is a message. Whether those that repeat an open one are answered is known
// of all at once, when it is known of the last.
type sent struct {
	seq      Seq
	first    Seq // the open message that it repeats, or itself
	at       int64
	id       uint16
	open     bool // it asks, and nothing is known yet
	repeated bool // by a later one, while it was open
}

// ids says of message IDs that they were surely not sent, so that a new one needs
// no search. It has a bit for each value of the lower byte.
type ids [4]uint64

func (s *ids) add(id uint16)      { s[id>>6&3] |= 1 << (id & 63) }
func (s *ids) has(id uint16) bool { return s[id>>6&3]&(1<<(id&63)) != 0 }

// relate links an event to those it belongs to. Its record is there.
func (w *writer) relate(c *content, conn *connection, seq Seq, e *decode.Event) {
	leg := &conn.session.Legs[conn.leg]
	for i := range conn.sides {
		conn.sides[i].decide(c, leg, w.sessions.newest-int64(filter.ExchangeLifetime))
	}
	switch b := e.Body.(type) {
	case *decode.Message:
		conn.answer(c, leg, seq, b)
		conn.sides[e.From&1].send(c, leg, seq, b)
	case *decode.Closed:
		if b.How == stream.Cut { // what would have come is not known
			conn.sides[e.From&1^1] = side{}
			break
		}
		conn.sides[e.From&1^1].decide(c, leg, never)
		if b.How == stream.Reset {
			conn.sides[e.From&1].decide(c, leg, never)
		}
	}
	conn.session.twins.pair(c, conn, seq, e)
}

// answer links a message to the one that it answers.
func (conn *connection) answer(c *content, leg *Leg, seq Seq, m *decode.Message) {
	g := &m.Meaning
	if !g.HasRTT {
		return
	}
	side := &conn.sides[g.From&1^1]
	asked := side.sent
	r := c.record(seq)
	at := r.at - int64(g.RTT)
	for i := len(asked) - 1; i >= 0; i-- {
		if asked[i].id != g.RequestID || asked[i].at != at {
			continue
		}
		r.set(Answers)
		if filter.Settles(m) {
			side.settle(c, leg, i, Answered)
		}
		if c.has(asked[i].seq) {
			c.join(asked[i].seq, seq)
		}
		return
	}
}

// settle notes whether a message was answered, and with it those that it repeats
// or that repeat it.
func (s *side) settle(c *content, leg *Leg, i int, as Flags) {
	m := &s.sent[i]
	if m.first == m.seq && !m.repeated {
		m.settle(c, leg, as)
		return
	}
	first := m.first
	for i := range s.sent {
		if s.sent[i].first == first {
			s.sent[i].settle(c, leg, as)
		}
	}
}

func (m *sent) settle(c *content, leg *Leg, as Flags) {
	switch {
	case !m.open:
	case as == Unanswered:
		c.unanswered(leg, m.seq)
	case c.has(m.seq):
		c.record(m.seq).set(as)
		c.touch(m.seq)
	}
	m.open = false
}

// send notes a message that may be answered.
func (s *side) send(c *content, leg *Leg, seq Seq, m *decode.Message) {
	t, id := header(m.Plain)
	if t != coap.Confirmable && t != coap.NonConfirmable {
		return
	}
	if len(s.sent) == maxSent {
		s.makeRoom(c, leg)
	}
	message := sent{seq: seq, first: seq, at: c.record(seq).at, id: id, open: filter.Asks(m)}
	if t == coap.Confirmable && s.ids.has(id) {
		s.findRetry(c, &message, m.Plain)
	}
	s.ids.add(id)
	if s.decided == len(s.sent) {
		s.due = message.at
	}
	s.sent = append(s.sent, message)
}

// header returns a message's type and ID.
func header(plain []byte) (coap.Type, uint16) {
	if len(plain) < coap.HeaderLen {
		return coap.Acknowledgement, 0
	}
	return coap.Type(plain[0] >> 4 & 3), binary.BigEndian.Uint16(plain[2:])
}

// findRetry links a message to the one that it repeats, if it does.
func (s *side) findRetry(c *content, message *sent, plain []byte) {
	r := c.record(message.seq)
	for i := len(s.sent) - 1; i >= 0; i-- {
		m := &s.sent[i]
		if m.id != message.id || !c.has(m.seq) || r.at-m.at > int64(filter.ExchangeLifetime) {
			continue
		}
		if earlier := c.record(m.seq); bytes.Equal(c.plain(earlier, earlier.load()), plain) {
			r.set(Retry | Problem)
			c.join(m.seq, message.seq)
			if m.open && message.open {
				message.first, m.repeated = m.first, true
			}
			return
		}
	}
}

// decide tells of the messages sent before a time that nothing answered them.
func (s *side) decide(c *content, leg *Leg, before int64) {
	if s.due >= before { // spares looking at the messages, for each event
		return
	}
	for s.decided < len(s.sent) && s.sent[s.decided].at < before {
		if m := &s.sent[s.decided]; m.open && !m.repeated {
			s.settle(c, leg, s.decided, Unanswered)
		}
		s.decided++
	}
	s.due = never
	if s.decided < len(s.sent) {
		s.due = s.sent[s.decided].at
	}
}

// makeRoom forgets messages: the older half of those of which all is known, and
// if that is not much the oldest of the others. The decoder forgets these as well,
// so no message will answer them.
func (s *side) makeRoom(c *content, leg *Leg) {
	half := len(s.sent) / 2
	kept := s.sent[:0]
	for _, m := range s.sent[:half] {
		if m.open {
			kept = append(kept, m)
		}
	}
	if n := len(kept); n > half/2 {
		for i := range kept[:n/2] {
			c.unanswered(leg, kept[i].seq)
		}
		kept = kept[:copy(kept, kept[n/2:])]
	}
	s.sent = append(kept, s.sent[half:]...)
	s.decided, s.due = 0, math.MinInt64
	s.ids = ids{}
	for i := range s.sent {
		s.ids.add(s.sent[i].id)
	}
}

// unanswered flags a message that was not answered. That is a problem if it is
// confirmable, and of a kind that is always answered.
func (c *content) unanswered(leg *Leg, seq Seq) {
	if !c.has(seq) {
		return
	}
	r := c.record(seq)
	r.set(Unanswered)
	bits := r.load()
	if t, _ := header(c.plain(r, bits)); t == coap.Confirmable && !kindOf(bits).MayGoUnanswered() {
		leg.Unanswered++
		r.set(Problem)
	}
	c.touch(seq)
}

// touch notes that an event's flags are others now, if someone may have seen it.
func (c *content) touch(seq Seq) {
	if seq < c.published {
		c.touched.append(uint32(seq))
	}
}

// expire decides what waited for too long in the time of the events. It looks at
// all connections, so it does so only once in a second of that time, and in some
// events.
func (w *writer) expire(c *content, at int64) {
	s := &w.sessions
	s.newest = max(s.newest, at)
	s.since++
	if s.newest < s.expired+int64(time.Second) || 16*s.since < len(s.conns) {
		return
	}
	s.expired, s.since = s.newest, 0
	for _, conn := range s.conns {
		leg := &conn.session.Legs[conn.leg]
		for i := range conn.sides {
			conn.sides[i].decide(c, leg, s.newest-int64(filter.ExchangeLifetime))
		}
	}
}

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
