package store

import "time"

// Problems matches what is worth a look: where two legs say the same, one of them.
var Problems = Match{Where: Where{Need: Problem, OneLeg: true}}

// Seeker looks for the next row of a view that matches something: a search, or
// the next problem. Make one with [View.Seek].
type Seeker struct {
	view  *View
	match matcher
	row   int // that was looked at last
	seq   Seq // its event, by which it is found again
	valid bool
	step  int
}

// Seek returns a Seeker for the rows after a row, or before it if back is true.
// Row -1 or Len begin at the very first or last row. The view may grow meanwhile.
func (v *View) Seek(row int, back bool, m Match) *Seeker {
	s := &Seeker{view: v, match: newMatcher(m), step: 1}
	if back {
		s.step = -1
	}
	s.place(row)
	return s
}

// place notes which row was looked at last.
func (s *Seeker) place(row int) {
	s.row = row
	if s.valid = row >= 0 && row < s.view.Len(); s.valid {
		s.seq = s.view.At(row)
	}
}

// Next looks on for about the time given, or to the end if that is 0. It returns
// the next hit, if it found one; if not, more says that there are rows left to
// look at. A fold is a hit if one of its events is.
func (s *Seeker) Next(slice time.Duration) (hit Seq, found, more bool) {
	s.match.look(s.view.store.snapshot())
	deadline := deadlineOf(slice)
	if s.valid {
		s.row, _ = s.view.RowOf(s.seq)
	}
	row := s.row + s.step
	for n := 1; row >= 0 && row < s.view.Len(); n++ {
		if seq, ok := s.hit(row); ok {
			s.place(row)
			return seq, true, true
		}
		if n%stride == 0 && deadline.over() {
			s.place(row)
			return 0, false, true
		}
		row += s.step
	}
	return 0, false, false
}

// hit returns the first event of a row that matches.
func (s *Seeker) hit(row int) (Seq, bool) {
	v := s.view
	if !v.folds.on || v.order.by != ByArrival {
		return v.At(row), s.matches(v.At(row))
	}
	from, to := v.folds.span(v, row)
	for _, n := range v.matches[from:to] {
		if seq := v.base + Seq(n); s.matches(seq) {
			return seq, true
		}
	}
	return 0, false
}

func (s *Seeker) matches(seq Seq) bool {
	return s.match.content.has(seq) && s.match.matches(seq)
}
