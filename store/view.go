package store

import (
	"sort"
	"time"
)

// View is one reader's list of the events that match, in order of arrival or
// sorted, pings folded or not. It does a bounded piece of work at a time, so that
// the reader stays responsive. It is not safe for concurrent use.
//
// A row is named by the Seq of its event: indexes move when older events are
// evicted, when rows are inserted because a later event told more of an earlier
// one, and when the order is another one.
type View struct {
	store   *Store
	match   matcher
	next    Seq // that was not looked at yet
	touched uint64

	base    Seq      // what the numbers below count from
	matches []uint32 // in order of arrival
	dropped int      // matches before these, whose events were evicted

	folds folds
	order order
}

// NewView returns a view of everything. Refresh fills it.
func NewView(s *Store) *View {
	v := &View{store: s}
	v.SetMatch(Match{})
	return v
}

// SetMatch has the view show other events. Refresh finds them.
func (v *View) SetMatch(m Match) {
	v.match = newMatcher(m)
	v.restart()
}

// restart looks at everything again.
func (v *View) restart() {
	c := v.store.snapshot()
	v.match.look(c)
	v.base, v.next, v.touched = c.first, c.first, c.touched.end()
	v.matches, v.dropped = v.matches[:0], 0
	v.folds.reset()
	v.order.reset()
}

// maxReach is how many events the numbers of matches reach over.
const maxReach = 1 << 31

// stride is how many events are looked at between two looks at the clock.
const stride = 256

// Refresh looks at events that came since, for about the time given, or to the
// end if that is 0. It reports whether there is more to do. After a
// [Store.Redecode] it begins anew.
func (v *View) Refresh(slice time.Duration) (more bool) {
	c := v.store.snapshot()
	if c.epoch != v.match.content.epoch || c.end-v.base > maxReach {
		v.restart()
		c = v.match.content
	}
	v.match.look(c)
	v.evict(c.first)
	v.touched = max(v.touched, c.touched.base) // what is below is evicted
	if v.match.later() || v.folds.on {
		for ; v.touched < c.touched.end(); v.touched++ {
			v.revise(c.end - 1 - Seq(uint32(c.end-1)-c.touched.at(v.touched)))
		}
	}
	v.touched = c.touched.end()
	deadline := deadlineOf(slice)
	for v.next < c.end {
		v.scan(min(v.next+stride, c.end))
		if deadline.over() {
			break
		}
	}
	if v.next == c.end {
		v.order.settle()
	}
	return v.next < c.end
}

// Progress returns how many of the events held were looked at.
func (v *View) Progress() (done, total int) {
	c := &v.match.content
	return int(v.next - c.first), int(c.end - c.first)
}

// deadline is a time to stop at, the zero value for never.
type deadline time.Time

func deadlineOf(slice time.Duration) deadline {
	if slice <= 0 {
		return deadline{}
	}
	return deadline(time.Now().Add(slice))
}

func (d deadline) over() bool {
	return !time.Time(d).IsZero() && time.Now().After(time.Time(d))
}

// scan looks at the events before end.
func (v *View) scan(end Seq) {
	before := len(v.matches)
	v.matches = v.match.scan(v.matches, v.base, v.next, end)
	v.next = end
	if !v.folds.on && v.order.by == ByArrival {
		return
	}
	for i, n := range v.matches[before:] {
		v.folds.add(v, v.base+Seq(n), before+i)
		v.order.add(v, v.base+Seq(n))
	}
}

// revise looks at an event again whose flags changed.
func (v *View) revise(seq Seq) {
	if seq >= v.next || !v.match.content.has(seq) {
		return
	}
	n := uint32(seq - v.base)
	i := sort.Search(len(v.matches), func(i int) bool { return v.matches[i] >= n })
	there := i < len(v.matches) && v.matches[i] == n
	switch wanted := v.match.matches(seq); {
	case wanted == there:
		v.folds.revise(v, seq)
		return
	case wanted:
		v.matches = append(v.matches, 0)
		copy(v.matches[i+1:], v.matches[i:])
		v.matches[i] = n
	default:
		v.matches = append(v.matches[:i], v.matches[i+1:]...)
	}
	v.folds.rebuild(v)
	v.order.rebuild(v)
}

// evict drops the rows of events that are not held any more.
func (v *View) evict(first Seq) {
	v.next = max(v.next, first)
	if len(v.matches) == 0 || v.base+Seq(v.matches[0]) >= first {
		return
	}
	n := uint32(first - v.base)
	gone := sort.Search(len(v.matches), func(i int) bool { return v.matches[i] >= n })
	v.matches = append(v.matches[:0], v.matches[gone:]...)
	v.dropped += gone
	v.folds.evict(v)
	v.order.evict(n)
}
