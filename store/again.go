package store

import (
	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
)

// again decodes events again: it makes of them the items that they came from.
type again struct {
	decoder *decode.Decoder
	old     *sessions
	emit    func(*decode.Event) // takes what they mean now
	learn   func(*decode.Event) // takes what is known of a beginning that was evicted; may be nil
	replays map[stream.ConnID]*replay
	events  []decode.Event
}

// replay is a connection that is decoded again.
type replay struct {
	joined  bool
	begun   [2]bool        // by sender: something came
	gap     [2]*stream.Gap // by sender: the first thing that came, and perhaps the decoder made it up
	session uint32
	unseen  int // bytes fed that no event has shown yet
}

// feed takes the next event.
func (a *again) feed(e *decode.Event) {
	p := a.replays[e.Conn.ID]
	if p == nil {
		p = new(replay)
		a.replays[e.Conn.ID] = p
		a.begin(p, e)
	}
	p.session = e.Session
	if b, gap := e.Body.(*decode.Gap); gap {
		a.lose(p, e, b)
		return
	}
	if g := p.gap[e.From&1]; g != nil {
		p.gap[e.From&1] = nil
		if !isFrame(e.Body) {
			a.item(p, g)
		}
	}
	switch b := e.Body.(type) {
	case *decode.Opened:
		p.joined = b.Joined
	case *decode.Closed:
	case *decode.Finding:
		a.emit(e)
	default: // without bytes it is a key that came late: the decoder says so itself
		p.unseen += len(e.Raw)
		p.begun[e.From&1] = p.begun[e.From&1] || e.Raw != nil
	}
	a.item(p, e.Item())
}

// isFrame reports whether a body is made of the bytes of frames.
func isFrame(b decode.Body) bool {
	switch b.(type) {
	case *decode.Message, *decode.Sealed, *decode.Malformed:
		return true
	}
	return false
}

// lose takes a gap. The first one of a direction that was joined is the decoder's
// own if frames follow: then it will make it again.
func (a *again) lose(p *replay, e *decode.Event, b *decode.Gap) {
	from := e.From & 1
	if p.gap[from] != nil {
		a.item(p, p.gap[from])
		p.gap[from] = nil
	}
	g := &stream.Gap{At: e.At, Conn: e.Conn.ID, From: e.From, Len: b.Len}
	if p.joined && !p.begun[from] && b.Len == 0 {
		p.gap[from] = g
		return
	}
	p.begun[from] = true
	a.item(p, g)
}

// item feeds the decoder.
func (a *again) item(p *replay, it stream.Item) {
	a.events = a.decoder.Feed(a.events[:0], it)
	for i := range a.events {
		e := &a.events[i]
		e.Session = p.session
		p.unseen -= len(e.Raw)
		a.emit(e)
	}
	clear(a.events)
}

// allLost is a gap behind which nothing is known but that there are frames.
const allLost = 1 << 30

// begin feeds what is known of a connection whose beginning was evicted: its
// handshake. What the decoder says to that is not new.
func (a *again) begin(p *replay, e *decode.Event) {
	if _, opened := e.Body.(*decode.Opened); opened {
		return
	}
	items := []stream.Item{&stream.Opened{At: e.At, Conn: *e.Conn}}
	if conn := a.old.conns[e.Conn.ID]; conn != nil {
		for i, from := range [...]stream.Direction{stream.FromCloud, stream.FromDevice, stream.FromCloud} {
			items = append(items, &stream.Segment{At: e.At, Conn: e.Conn.ID, From: from, Data: conn.handshake[i]})
		}
	}
	for _, from := range stream.Directions {
		items = append(items, &stream.Gap{At: e.At, Conn: e.Conn.ID, From: from, Len: allLost})
	}
	p.begun = [2]bool{true, true}
	for _, it := range items {
		a.events = a.decoder.Feed(a.events[:0], it)
		for i := range a.events {
			a.events[i].Session = e.Session
			if a.learn != nil {
				a.learn(&a.events[i])
			}
		}
	}
}

// finish has the decoder show the bytes that it waited with.
func (a *again) finish() {
	for _, p := range a.replays {
		for _, g := range p.gap {
			if g != nil {
				a.item(p, g)
			}
		}
	}
	for _, e := range a.decoder.Finish(nil) {
		p := a.replays[e.Conn.ID]
		if _, closed := e.Body.(*decode.Closed); closed || p == nil || p.unseen == 0 {
			continue
		}
		e.Session = p.session
		a.emit(&e)
	}
}
