package diagnose

import (
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// leg is one connection: what has happened on it so far, as far as a finding may
// rest on it. What each message needs stands first and together: with thousands
// of sessions that speak by turns, none of it is in a cache when it is looked at.
type leg struct {
	d        *Diagnoser
	conn     *stream.Conn
	session  uint32
	events   uint32 // so far; numbers evidence
	device   lightssl.DeviceID
	known    bool
	joined   bool
	holes    [2]bool // by sender: bytes are missing
	fleeting bool    // talk has something that the cloud's next message makes void
	frames   [2]int  // by sender, those included that cannot be read
	last     [2]mark // by sender: the last event with bytes
	hello    mark

	end    mark // the first end by a peer
	how    stream.CloseKind
	judged bool // what follows from the end was told
	double bool // it began while another session of the device was open
	passed bool // the nonce was seen on the other leg of a proxied session
	sent   bool // the whole identity was seen there
	over   [2]bool
	found  map[string]bool

	opened, nonce, identity, credentials, reply mark
	broken                                      [2]mark // by sender: the first one that is damaged

	id          *decode.Identity
	identityRaw []byte // as the credentials' record, given back once the session is online
	creds       *decode.Credentials
	record      []byte // the credentials

	talk   talk
	update *update // nil: there was no message of one
}

// mark is an event that a finding may rest on.
type mark struct {
	event uint32 // its number, 0: there was none
	wire  uint32 // bytes
	plain uint32
	from  stream.Direction
	at    time.Time
	name  string
}

func (m mark) seen() bool { return m.event > 0 }

// shows makes evidence of bytes of a layer of the event.
func (m mark) shows(layer string, start, end int, what string) decode.Evidence {
	return decode.Evidence{Event: int(m.event), At: m.at, From: m.from, Name: m.name, Layer: layer, Start: start, End: end, Shows: what}
}

// says makes evidence of all of the event's bytes on the wire, if it has any.
func (m mark) says(what string) decode.Evidence {
	if m.wire == 0 {
		return m.shows("", 0, 0, what)
	}
	return m.shows(decode.Wire, 0, int(m.wire), what)
}

// showsPlain makes evidence of all of the event's plaintext.
func (m mark) showsPlain(what string) decode.Evidence {
	return m.shows(decode.Plain, 0, int(m.plain), what)
}

func newLeg(d *Diagnoser, e *decode.Event) *leg {
	return &leg{d: d, conn: e.Conn, session: e.Session, found: make(map[string]bool)}
}

// markOf makes the mark of an event.
func (l *leg) markOf(e *decode.Event) mark {
	m := mark{event: l.events, at: e.At, from: e.From, name: e.Body.Name(), wire: uint32(len(e.Raw))}
	if b, ok := e.Body.(*decode.Message); ok {
		m.name, m.plain = b.Meaning.Kind.String(), uint32(len(b.Plain))
	}
	return m
}

// take goes on with the next event.
func (l *leg) take(e *decode.Event) {
	if _, ok := e.Body.(*decode.Finding); ok {
		return
	}
	l.events++
	l.conn, l.session = e.Conn, e.Session
	if e.Known {
		l.device, l.known = e.Device, true
	}
	m := l.markOf(e)
	switch b := e.Body.(type) {
	case *decode.Opened:
		l.opened, l.joined = m, b.Joined
	case *decode.Nonce:
		l.nonce = m
		if o := l.other(); o != nil {
			o.passed = true
		}
		l.checkNonce(e)
	case *decode.Identity:
		l.identity, l.id = m, b
		if o := l.other(); o != nil {
			o.sent = true
		}
		l.checkIdentity(e)
	case *decode.Credentials:
		l.takeCredentials(e, b, m)
	case *decode.Message:
		l.frame(e, m)
		l.message(e, b, m)
	case *decode.Sealed:
		l.frame(e, m)
	case *decode.Malformed:
		l.malformed(e, b, m)
	case *decode.Gap:
		l.holes[e.From&1] = true
	case *decode.Closed:
		l.close(e, b)
		return
	}
	if e.Raw != nil {
		l.last[e.From&1] = m
	}
}

// frame counts a frame, readable or not. The device's first one is its Hello.
func (l *leg) frame(e *decode.Event, m mark) {
	l.frames[e.From&1]++
	if e.From == stream.FromDevice && !l.hello.seen() && !l.joined {
		l.hello = m
	}
}

// malformed takes bytes that are not what the protocol has at their place.
func (l *leg) malformed(e *decode.Event, b *decode.Malformed, m mark) {
	before := l.nonce.seen()
	if e.From == stream.FromDevice {
		before = l.identity.seen()
	}
	switch {
	case l.joined || l.holes[e.From&1]:
		return
	case !before:
		l.foreign(e, m)
	case e.From == stream.FromCloud && !l.credentials.seen():
		l.broken[e.From&1] = m // a part of the credentials
	default:
		l.frame(e, m)
		if !l.broken[e.From&1].seen() {
			l.broken[e.From&1] = m
			l.damaged(e, b, m)
		}
	}
}

// close takes the end of a direction. How a session ended says why it ended only
// if a peer ended it.
func (l *leg) close(e *decode.Event, b *decode.Closed) {
	if !l.end.seen() && b.How != stream.Cut {
		l.end, l.how = l.markOf(e), b.How
	}
	l.over[e.From&1] = true
	if b.How == stream.Reset {
		l.over = [2]bool{true, true}
	}
	over := l.over == [2]bool{true, true}
	if l.end.seen() && !l.judged && (over || !l.awaitsRest()) {
		l.judged = true
		last := *e
		last.From = l.end.from
		l.concluded(&last)
	}
	if over {
		l.report()
		l.d.forget(l)
	}
}

// awaitsRest reports whether the other direction, which is not over, may hold a
// part of a record that its end will show.
func (l *leg) awaitsRest() bool {
	if l.end.from == stream.FromDevice {
		return !l.nonce.seen() || !l.credentials.seen()
	}
	return !l.identity.seen()
}

// concluded looks for what made a peer end the connection, at the stage that it
// had come to.
func (l *leg) concluded(e *decode.Event) {
	switch {
	case l.d.settled[l.session], l.joined && !l.identity.seen(), l.tellsLess():
	case !l.nonce.seen():
		l.endedWithoutNonce(e)
	case !l.identity.seen():
		l.endedWithoutIdentity(e)
	case !l.credentials.seen():
		l.endedWithoutCredentials(e)
	case l.frames[stream.FromDevice] == 0:
		l.endedWithoutHello(e)
	case l.frames[stream.FromCloud] == 0 || !l.reply.seen() && l.creds.Opened:
		l.endedWithoutReply(e)
	default:
		l.endedOnline(e)
	}
	online := l.reply.seen() || l.frames[0] > 0 && l.frames[1] > 0
	l.keepTime(e, online)
	if l.talk.hello && !l.talk.restarted {
		remembered(l.d.devices, l.device).restarts = nil
	}
	c := remembered(l.d.callers, l.conn.Device.Addr())
	if c.failures++; online {
		c.failures = 0
	}
}

// other is the other leg of a proxied session, nil if there is none any more.
func (l *leg) other() *leg {
	if l.conn.Pair == 0 {
		return nil
	}
	return l.d.legs[l.conn.Pair]
}

// tellsLess reports whether the other leg, which is yet to be judged, shows more of
// what went wrong: where something did not reach its receiver whole, the receiver's
// own leg tells.
func (l *leg) tellsLess() bool {
	o := l.other()
	if o == nil || o.judged {
		return false
	}
	inPieces := o.id != nil && o.id.Parts > 1 || !o.identity.seen() && o.end.seen()
	switch l.conn.Leg {
	case stream.CloudLeg:
		silent := !l.identity.seen() && !l.broken[stream.FromDevice].seen()
		return l.nonce.seen() && !o.nonce.seen() || l.credentials.seen() && !o.credentials.seen() || silent && o.identity.seen()
	case stream.DeviceLeg:
		return l.identity.seen() && !l.credentials.seen() && l.end.from == stream.FromCloud && inPieces
	}
	return false
}

// lost reports whether bytes of a sender may be missing, so that nothing follows
// from what it did not send.
func (l *leg) lost(from stream.Direction) bool { return l.joined || l.holes[from&1] }

// within reports whether d is at a limit, allowing for the way and a busy host.
func within(d, limit time.Duration) bool {
	return d >= limit-limit/20 && d <= limit+limit/20+time.Second
}

// stackOf returns which stack the device runs, by the flags of its Hello.
func stackOf(hello *coap.Message) particle.Stack {
	p := hello.Payload
	if len(p) < 6 {
		return particle.UnknownStack
	}
	if p[5]&particle.HelloDiagnostics != 0 {
		return particle.LightSSLStack
	}
	return particle.LegacyStack
}
