package decode

import (
	"bytes"
	"maps"
	"slices"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/stream"
)

// OneLeg passes on what a reader wants to see once: of a proxied pair, whose
// two legs mostly carry the same bytes, the events of the device leg, and those
// of the cloud leg only where they differ. Which bytes differ is known only when
// both legs have shown theirs, so an event of the cloud leg may be held back until
// its twin came. Where connections open and close, and where a capture has gaps,
// is shown for both. The zero value is ready.
type OneLeg struct {
	pairs map[uint32]*pairing // by session
	shown [][]byte            // empty: room for the next pairing that needs some,
	held  []Event             // so that the many that wait for nothing hold none

	waiting int // pairings that wait for twins
}

// pairing holds, for one session, what one leg has shown and the other not yet.
type pairing struct {
	shown  [][]byte // device → cloud, seen on the device leg: their content
	held   []Event  // cloud → device, seen on the cloud leg
	gapped [2]bool  // by direction: a leg lost bytes, so that nothing proves an alteration
	over   [2][2]bool
}

// twinLimit bounds what a pairing remembers. Twins are one write apart, so more
// means that something was altered.
const twinLimit = 4096

const keptRoom = 64 // twins that an empty list keeps room for

// Feed appends to dst what may be shown now that e is known.
func (o *OneLeg) Feed(dst []Event, e Event) []Event {
	if e.Conn.Leg == stream.Tapped || e.Conn.Pair == 0 {
		return append(dst, e)
	}
	p := o.pairing(e.Session)
	if p.waits() {
		o.waiting--
	}
	if p.shown == nil {
		p.shown, o.shown = o.shown, nil
	}
	if p.held == nil {
		p.held, o.held = o.held, nil
	}
	dst = o.compare(dst, p, e)
	if len(p.shown) == 0 {
		p.shown, o.shown = nil, p.shown
	}
	if len(p.held) == 0 {
		p.held, o.held = nil, p.held
	}
	if p.waits() {
		o.waiting++
	}
	return dst
}

// Holding reports whether events that were fed are still needed, with their bytes.
func (o *OneLeg) Holding() bool { return o.waiting > 0 }

func (o *OneLeg) compare(dst []Event, p *pairing, e Event) []Event {
	onCloud := e.Conn.Leg == stream.CloudLeg
	switch {
	case e.Raw == nil:
		return o.pass(dst, p, e)
	case !onCloud && e.From == stream.FromDevice:
		p.remember(content(&e))
		return append(dst, e)
	case !onCloud:
		dst = p.settle(dst, &e)
		return append(dst, e)
	case e.From == stream.FromDevice:
		return p.second(dst, e)
	}
	p.held = append(p.held, e)
	if p.over[side(stream.DeviceLeg)][stream.FromCloud] || len(p.held) > twinLimit {
		return p.release(dst, len(p.held))
	}
	return dst
}

// Finish appends what is still held back, in the order of the sessions.
func (o *OneLeg) Finish(dst []Event) []Event {
	for _, session := range slices.Sorted(maps.Keys(o.pairs)) {
		p := o.pairs[session]
		dst = p.release(dst, len(p.held))
	}
	clear(o.pairs)
	o.waiting = 0
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

// waits reports whether one leg showed what the other one did not yet.
func (p *pairing) waits() bool { return len(p.shown)+len(p.held) > 0 }

// side indexes the two legs of a pair.
func side(leg stream.Leg) int {
	if leg == stream.CloudLeg {
		return 1
	}
	return 0
}

// pass handles events without bytes. Where either leg ends, no more twins come.
func (o *OneLeg) pass(dst []Event, p *pairing, e Event) []Event {
	switch b := e.Body.(type) {
	case *Gap:
		p.gapped[e.From] = true
	case *Credentials:
		if e.Conn.Leg == stream.CloudLeg {
			return dst
		}
	case *Closed:
		over := &p.over[side(e.Conn.Leg)]
		over[e.From] = true
		if b.How == stream.Reset {
			over[e.From.Opposite()] = true
		}
		if b.How == stream.Cut { // the twin may be what was cut off
			p.gapped[e.From] = true
		}
		if over[stream.FromCloud] {
			dst = p.release(dst, len(p.held))
		}
		if p.over == [2][2]bool{{true, true}, {true, true}} {
			delete(o.pairs, e.Session)
			p.shown = nil
		}
	}
	return append(dst, e)
}

// remember notes what the device leg has shown.
func (p *pairing) remember(b []byte) {
	if len(p.shown) == twinLimit {
		p.shown = dropped(p.shown, 1)
	}
	p.shown = append(p.shown, b)
}

// second handles the later copy of what the device sent.
func (p *pairing) second(dst []Event, e Event) []Event {
	b := content(&e)
	if i := twinOf(b, len(p.shown), func(i int) []byte { return p.shown[i] }, isMessage(e.Body)); i >= 0 {
		p.shown = dropped(p.shown, i+1)
		return dst
	}
	return p.show(dst, e)
}

// settle drops the held twin of an event, after releasing what was held before
// it. Where there is none, the device leg shows something else: then the event
// that it stands for is released, and what was held behind that waits on. What
// stands for nothing was added.
func (p *pairing) settle(dst []Event, e *Event) []Event {
	if i := twinOf(content(e), len(p.held), func(i int) []byte { return content(&p.held[i]) }, isMessage(e.Body)); i >= 0 {
		dst = p.release(dst, i)
		p.held = dropped(p.held, 1)
		return dst
	}
	if len(p.held) > 0 && standsFor(e.Body, p.held[0].Body) {
		return p.release(dst, 1)
	}
	e.Altered = isMessage(e.Body) && !p.mayHaveTwin(e.From)
	return dst
}

// mayHaveTwin reports whether the leg to the cloud may have carried what it did not
// show: it lost bytes, is over, or stays sealed.
func (p *pairing) mayHaveTwin(from stream.Direction) bool {
	sealed := func(e Event) bool { return !isMessage(e.Body) }
	return p.gapped[from] || p.over[side(stream.CloudLeg)][from] || slices.ContainsFunc(p.held, sealed)
}

// twinOf returns the first of n contents that is b, or else the first that is but for
// the message ID, which a proxy that drops or adds messages counts anew; -1: none. Of
// messages without anything else to tell them apart, such as pings, one that was
// dropped and one that was added later pass for the same.
func twinOf(b []byte, n int, at func(int) []byte, message bool) int {
	for i := range n {
		if bytes.Equal(at(i), b) {
			return i
		}
	}
	for i := 0; message && i < n; i++ {
		if renumbered(at(i), b) {
			return i
		}
	}
	return -1
}

func isMessage(b Body) bool {
	_, ok := b.(*Message)
	return ok
}

// renumbered reports whether two CoAP messages differ in the message ID alone.
func renumbered(a, b []byte) bool {
	const id = 2 // its offset
	return len(a) == len(b) && len(a) >= coap.HeaderLen && !bytes.Equal(a[id:coap.HeaderLen], b[id:coap.HeaderLen]) &&
		bytes.Equal(a[:id], b[:id]) && bytes.Equal(a[coap.HeaderLen:], b[coap.HeaderLen:])
}

// content is what two twins have in common: the message, since its ciphertext
// changes with the frame before it, or the bytes on the wire.
func content(e *Event) []byte {
	if m, ok := e.Body.(*Message); ok {
		return m.Plain
	}
	return e.Raw
}

// standsFor reports whether a is b as the proxy passed it on: the same record of
// the handshake, or a message under the same ID.
func standsFor(a, b Body) bool {
	x, ok := a.(*Message)
	if y, too := b.(*Message); ok && too {
		return bytes.Equal(x.Plain[2:coap.HeaderLen], y.Plain[2:coap.HeaderLen])
	}
	return !ok && a.Name() == b.Name()
}

// release appends the first n held events.
func (p *pairing) release(dst []Event, n int) []Event {
	for i := range p.held[:n] {
		dst = p.show(dst, p.held[i])
	}
	p.held = dropped(p.held, n)
	return dst
}

// dropped takes the first n off a list, so that they keep nothing alive. Room
// that was needed once is not kept by a list that is empty.
func dropped[T any](list []T, n int) []T {
	clear(list[:n])
	switch {
	case n < len(list):
		return list[n:]
	case cap(list) > keptRoom:
		return nil
	}
	return list[:0]
}

// show appends an event that only the cloud leg has.
func (p *pairing) show(dst []Event, e Event) []Event {
	e.Altered = !p.gapped[e.From]
	return append(dst, e)
}
