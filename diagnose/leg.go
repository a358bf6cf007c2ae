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
// rest on it. What each message needs stands first, in 128 bytes: with thousands
// of sessions that speak by turns, none of it is in a cache when it is looked at.
// Thousands of sessions that are silent have two each: so what few of them need is
// somewhere else.
type leg struct {
	last    [2]mark // by sender: the last event with bytes
	conn    *stream.Conn
	session uint32
	events  uint32 // so far; numbers evidence

	d      *Diagnoser
	few    *few
	device lightssl.DeviceID
	frames [2]uint32 // by sender, those included that cannot be read
	known  bool      // device
	joined bool
	talk   talk
	holes  [2]bool // by sender: bytes are missing
	over   [2]bool
	how    stream.CloseKind // the first end by a peer
	judged bool             // what follows from the end was told
	unread bool             // frames of the cloud stayed sealed; its Hello may be one of them
	cut    bool             // the capture does not hold the end of a direction
	double bool             // it began while another session of the device was open
	passed bool             // the nonce was seen on the other leg of a proxied session
	sent   bool             // the whole identity was seen there
	parts  uint8            // in which the identity came
	named  bool             // the identity was opened
	key    sessionKey

	found   causes
	records *records // nil: no finding can rest on them
	asked   *asked   // nil: the cloud has asked nothing yet
	ping    mark     // of the device, with nothing from the cloud since

	opened, nonce, identity, credentials, hello, reply mark
}

// records are those of the handshake.
type records struct {
	id          *decode.Identity
	identity    []byte // on the wire
	credentials []byte // likewise
}

// sessionKey is what is known of a session's key.
type sessionKey struct {
	known    bool
	byDevice bool // it was opened with the device's own key
	signed   bool // rightly
	failed   bool // the signature is wrong; neither: it was not checked
}

// asked is what questions of the cloud led to.
type asked struct {
	describe mark // the one for the description, while it has no answer
	wrongAck mark // the last acknowledgement that used up an ID
}

// few is what few connections need.
type few struct {
	end    mark    // the first by a peer
	broken [2]mark // by sender: the first one that is damaged
	part   [2]mark // by sender: the beginning of a frame of which the rest has not come
	update *update // nil: there was no message of one

	refused   mark // the device's answer 4.00 to the question for the description
	twice     mark // a description too many
	error4    mark // the cloud's last message, if it is an answer of 4.00 or more
	tokenless mark // a request of the cloud without a token, if it is its last message
	gap       mark // the device's last message whose ID does not follow
	gapID     uint16
	gapBy     int16
}

func newLeg(d *Diagnoser, e *decode.Event) *leg {
	return &leg{d: d, conn: e.Conn, session: e.Session}
}

// seldom returns what few connections need, made if it is not there.
func (l *leg) seldom() *few {
	if l.few == nil {
		l.few = new(few)
	}
	return l.few
}

// answers returns what questions of the cloud led to.
func (l *leg) answers() *asked {
	if l.asked == nil {
		l.asked = new(asked)
	}
	return l.asked
}

// end is the first end by a peer.
func (l *leg) end() mark {
	if l.few == nil {
		return mark{}
	}
	return l.few.end
}

// kept returns the records, made if they are not there.
func (l *leg) kept() *records {
	if l.records == nil {
		l.records = new(records)
	}
	return l.records
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
	m := newMark(l.events, e)
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
		l.identity, l.named, l.parts = m, b.Opened, uint8(b.Parts)
		if o := l.other(); o != nil {
			o.sent = true
		}
		l.checkIdentity(e, b)
	case *decode.Credentials:
		l.takeCredentials(e, b, m)
	case *decode.Message:
		l.frame(e, m)
		l.message(e, b, m)
	case *decode.Sealed:
		l.frame(e, m)
		l.unread = l.unread || e.From == stream.FromCloud
	case *decode.Malformed:
		l.malformed(e, b, m)
	case *decode.Gap:
		l.holes[e.From&1] = true
	case *decode.Closed:
		l.close(e, b, m)
		return
	}
	if e.Raw != nil {
		l.last[e.From&1] = m
	}
}

// frame counts a frame, readable or not. The device's first one is its Hello.
func (l *leg) frame(e *decode.Event, m mark) {
	l.frames[e.From&1]++
	if e.From == stream.FromCloud || l.frames[stream.FromDevice] > 1 {
		return
	}
	if !l.joined {
		l.hello = m
	}
	l.forgetRecords()
}

// forgetRecords gives the records up once the device has made use of the session
// key: only an end before that looks at them again.
func (l *leg) forgetRecords() {
	if l.credentials.seen() && l.frames[stream.FromDevice] > 0 {
		l.records = nil
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
		l.seldom().broken[e.From&1] = m // a part of the credentials
	default:
		l.frame(e, m)
		switch few, from := l.seldom(), e.From&1; {
		case few.broken[from].seen():
		case b.Layer == decode.Wire && b.Offset == len(e.Raw):
			few.part[from] = m // its sender may have ended there, or the capture lost the rest
		default:
			few.broken[from] = m
			l.damaged(e, b, m)
		}
	}
}

// close takes the end of a direction. How a session ended says why it ended only
// if a peer ended it.
func (l *leg) close(e *decode.Event, b *decode.Closed, m mark) {
	if !l.end().seen() && b.How != stream.Cut {
		l.seldom().end, l.how = m, b.How
	}
	l.over[e.From&1] = true
	if b.How == stream.Reset {
		l.over = [2]bool{true, true}
	}
	l.cut = l.cut || b.How == stream.Cut
	l.endedWithin(e)
	over := l.over == [2]bool{true, true}
	if l.end().seen() && !l.judged && (over || !l.awaitsRest()) {
		l.judged = true
		last := *e
		last.From = l.end().from
		l.concluded(&last)
	}
	if over {
		l.report()
		l.d.forget(l)
	}
}

// endedWithin tells of a peer that ended the connection within a frame.
func (l *leg) endedWithin(e *decode.Event) {
	if l.few == nil || l.cut {
		return
	}
	for from, part := range l.few.part {
		if part.seen() && l.over[from] && !l.holes[from] {
			shown := part.says("the first bytes of a frame; its sender ended the connection within it")
			l.find(e, draft{id: "PH-44", sure: Certain, evidence: []decode.Evidence{shown}})
		}
	}
}

// awaitsRest reports whether the other direction, which is not over, may hold a
// part of a record that its end will show, or the end of an update: what follows
// bytes that the capture lost comes later than it was sent.
func (l *leg) awaitsRest() bool {
	if l.few != nil && l.few.update.runs() {
		return true
	}
	if l.end().from == stream.FromDevice {
		return !l.nonce.seen() || !l.credentials.seen()
	}
	return !l.identity.seen()
}

// concluded looks for what made a peer end the connection, at the stage that it
// had come to.
func (l *leg) concluded(e *decode.Event) {
	switch {
	case l.settled(), l.joined && !l.identity.seen(), l.tellsLess():
	case !l.nonce.seen():
		l.endedWithoutNonce(e)
	case !l.identity.seen():
		l.endedWithoutIdentity(e)
	case !l.credentials.seen():
		l.endedWithoutCredentials(e)
	case l.frames[stream.FromDevice] == 0:
		l.endedWithoutHello(e)
	case l.frames[stream.FromCloud] == 0 || !l.reply.seen() && l.key.known && !l.unread:
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
	inPieces := o.parts > 1 || !o.identity.seen() && o.end().seen()
	switch l.conn.Leg {
	case stream.CloudLeg:
		silent := !l.identity.seen() && !l.seldom().broken[stream.FromDevice].seen()
		return l.nonce.seen() && !o.nonce.seen() || l.credentials.seen() && !o.credentials.seen() || silent && o.identity.seen()
	case stream.DeviceLeg:
		return l.identity.seen() && !l.credentials.seen() && l.end().from == stream.FromCloud && inPieces
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
