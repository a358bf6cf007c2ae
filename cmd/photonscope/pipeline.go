package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/diagnose"
)

// pipeline is where all ways in meet: a live proxy, the demo, a capture file and
// a capture on standard input all hand their items to it, and what they mean
// comes out the same way.
//
// Live, tap is called on the traffic's path: it records, which must happen
// before the bytes are forwarded, and queues. Decoding and printing happen in
// run, on a goroutine of their own, so that nothing there, be it a slow
// terminal or a fault of ours, can delay, alter or end a session. A capture has
// nobody to delay: it is decoded as it is read, ahead of what is shown of it.
type pipeline struct {
	decoder  *decode.Decoder
	sink     sink
	passer   passer    // the sink, if it is one
	bothLegs bool      // show both legs of a pair whole
	record   recording // nil: not recording
	only     *matching // which messages the recording gets; nil: all
	oneLeg   decode.OneLeg
	onEvent  func(*decode.Event) // told of every event of either leg, keeps none; may be nil
	alarm    func(string)        // told once if decoding fails
	doctor   *diagnose.Diagnoser // nil: nothing is diagnosed

	tapMu  sync.Mutex // its order is the order of the items
	queue  queue
	events []decode.Event
	told   []decode.Event // events with the findings about them
	found  []decode.Event
	shown  []decode.Event
	broken bool

	printer  decode.Printer // of the comments in a recording
	comment  []byte
	messages []captures.Message // for the recording
}

// recording keeps items before they are forwarded, and decrypted messages for
// other tools.
type recording interface {
	Items([]stream.Item)
	Messages([]captures.Message)
}

// sink takes what may be shown.
type sink interface {
	event(*decode.Event)
	flush()
}

// passer is a sink that keeps no event, or only now and then: so the decoder can
// use their memory again and again.
type passer interface {
	sink
	holding() bool // it has events that it still needs
}

const (
	drainEvery     = 15 * time.Millisecond
	restEvery      = 100 * time.Millisecond // while nothing comes: a silent proxy costs next to nothing
	restAfter      = time.Second
	messagesAtOnce = 16 // a few dozen microseconds
)

func newPipeline(keys *lightssl.Keyring, out sink) *pipeline {
	p := &pipeline{decoder: decode.NewDecoder(keys), sink: out, alarm: func(string) {}}
	p.passer, _ = out.(passer)
	return p
}

// tap takes items on the traffic's path. It is safe for concurrent use.
func (p *pipeline) tap(items []stream.Item) {
	p.tapMu.Lock()
	defer p.tapMu.Unlock()
	if p.record != nil {
		p.record.Items(items)
	}
	p.queue.offer(items)
}

// run decodes what tap queued until ctx ends, and then what is left.
func (p *pipeline) run(ctx context.Context) {
	tick := time.NewTicker(drainEvery)
	defer tick.Stop()
	memory := newMemory(time.Now())
	var done batch
	busy, rests := time.Now(), false
	for {
		select {
		case now := <-tick.C:
			done = p.drain(done)
			some := len(done.items) > 0
			memory.traffic(now, some, done.opened)
			if some {
				busy = now
			}
			if idle := now.Sub(busy) >= restAfter; idle != rests {
				rests = idle
				tick.Reset(pauseOf(rests))
			}
		case <-ctx.Done():
			p.drain(done)
			p.finish()
			return
		}
	}
}

// pauseOf returns how long to wait until the queue is looked at again.
func pauseOf(rests bool) time.Duration {
	if rests {
		return restEvery
	}
	return drainEvery
}

// drain decodes what waits and returns it, for its room to be used again.
func (p *pipeline) drain(done batch) batch {
	waited := p.queue.take(done)
	for i := range waited.items {
		p.feed(waited.items[i].item())
	}
	if len(waited.items) > 0 {
		p.keepMessages()
		p.sink.flush()
	}
	return waited
}

// feed decodes one item and shows what it means.
func (p *pipeline) feed(it stream.Item) {
	if p.broken {
		return
	}
	defer p.contain(&p.broken)
	if !p.holding() {
		p.decoder.Recycle()
	}
	p.events = p.decoder.Feed(p.events[:0], it)
	p.show(p.events)
}

// pass shows events that were decoded elsewhere.
func (p *pipeline) pass(events []decode.Event) {
	if p.broken || len(events) == 0 {
		return
	}
	defer p.contain(&p.broken)
	p.show(events)
}

// passRest shows what was held back until all was passed.
func (p *pipeline) passRest() {
	if p.broken {
		return
	}
	defer p.contain(&p.broken)
	p.showRest()
}

// finish shows what was still held back.
func (p *pipeline) finish() {
	if p.broken {
		return
	}
	defer p.contain(&p.broken)
	p.events = p.decoder.Finish(p.events[:0])
	p.show(p.events)
	p.showRest()
}

// holding reports whether somebody still needs events that were decoded.
func (p *pipeline) holding() bool {
	return p.passer == nil || p.passer.holding() || p.oneLeg.Holding() || p.only.holding() || len(p.messages) > 0
}

// show shows events, and what follows from each before the next one.
func (p *pipeline) show(events []decode.Event) {
	for i := range events {
		p.showOne(events[i : i+1])
	}
}

func (p *pipeline) showOne(events []decode.Event) {
	events = p.diagnosed(events)
	for i := range events {
		if p.onEvent != nil {
			p.onEvent(&events[i])
		}
	}
	if !anyPaired(events) { // spares the copies
		p.emit(events, events)
		return
	}
	p.shown = p.shown[:0]
	for _, e := range events {
		p.shown = p.oneLeg.Feed(p.shown, e)
	}
	p.emit(events, p.shown)
}

// showRest shows what was held back until all was shown.
func (p *pipeline) showRest() {
	p.shown = p.oneLeg.Finish(p.shown[:0])
	p.emit(nil, p.shown)
	if p.only != nil {
		p.only.finish(p.message)
	}
	p.keepMessages()
	p.sink.flush()
}

// diagnosed returns events with each finding behind the event that led to it.
func (p *pipeline) diagnosed(events []decode.Event) []decode.Event {
	if p.doctor == nil {
		return events
	}
	found := false
	p.told = p.told[:0]
	for i := range events {
		p.found = p.doctor.Feed(p.found[:0], &events[i])
		if len(p.found) > 0 && !found {
			found = true
			p.told = append(p.told, events[:i]...)
		}
		if found {
			p.told = append(append(p.told, events[i]), p.found...)
		}
	}
	if !found {
		return events
	}
	return p.told
}

// anyPaired reports whether some event has another leg, which may show it as well.
func anyPaired(events []decode.Event) bool {
	for i := range events {
		if c := events[i].Conn; c.Leg != stream.Tapped && c.Pair != 0 {
			return true
		}
	}
	return false
}

// emit prints events, of both legs if that was asked for, and adds the messages
// to the recording, each once.
func (p *pipeline) emit(all, once []decode.Event) {
	print := once
	if p.bothLegs {
		print = all
	}
	for i := range print {
		p.sink.event(&print[i])
	}
	if p.record == nil {
		return
	}
	for i := range once {
		if p.only != nil {
			p.only.pass(&once[i], p.message)
		} else {
			p.message(&once[i])
		}
	}
}

// message collects an event that is a message for the recording. Each write
// takes the lock that the traffic waits for, so there is one for many messages.
func (p *pipeline) message(e *decode.Event) {
	m, ok := e.Body.(*decode.Message)
	if !ok {
		return
	}
	p.comment = p.printer.AppendComment(p.comment[:0], e)
	p.messages = append(p.messages, captures.Message{At: e.At, Conn: *e.Conn, From: e.From, Data: m.Plain, Comment: string(p.comment), Note: e.Note})
	if len(p.messages) == messagesAtOnce {
		p.keepMessages()
	}
}

func (p *pipeline) keepMessages() {
	if len(p.messages) == 0 {
		return
	}
	defer p.contain(&p.broken)
	p.tapMu.Lock()
	defer p.tapMu.Unlock()
	p.record.Messages(p.messages)
	clear(p.messages)
	p.messages = p.messages[:0]
}

// contain keeps a fault of the decoder or a printer from ending the sessions.
func (p *pipeline) contain(broken *bool) {
	if fault := recover(); fault != nil {
		*broken = true
		p.alarm(fmt.Sprintf("internal error while decoding, nothing more is shown; relaying and recording go on: %v\n%s", fault, debug.Stack()))
	}
}
