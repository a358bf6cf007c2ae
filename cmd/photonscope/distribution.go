package main

import (
	"maps"
	"math"
	"math/bits"
	"slices"
	"time"
)

// distribution tells how durations are spread, in bounded room: of up to
// exactValues of them exactly, of more by counting how many fall into each of
// the ranges that divide every doubling into 64. What it then calls a percentile
// is the middle of a range, at most 0.8 % off; least and most stay exact. The
// zero value is empty.
type distribution struct {
	n        uint64
	min, max time.Duration
	values   []time.Duration // all, as long as they are few
	ranges   map[uint16]uint64
}

const (
	exactValues = 512
	rangeBits   = 6 // 64 ranges a doubling
)

func (d *distribution) add(v time.Duration) {
	v = max(v, 0) // times in a capture may step back
	if d.n == 0 || v < d.min {
		d.min = v
	}
	d.max = max(d.max, v)
	d.n++
	if d.ranges != nil {
		d.ranges[rangeOf(v)]++
	} else if d.values = append(d.values, v); len(d.values) > exactValues {
		d.count()
	}
}

// count goes over from values to ranges.
func (d *distribution) count() {
	if d.ranges == nil {
		d.ranges = make(map[uint16]uint64)
	}
	for _, v := range d.values {
		d.ranges[rangeOf(v)]++
	}
	d.values = nil
}

// merge adds all that another one holds.
func (d *distribution) merge(from *distribution) {
	if from.n == 0 {
		return
	}
	if d.n == 0 || from.min < d.min {
		d.min = from.min
	}
	d.max = max(d.max, from.max)
	d.n += from.n
	d.values = append(d.values, from.values...)
	if d.ranges != nil || from.ranges != nil || len(d.values) > exactValues {
		d.count()
		for r, n := range from.ranges {
			d.ranges[r] += n
		}
	}
}

// exact reports whether percentiles are exact.
func (d *distribution) exact() bool { return d.ranges == nil }

// percentile returns the least duration that p of all do not exceed, p from 0 to
// 1. It is of no meaning in an empty distribution.
func (d *distribution) percentile(p float64) time.Duration {
	rank := max(uint64(math.Ceil(p*float64(d.n))), 1)
	if d.exact() {
		slices.Sort(d.values)
		return d.values[rank-1]
	}
	var seen uint64
	for _, r := range slices.Sorted(maps.Keys(d.ranges)) {
		if seen += d.ranges[r]; seen >= rank {
			return min(max(middle(r), d.min), d.max)
		}
	}
	return d.max
}

// rangeOf returns the range that a duration falls into. Short ones, below 64 ns,
// have one each.
func rangeOf(v time.Duration) uint16 {
	shift := max(bits.Len64(uint64(v))-rangeBits-1, 0)
	return uint16(shift<<rangeBits) + uint16(v>>shift)
}

// middle returns the middle of a range.
func middle(r uint16) time.Duration {
	shift := max(int(r>>rangeBits)-1, 0)
	low := time.Duration(int(r)-shift<<rangeBits) << shift
	return low + (1<<shift-1)/2
}
