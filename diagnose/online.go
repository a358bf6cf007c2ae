package diagnose

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// talk is what the messages of a session have told.
type talk struct {
	platform  uint16 // of the Hello; 0: not known, or a Core
	hello     bool   // the Hello was read
	light     bool   // it is of the newer stack
	goodbye   bool
	restarted bool  // the device has told why it restarted
	fleeting  bool  // the cloud's next message makes ping, error4 and tokenless void
	described uint8 // answers to the question for the description
}

// message takes a message that was opened.
func (l *leg) message(e *decode.Event, b *decode.Message, m mark) {
	c := l.d.read(b)
	if c == nil {
		return
	}
	if e.From == stream.FromDevice {
		l.fromDevice(e, b, c, m)
	} else {
		l.fromCloud(e, b, c, m)
	}
	if isOfUpdate(b.Meaning.Kind) {
		if l.seldom().update == nil {
			l.few.update = new(update)
		}
		l.few.update.message(l, e, c, m)
	}
}

// read returns as much of a message as can matter, nil if it is none: mostly that is
// the header and the token, for the decoder has told the rest.
func (d *Diagnoser) read(b *decode.Message) *coap.Message {
	c, plain := &d.message, b.Plain
	if mattersWhole(b) {
		if c.Parse(plain) != nil {
			return nil
		}
		return c
	}
	if len(plain) < coap.HeaderLen || len(plain) < coap.HeaderLen+int(plain[0]&15) {
		return nil
	}
	c.Type, c.Code, c.ID = coap.Type(plain[0]>>4&3), coap.Code(plain[1]), binary.BigEndian.Uint16(plain[2:])
	c.Token, c.Options, c.Payload = plain[coap.HeaderLen:][:plain[0]&15], c.Options[:0], nil
	return c
}

// mattersWhole reports whether a finding may rest on the options or the payload.
func mattersWhole(b *decode.Message) bool {
	switch b.Meaning.Kind {
	case particle.KindHello, particle.KindFunctionCall:
		return true
	case particle.KindEvent:
		return bytes.Contains(b.Plain, systemEvents)
	}
	return isOfUpdate(b.Meaning.Kind)
}

// systemEvents is in the names of all events of a device's own.
var systemEvents = []byte("spark")

func (l *leg) fromDevice(e *decode.Event, b *decode.Message, c *coap.Message, m mark) {
	g := &b.Meaning
	if g.MIDGap != 0 && c.Type != coap.Acknowledgement && !l.lost(stream.FromDevice) {
		few := l.seldom()
		few.gap, few.gapID, few.gapBy = m, c.ID, g.MIDGap
	}
	if g.Misnumbered {
		l.answers().wrongAck = m
	}
	switch g.Kind {
	case particle.KindHello:
		l.sayHello(e, c, m)
	case particle.KindPing:
		l.ping, l.talk.fleeting = m, true
	case particle.KindGoodbye:
		l.talk.goodbye = true
	case particle.KindDescribeRefused:
		l.seldom().refused, l.answers().describe = m, mark{}
	case particle.KindDescribeReply, particle.KindDescribeBlock, particle.KindMetrics:
		l.answers().describe = mark{}
		l.talk.described = min(l.talk.described, math.MaxUint8-1) + 1
		if l.talk.described == 2 && g.Misnumbered {
			l.seldom().twice = m
		}
	case particle.KindEvent:
		if named(c, lastReset) {
			l.saysWhyItRestarted(e, c, m)
		}
		if named(c, safeMode) {
			l.find(e, draft{id: "PH-29", sure: Certain, evidence: []decode.Evidence{m.showsPlain("the device publishes " + safeMode)}})
		}
	}
}

// safeMode is the name of the event by which a device tells that it runs without
// its application.
const safeMode = "spark/device/safemode"

// named reports whether an event has a name: the Uri-Path behind the letter, in
// one option or in several.
func named(c *coap.Message, name string) bool {
	slash := ""
	for i, o := range c.Options {
		if o.Number != coap.URIPath || i == 0 {
			continue
		}
		rest, ok := strings.CutPrefix(name, slash)
		if !ok || !strings.HasPrefix(rest, string(o.Value)) {
			return false
		}
		name, slash = rest[len(o.Value):], "/"
	}
	return name == ""
}

func (l *leg) sayHello(e *decode.Event, c *coap.Message, m mark) {
	l.talk.hello, l.talk.light = true, stackOf(c) == particle.LightSSLStack
	if len(c.Payload) >= 8 {
		l.talk.platform = binary.BigEndian.Uint16(c.Payload[6:])
	}
	l.hello = m
	if n := len(c.Payload); n < 6 {
		l.find(e, draft{id: "PH-41", sure: Possible, title: "the device's Hello is too short", evidence: []decode.Evidence{m.showsPlain(fmt.Sprintf("%d bytes of payload, at least 6 expected", n))}})
	}
}

func (l *leg) fromCloud(e *decode.Event, b *decode.Message, c *coap.Message, m mark) {
	g := &b.Meaning
	if l.talk.fleeting {
		l.forgetFleeting()
	}
	if c.Type == coap.Acknowledgement && c.Code >= 0x80 {
		l.seldom().error4, l.talk.fleeting = m, true
	}
	switch g.Kind {
	case particle.KindHelloReply:
		l.replied(e, m)
	case particle.KindDescribe:
		l.answers().describe, l.talk.described = m, 0
	case particle.KindFunctionCall:
		if !hasQuery(c) {
			l.find(e, draft{id: "PH-49", sure: Certain, evidence: []decode.Evidence{m.showsPlain("a call without a Uri-Query option")}})
		}
		fallthrough
	case particle.KindVariable:
		if len(c.Token) == 0 {
			l.seldom().tokenless, l.talk.fleeting = m, true
		}
	}
}

// forgetFleeting forgets what the cloud's next message makes void.
func (l *leg) forgetFleeting() {
	l.ping, l.talk.fleeting = mark{}, false
	if l.few != nil {
		l.few.error4, l.few.tokenless = mark{}, mark{}
	}
}

func hasQuery(c *coap.Message) bool {
	for _, o := range c.Options {
		if o.Number == coap.URIQuery {
			return true
		}
	}
	return false
}

// endedOnline: both sides had spoken.
func (l *leg) endedOnline(e *decode.Event) {
	if u := l.seldom().update; u != nil && u.broken(l, e) || l.hello.seen() && l.reply.seen() && l.end().from == stream.FromDevice && l.lateHello(e) {
		return
	}
	if l.end().from == stream.FromDevice {
		l.deviceLeft(e)
		return
	}
	l.cloudLeft(e)
}

// deviceLeft: the device ended a session.
func (l *leg) deviceLeft(e *decode.Event) {
	end, few, last := l.end(), l.seldom(), l.last[stream.FromCloud]
	soon := end.since(last) < time.Second
	switch {
	case l.talk.goodbye:
	case l.ping.seen() && !l.lost(stream.FromCloud) && end.since(l.ping) >= pingWait*95/100:
		l.find(e, draft{id: "PH-25", sure: Certain, noRepair: true, device: showsPing, title: "a ping stays unanswered, and the device leaves", evidence: []decode.Evidence{
			l.ping.says("the device's ping"), end.says(fmt.Sprintf("it closes %v later, without anything from the cloud", rounded(end.since(l.ping)))),
		}})
	case few.error4.seen() && soon && l.legacy():
		l.find(e, draft{id: "PH-45", sure: Likely, evidence: []decode.Evidence{
			few.error4.showsPlain("an answer with the code of an error"), end.says(fmt.Sprintf("the device closes %v later", rounded(end.since(few.error4)))),
		}})
	case few.tokenless.seen() && soon && l.talk.light:
		l.find(e, draft{id: "PH-52", sure: Likely, evidence: []decode.Evidence{
			few.tokenless.shows(decode.Plain, 0, 4, "a request with a token of length 0"), end.says("the device closes at once"),
		}})
	}
}

// cloudLeft: the server ended a session.
func (l *leg) cloudLeft(e *decode.Event) {
	end, few, asked := l.end(), l.seldom(), l.answers()
	mute := end.since(l.last[stream.FromDevice])
	switch {
	case l.talk.goodbye:
	case few.gap.seen() && end.since(few.gap) < time.Second:
		l.badCounter(e)
	case few.refused.seen():
		l.find(e, draft{id: "PH-30", sure: Likely, evidence: []decode.Evidence{
			few.refused.showsPlain("4.00 in answer to the question for the description"),
			end.says(fmt.Sprintf("the server closes %v later", rounded(end.since(few.refused)))),
		}})
	case few.twice.seen() && mute < time.Second:
		l.find(e, draft{id: "PH-33", sure: Likely, evidence: []decode.Evidence{few.twice.says("a second description, under an ID without meaning"), end.says("the server closes at once")}})
	case asked.describe.seen() && !l.lost(stream.FromDevice) && atAny(end.since(asked.describe), describeLimits):
		l.find(e, draft{id: "PH-46", sure: Likely, evidence: []decode.Evidence{
			asked.describe.says("the server asks for the description"), end.says(fmt.Sprintf("no answer, and it closes %v later", rounded(end.since(asked.describe)))),
		}})
	case within(mute, brewskeySilence) && !l.lost(stream.FromDevice):
		l.find(e, draft{id: "PH-26", sure: Likely, evidence: []decode.Evidence{
			l.last[stream.FromDevice].says("the last that came from the device"), end.says(fmt.Sprintf("the server closes after %v of its silence, in which it owed a ping at 15 s", rounded(mute))),
		}})
	case l.how == stream.Reset && mute < time.Second && l.last[stream.FromDevice].since(l.last[stream.FromCloud]) > 2*time.Second:
		l.find(e, draft{id: "PH-28", sure: Possible, evidence: []decode.Evidence{l.last[stream.FromDevice].says("the device sends"), end.says(fmt.Sprintf("a reset in answer, %v later", rounded(mute)))}})
	default:
		l.droppedEarly(e)
	}
}

// badCounter: the server hung up over a message ID.
func (l *leg) badCounter(e *decode.Event) {
	few, asked := l.seldom(), l.answers()
	by, where := int(few.gapBy), "beyond"
	if by < 0 {
		by, where = -by, "before"
	}
	text := fmt.Sprintf("message ID %d, which is %d %s the one that servers expect", few.gapID, by, where)
	f := draft{id: "PH-25", sure: Certain, title: "the server hangs up over a message ID that does not follow (Bad Counter)", device: showsClosed, evidence: []decode.Evidence{
		few.gap.shows(decode.Plain, 2, 4, text), few.end.says(fmt.Sprintf("the server closes %v later", rounded(few.end.since(few.gap)))),
	}}
	if asked.wrongAck.seen() && l.talk.light {
		f.evidence = append([]decode.Evidence{asked.wrongAck.shows(decode.Plain, 2, 4, "an acknowledgement that uses up an ID of the device's own, as firmware from 0.8 on does")}, f.evidence...)
	} else {
		f.noRepair = true
	}
	l.find(e, f)
}

func atAny(d time.Duration, limits []time.Duration) bool {
	for _, limit := range limits {
		if within(d, limit) {
			return true
		}
	}
	return false
}
