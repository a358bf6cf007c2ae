package filter

import (
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
)

// Holder matches a stream of events against a filter that asks what only later
// events tell ([Filter.NeedsLater]). It holds a request on whose answer the match
// depends until that comes, until its connection closes, or until
// ExchangeLifetime has passed in the time of the events. Behind it, so that the
// order remains, it holds every event that matches. Events that match in no case
// are not held.
//
// At most MaxHeld events of together MaxHeldBytes are held. What is undecided when
// there are more, or when the input ends or breaks off, stays so: its relation is
// the zero value.
//
// The events that it holds must keep their bytes. A Holder is not safe for
// concurrent use.
type Holder struct {
	filter *Filter
	queue  []held
	first  int    // of queue that is still held
	number uint64 // of queue[0], from 1
	bytes  int
	gaveUp int
	newest time.Time
	asked  map[question]uint64 // number of the latest one that waits
	conns  map[stream.ConnID]*waiting
}

// Bounds of what a [Holder] holds.
const (
	MaxHeld      = 16 << 10
	MaxHeldBytes = 16 << 20

	eventCost = 640 // what an event costs besides its bytes
	maxSame   = 64  // requests under one ID that an answer is looked for among
)

// question is what an answer names of its request.
type question struct {
	conn stream.ConnID
	from stream.Direction
	id   uint16
}

// waiting is a connection with requests that wait.
type waiting struct {
	requests int
	ends     [2][]ending // by direction
}

// ending is where a direction ended: what comes after it is no answer to a request
// with a lower number.
type ending struct {
	number uint64
	at     time.Time // the newest of the events by then
	answer Answer
}

// held is an event that matches, or that matches if it is answered one way.
type held struct {
	event    decode.Event
	waits    bool
	matches  bool   // unless it waits
	number   uint64 // its own, if it waits
	question question
	before   uint64 // the number of the request that waits under the same question, 0 if none does
	repeats  uint64 // the number of the one among them that it is a copy of, 0 if none is
	again    uint64 // the number of the copy that repeats it, 0 if none does
}

// NewHolder returns a Holder for a filter, which nobody else may use while it
// works.
func NewHolder(f *Filter) *Holder {
	return &Holder{filter: f, number: 1, asked: make(map[question]uint64), conns: make(map[stream.ConnID]*waiting)}
}

// GaveUp returns how many requests were given up for want of room.
func (h *Holder) GaveUp() int { return h.gaveUp }

// Feed takes the next event and appends to dst those that match and are decided
// by now, in the order in which they were fed.
func (h *Holder) Feed(dst []decode.Event, e *decode.Event) []decode.Event {
	if !h.filter.later {
		if h.filter.Match(e) {
			dst = append(dst, *e)
		}
		return dst
	}
	if e.At.After(h.newest) {
		h.newest = e.At
	}
	dst = h.release(dst)
	h.learn(e)
	h.hold(e)
	return h.release(dst)
}

// Finish appends what is still held and matches. The Holder is empty then.
func (h *Holder) Finish(dst []decode.Event) []decode.Event {
	for h.first < len(h.queue) {
		if r := &h.queue[h.first]; r.waits {
			a, _ := h.verdict(r)
			h.decide(r, a)
		}
		dst = h.pop(dst)
	}
	return dst
}

// learn lets an event decide those before it.
func (h *Holder) learn(e *decode.Event) {
	switch b := e.Body.(type) {
	case *decode.Message:
		if Settles(b) {
			h.answered(e, b)
		}
	case *decode.Closed:
		c := h.conns[e.Conn.ID]
		if c == nil {
			return
		}
		end := ending{h.number + uint64(len(h.queue)), h.newest, Unanswered}
		switch b.How {
		case stream.Cut: // what would have come is not known
			end.answer = Undecided
		case stream.Reset:
			c.end(e.From.Opposite(), end)
		}
		c.end(e.From, end)
	}
}

// answered decides the request that a message answers, if it waits. Its time tells
// it from others under the same ID.
func (h *Holder) answered(e *decode.Event, m *decode.Message) {
	at := e.At.Add(-m.Meaning.RTT)
	n := h.asked[question{e.Conn.ID, e.From.Opposite(), m.Meaning.RequestID}]
	for i := 0; i < maxSame && n >= h.number+uint64(h.first); i++ {
		r := &h.queue[n-h.number]
		if r.waits && r.event.At.Equal(at) {
			r = h.latest(r)
			if _, known := h.verdict(r); !known {
				h.decide(r, Answered)
			}
			return
		}
		n = r.before
	}
}

// decide ends the waiting of a request, and of those that it repeats: an answer
// to any copy is one to the others.
func (h *Holder) decide(r *held, a Answer) {
	for {
		r.waits, r.matches = false, h.filter.MatchWith(&r.event, Relation{a})
		c := h.conns[r.question.conn]
		if c.requests--; c.requests == 0 {
			delete(h.conns, r.question.conn)
		}
		if r.repeats < h.number+uint64(h.first) {
			return
		}
		if r = &h.queue[r.repeats-h.number]; !r.waits {
			return
		}
	}
}

// hold puts an event behind those that are held, if it may match.
func (h *Holder) hold(e *decode.Event) {
	r := held{event: *e, matches: h.filter.Match(e)}
	m, ok := e.Body.(*decode.Message)
	if ok && Asks(m) {
		r.question = question{e.Conn.ID, e.From, messageID(m)}
		r.repeats = h.original(&r, m)
		r.waits = r.repeats != 0 || r.matches != h.filter.MatchWith(e, Relation{Answered}) || r.matches != h.filter.MatchWith(e, Relation{Unanswered})
	}
	if r.waits {
		h.wait(&r)
	}
	if r.waits || r.matches {
		h.queue = append(h.queue, r)
		h.bytes += cost(e)
	}
}

// wait notes that the next event of the queue waits for its answer.
func (h *Holder) wait(r *held) {
	r.number = h.number + uint64(len(h.queue))
	r.before = h.asked[r.question]
	h.asked[r.question] = r.number
	if r.repeats != 0 {
		h.queue[r.repeats-h.number].again = r.number
	}
	c := h.conns[r.question.conn]
	if c == nil {
		c = new(waiting)
		h.conns[r.question.conn] = c
	}
	c.requests++
}

// original returns the number of the latest request that waits and that r repeats,
// or 0 if there is none.
func (h *Holder) original(r *held, m *decode.Message) uint64 {
	n := h.asked[r.question]
	for i := 0; i < maxSame && n >= h.number+uint64(h.first); i++ {
		earlier := &h.queue[n-h.number]
		if earlier.waits && Repeats(&r.event, &earlier.event) {
			if _, known := h.verdict(earlier); !known {
				return n
			}
		}
		n = earlier.before
	}
	return 0
}

func cost(e *decode.Event) int {
	n := eventCost + len(e.Raw)
	if m, ok := e.Body.(*decode.Message); ok {
		n += len(m.Padded)
	}
	return n
}

// release appends the events at the front that are decided.
func (h *Holder) release(dst []decode.Event) []decode.Event {
	for h.first < len(h.queue) {
		r := &h.queue[h.first]
		if r.waits {
			a, known := h.verdict(r)
			if !known {
				if len(h.queue)-h.first <= MaxHeld && h.bytes <= MaxHeldBytes {
					return dst
				}
				h.gaveUp++
			}
			h.decide(r, a)
		}
		dst = h.pop(dst)
	}
	return dst
}

// latest returns the last one of the requests that repeat r, or r.
func (h *Holder) latest(r *held) *held {
	for r.again != 0 {
		r = &h.queue[r.again-h.number]
	}
	return r
}

// end notes that a direction ended, unless nothing was asked since it did.
func (c *waiting) end(from stream.Direction, e ending) {
	ends := &c.ends[from&1]
	if n := len(*ends); n == 0 || (*ends)[n-1].number < e.number {
		*ends = append(*ends, e)
	}
}

// verdict says of a request in the queue what became of its exchange without an
// answer, and whether that is known. Its latest copy decides that.
func (h *Holder) verdict(r *held) (a Answer, known bool) {
	r = h.latest(r)
	for _, end := range h.conns[r.question.conn].ends[r.event.From.Opposite()&1] {
		if r.number < end.number {
			if end.at.Sub(r.event.At) > ExchangeLifetime {
				return Unanswered, true
			}
			return end.answer, true
		}
	}
	if h.newest.Sub(r.event.At) > ExchangeLifetime {
		return Unanswered, true
	}
	return Undecided, false
}

// pop takes the first event off the queue, and appends it to dst if it matches.
func (h *Holder) pop(dst []decode.Event) []decode.Event {
	r := &h.queue[h.first]
	if r.matches {
		dst = append(dst, r.event)
	}
	if h.asked[r.question] == h.number+uint64(h.first) {
		delete(h.asked, r.question)
	}
	h.bytes -= cost(&r.event)
	*r = held{}
	h.first++
	if h.first == len(h.queue) || h.first >= MaxHeld {
		h.number += uint64(h.first)
		n := copy(h.queue, h.queue[h.first:])
		clear(h.queue[n:])
		h.queue, h.first = h.queue[:n], 0
	}
	return dst
}
