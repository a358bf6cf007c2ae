package store

import (
	"bytes"
	"slices"
	"unsafe"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// maxSessions is how many sessions are told of whose events are all evicted.
const maxSessions = 10_000

// maxFindings is how many findings about a session it names.
const maxFindings = 8

// sessions knows the sessions and their connections.
type sessions struct {
	conns  map[stream.ConnID]*connection
	list   []*session // in order of appearance
	number map[uint32]*session
	at     []*connection // some of them, by the low bits of their numbers

	newest  int64 // time of the events
	expired int64 // when what waits was looked at last
	since   int   // events since then
}

// session is a session and what it takes to pair the messages of its legs.
type session struct {
	Session
	times [2]Histogram
	sums  [2]Times // of times, as somebody looked last
	twins twins
}

// connection is what the appending side keeps of one connection.
type connection struct {
	session     *session
	number      uint32       // of the session
	latest      *stream.Conn // that of the latest event
	leg         int          // index in Session.Legs
	envelope    uint64
	hasEnvelope bool
	credentials *lightssl.Credentials
	handshake   handshake
	servers     int     // keys of servers that were tried on the identity
	sides       [2]side // by sender
}

// handshake is the records of the handshake, as long as not all is opened. With
// them what is left of the session can be opened by a key that comes late even
// after its beginning was evicted.
type handshake [3][]byte

const (
	aboutNonce = iota
	aboutIdentity
	aboutCredentials
)

func newSessions() sessions {
	return sessions{conns: make(map[stream.ConnID]*connection), number: make(map[uint32]*session)}
}

// connOf returns the connection of an event, made if there is none.
func (s *sessions) connOf(e *decode.Event) *connection {
	place := s.near(e.Conn.ID)
	if c := *place; c != nil && c.latest == e.Conn && c.number == e.Session {
		return c
	}
	c := s.conns[e.Conn.ID]
	switch {
	case c == nil:
		leg := 0
		if e.Conn.Leg == stream.CloudLeg {
			leg = 1
		}
		c = newConnection(s.sessionOf(e.Session), leg)
		s.conns[e.Conn.ID] = c
	case c.number != e.Session:
		s.join(c, s.sessionOf(e.Session))
	}
	c.latest, c.session.Legs[c.leg].Conn = e.Conn, *e.Conn
	*place = c
	return c
}

// near returns the place at which a connection is found without asking the map. There
// are as many as had to be looked for in the map at once.
func (s *sessions) near(id stream.ConnID) **connection {
	if len(s.at) < len(s.conns) || s.at == nil {
		s.at = make([]*connection, max(8, 2*len(s.at)))
	}
	return &s.at[int(id)&(len(s.at)-1)]
}

func newConnection(v *session, leg int) *connection {
	return &connection{session: v, number: v.Number, leg: leg}
}

// join moves a connection to another session: it turned out to be a leg of it.
func (s *sessions) join(c *connection, v *session) {
	was := c.session
	v.Legs[c.leg], v.times[c.leg] = was.Legs[c.leg], was.times[c.leg]
	was.Legs[c.leg], was.times[c.leg] = Leg{}, Histogram{}
	v.sums[c.leg], was.sums[c.leg] = Times{}, Times{}
	v.Findings, was.Findings = slices.Concat(v.Findings, was.Findings), nil
	c.session, c.number = v, v.Number
	if !was.Legs[0].Seen && !was.Legs[1].Seen {
		delete(s.number, was.Number)
		s.list = slices.DeleteFunc(s.list, func(v *session) bool { return v == was })
	}
}

func (s *sessions) sessionOf(number uint32) *session {
	v := s.number[number]
	if v == nil {
		v = &session{Session: Session{Number: number}}
		s.number[number] = v
		s.list = append(s.list, v)
	}
	return v
}

// learn takes from an event what the envelope needs to know.
func (c *connection) learn(e *decode.Event) {
	switch b := e.Body.(type) {
	case *decode.Nonce:
		c.handshake[aboutNonce] = bytes.Clone(e.Raw)
	case *decode.Identity:
		c.handshake[aboutIdentity] = bytes.Clone(e.Raw)
	case *decode.Credentials:
		if e.Raw != nil {
			c.handshake[aboutCredentials] = bytes.Clone(e.Raw)
		}
		if !b.Opened {
			return
		}
		c.session.Legs[c.leg].Opened = true
		if c.credentials == nil || *c.credentials != b.Credentials {
			c.credentials = new(b.Credentials)
		}
		if e.Known && c.session.Legs[c.leg].Sealed == 0 {
			c.handshake = handshake{}
		}
	}
}

// count adds an event to its session's figures.
func (s *sessions) count(c *content, conn *connection, seq Seq, e *decode.Event) {
	v := conn.session
	leg := &v.Legs[conn.leg]
	leg.count(seq, e)
	if e.Known {
		v.Device, v.Known = e.Device, true
	}
	if _, ok := e.Body.(*decode.Finding); ok && len(v.Findings) < maxFindings {
		v.Findings = append(v.Findings, seq)
	}
	if m, ok := e.Body.(*decode.Message); ok {
		if m.Meaning.Kind == particle.KindHello {
			v.Hello = helloOf(m)
		}
		if m.Meaning.HasRTT {
			leg.RTT.Last = m.Meaning.RTT
			v.times[conn.leg].Add(m.Meaning.RTT)
		}
	}
	flags := flagsOf(c.record(seq).load())
	if isProblem(e) {
		c.record(seq).set(Problem)
	}
	if flags&Retry != 0 {
		leg.Retries++
	}
	if leg.Over() {
		conn.sides = [2]side{}
	}
}

// forget drops what belongs to events that were all evicted.
func (s *sessions) forget(first Seq) {
	for id, c := range s.conns {
		if leg := &c.session.Legs[c.leg]; leg.Over() && leg.LastSeq < first {
			delete(s.conns, id)
			if place := s.near(id); *place == c {
				*place = nil
			}
		}
	}
	if extra := len(s.list) - maxSessions; extra > 0 {
		s.trim(first, extra)
	}
}

// trim drops the oldest sessions of which no event is held.
func (s *sessions) trim(first Seq, extra int) {
	kept := s.list[:0]
	for _, v := range s.list {
		main, other := v.Main(), &v.Legs[1]
		if extra > 0 && main.Over() && main.LastSeq < first && (!other.Seen || other.Over() && other.LastSeq < first) {
			extra--
			delete(s.number, v.Number)
			continue
		}
		kept = append(kept, v)
	}
	clear(s.list[len(kept):])
	s.list = kept
}

// size is an estimate of the memory that sessions and connections take.
func (s *sessions) size() int {
	return len(s.list)*int(unsafe.Sizeof(session{})) + len(s.conns)*int(unsafe.Sizeof(connection{}))
}

// Sessions appends all sessions to dst, in order of appearance. They are copies.
func (s *Store) Sessions(dst []Session) []Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.writer.sessions.list {
		dst = append(dst, v.summary())
	}
	return dst
}

// Session returns the session with a number, or false if there is none.
func (s *Store) Session(number uint32) (Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.writer.sessions.number[number]
	if v == nil {
		return Session{}, false
	}
	return v.summary(), true
}

// summary is the session with its response times, which are summed up where there are
// new ones. The lock is held.
func (v *session) summary() Session {
	out := v.Session
	for i := range out.Legs {
		h, t := &v.times[i], &v.sums[i]
		if t.Count != h.Count() {
			*t = Times{Count: h.Count(), P50: h.Quantile(0.5), P99: h.Quantile(0.99), Max: h.Max()}
		}
		t.Last = out.Legs[i].RTT.Last
		out.Legs[i].RTT = *t
	}
	return out
}

// isProblem reports whether an event by itself is worth a look: bytes that are
// no message, or missing; a handshake whose check failed; a conclusion; a
// request refused, a chunk with a wrong checksum, a message ID that the servers
// hang up over; a connection that was reset. The 4.00 that the original server
// answers every event with is no problem, and neither is a key that is not at
// hand.
func isProblem(e *decode.Event) bool {
	switch b := e.Body.(type) {
	case *decode.Malformed, *decode.Gap, *decode.Finding:
		return true
	case *decode.Identity:
		return b.Opened && !b.NonceOK && b.HasNonce
	case *decode.Credentials:
		return b.Signature == lightssl.SignatureFailed.String()
	case *decode.Closed:
		return b.How == stream.Reset
	case *decode.Message:
		return isMessageProblem(&b.Meaning)
	}
	return false
}

func isMessageProblem(g *particle.Meaning) bool {
	switch g.Kind {
	case particle.KindDescribeRefused, particle.KindFunctionRefused, particle.KindVariableError, particle.KindSubscribeRefused,
		particle.KindUpdateRefused, particle.KindChunkRefused, particle.KindUpdateIncomplete, particle.KindChunkMissed,
		particle.KindUpdateAbort, particle.KindOTA3Refused, particle.KindReset:
		return true
	case particle.KindChunk:
		return g.Update.Known && !g.Update.CRCOK || g.MIDGap != 0
	}
	return g.MIDGap != 0
}
