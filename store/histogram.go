package store

import (
	"math/bits"
	"time"
)

// Histogram counts durations in steps of 1/16 of their size, so that a quantile
// is at most 1/16, and in the mean 1/32, above the true one. It takes memory only
// for what it has seen. The zero value is empty.
type Histogram struct {
	count  int
	max    time.Duration
	low    int // index of the first bucket
	counts []uint32
}

const subBits = 4 // buckets of an octave: 16

// bucketOf returns the index of the bucket of a duration. Negative ones, of
// captures whose packets are out of order, count as 0.
func bucketOf(d time.Duration) int {
	v := uint64(max(d, 0))
	if v < 1<<subBits {
		return int(v)
	}
	shift := bits.Len64(v) - subBits - 1
	return shift<<subBits + int(v>>shift)
}

// upperOf returns the largest duration of a bucket.
func upperOf(i int) time.Duration {
	if i < 1<<(subBits+1) {
		return time.Duration(i)
	}
	shift := i>>subBits - 1
	return time.Duration(uint64(i-shift<<subBits+1)<<shift - 1)
}

// Add counts a duration.
func (h *Histogram) Add(d time.Duration) {
	i := bucketOf(d)
	h.grow(i, i+1)
	h.counts[i-h.low]++
	h.count++
	h.max = max(h.max, d)
}

// Merge adds all that another histogram counted.
func (h *Histogram) Merge(o *Histogram) {
	if o.count == 0 {
		return
	}
	h.grow(o.low, o.low+len(o.counts))
	for i, n := range o.counts {
		h.counts[o.low+i-h.low] += n
	}
	h.count += o.count
	h.max = max(h.max, o.max)
}

// grow makes room for the buckets from low to before high.
func (h *Histogram) grow(low, high int) {
	if len(h.counts) > 0 {
		low, high = min(low, h.low), max(high, h.low+len(h.counts))
	}
	if low == h.low && high-low == len(h.counts) {
		return
	}
	counts := make([]uint32, high-low)
	if len(h.counts) > 0 {
		copy(counts[h.low-low:], h.counts)
	}
	h.low, h.counts = low, counts
}

// Count returns how many durations were counted.
func (h *Histogram) Count() int { return h.count }

// Max returns the longest duration.
func (h *Histogram) Max() time.Duration { return h.max }

// Quantile returns the duration that a part q, from 0 to 1, of those counted do
// not exceed, 0 if there is none.
func (h *Histogram) Quantile(q float64) time.Duration {
	left := int(q * float64(h.count))
	if float64(left) < q*float64(h.count) || left == 0 {
		left++
	}
	for i, n := range h.counts {
		if left -= int(n); left <= 0 {
			return min(upperOf(h.low+i), h.max)
		}
	}
	return h.max
}

// Between returns how many durations lie in a range, its end excluded, as exact
// as the steps allow: a step belongs where its longest duration does.
func (h *Histogram) Between(from, to time.Duration) (n int) {
	for i, c := range h.counts {
		if d := upperOf(h.low + i); d >= from && d < to {
			n += int(c)
		}
	}
	return n
}
