package proxy

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"sync"
	"time"
)

// enter admits a session within the limits, displacing another that is still
// before the end of its handshake if there are too many of these.
func (r *running) enter(s *Session) bool {
	r.mu.Lock()
	addr := s.client().Addr()
	if limit := r.full(addr); limit != "" {
		r.mu.Unlock()
		r.notify(Notice{Kind: LimitHit, Client: s.client(), Text: fmt.Sprintf("device %s was closed at once: %s", s.client(), limit)})
		return false
	}
	victim := r.displaced(addr)
	delete(r.shaking, victim)
	r.sessions[s] = struct{}{}
	r.shaking[s] = struct{}{}
	r.perAddr[addr]++
	r.mu.Unlock()
	if victim != nil {
		r.notify(Notice{Kind: LimitHit, Client: victim.client(), Text: fmt.Sprintf("device %s was closed in the middle of its handshake to make room for %s: too many handshakes at once", victim.client(), s.client())})
		victim.cut()
	}
	return true
}

// full says which limit on connections a newcomer hits, "" if none.
func (r *running) full(addr netip.Addr) string {
	switch {
	case len(r.sessions) >= r.limits.Conns:
		return fmt.Sprintf("there are %d devices already, the limit", len(r.sessions))
	case !addr.IsLoopback() && r.perAddr[addr] >= r.limits.ConnsPerAddr:
		return fmt.Sprintf("there are %d connections from its address already, the limit", r.perAddr[addr])
	}
	return ""
}

// displaced chooses who makes room for a newcomer in the handshake: nil while
// there is room.
func (r *running) displaced(addr netip.Addr) *Session {
	n, sameAddr := len(r.shaking), 0
	if n >= min(r.limits.HandshakesPerAddr, r.limits.EarlyDrop, r.limits.Handshakes) && !addr.IsLoopback() {
		for s := range r.shaking {
			if s.client().Addr() == addr {
				sameAddr++
			}
		}
	}
	switch early := r.limits.EarlyDrop; {
	case sameAddr >= r.limits.HandshakesPerAddr:
		return r.stalest(func(s *Session) bool { return s.client().Addr() == addr })
	case n >= r.limits.Handshakes:
		return r.stalest(func(*Session) bool { return true })
	case n >= early && rand.IntN(r.limits.Handshakes-early) < n-early:
		stale := time.Now().Add(-staleAfter).UnixNano()
		return r.stalest(func(s *Session) bool { return s.progress.Load() < stale })
	}
	return nil
}

// stalest returns the session that has made no progress for the longest time.
func (r *running) stalest(eligible func(*Session) bool) (victim *Session) {
	for s := range r.shaking {
		if eligible(s) && (victim == nil || s.progress.Load() < victim.progress.Load()) {
			victim = s
		}
	}
	return victim
}

// settle notes that a session's handshake is over.
func (r *running) settle(s *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.shaking, s)
}

// leave forgets a session that has ended.
func (r *running) leave(s *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.shaking, s)
	delete(r.sessions, s)
	addr := s.client().Addr()
	if r.perAddr[addr]--; r.perAddr[addr] == 0 {
		delete(r.perAddr, addr)
	}
}

// rsaGate bounds RSA work: as many operations at once as there are cores, so
// that a storm of reconnecting devices does not stall live sessions, and a rate
// at which identities are opened, which slows whoever uses us as an oracle.
type rsaGate struct {
	slots  chan struct{}
	limits Limits

	mu      sync.Mutex
	total   bucket
	perAddr map[netip.Addr]*bucket
}

func newRSAGate(l Limits) rsaGate {
	return rsaGate{
		slots:   make(chan struct{}, runtime.GOMAXPROCS(0)),
		limits:  l,
		total:   bucket{tokens: float64(l.IdentitiesPerSecond)},
		perAddr: map[netip.Addr]*bucket{},
	}
}

// do runs f, which holds one RSA operation or a few, when a core is free.
func (g *rsaGate) do(f func()) {
	g.slots <- struct{}{}
	defer func() { <-g.slots }()
	f()
}

// admit says how long an address must wait before an identity is opened for it,
// or that there are too many.
func (g *rsaGate) admit(addr netip.Addr, now time.Time) (time.Duration, bool) {
	if addr.IsLoopback() {
		return 0, true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.prune(now)
	own := g.perAddr[addr]
	if own == nil {
		own = &bucket{tokens: float64(g.limits.IdentitiesPerSecondPerAddr), at: now}
		g.perAddr[addr] = own
	}
	if _, ok := own.take(now, g.limits.IdentitiesPerSecondPerAddr, 0); !ok {
		return 0, false
	}
	return g.total.take(now, g.limits.IdentitiesPerSecond, g.limits.IdentitiesWaiting)
}

// prune forgets addresses whose bucket is full again.
func (g *rsaGate) prune(now time.Time) {
	if len(g.perAddr) < 1024 {
		return
	}
	for addr, b := range g.perAddr {
		if now.Sub(b.at) >= time.Second {
			delete(g.perAddr, addr)
		}
	}
}

// bucket holds a second's worth of tokens at most, and may go into debt.
type bucket struct {
	tokens float64
	at     time.Time
}

// take takes a token, to be used after the wait it returns.
func (b *bucket) take(now time.Time, perSecond, debt int) (time.Duration, bool) {
	rate := float64(perSecond)
	b.tokens = min(rate, b.tokens+now.Sub(b.at).Seconds()*rate)
	b.at = now
	if b.tokens-1 < -float64(debt) {
		return 0, false
	}
	b.tokens--
	return time.Duration(max(0, -b.tokens) / rate * float64(time.Second)), true
}
