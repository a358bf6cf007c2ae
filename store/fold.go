package store

import (
	"time"

	"github.com/photonscope/photonscope/decode/particle"
)

// folds makes one row of pings in succession and their answers. Those with a
// problem are left alone.
type folds struct {
	on   bool
	rows []uint32         // index of each row's first match, dropped ones counted
	open map[Seq]struct{} // first events of runs that are shown in full
	run  runState
	sums map[Seq]*Fold
}

// runState says what the last row is.
type runState uint8

const (
	noRun runState = iota
	foldedRun
	openRun
)

// Fold is a row that stands for several pings and their answers.
type Fold struct {
	First, Last Seq
	Count       int // events
	Pings       int // without their answers
	Begin, End  time.Time
	RTT         Histogram
}

// SetFold has the view fold pings or not. Where the view is sorted, it does not.
func (v *View) SetFold(on bool) {
	v.folds.on = on
	v.folds.open = nil
	v.folds.rebuild(v)
}

// Folding reports whether pings are folded.
func (v *View) Folding() bool { return v.folds.on }

// Unfold shows the events of a fold in rows of their own, or folds them again if
// they are.
func (v *View) Unfold(row int) {
	if !v.folds.on || v.order.by != ByArrival {
		return
	}
	first := v.At(row)
	for row > 0 && v.foldable(first) {
		if before := v.At(row - 1); v.foldable(before) {
			row, first = row-1, before
			continue
		}
		break
	}
	if v.folds.open == nil {
		v.folds.open = make(map[Seq]struct{})
	}
	if _, open := v.folds.open[first]; open {
		delete(v.folds.open, first)
	} else {
		v.folds.open[first] = struct{}{}
	}
	v.folds.rebuild(v)
}

// Fold returns what a row stands for, or false if it is a single event.
func (v *View) Fold(row int) (Fold, bool) {
	if !v.folds.on || v.order.by != ByArrival {
		return Fold{}, false
	}
	from, to := v.folds.span(v, row)
	if to-from < 2 {
		return Fold{}, false
	}
	return *v.folds.sum(v, from, to), true
}

// span returns the matches of a row.
func (f *folds) span(v *View, row int) (from, to int) {
	from, to = int(f.rows[row]-uint32(v.dropped)), len(v.matches)
	if row+1 < len(f.rows) {
		to = int(f.rows[row+1] - uint32(v.dropped))
	}
	return from, to
}

// maxSums is how many folds are remembered: more than a screen shows.
const maxSums = 256

// sum returns the sum of some matches, of which it may know the first part.
func (f *folds) sum(v *View, from, to int) *Fold {
	first := v.base + Seq(v.matches[from])
	s := f.sums[first]
	if s == nil || s.Count > to-from {
		if f.sums == nil || len(f.sums) == maxSums {
			f.sums = make(map[Seq]*Fold)
		}
		s = &Fold{First: first, Begin: v.match.content.row(first).At}
		f.sums[first] = s
	}
	c := &v.match.content
	for _, n := range v.matches[from+s.Count : to] {
		seq := v.base + Seq(n)
		r := c.record(seq)
		bits := r.load()
		s.Count++
		s.Last = seq
		if kindOf(bits) == particle.KindPing {
			s.Pings++
		} else if rtt, ok := c.rtt(r, bits); ok {
			s.RTT.Add(rtt)
		}
	}
	s.End = c.row(s.Last).At
	return s
}

// foldable reports whether an event is a ping or its answer, and all is well.
func (v *View) foldable(seq Seq) bool {
	c := &v.match.content
	if !c.has(seq) {
		return false
	}
	bits := c.record(seq).load()
	k := kindOf(bits)
	return (k == particle.KindPing || k == particle.KindPingAck) && flagsOf(bits)&(Problem|Unanswered|Retry) == 0
}

// add adds the latest match.
func (f *folds) add(v *View, seq Seq, n int) {
	if !f.on {
		return
	}
	foldable := v.foldable(seq)
	if foldable && f.run == foldedRun {
		return
	}
	f.rows = append(f.rows, uint32(v.dropped+n))
	switch _, open := f.open[seq]; {
	case !foldable:
		f.run = noRun
	case f.run == openRun || open:
		f.run = openRun
	default:
		f.run = foldedRun
	}
}

// rebuild folds all matches anew.
func (f *folds) rebuild(v *View) {
	f.reset()
	if !f.on {
		return
	}
	for i, n := range v.matches {
		f.add(v, v.base+Seq(n), i)
	}
}

// revise folds anew if an event that is shown is not folded as it should be.
func (f *folds) revise(v *View, seq Seq) {
	k := kindOf(v.match.content.record(seq).load())
	if f.on && (k == particle.KindPing || k == particle.KindPingAck) {
		f.rebuild(v)
	}
}

// evict drops the rows of matches that were dropped.
func (f *folds) evict(v *View) {
	if !f.on {
		return
	}
	gone := 0
	for gone < len(f.rows) && f.rows[gone] < uint32(v.dropped) {
		gone++
	}
	if gone == 0 {
		return
	}
	if len(v.matches) > 0 && (gone == len(f.rows) || f.rows[gone] > uint32(v.dropped)) { // a part of a fold is left
		gone--
		f.rows[gone] = uint32(v.dropped)
	}
	f.rows = append(f.rows[:0], f.rows[gone:]...)
}

func (f *folds) reset() {
	f.rows, f.run, f.sums = f.rows[:0], noRun, nil
}
