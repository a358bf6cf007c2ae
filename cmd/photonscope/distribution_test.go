package main

import (
	"math"
	"slices"
	"testing"
	"time"
)

// percentiles of whatever is measured are those of the sorted list, exactly as
// long as they are few, and within 0.8 % of them beyond, also where parts are
// merged.
func TestPercentilesAreThoseOfTheSortedList(t *testing.T) {
	random := randomly(7)
	for round := range 200 {
		n := 1 + random.IntN(exactValues*(1+4*(round%2)))
		all := make([]time.Duration, n)
		var whole distribution
		parts := make([]distribution, 1+random.IntN(5))
		for i := range all {
			all[i] = time.Duration(math.Exp(random.Float64() * 25)) // ns to a minute
			whole.add(all[i])
			parts[random.IntN(len(parts))].add(all[i])
		}
		var merged distribution
		for i := range parts {
			merged.merge(&parts[i])
		}
		slices.Sort(all)
		for name, d := range map[string]*distribution{"whole": &whole, "merged": &merged} {
			if d.n != uint64(n) || d.min != all[0] || d.max != all[n-1] || d.exact() != (n <= exactValues) {
				t.Fatalf("%s: %d values from %v to %v, exact %v", name, d.n, d.min, d.max, d.exact())
			}
			for _, p := range []float64{0, 0.01, 0.5, 0.9, 0.99, 1} {
				want := all[max(int(math.Ceil(p*float64(n))), 1)-1]
				got := d.percentile(p)
				if off := math.Abs(float64(got-want)) / float64(want); d.exact() && got != want || off > 0.008 {
					t.Errorf("%s of %d: percentile %v is %v, want %v", name, n, p, got, want)
				}
			}
		}
	}
}

func TestRangesAreInOrderAndHoldTheirMiddle(t *testing.T) {
	last := uint16(0)
	for v := time.Duration(0); v < math.MaxInt64/3; v += max(v/200, 1) {
		r := rangeOf(v)
		if r < last || rangeOf(middle(r)) != r {
			t.Fatalf("%d lies in range %d behind %d, whose middle %d lies in %d", v, r, last, middle(r), rangeOf(middle(r)))
		}
		last = r
	}
}
