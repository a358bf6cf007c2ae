package main

import (
	"runtime"
	"runtime/debug"
	"time"
)

// memory gives back what a busy phase left. The handshakes of a thousand
// devices leave twice the memory that their sessions need, and the runtime would
// keep it until its next collection, which silent sessions never cause.
type memory struct {
	tune  bool      // nobody set GOGC
	used  bool      // since it was given back
	last  time.Time // when there was traffic last
	given time.Time // when it was given back last
}

const (
	quietFor   = time.Second     // then nobody waits for what a collection delays
	longEnough = 2 * time.Second // devices that ping leave no such pause

	garbage      = 4 << 20 // bytes between collections, whatever the sessions need: the runtime's own least
	fewSessions  = 100     // percent of what is in use, its default
	manySessions = 25
)

// newMemory begins sparingly: how many sessions there will be is not known.
func newMemory(now time.Time) memory {
	percent := debug.SetGCPercent(manySessions)
	if percent != fewSessions {
		debug.SetGCPercent(percent)
	}
	return memory{given: now, tune: percent == fewSessions}
}

// traffic notes whether there was traffic, and gives memory back at a good
// moment.
func (m *memory) traffic(now time.Time, some bool) {
	if some {
		m.used, m.last = true, now
	}
	if m.used && (now.Sub(m.last) >= quietFor || now.Sub(m.given) >= longEnough) {
		m.giveBack()
		m.used, m.given = false, now
	}
}

func (m *memory) giveBack() {
	debug.FreeOSMemory()
	if !m.tune {
		return
	}
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	percent := fewSessions * garbage / (s.HeapAlloc + s.StackInuse)
	debug.SetGCPercent(int(min(max(percent, manySessions), fewSessions)))
}
