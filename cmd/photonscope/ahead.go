package main

import (
	"context"
	"iter"
	"sync"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/decode"
)

// ahead reads and decodes captures on a goroutine of its own, while the one that
// takes the parcels shows those before. It is ahead by a few at most, and hands over
// what it has before it reads on, as reading may have to wait.
type ahead struct {
	pipe    *pipeline // only its decoder is used here
	newKeys func()    // takes keys that came while reading waited
	record  bool      // the items are wanted too

	full    chan *parcel // closed behind the last
	free    chan *parcel // back from the one who takes
	stopped chan struct{}
	stop    func() // makes reading end soon; what was read is still to be taken

	// The reading goroutine's alone:
	filling *parcel
	stats   captures.Stats
	stuck   bool // decoding has failed
}

// parcel is what was read of captures before they were read on, or a part of it.
type parcel struct {
	items  batch          // if they are wanted
	upTo   []int          // how many events there are once each of them was decoded
	events []decode.Event // their bytes lie in memory
	memory *decode.Memory
	stats  captures.Stats // of all up to here
	err    error          // captures ended with it, behind the last event
	shown  chan struct{}  // closed once all that is in it was shown; nil: nobody waits for that
}

// Parcels of this size stay in the processor's cache, and to wake the other
// goroutine costs little beside what is in them. The screen takes as many events at
// once.
const (
	parcelEvents = eventsAtOnce
	parcelItems  = 4 * parcelEvents
	parcelBytes  = largestChunk / 2
	parcelsAhead = 4
)

// newAhead takes what ends waiting for bytes.
func newAhead(cancel context.CancelFunc) *ahead {
	a := &ahead{
		full:    make(chan *parcel, parcelsAhead),
		free:    make(chan *parcel, parcelsAhead+2), // and one at either end
		stopped: make(chan struct{}),
	}
	a.stop = sync.OnceFunc(func() { close(a.stopped); cancel() })
	return a
}

// read reads captures to their end, or until it is stopped.
func (a *ahead) read(list []captures.Input, port uint16) {
	defer close(a.full)
	a.begin()
	for it, err := range captures.ReadAll(list, captures.ReadOptions{Stats: &a.stats, Port: port}) {
		p := a.filling
		if p.err = err; err != nil {
			break
		}
		p.events = a.decoded(p.events, func(dst []decode.Event) []decode.Event { return a.pipe.decoder.Feed(dst, it) })
		if a.record {
			p.items.add(it)
			p.upTo = append(p.upTo, len(p.events))
		}
		if p.isFull() {
			if a.send(); a.isStopped() {
				break
			}
		}
	}
	a.filling.events = a.decoded(a.filling.events, a.pipe.decoder.Finish)
	a.send()
}

// decoded appends events to dst, none once decoding has failed.
func (a *ahead) decoded(dst []decode.Event, more func([]decode.Event) []decode.Event) (events []decode.Event) {
	if events = dst; a.stuck {
		return events
	}
	defer a.pipe.contain(&a.stuck)
	return more(dst)
}

// begin begins a parcel, in the place of one that was shown if there is one.
func (a *ahead) begin() {
	select {
	case a.filling = <-a.free:
	default:
		a.filling = &parcel{memory: new(decode.Memory)}
	}
	a.pipe.decoder.Into(a.filling.memory)
}

// send hands over what was read.
func (a *ahead) send() {
	a.filling.stats = a.stats
	a.full <- a.filling
	a.begin()
}

func (a *ahead) isStopped() bool {
	select {
	case <-a.stopped:
		return true
	default:
		return false
	}
}

// settle waits until all that was read is shown: so keys that came open nothing
// before the screen, which decodes again what it has, has it.
func (a *ahead) settle() {
	shown := make(chan struct{})
	a.filling.shown = shown
	a.send()
	<-shown
}

func (p *parcel) isFull() bool {
	return len(p.events) >= parcelEvents || len(p.items.items) >= parcelItems || len(p.items.data) >= parcelBytes
}

// parcels returns what is read, and calls idle before it waits for more. A parcel is
// used again behind it, unless holding says then that somebody needs its events'
// bytes. All have to be taken.
func (a *ahead) parcels(idle func(), holding func() bool) iter.Seq[*parcel] {
	return func(yield func(*parcel) bool) {
		for {
			var p *parcel
			more := true
			select {
			case p, more = <-a.full:
			default:
				idle()
				p, more = <-a.full
			}
			if !more || !yield(p) {
				return
			}
			a.giveBack(p, holding())
		}
	}
}

// giveBack has a parcel used again, but not its memory if somebody needs that.
func (a *ahead) giveBack(p *parcel, held bool) {
	if p.shown != nil {
		close(p.shown)
	}
	memory := p.memory
	if held {
		memory = new(decode.Memory)
	}
	p.items.reset()
	clear(p.events)
	*p = parcel{items: p.items, upTo: p.upTo[:0], events: p.events[:0], memory: memory}
	a.free <- p
}
