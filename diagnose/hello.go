package diagnose

import (
	"fmt"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// legacy reports whether the device is known to run the older stack.
func (l *leg) legacy() bool { return l.talk.hello && !l.talk.light }

// helloWait is how long the device waits for the cloud's Hello, as far as is
// known: the longest that any does.
func (l *leg) helloWait() time.Duration {
	if l.legacy() {
		return helloWaitLegacy
	}
	return helloWaitLightSSL
}

// replied takes the cloud's Hello.
func (l *leg) replied(e *decode.Event, m mark) {
	l.reply = m
	if l.named {
		if dev := l.d.devices[l.device]; dev != nil {
			dev.accepted = l.conn.Cloud
		}
	}
}

// lateHello tells of a Hello that came after the device's limit, if the device
// left over it: soon, and without a word after the Hello. A device under load may
// leave a moment early by the clock of whoever looks on.
func (l *leg) lateHello(e *decode.Event) bool {
	wait := l.helloWait()
	until, what := l.end(), "the device closes without one"
	if l.reply.seen() {
		until, what = l.reply, "the cloud's Hello"
	}
	took := until.since(l.hello)
	talked := l.reply.seen() && l.last[stream.FromDevice].event > l.reply.event
	if took < wait-wait/20 || l.end().since(l.hello) > wait+2*time.Second || talked || l.lost(stream.FromCloud) || l.holes[stream.FromDevice] {
		return false
	}
	l.find(e, draft{id: "PH-22", sure: Certain, evidence: []decode.Evidence{
		l.hello.says("the device's Hello"),
		until.says(fmt.Sprintf("%s, %v later; it waits %v", what, rounded(took), wait)),
	}})
	return true
}

// endedWithoutReply: the device said Hello, and no Hello came back.
func (l *leg) endedWithoutReply(e *decode.Event) {
	if l.end().from == stream.FromCloud {
		if limit := atLimit(l.end().since(l.opened)); limit > 0 && !l.lost(stream.FromCloud) {
			l.slowHandshake(e, limit)
			return
		}
		l.droppedEarly(e)
		return
	}
	took := l.end().since(l.hello)
	switch {
	case l.lost(stream.FromCloud):
	case l.lateHello(e):
	case within(took, helloWaitLegacy) && !l.talk.light:
		l.find(e, draft{id: "PH-22", sure: Likely, evidence: []decode.Evidence{
			l.hello.says("the device's first frame"),
			l.end().says(fmt.Sprintf("it closes %v later without a frame from the cloud; firmware up to 0.7.0 waits 2 s", rounded(took))),
		}})
	}
}

// droppedEarly: the server closes on the first frames.
func (l *leg) droppedEarly(e *decode.Event) {
	took := l.end().since(l.hello)
	if took > 2*time.Second || l.lost(stream.FromDevice) || l.talk.goodbye {
		return
	}
	l.find(e, draft{id: "PH-19", sure: Likely, evidence: []decode.Evidence{
		l.hello.says("the device's Hello"),
		l.end().says(fmt.Sprintf("the server closes %v later, after %d frames of the device", rounded(took), l.frames[stream.FromDevice])),
	}})
}

// damaged takes the first frame of a direction that is not what was sealed.
func (l *leg) damaged(e *decode.Event, b *decode.Malformed, m mark) {
	shown := m.says(b.Reason)
	if b.Layer == decode.Plain {
		shown = m.shows(decode.Plain, b.Offset, max(b.Offset+1, len(b.Padded)), b.Reason)
	}
	sure := Likely
	switch {
	case b.Layer == decode.Wire:
		l.find(e, draft{id: "PH-44", sure: Certain, evidence: []decode.Evidence{shown}})
		return
	case !l.key.known:
		return
	case l.key.signed || l.key.byDevice && !l.key.failed:
		sure = Certain
	case l.key.failed:
		return // what opened them may be wrong
	}
	f := draft{id: "PH-44", sure: sure, evidence: []decode.Evidence{shown}}
	if l.frames[e.From&1] == 1 {
		f.id = "PH-43"
		signature := lightssl.SignatureUnchecked
		if l.key.signed {
			signature = lightssl.SignatureVerified
		}
		f.evidence = []decode.Evidence{l.credentials.says("the session key, signature " + signature.String()), shown}
	}
	l.find(e, f)
}
