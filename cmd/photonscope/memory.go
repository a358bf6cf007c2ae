package main

import (
	"runtime/debug"
	"time"
)

// memory gives back what a busy phase left. The handshakes of a thousand
// devices leave twice the memory that their sessions need, and the runtime would
// keep it until its next collection, which silent sessions never cause. The zero
// value is ready.
type memory struct {
	used  bool      // since it was given back
	last  time.Time // when there was traffic last
	given time.Time // when it was given back last
}

const (
	quietFor   = time.Second      // then nobody waits for what a collection delays
	longEnough = 10 * time.Second // devices that ping leave no such pause
)

// traffic notes whether there was traffic, and gives memory back at a good
// moment.
func (m *memory) traffic(now time.Time, some bool) {
	if some {
		m.used, m.last = true, now
	}
	if m.used && (now.Sub(m.last) >= quietFor || now.Sub(m.given) >= longEnough) {
		debug.FreeOSMemory()
		m.used, m.given = false, now
	}
}
