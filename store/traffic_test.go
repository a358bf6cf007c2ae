package store

import (
	"math/rand"
	"slices"
	"testing"
	"time"
)

// However long it lasts, each part counts what was sent in its time, and nothing
// is counted twice or lost.
func TestTrafficCountsEveryRecordInItsTime(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	for range 200 {
		begin := time.Unix(1_800_000_000, 0)
		var tr Traffic
		var all []time.Duration
		at := time.Duration(0)
		for range 1 + rnd.Intn(300) {
			tr.add(begin.Add(at))
			all = append(all, at)
			at += time.Duration(rnd.ExpFloat64() * float64(time.Second))
			if rnd.Intn(100) == 0 {
				at += 24 * time.Hour
			}
		}
		last := all[len(all)-1]
		if whole := TrafficParts * tr.Part; last >= whole || tr.Part > shortestPart && last < whole/2 {
			t.Fatalf("%v in parts of %v", last, tr.Part)
		}
		want := make([]uint32, last/tr.Part+1)
		for _, d := range all {
			want[d/tr.Part]++
		}
		if got := tr.Until(begin.Add(last)); !slices.Equal(got, want) {
			t.Fatalf("got %d, want %d", got, want)
		}
	}
}

func TestTrafficOutOfOrderIsCounted(t *testing.T) {
	var tr Traffic
	if got := tr.Until(time.Now()); got != nil {
		t.Errorf("of nothing: %d", got)
	}
	at := time.Unix(1_800_000_000, 0)
	tr.add(at)
	tr.add(at.Add(-time.Hour))
	if got := tr.Until(at); !slices.Equal(got, []uint32{2}) {
		t.Errorf("got %d, want both in the first part", got)
	}
}

// What several sessions sent is what one would have sent at the same times, but for
// the width of a part.
func TestTrafficOfSeveralSessionsMerges(t *testing.T) {
	begin := time.Unix(1_800_000_000, 0)
	var early, late, none, all Traffic
	for i := range 10 {
		early.add(begin.Add(time.Duration(i) * time.Second))
	}
	late.add(begin.Add(60 * time.Second))
	late.add(begin.Add(61 * time.Second))
	for _, tr := range []*Traffic{&none, &early, &none, &late} {
		all.Merge(tr)
	}
	want := []uint32{4, 4, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}
	if got := all.Until(begin.Add(61 * time.Second)); !slices.Equal(got, want) || all.Part != 4*time.Second {
		t.Errorf("got %d in parts of %v, want %d", got, all.Part, want)
	}
	late.add(begin.Add(time.Hour))
	fine := early
	fine.Merge(&late)
	if fine.Part < late.Part {
		t.Errorf("parts of %v, though some of it is known in parts of %v only", fine.Part, late.Part)
	}
}
