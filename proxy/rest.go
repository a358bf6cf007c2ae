package proxy

import (
	"math"
	"sync/atomic"
	"time"
)

// A goroutine's stack grows with the first frame that it forwards, and Go makes so
// small a stack no smaller. With thousands of devices that are silent most of the
// time that is a quarter of all memory, so a half that has fallen silent goes on in
// a fresh goroutine.

// restAfter is how long a session has to be silent for that. It is shorter than the
// silence after which photonscope gives memory back.
const restAfter = 300 * time.Millisecond

// What is known of the stack of a half's goroutine.
const (
	shallow int32 = iota // it has forwarded nothing
	deep
	resting // deep, and woken to go on in a fresh goroutine
)

// rests says when to look for silent sessions: while all of them are, never.
type rests struct {
	timer *time.Timer
	due   atomic.Bool
}

func newRests(look func()) rests { return rests{timer: time.AfterFunc(math.MaxInt64, look)} }

func (r *rests) soon() {
	if r.due.CompareAndSwap(false, true) {
		r.timer.Reset(restAfter)
	}
}

// rest wakes the halves of silent sessions.
func (r *running) rest() {
	r.rests.due.Store(false)
	before := time.Now().Add(-restAfter).UnixNano()
	for _, s := range r.all() {
		if s.relaying.Load() > 0 && !s.rest(before) {
			r.rests.soon()
		}
	}
}

// rest wakes the halves whose stacks have grown, by a read deadline. It returns
// false if the session was not silent before that time.
func (s *Session) rest(before int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || s.draining || s.refused {
		return true
	}
	for i := range s.halves {
		h := &s.halves[i]
		if s.ended[i] || h.stack.Load() != deep { // one that has ended awaits a reset
			continue
		}
		if s.lastRead.Load() > before {
			return false
		}
		if h.stack.CompareAndSwap(deep, resting) {
			h.in.conn.SetReadDeadline(time.Unix(1, 0))
		}
	}
	return true
}

// deepens notes that the goroutine forwards.
func (h *half) deepens() {
	if h.stack.Load() != deep {
		h.stack.Store(deep)
		h.s.run.rests.soon()
	}
}

// rests reports whether the half was woken to go on in a fresh goroutine.
func (h *half) rests() bool {
	return h.in.n == 0 && h.stack.CompareAndSwap(resting, shallow)
}
