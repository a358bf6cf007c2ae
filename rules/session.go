package rules

import (
	"runtime/debug"
	"sync"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/proxy"
)

// session is what the engine knows of one session. Both directions call it, each
// from its own goroutine; mu guards what they share, and is not held while
// anything waits.
type session struct {
	engine *Engine
	conn   stream.Conn
	number uint64
	lines  [2]*line // by direction; nil unless rules disturb connections

	mu        sync.Mutex
	proxy     *proxy.Session // from the first hook on
	broken    bool           // a fault of ours: everything passes
	rules     []*counter
	intercept *counter // of the rule that the engine has now, or had
	conv      particle.Conversation
	event     decode.Event
	message   decode.Message
	coap      coap.Message

	answers answers
}

func newSession(e *Engine, conn stream.Conn) *session {
	s := &session{engine: e, conn: conn, number: e.started.Add(1)}
	for _, r := range e.Rules {
		s.rules = append(s.rules, r.start(s.number))
	}
	return s
}

// frame is the hook for messages.
func (s *session) frame(ps *proxy.Session, f proxy.Frame) (out []proxy.Out, changed bool) {
	if f.Plain == nil {
		return nil, false
	}
	p := s.consider(ps, f)
	if p == nil || p.idle() {
		return nil, false
	}
	return p.carryOut(ps, f)
}

// consider asks every rule about a message.
func (s *session) consider(ps *proxy.Session, f proxy.Frame) *passage {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return nil
	}
	defer s.contain()
	s.meet(ps)
	e := s.read(f)
	p := &passage{session: s, from: f.From, event: e, plain: f.Plain, now: f.Plain}
	if e.Body == &s.message {
		p.message = &s.coap
		if s.answers.take(p) {
			return p
		}
	}
	s.ask(p)
	return p
}

// ask lets the rules that want a message act on it.
func (s *session) ask(p *passage) {
	for _, c := range s.rules {
		p.rule = c
		f, isFault := c.action.(*fault)
		switch {
		case isFault && f.info.Toxic: // its direction is what it disturbs, not who says the word
			if c.filter != nil && c.wants(c.from, p.event) {
				c.action.act(p)
			}
		case isFault && !f.wantsKind(p):
		case c.wants(p.from, p.event):
			c.action.act(p)
		}
	}
	now := s.engine.intercept.Load()
	if now == nil {
		return
	}
	if s.intercept == nil || s.intercept.Rule != now {
		s.intercept = now.start(s.number)
	}
	if p.rule = s.intercept; s.intercept.wants(p.from, p.event) {
		now.action.act(p)
	}
}

// meet learns whose session this is.
func (s *session) meet(ps *proxy.Session) {
	if s.proxy == nil {
		s.proxy = ps
		s.event.Conn = &s.conn
	}
	if _, ok := ps.Credentials(); ok && !s.event.Known {
		s.event.Device, s.event.Known = ps.Device(), true
		s.engine.enter(s)
	}
}

// owner returns the proxy's session, nil before its first hook.
func (s *session) owner() *proxy.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proxy
}

// read returns a message as an event, which the next call overwrites.
func (s *session) read(f proxy.Frame) *decode.Event {
	e := &s.event
	e.At, e.From, e.Raw = time.Now(), f.From, f.Wire
	padded := f.Plain
	if n := len(f.Wire) - len(f.Plain); n > 0 && cap(f.Plain) >= len(f.Wire)-2 {
		padded = f.Plain[:len(f.Wire)-2]
	}
	if err := s.coap.Parse(f.Plain); err != nil || f.Err != nil {
		reason := f.Err
		if reason == nil {
			reason = err
		}
		e.Body = &decode.Malformed{Layer: "plain", Reason: reason.Error(), Plain: f.Plain, Padded: padded}
		return e
	}
	s.message = decode.Message{Plain: f.Plain, Padded: padded, Meaning: s.conv.Next(f.From, e.At, &s.coap)}
	e.Body = &s.message
	return e
}

// contain keeps a fault of ours from touching the traffic.
func (s *session) contain() {
	if fault := recover(); fault != nil {
		s.broken = true
		s.engine.report("internal error, no rule acts on %s any more: %v\n%s", s.proxy, fault, debug.Stack())
	}
}

// summary says in words what a message is.
func (s *session) summary(m *coap.Message, meaning particle.Meaning) string {
	return string(meaning.AppendSummary([]byte(meaning.Kind.String()+" "), m))
}

// enter keeps a session for Inject, and forgets those that are over.
func (e *Engine) enter(s *session) {
	e.sessions.Range(func(conn, other any) bool {
		select {
		case <-other.(*session).proxy.Done():
			e.sessions.Delete(conn)
		default:
		}
		return true
	})
	e.sessions.Store(s.conn.ID, s)
}
