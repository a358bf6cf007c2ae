package decode

import (
	"bytes"

	"github.com/photonscope/photonscope/decode/stream"
)

// OneLeg passes on what a reader wants to see once: of a proxied pair, whose
// two legs mostly carry the same bytes, the events of the device leg, and those
// of the cloud leg only where they differ. Which bytes differ is known only when
// both legs have shown theirs, so an event of the cloud leg may be held back until
// its twin came. The zero value is ready.
type OneLeg struct {
	pairs map[uint32]*pairing // by session
}

// pairing holds, for one session, what one leg has shown and the other not yet.
type pairing struct {
	shown [][]byte // device → cloud, seen on the device leg: the bytes on the wire
	held  []Event  // cloud → device, seen on the cloud leg
	ended int      // directions that are over, of the four that two legs have
}

// twinLimit bounds what a pairing remembers. Twins are a write apart, so more
// means that something was altered.
const twinLimit = 256

// Feed appends to dst what may be shown now that e is known.
func (o *OneLeg) Feed(dst []Event, e Event) []Event {
	if e.Conn.Leg == stream.Tapped {
		return append(dst, e)
	}
	p := o.pairing(e.Session)
	if e.Raw == nil {
		return o.pass(dst, p, e)
	}
	switch {
	case e.Conn.Leg == stream.DeviceLeg && e.From == stream.FromDevice:
		if len(p.shown) < twinLimit {
			p.shown = append(p.shown, e.Raw)
		}
		return append(dst, e)
	case e.Conn.Leg == stream.CloudLeg && e.From == stream.FromDevice:
		return p.second(dst, e)
	case e.Conn.Leg == stream.CloudLeg:
		p.held = append(p.held, e)
		if len(p.held) > twinLimit {
			return p.release(dst, len(p.held))
		}
		return dst
	}
	return append(p.settle(dst, e.Raw), e)
}

// Finish appends what is still held back.
func (o *OneLeg) Finish(dst []Event) []Event {
	for _, p := range o.pairs {
		dst = p.release(dst, len(p.held))
	}
	clear(o.pairs)
	return dst
}

func (o *OneLeg) pairing(session uint32) *pairing {
	p := o.pairs[session]
	if p == nil {
		if o.pairs == nil {
			o.pairs = make(map[uint32]*pairing)
		}
		p = new(pairing)
		o.pairs[session] = p
	}
	return p
}

// pass handles events without bytes. The end of the cloud's bytes on the cloud
// leg ends the waiting for twins.
func (o *OneLeg) pass(dst []Event, p *pairing, e Event) []Event {
	closed, ok := e.Body.(*Closed)
	if !ok {
		return append(dst, e)
	}
	p.ended++
	if closed.How == stream.Reset {
		p.ended++
	}
	if e.Conn.Leg == stream.CloudLeg && (e.From == stream.FromCloud || closed.How == stream.Reset) {
		dst = p.release(dst, len(p.held))
	}
	if p.ended >= 4 {
		delete(o.pairs, e.Session)
	}
	return append(dst, e)
}

// second handles the later copy of what the device sent.
func (p *pairing) second(dst []Event, e Event) []Event {
	for i, raw := range p.shown {
		if bytes.Equal(raw, e.Raw) {
			p.shown = p.shown[i+1:]
			return dst
		}
	}
	e.Altered = true
	return append(dst, e)
}

// settle drops the held twin of raw, after releasing what was held before it.
// Without a twin the device leg shows something the cloud leg did not: then
// all that is held is released.
func (p *pairing) settle(dst []Event, raw []byte) []Event {
	for i := range p.held {
		if bytes.Equal(p.held[i].Raw, raw) {
			dst = p.release(dst, i)
			p.held = p.held[1:]
			return dst
		}
	}
	return p.release(dst, len(p.held))
}

// release appends the first n held events.
func (p *pairing) release(dst []Event, n int) []Event {
	for _, e := range p.held[:n] {
		e.Altered = true
		dst = append(dst, e)
	}
	p.held = p.held[n:]
	return dst
}
