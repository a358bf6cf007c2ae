package expect

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store/filter"
)

// Breach is what breaks a rule.
type Breach struct {
	Rule    *Rule
	Session uint32
	Event   *decode.Event // on which it rests: what matched, or the last event before it was clear
	At      time.Time     // when it was clear
	Why     string        // in words
}

// Verdict is how a session has done by one rule.
type Verdict uint8

// The verdicts.
const (
	Kept Verdict = iota
	Broken
	Undecided
)

// Outcome is a session that is over.
type Outcome struct {
	Session   uint32
	Last      decode.Event // of the session; says which device it was
	Messages  int
	Sealed    int // frames that no key opened
	Broken    int // rules
	Undecided []*Rule
}

// Judge judges the events of any number of sessions by a contract. It is fed each
// message once, in the order of time, and keeps the events that it is not done
// with. It is not safe for concurrent use.
type Judge struct {
	contract *Contract
	sessions map[uint32]*session
	ended    *session      // closed, and kept for conclusions of its end
	Breach   func(Breach)  // told of each; nil: nobody
	Over     func(Outcome) // told of each session that is over; nil: nobody
}

// NewJudge returns a judge.
func NewJudge(c *Contract) *Judge {
	return &Judge{contract: c, sessions: make(map[uint32]*session)}
}

// session is one that is being judged.
type session struct {
	Outcome
	begun time.Time
	open  int  // directions and legs that are not closed
	cut   bool // the input ended first
	rules []state
}

// state is how far a session is by one rule.
type state struct {
	rule    *Rule
	verdict Verdict
	settled bool // Some, Then: the event came, or is overdue
	found   time.Time
	count   int
	waiting []obligation
	lost    bool // there were too many to wait for
}

// obligation is an event that must be answered or followed.
type obligation struct {
	event decode.Event
	id    uint16
}

// maxWaiting is how many events of a session a rule waits for at once: twice what
// a decoder remembers of requests.
const maxWaiting = 512

// Feed takes the next event.
func (j *Judge) Feed(e *decode.Event) {
	if _, isFinding := e.Body.(*decode.Finding); !isFinding || j.ended == nil || j.ended.Outcome.Session != e.Session {
		j.Flush()
	}
	s := j.sessions[e.Session]
	if s == nil {
		s = &session{begun: e.At, rules: make([]state, len(j.contract.Rules))}
		s.Outcome.Session = e.Session
		for i, r := range j.contract.Rules {
			s.rules[i].rule = r
		}
		j.sessions[e.Session] = s
	}
	for i := range s.rules {
		j.overdue(s, &s.rules[i], e.At)
	}
	s.note(e)
	for i := range slices.Backward(s.rules) { // so that then takes a later event than the rule above
		j.apply(s, &s.rules[i], e)
	}
	if s.open <= 0 {
		j.ended = s
	}
}

// Flush ends the session that closed last. What is concluded of its end comes
// behind its end, so this waits for the next event unless it is called.
func (j *Judge) Flush() {
	if j.ended != nil {
		j.end(j.ended)
		j.ended = nil
	}
}

// note takes from an event what is known of the session.
func (s *session) note(e *decode.Event) {
	switch b := e.Body.(type) {
	case *decode.Finding:
		return // it has no bytes that a breach could rest on
	case *decode.Opened:
		s.open += 2
	case *decode.Message:
		s.Messages++
	case *decode.Sealed:
		s.Sealed++
	case *decode.Closed:
		s.close(b)
	}
	s.Last = *e
}

// close notes that a direction is over, or by a reset both.
func (s *session) close(b *decode.Closed) {
	s.open--
	if b.How == stream.Reset {
		s.open--
	}
	s.cut = s.cut || b.How == stream.Cut
}

// Finish judges the sessions that are not over, as cut off.
func (j *Judge) Finish() {
	j.Flush()
	for _, n := range slices.Sorted(maps.Keys(j.sessions)) {
		s := j.sessions[n]
		s.cut = true
		j.end(s)
	}
}

// apply lets one event count for one rule.
func (j *Judge) apply(s *session, st *state, e *decode.Event) {
	switch r := st.rule; r.Verb {
	case Some, Then:
		if !st.settled && s.mayCome(r) && r.Match.Match(e) {
			st.settled, st.found = true, e.At
		}
	case Never:
		if r.Match.Match(e) {
			j.broken(s, st, Breach{Event: e, At: e.At, Why: "it matches"})
		}
	case Number:
		if r.Match.Match(e) {
			st.count++
			if r.Most >= 0 && st.count == r.Most+1 {
				j.broken(s, st, Breach{Event: e, At: e.At, Why: fmt.Sprintf("it is number %d", st.count)})
			}
		}
	case Every:
		st.settle(e)
		if r.Match.Match(e) {
			st.wait(e)
		}
	}
}

// mayCome reports whether a rule's turn has come: what is above a then has been
// found.
func (s *session) mayCome(r *Rule) bool {
	if r.after == nil {
		return true
	}
	above := s.of(r.after)
	return above.settled && !above.found.IsZero() && above.verdict == Kept
}

// of returns the state of a rule.
func (s *session) of(r *Rule) *state {
	i := slices.IndexFunc(s.rules, func(st state) bool { return st.rule == r })
	return &s.rules[i]
}

// since is when a rule's limit began.
func (s *session) since(r *Rule) time.Time {
	if r.after == nil {
		return s.begun
	}
	return s.of(r.after).found
}

// overdue finds what has not come in time.
func (j *Judge) overdue(s *session, st *state, now time.Time) {
	r := st.rule
	if r.Within == 0 {
		return
	}
	switch r.Verb {
	case Some, Then:
		late := !st.settled && s.mayCome(r) && now.Sub(s.since(r)) > r.Within
		if late && s.Sealed == 0 {
			st.settled = true
			j.broken(s, st, Breach{Event: &s.Last, At: now, Why: fmt.Sprintf("nothing that matches came within %v", r.Within)})
		}
	case Every:
		for len(st.waiting) > 0 && now.Sub(st.waiting[0].event.At) > r.Within {
			j.miss(s, st, now, fmt.Sprintf("%s within %v", r.lacks(), r.Within))
		}
	}
}

// lacks says what an event of Every lacks.
func (r *Rule) lacks() string {
	if r.By != nil {
		return "nothing that matches followed"
	}
	return "it was not answered"
}

// miss takes the oldest obligation as not met. Where frames are sealed, what meets
// it may be in one of them.
func (j *Judge) miss(s *session, st *state, at time.Time, why string) {
	e := st.waiting[0].event
	st.waiting = st.waiting[1:]
	if s.Sealed > 0 {
		st.lost = true
		return
	}
	j.broken(s, st, Breach{Event: &e, At: at, Why: why})
}

// wait adds an event that must be answered or followed.
func (st *state) wait(e *decode.Event) {
	o := obligation{event: *e}
	if st.rule.By == nil {
		m, ok := e.Body.(*decode.Message)
		if !ok || !filter.Asks(m) && !isConfirmable(m) {
			return // nobody answers it
		}
		o.id = binary.BigEndian.Uint16(m.Plain[2:])
	}
	if len(st.waiting) == maxWaiting {
		st.waiting, st.lost = st.waiting[1:], true
	}
	st.waiting = append(st.waiting, o)
}

func isConfirmable(m *decode.Message) bool { return coap.Type(m.Plain[0]>>4&3) == coap.Confirmable }

// settle takes from the obligations what an event meets.
func (st *state) settle(e *decode.Event) {
	if by := st.rule.By; by != nil {
		if len(st.waiting) > 0 && by.Match(e) {
			st.waiting = nil
		}
		return
	}
	m, ok := e.Body.(*decode.Message)
	if !ok || !m.Meaning.HasRTT || !filter.Settles(m) {
		return
	}
	at := e.At.Add(-m.Meaning.RTT)
	for i := range st.waiting {
		o := &st.waiting[i]
		if o.id == m.Meaning.RequestID && o.event.From != e.From && o.event.At.Equal(at) {
			st.waiting = append(st.waiting[:i:i], st.waiting[i+1:]...)
			return
		}
	}
}

// broken reports a breach of a session's rule. The caller says on which event it
// rests, when it was clear, and why it is one.
func (j *Judge) broken(s *session, st *state, b Breach) {
	if st.verdict != Broken {
		st.verdict = Broken
		s.Broken++
	}
	if j.Breach != nil {
		b.Rule, b.Session = st.rule, s.Outcome.Session
		j.Breach(b)
	}
}

// end judges what only the end of a session decides.
func (j *Judge) end(s *session) {
	delete(j.sessions, s.Outcome.Session)
	for i := range s.rules {
		st := &s.rules[i]
		j.last(s, st)
		if st.verdict != Broken && (st.lost || st.verdict == Undecided) {
			s.Undecided = append(s.Undecided, st.rule)
		}
	}
	if j.Over != nil {
		j.Over(s.Outcome)
	}
}

// last judges one rule at the end of a session. In sealed frames may be what a
// rule waits for, and what it forbids; behind the end of a broken off input only
// the first.
func (j *Judge) last(s *session, st *state) {
	lacking, why := false, ""
	r := st.rule
	switch r.Verb {
	case Some, Then:
		lacking = !st.settled && s.mayCome(r)
		why = "the session ended, and nothing that matches had come"
	case Number:
		lacking = st.count < r.Least
		why = fmt.Sprintf("the session ended, and %d had come", st.count)
	case Every:
		for r.Within == 0 && !s.cut && len(st.waiting) > 0 {
			j.miss(s, st, s.Last.At, r.lacks()+" before the session ended")
		}
	}
	switch {
	case lacking && !s.cut && s.Sealed == 0:
		j.broken(s, st, Breach{Event: &s.Last, At: s.Last.At, Why: why})
	case st.verdict == Broken:
	case lacking, s.Sealed > 0 && r.forbids():
		st.verdict = Undecided
	}
}

// forbids reports whether an event can break a rule.
func (r *Rule) forbids() bool {
	return r.Verb == Never || r.Verb == Every || r.Verb == Number && r.Most >= 0
}
