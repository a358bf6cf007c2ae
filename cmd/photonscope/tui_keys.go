package main

import (
	"context"
	"sync"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// lateKeys are keys that may come when what they open is on the screen already.
type lateKeys struct {
	ring       *lightssl.Keyring // nil: none will come
	more       func()            // looks for more once the source is over; nil: somebody does
	generation uint64            // what the store has been decoded with
}

// expect has the screen decode again what it holds whenever keys were added.
func (s *tui) expect(ring *lightssl.Keyring, more func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = lateKeys{ring, more, ring.Generation()}
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
		s.store.Redecode(s.late.ring)
	}
}
