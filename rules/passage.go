package rules

import (
	"bytes"
	"slices"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/proxy"
)

// passage is one message on its way through the rules, and what they want to
// become of it.
type passage struct {
	session *session
	from    stream.Direction
	event   *decode.Event
	message *coap.Message // nil if it is no CoAP
	rule    *counter      // that acts at the moment
	plain   []byte        // as it came

	now           []byte // as it is to leave; nil: it does not
	before, after [][]byte
	other         []opposite // what leaves in the other direction
	twice         bool
	translated    bool // its ID is the receiver's already
	spent         int  // message IDs that the sender spent on what does not count

	wait  time.Duration
	hold  *hold
	held  *Rule
	kept  kept
	reset bool
}

// opposite is a message for the other direction.
type opposite struct {
	bytes []byte
	rule  *counter
}

// idle reports whether no rule has acted.
func (p *passage) idle() bool {
	return p.now != nil && bytes.Equal(p.now, p.plain) && len(p.before)+len(p.after)+len(p.other) == 0 &&
		!p.twice && !p.translated && p.spent == 0 && p.wait == 0 && p.hold == nil && !p.reset
}

// meaning is what the message means, the zero value if it is none.
func (p *passage) meaning() particle.Meaning {
	if m, ok := p.event.Body.(*decode.Message); ok {
		return m.Meaning
	}
	return particle.Meaning{}
}

func (p *passage) summary() string {
	if p.message == nil {
		return "a malformed message"
	}
	return p.session.summary(p.message, p.meaning())
}

// say reports what the rule at hand did, not every time: a rule may act a million
// times.
func (p *passage) say(what string) {
	if n := p.rule.acted; n > 3 && n != 10 && n != 100 && n%1000 != 0 {
		return
	}
	p.session.engine.report("%s: %s, from the %s: %s (number %d, %s)", p.session.proxy, what, p.from, p.summary(), p.rule.acted, p.rule.Rule)
}

func (p *passage) drop() {
	p.now = nil
	p.say("dropped")
}

func (p *passage) replace(b []byte) {
	p.now = b
	p.say("changed")
}

func (p *passage) inject(t Template, before bool) {
	b := p.session.fill(t)
	p.say("added a message from the " + t.From.String())
	switch {
	case t.From != p.from:
		p.other = append(p.other, opposite{b, p.rule})
	case before:
		p.before = append(p.before, b)
	default:
		p.after = append(p.after, b)
	}
}

// carryOut does what the rules want. It may wait, and holds no lock while it does.
func (p *passage) carryOut(ps *proxy.Session, f proxy.Frame) ([]proxy.Out, bool) {
	for _, o := range p.other {
		if err := ps.Inject(p.from.Opposite(), proxy.Out{Bytes: o.bytes}); err != nil {
			p.session.engine.report("%s: nothing was added: %v (%s)", ps, err, o.rule.Rule)
		}
	}
	if p.wait > 0 || p.hold != nil {
		ps.Hold(f)
	}
	if p.wait > 0 {
		p.session.engine.sleep(ps, p.wait)
	}
	if p.hold != nil {
		p.session.engine.keep(p, ps)
	}
	if p.reset {
		return []proxy.Out{{Form: proxy.Abort}}, true
	}
	if p.spent != 0 {
		ps.Renumber(p.from, -p.spent)
	}
	if p.now != nil && len(p.before)+len(p.after) == 0 && !p.twice && !p.translated && bytes.Equal(p.now, f.Plain) {
		return nil, false
	}
	return p.out(f), true
}

// out is what leaves instead of the frame.
func (p *passage) out(f proxy.Frame) (out []proxy.Out) {
	for _, b := range p.before {
		out = append(out, proxy.Out{Bytes: b, Added: true})
	}
	if p.now != nil {
		this := proxy.Out{Bytes: p.now, Added: p.translated}
		if f.Err == lightssl.ErrPadding && bytes.Equal(p.now, f.Plain) {
			this.Form = proxy.Blocks
		}
		out = append(out, this)
		if p.twice {
			out = append(out, this)
		}
	}
	for _, b := range p.after {
		out = append(out, proxy.Out{Bytes: b, Added: true})
	}
	return out
}

// sleep waits, but for no session that is over.
func (e *Engine) sleep(ps *proxy.Session, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ps.Done():
	case <-e.closed:
	}
}

// answers are the messages that were added and what comes back for them: it ends
// here, because nobody on the other leg asked.
type answers struct {
	lastToken [2]byte     // of a request, by direction
	asked     [2][]asking // by direction
	bare      int         // pings and signals to a device that may acknowledge them under an ID of its own
	nextID    uint16      // that the device gives next
}

// asking is a request of ours.
type asking struct {
	token byte
	at    time.Time
}

const (
	askingMost = 32               // requests of ours at once
	askingFor  = 60 * time.Second // longer than any device takes to answer
)

// fill makes the message of a template. The caller holds mu.
func (s *session) fill(t Template) []byte {
	a := &s.answers
	token := a.lastToken[t.From] - 1
	taken := func() bool {
		return slices.ContainsFunc(a.asked[t.From], func(q asking) bool { return q.token == token })
	}
	for taken() {
		token--
	}
	if t.asks {
		if len(a.asked[t.From]) == askingMost {
			a.asked[t.From] = a.asked[t.From][1:]
		}
		a.asked[t.From] = append(a.asked[t.From], asking{token, time.Now()})
	}
	if t.bare && t.From == stream.FromCloud && s.conv.Stack() != particle.LegacyStack {
		a.bare = min(a.bare+1, askingMost)
	}
	return t.make(token, time.Now())
}

// take notes a message and takes those that answer ours. It reports whether the
// message ends here.
func (a *answers) take(p *passage) bool {
	m, ps := p.message, p.session.proxy
	own := m.Type == coap.Confirmable || m.Type == coap.NonConfirmable
	if own && p.from == stream.FromDevice {
		a.nextID = m.ID + 1
	}
	if own && m.Code.IsRequest() && len(m.Token) == 1 {
		a.lastToken[p.from] = m.Token[0]
		a.forget(p.from, m.Token[0]) // it is theirs now
	}
	theirs := p.from.Opposite()
	byToken := m.Code.IsResponse() && len(m.Token) == 1 && a.forget(theirs, m.Token[0])
	byID := !own && ps.Added(theirs, m.ID)
	misnumbered := !own && p.from == stream.FromDevice && a.bare > 0 && !byID && m.ID == a.nextID && (m.Code == coap.Empty || byToken)
	switch {
	case misnumbered: // firmware since 0.8.0 spends an ID of its own (coap_channel.h of Device OS 2.3.1)
		a.bare--
		a.nextID++
		p.spent = 1
	case !byID && !byToken:
		return false
	}
	p.now = nil
	if m.Code.IsResponse() {
		p.session.engine.report("%s: the %s answered an added message: %s %s", ps, p.from, m.Code, p.summary())
	}
	return true
}

// forget removes a request of ours and reports whether it was there.
func (a *answers) forget(from stream.Direction, token byte) bool {
	for i, q := range a.asked[from] {
		if q.token == token {
			a.asked[from] = slices.Delete(a.asked[from], i, i+1)
			return time.Since(q.at) < askingFor
		}
	}
	return false
}
