package captures

import (
	"math/bits"
	"time"
)

// clock turns the ticks of a pcapng interface into times.
type clock struct {
	resolution byte  // n ≤ 127: a tick is 10^-n s; n+128: 2^-n s
	offset     int64 // seconds to add
}

const (
	lastSecond = 253402300799 // of the year 9999, the last that RFC 3339 can write
	nanos      = 1e9
)

// time returns the time of a tick count since 1970, held to the years 1970 to
// 9999. Every resolution has a meaning; those finer than a nanosecond are cut.
func (c clock) time(ticks uint64) time.Time {
	var sec, ns uint64
	switch n := c.resolution & 0x7f; {
	case c.resolution == 6:
		sec, ns = ticks/1e6, ticks%1e6*1e3
	case c.resolution == 9:
		sec, ns = ticks/nanos, ticks%nanos
	case c.resolution < 0x80:
		sec, ns = decimal(ticks, int(n))
	default:
		sec, ns = binaryFraction(ticks, uint(n))
	}
	return time.Unix(c.shift(sec), int64(ns)).UTC()
}

func (c clock) shift(sec uint64) int64 {
	at := int64(min(sec, lastSecond))
	off := max(min(c.offset, lastSecond), -lastSecond)
	return max(min(at+off, lastSecond), 0)
}

// decimal splits ticks of 10^-n s.
func decimal(ticks uint64, n int) (sec, ns uint64) {
	if n > 19 { // the unit is finer than any whole second of ticks
		for ; n > 9; n-- {
			ticks /= 10
		}
		return 0, ticks
	}
	unit := uint64(1)
	for range n {
		unit *= 10
	}
	sec, rest := ticks/unit, ticks%unit
	for ; n < 9; n++ {
		rest *= 10
	}
	for ; n > 9; n-- {
		rest /= 10
	}
	return sec, rest
}

// binaryFraction splits ticks of 2^-n s.
func binaryFraction(ticks uint64, n uint) (sec, ns uint64) {
	if n >= 64 {
		hi, _ := bits.Mul64(ticks, nanos)
		return 0, hi >> (n - 64)
	}
	sec = ticks >> n
	hi, lo := bits.Mul64(ticks&(1<<n-1), nanos)
	return sec, hi<<(64-n) | lo>>n
}
