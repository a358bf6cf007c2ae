package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// memory gives back what a busy phase left, and says how often the runtime
// collects garbage.
//
// The handshakes of a thousand devices leave twice the memory that their sessions
// need, in pieces between what lives on, and the runtime would keep it until its
// next collection, which silent sessions never cause: so it is sparing while
// sessions open, and gives back when they fall silent. Sessions that talk leave
// only large pieces that are free as a whole, and each collection takes the
// processor from a forwarder: so it is generous while they do.
type memory struct {
	tune     bool      // nobody set GOGC
	generous bool      // sessions talk and none opens
	used     bool      // since it was given back
	last     time.Time // when there was traffic last
	opened   time.Time // when a session was opened last
	given    time.Time // when it was given back last
}

const (
	quietFor   = time.Second            // then nobody waits for what a collection delays
	longEnough = 2 * time.Second        // devices that ping leave no such pause
	settledFor = 250 * time.Millisecond // then devices that come in a crowd have come

	// Bytes between collections, whatever the sessions need, and the percentages of
	// what is in use that they may be.
	sparingGarbage  = leastHeap
	generousGarbage = 16 << 20
	leastPercent    = 25
	defaultPercent  = 100
	mostPercent     = 1600
)

// newMemory begins sparingly: how many sessions there will be is not known.
func newMemory(now time.Time) memory {
	percent := debug.SetGCPercent(leastPercent)
	if percent != defaultPercent {
		debug.SetGCPercent(percent)
	}
	return memory{given: now, opened: now, tune: percent == defaultPercent}
}

// traffic notes whether there was traffic and whether sessions opened, and
// changes the pace or gives memory back at a good moment.
func (m *memory) traffic(now time.Time, some, opened bool) {
	if some {
		m.used, m.last = true, now
	}
	if opened {
		m.opened = now
	}
	switch {
	case m.used && (now.Sub(m.last) >= quietFor || now.Sub(m.given) >= longEnough):
		debug.FreeOSMemory()
		m.used, m.given = false, now
		m.pace(now.Sub(m.last) < quietFor && m.generous)
	case m.generous && opened:
		m.pace(false)
	case !m.generous && some && now.Sub(m.opened) >= settledFor:
		m.pace(true)
	}
}

// pace sets how much garbage there may be between collections.
func (m *memory) pace(generous bool) {
	m.generous = generous
	if !m.tune {
		return
	}
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	debug.SetGCPercent(percentOf(s.HeapAlloc+s.StackInuse, generous))
}

// pacing says how often garbage is collected while captures are read: seldom
// enough that it costs little, which depends on how much is in use besides, and so
// often that the memory of a capture with thousands of sessions stays bounded.
type pacing struct {
	tune  bool  // nobody set GOGC
	least int   // bytes between collections, however much is in use
	next  int64 // at which byte of the captures to look again
}

const (
	readMemory   = 25 << 20 // bytes that what is in use and garbage should not exceed together
	mostGarbage  = 13 << 20 // bytes between collections
	leastGarbage = 3 << 20
	keptGarbage  = 32 << 20 // the least if what is read is kept, beside which this is little
	lookAgain    = 8 << 20  // bytes of captures
	leastHeap    = 4 << 20  // the runtime lets the heap grow to that at 100 percent, whatever is in use
	mostGenerous = 300
)

// newPacing begins with one collection once readMemory is in use: most captures are
// read before that.
func newPacing(least int) pacing {
	percent := debug.SetGCPercent(defaultPercent * readMemory / leastHeap)
	if percent != defaultPercent {
		debug.SetGCPercent(percent)
	}
	return pacing{tune: percent == defaultPercent, least: least, next: lookAgain}
}

// after looks at what is in use once so many bytes of captures were read.
func (p *pacing) after(bytes int64) {
	if !p.tune || bytes < p.next {
		return
	}
	p.next = bytes + lookAgain
	used := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/globals:bytes"}, {Name: "/gc/scan/stack:bytes"}}
	metrics.Read(used)
	sum := 1
	for i := range used {
		if used[i].Value.Kind() == metrics.KindUint64 {
			sum += int(used[i].Value.Uint64())
		}
	}
	garbage := max(min(readMemory-sum, mostGarbage), p.least)
	debug.SetGCPercent(min(max(defaultPercent*garbage/sum, leastPercent), mostGenerous))
}

// percentOf returns the percentage of what is in use that may be garbage.
func percentOf(inUse uint64, generous bool) int {
	if generous {
		return int(min(max(defaultPercent*generousGarbage/inUse, defaultPercent), mostPercent))
	}
	return int(min(max(defaultPercent*sparingGarbage/inUse, leastPercent), defaultPercent))
}
