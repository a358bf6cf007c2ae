package rules

import (
	"errors"
	"slices"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/proxy"
)

// Held is a message that waits for a decision.
type Held struct {
	ID      uint64
	Session string        // as notices name it
	Conn    stream.ConnID // its device leg
	From    stream.Direction
	Message []byte
	Kind    string
	Summary string
	Rule    string
	Filter  string // of the rule, "" if it has none
	Since   time.Time
	Until   time.Time // then the original goes on, or is dropped if Drops
	Drops   bool
	Alive   bool      // both peers hear something meanwhile
	Fuse    time.Time // when a peer gives up; zero: none is known to wait
	FuseWhy string    // who, and over what
}

// Decision is what becomes of a held message. The zero value lets the original go.
type Decision struct {
	Drop    bool
	Message []byte // instead of the original; nil: that
}

type heldMessage struct {
	Held
	decision chan Decision
	longer   chan struct{}
	alive    chan struct{}
	extended int
}

// Bounds of Extend.
const (
	ExtendBy   = 10 * time.Second
	ExtendMost = 3
)

// ErrGone says that a message is no longer held.
var ErrGone = errors.New("the message is no longer held")

const aliveEvery = 5 * time.Second // half of what a device waits after a ping of its own

// Held returns the messages that are held, oldest first.
func (e *Engine) Held() []Held {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := make([]Held, len(e.held))
	for i, h := range e.held {
		all[i] = h.Held
	}
	return all
}

// Decide lets a held message go, as it is or changed, or drops it.
func (e *Engine) Decide(id uint64, d Decision) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	h := e.find(id)
	if h == nil {
		return ErrGone
	}
	e.remove(h)
	h.decision <- d
	return nil
}

// Extend gives a held message [ExtendBy] more, at most [ExtendMost] times.
func (e *Engine) Extend(id uint64) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	h := e.find(id)
	switch {
	case h == nil:
		return ErrGone
	case h.extended == ExtendMost:
		return errors.New("the message has been held longer three times: now it goes on")
	}
	h.extended++
	h.Until = h.Until.Add(ExtendBy)
	h.longer <- struct{}{}
	return nil
}

// KeepAlive lets both peers hear something as long as a message is held.
func (e *Engine) KeepAlive(id uint64) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	h := e.find(id)
	switch {
	case h == nil:
		return ErrGone
	case h.Alive:
		return errors.New("both peers are kept alive already")
	}
	h.Alive = true
	h.alive <- struct{}{}
	return nil
}

// find returns a held message. The caller holds mu, as that of remove.
func (e *Engine) find(id uint64) *heldMessage {
	i := slices.IndexFunc(e.held, func(h *heldMessage) bool { return h.ID == id })
	if i < 0 {
		return nil
	}
	return e.held[i]
}

func (e *Engine) remove(h *heldMessage) {
	e.held = slices.DeleteFunc(e.held, func(o *heldMessage) bool { return o == h })
}

// keep holds a message and then makes of the passage what was decided.
func (e *Engine) keep(p *passage, ps *proxy.Session) {
	h := e.newHeld(p, ps)
	e.changed()
	defer e.changed()
	d, decided := e.await(h, ps)
	if !decided {
		e.mu.Lock()
		select {
		case d = <-h.decision: // at the last moment
		default:
			e.remove(h)
			d.Drop = p.hold.drop
			e.report("%s: nobody decided in %v: %s", ps, time.Since(h.Since).Round(100*time.Millisecond), map[bool]string{true: "dropped", false: "sent"}[d.Drop])
		}
		e.mu.Unlock()
	}
	switch {
	case d.Drop:
		p.now = nil
	case d.Message != nil:
		p.now = d.Message
	}
}

func (e *Engine) changed() {
	if e.Changed != nil {
		e.Changed()
	}
}

// newHeld enters a message in the list.
func (e *Engine) newHeld(p *passage, ps *proxy.Session) *heldMessage {
	now := time.Now()
	h := &heldMessage{
		Held: Held{
			Session: ps.String(), Conn: p.session.conn.ID, From: p.from,
			Message: slices.Clone(p.now), Since: now, Until: now.Add(p.hold.most), Drops: p.hold.drop,
		},
		decision: make(chan Decision, 1), longer: make(chan struct{}, ExtendMost), alive: make(chan struct{}, 1),
	}
	if p.now == nil { // another rule dropped it, this one wants a person to see it
		h.Message = slices.Clone(p.plain)
	}
	h.Kind, h.Summary, h.Rule = p.kept.kind, p.kept.summary, p.held.String()
	h.Filter = p.held.filter
	if h.Alive = p.hold.keepAlive; h.Alive {
		h.alive <- struct{}{}
	}
	if after := p.kept.fuse; after > 0 {
		h.Fuse, h.FuseWhy = now.Add(after), p.kept.why
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lastID++
	h.ID = e.lastID
	e.held = append(e.held, h)
	return h
}

// await waits for the decision. It is false if there was none in time, or nobody
// waits for the message any more.
func (e *Engine) await(h *heldMessage, ps *proxy.Session) (Decision, bool) {
	timer := time.NewTimer(e.left(h))
	defer timer.Stop()
	ticker := time.NewTicker(aliveEvery)
	defer ticker.Stop()
	var alive <-chan time.Time
	for {
		select {
		case d := <-h.decision:
			return d, true
		case <-h.longer:
			timer.Reset(e.left(h))
		case <-h.alive:
			alive = ticker.C
		case <-alive:
			e.keepAlive(ps)
		case <-timer.C:
			return Decision{}, false
		case <-ps.Done():
			return Decision{}, false
		case <-e.closed:
			return Decision{}, false
		}
	}
}

func (e *Engine) left(h *heldMessage) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return time.Until(h.Until)
}

// keepAlive lets both peers hear something: the device an empty acknowledgement,
// which it ignores but for its clock (ping.h of Device OS 2.3.1: any message will
// do), the cloud a ping, whose answer ends at the proxy.
func (e *Engine) keepAlive(ps *proxy.Session) {
	ack := particle.ComposeEmpty(coap.Acknowledgement, 0, nil)
	ping := particle.ComposeEmpty(coap.Confirmable, 0, nil)
	ps.Inject(stream.FromCloud, proxy.Out{Bytes: ack.Append(nil)})
	ps.Inject(stream.FromDevice, proxy.Out{Bytes: ping.Append(nil)})
}

// kept is what is remembered of a message that will be held.
type kept struct {
	kind, summary string
	fuse          time.Duration
	why           string
}

// keepFor notes what to say of the message while it is held.
func (p *passage) keepFor(h *hold) {
	g := p.meaning()
	p.hold, p.held = h, p.rule.Rule
	p.kept = kept{kind: g.Kind.String(), summary: p.summary()}
	p.kept.fuse, p.kept.why = fuse(p.from, g)
}

// fuse says how long who waits for a message, as far as the firmware and the
// servers are known (lightssl_protocol.h, protocol.cpp and ping.h of Device OS
// 2.3.1; settings.js of Brewskey's spark-protocol).
func fuse(from stream.Direction, g particle.Meaning) (time.Duration, string) {
	switch {
	case g.Kind == particle.KindHelloReply:
		return 4 * time.Second, "the device waits 4 s for the cloud's Hello, before 0.8.0 2 s"
	case from == stream.FromCloud && g.Kind == particle.KindPingAck:
		return 10 * time.Second, "the device waits 10 s for any answer to its ping"
	case g.Kind == particle.KindHello:
		return 10 * time.Second, "Brewskey's server waits 10 s for the Hello"
	case from == stream.FromDevice && g.HasRTT, from == stream.FromCloud && g.Kind.RepliesLater():
		return 15 * time.Second, "Brewskey's server waits 15 s for an answer of the device"
	case from == stream.FromCloud:
		return 25 * time.Second, "the device hangs up after 25 s of silence"
	}
	return 31 * time.Second, "Brewskey's server hangs up after 31 s of silence"
}
