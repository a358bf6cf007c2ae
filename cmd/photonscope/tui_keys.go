package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/diagnose"
	"github.com/photonscope/photonscope/store"
)

// lateKeys are keys that may come when what they open is on the screen already.
type lateKeys struct {
	ring       *lightssl.Keyring // nil: none will come
	more       func()            // looks for more once the source is over; nil: somebody does
	generation uint64            // what the store has been decoded with
	doctor     func() *diagnose.Diagnoser
}

// expect has the screen decode again what it holds, and make its findings again,
// whenever keys were added. The findings are the screen's own, so that those of a
// new doctor can go on from what it holds.
func (s *tui) expect(keys *keySet, more func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = lateKeys{keys.Ring, more, keys.Ring.Generation(), keys.doctor}
	s.doctor = keys.doctor()
}

// doctor returns one that knows of no event yet.
func (s *keySet) doctor() *diagnose.Diagnoser {
	return diagnose.New(diagnose.Options{Keys: s.Ring, Name: s.nameOf})
}

// watchKeys looks for late keys until the function that it returns is called.
func (s *tui) watchKeys(ctx context.Context, over func() bool) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var watcher sync.WaitGroup
	watcher.Go(func() { nowAndThen(ctx, func() { s.tryKeys(over()) }) })
	return func() { cancel(); watcher.Wait() }
}

// tryKeys decodes again what the store holds, if keys came. The source, which
// appends to the store, waits meanwhile; its traffic does not.
func (s *tui) tryKeys(over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.late.ring == nil || s.text != nil {
		return
	}
	if over && s.late.more != nil {
		s.late.more()
	}
	if g := s.late.ring.Generation(); g != s.late.generation {
		s.late.generation = g
		s.keep()
		done := s.store.Redecode(s.late.ring, func() store.Doctor {
			s.doctor = s.late.doctor()
			return s.doctor
		})
		s.tellOf(&done)
	}
}

// tellOf says in the log what became of findings.
func (s *tui) tellOf(done *store.Redecoded) {
	if n, m := len(done.Found), len(done.Withdrawn); n+m > 0 {
		s.log.Add(fmt.Sprintf("keys came: %s more, %d withdrawn", count(n, "finding"), m))
	}
}
