package store

import "time"

// TrafficParts is how many parts the time of a leg is counted in.
const TrafficParts = 16

// shortestPart is how long a part is at first.
const shortestPart = time.Second

// Traffic counts what was sent over time, in a fixed size: when the last part is
// full, neighbours become one and each part twice as long. The zero value counts
// nothing yet. What is dated before the beginning counts in the first part.
type Traffic struct {
	Begin time.Time // of the first part
	Part  time.Duration
	Sent  [TrafficParts]uint32 // records, of both sides, on the wire
}

// add counts a record.
func (t *Traffic) add(at time.Time) {
	t.count(at, 1)
}

// Merge counts too what was counted elsewhere, each part of it where it began. What
// began first is to be merged first.
func (t *Traffic) Merge(other *Traffic) {
	for i, n := range other.Sent {
		if n > 0 {
			t.count(other.Begin.Add(time.Duration(i)*other.Part), n)
		}
	}
	for t.Part > 0 && t.Part < other.Part { // finer than what is known of it
		t.halve()
	}
}

// count counts n records of one time.
func (t *Traffic) count(at time.Time, n uint32) {
	if t.Part == 0 {
		t.Begin, t.Part = at, shortestPart
	}
	i := max(at.Sub(t.Begin)/t.Part, 0)
	for i >= TrafficParts {
		t.halve()
		i /= 2
	}
	t.Sent[i] += n
}

// halve makes room for as much time again.
func (t *Traffic) halve() {
	var half [TrafficParts]uint32
	for i, n := range t.Sent {
		half[i/2] += n
	}
	t.Sent, t.Part = half, 2*t.Part
}

// Until returns the counts of the parts up to the one of a time.
func (t *Traffic) Until(at time.Time) []uint32 {
	if t.Part == 0 {
		return nil
	}
	return t.Sent[:max(min(at.Sub(t.Begin)/t.Part, TrafficParts-1), 0)+1]
}
