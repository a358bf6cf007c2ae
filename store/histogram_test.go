package store

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestQuantilesAreAtMostASixteenthTooLarge(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		var h, a, b Histogram
		var all []time.Duration
		for range 1 + rnd.IntN(300) {
			d := time.Duration(rnd.Uint64() >> (2 + rnd.IntN(62)))
			all = append(all, d)
			h.Add(d)
			if rnd.IntN(2) == 0 {
				a.Add(d)
			} else {
				b.Add(d)
			}
		}
		a.Merge(&b)
		slices.Sort(all)
		for _, q := range []float64{0, 0.01, 0.5, 0.95, 0.99, 1} {
			i := max(int(q*float64(len(all))+0.999999), 1) - 1
			got, want := h.Quantile(q), all[i]
			if got < want || float64(got) > float64(want)*(1+1.0/16) {
				t.Fatalf("quantile %v of %d is %d, want %d", q, len(all), got, want)
			}
			if a.Quantile(q) != got {
				t.Fatalf("quantile %v of two that were merged is %d, want %d", q, a.Quantile(q), got)
			}
		}
		if h.Max() != all[len(all)-1] || h.Count() != len(all) || a.Count() != len(all) {
			t.Fatalf("max %d of %v, count %d", h.Max(), all, h.Count())
		}
		if middle := upperOf(bucketOf(all[len(all)/2])) + 1; h.Between(0, middle)+h.Between(middle, 1<<63-1) != len(all) {
			t.Fatalf("below and above %v are %d and %d of %d", middle, h.Between(0, middle), h.Between(middle, 1<<63-1), len(all))
		}
	}
	var h Histogram
	if h.Quantile(0.5) != 0 || h.Max() != 0 {
		t.Error("an empty one has figures")
	}
	h.Add(-time.Second)
	if h.Quantile(0.5) != 0 {
		t.Error("a negative time counts")
	}
}

func TestEveryDurationLiesInItsBucket(t *testing.T) {
	for i := range 60 << subBits {
		low, high := upperOf(i-1)+1, upperOf(i)
		if i == 0 {
			low = 0
		}
		if high < low || bucketOf(low) != i || bucketOf(high) != i {
			t.Fatalf("bucket %d is from %d to %d, which lie in %d and %d", i, low, high, bucketOf(low), bucketOf(high))
		}
	}
}
