package diagnose

import (
	"fmt"
	"strings"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// talk is what the messages of a session have told.
type talk struct {
	hello, light bool // the Hello was read; it is of the newer stack
	platform     int  // of the Hello; 0: not known, or a Core
	goodbye      bool
	restarted    bool // the device has told why it restarted

	ping      mark // of the device, with nothing from the cloud since
	describe  mark // the cloud's question, while it has no answer
	refused   mark // the answer 4.00 to it
	described int  // answers to it
	twice     mark // one too many
	error4    mark // the cloud's last message, if it is an answer of 4.00 or more
	gap       mark // the device's last message whose ID does not follow
	gapText   string
	wrongAck  mark // the last acknowledgement that used up an ID
	tokenless mark // a request of the cloud without a token, if it is its last message
}

// message takes a message that was opened.
func (l *leg) message(e *decode.Event, b *decode.Message, m mark) {
	c := &l.d.message
	if c.Parse(b.Plain) != nil {
		return
	}
	if e.From == stream.FromDevice {
		l.fromDevice(e, b, c, m)
	} else {
		l.fromCloud(e, b, c, m)
	}
	if isOfUpdate(b.Meaning.Kind) {
		if l.update == nil {
			l.update = new(update)
		}
		l.update.message(l, e, c, m)
	}
}

func (l *leg) fromDevice(e *decode.Event, b *decode.Message, c *coap.Message, m mark) {
	g := &b.Meaning
	if g.MIDGap != 0 && c.Type != coap.Acknowledgement && !l.lost(stream.FromDevice) {
		l.talk.gap, l.talk.gapText = m, fmt.Sprintf("message ID %d, which is %d beyond the one that servers expect", c.ID, g.MIDGap)
		if g.MIDGap < 0 {
			l.talk.gapText = fmt.Sprintf("message ID %d, which is %d before the one that servers expect", c.ID, -int(g.MIDGap))
		}
	}
	if g.Misnumbered {
		l.talk.wrongAck = m
	}
	switch g.Kind {
	case particle.KindHello:
		l.sayHello(e, c, m)
	case particle.KindPing:
		l.talk.ping, l.fleeting = m, true
	case particle.KindGoodbye:
		l.talk.goodbye = true
	case particle.KindDescribeRefused:
		l.talk.refused, l.talk.describe = m, mark{}
	case particle.KindDescribeReply, particle.KindDescribeBlock, particle.KindMetrics:
		l.talk.describe = mark{}
		if l.talk.described++; l.talk.described == 2 && g.Misnumbered {
			l.talk.twice = m
		}
	case particle.KindEvent:
		if named(c, lastReset) {
			l.saysWhyItRestarted(e, c, m)
		}
		if string(g.Name) == safeMode || named(c, safeMode) {
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
		l.talk.platform = int(c.Payload[6])<<8 | int(c.Payload[7])
	}
	l.hello = m
	if n := len(c.Payload); n < 6 {
		l.find(e, draft{id: "PH-41", sure: Possible, title: "the device's Hello is too short", evidence: []decode.Evidence{m.showsPlain(fmt.Sprintf("%d bytes of payload, at least 6 expected", n))}})
	}
}

func (l *leg) fromCloud(e *decode.Event, b *decode.Message, c *coap.Message, m mark) {
	g := &b.Meaning
	if l.fleeting {
		l.talk.ping, l.talk.error4, l.talk.tokenless, l.fleeting = mark{}, mark{}, mark{}, false
	}
	if c.Type == coap.Acknowledgement && c.Code >= 0x80 {
		l.talk.error4, l.fleeting = m, true
	}
	switch g.Kind {
	case particle.KindHelloReply:
		l.replied(e, m)
	case particle.KindDescribe:
		l.talk.describe, l.talk.described = m, 0
	case particle.KindFunctionCall:
		if !hasQuery(c) {
			l.find(e, draft{id: "PH-49", sure: Certain, evidence: []decode.Evidence{m.showsPlain("a call without a Uri-Query option")}})
		}
		fallthrough
	case particle.KindVariable:
		if len(c.Token) == 0 {
			l.talk.tokenless, l.fleeting = m, true
		}
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
	if l.update != nil && l.update.broken(l, e) || l.hello.seen() && l.reply.seen() && l.end.from == stream.FromDevice && l.lateHello(e) {
		return
	}
	if l.end.from == stream.FromDevice {
		l.deviceLeft(e)
		return
	}
	l.cloudLeft(e)
}

// deviceLeft: the device ended a session.
func (l *leg) deviceLeft(e *decode.Event) {
	end, last := l.end, l.last[stream.FromCloud]
	soon := end.at.Sub(last.at) < time.Second
	switch {
	case l.talk.goodbye:
	case l.talk.ping.seen() && !l.lost(stream.FromCloud) && end.at.Sub(l.talk.ping.at) >= pingWait*95/100:
		l.find(e, draft{id: "PH-25", sure: Certain, noRepair: true, device: showsPing, title: "a ping stays unanswered, and the device leaves", evidence: []decode.Evidence{
			l.talk.ping.says("the device's ping"), end.says(fmt.Sprintf("it closes %v later, without anything from the cloud", rounded(end.at.Sub(l.talk.ping.at)))),
		}})
	case l.talk.error4.seen() && soon && l.legacy():
		l.find(e, draft{id: "PH-45", sure: Likely, evidence: []decode.Evidence{
			l.talk.error4.showsPlain("an answer with the code of an error"), end.says(fmt.Sprintf("the device closes %v later", rounded(end.at.Sub(l.talk.error4.at)))),
		}})
	case l.talk.tokenless.seen() && soon && l.talk.light:
		l.find(e, draft{id: "PH-52", sure: Likely, evidence: []decode.Evidence{
			l.talk.tokenless.shows(decode.Plain, 0, 4, "a request with a token of length 0"), end.says("the device closes at once"),
		}})
	}
}

// cloudLeft: the server ended a session.
func (l *leg) cloudLeft(e *decode.Event) {
	end := l.end
	mute := end.at.Sub(l.last[stream.FromDevice].at)
	switch {
	case l.talk.goodbye:
	case l.talk.gap.seen() && end.at.Sub(l.talk.gap.at) < time.Second:
		l.badCounter(e)
	case l.talk.refused.seen():
		l.find(e, draft{id: "PH-30", sure: Likely, evidence: []decode.Evidence{
			l.talk.refused.showsPlain("4.00 in answer to the question for the description"),
			end.says(fmt.Sprintf("the server closes %v later", rounded(end.at.Sub(l.talk.refused.at)))),
		}})
	case l.talk.twice.seen() && mute < time.Second:
		l.find(e, draft{id: "PH-33", sure: Likely, evidence: []decode.Evidence{l.talk.twice.says("a second description, under an ID without meaning"), end.says("the server closes at once")}})
	case l.talk.describe.seen() && !l.lost(stream.FromDevice) && atAny(end.at.Sub(l.talk.describe.at), describeLimits):
		l.find(e, draft{id: "PH-46", sure: Likely, evidence: []decode.Evidence{
			l.talk.describe.says("the server asks for the description"), end.says(fmt.Sprintf("no answer, and it closes %v later", rounded(end.at.Sub(l.talk.describe.at)))),
		}})
	case within(mute, brewskeySilence) && !l.lost(stream.FromDevice):
		l.find(e, draft{id: "PH-26", sure: Likely, evidence: []decode.Evidence{
			l.last[stream.FromDevice].says("the last that came from the device"), end.says(fmt.Sprintf("the server closes after %v of its silence, in which it owed a ping at 15 s", rounded(mute))),
		}})
	case l.how == stream.Reset && mute < time.Second && l.last[stream.FromDevice].at.Sub(l.last[stream.FromCloud].at) > 2*time.Second:
		l.find(e, draft{id: "PH-28", sure: Possible, evidence: []decode.Evidence{l.last[stream.FromDevice].says("the device sends"), end.says(fmt.Sprintf("a reset in answer, %v later", rounded(mute)))}})
	default:
		l.droppedEarly(e)
	}
}

// badCounter: the server hung up over a message ID.
func (l *leg) badCounter(e *decode.Event) {
	f := draft{id: "PH-25", sure: Certain, title: "the server hangs up over a message ID that does not follow (Bad Counter)", device: showsClosed, evidence: []decode.Evidence{
		l.talk.gap.shows(decode.Plain, 2, 4, l.talk.gapText), l.end.says(fmt.Sprintf("the server closes %v later", rounded(l.end.at.Sub(l.talk.gap.at)))),
	}}
	if l.talk.wrongAck.seen() && l.talk.light {
		f.evidence = append([]decode.Evidence{l.talk.wrongAck.shows(decode.Plain, 2, 4, "an acknowledgement that uses up an ID of the device's own, as firmware from 0.8 on does")}, f.evidence...)
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
