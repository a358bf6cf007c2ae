package store

import "sort"

// Len returns the number of rows.
func (v *View) Len() int {
	switch {
	case v.order.by != ByArrival:
		return len(v.order.sorted)
	case v.folds.on:
		return len(v.folds.rows)
	}
	return len(v.matches)
}

// At returns the event of a row from 0 to before Len: of a fold the first one.
func (v *View) At(row int) Seq {
	switch {
	case v.order.by != ByArrival:
		return v.base + Seq(v.order.at(row))
	case v.folds.on:
		row = int(v.folds.rows[row] - uint32(v.dropped))
	}
	return v.base + Seq(v.matches[row])
}

// RowOf returns the row of an event: if the view does not show it, the one that
// stands where it would, and false. That is Len if it would be the last one.
func (v *View) RowOf(seq Seq) (row int, ok bool) {
	if v.order.by != ByArrival {
		return v.order.find(v, seq)
	}
	if seq < v.base {
		return 0, false
	}
	i := sort.Search(len(v.matches), func(i int) bool { return v.base+Seq(v.matches[i]) >= seq })
	ok = i < len(v.matches) && v.base+Seq(v.matches[i]) == seq
	if !v.folds.on {
		return i, ok
	}
	if i == len(v.matches) {
		return len(v.folds.rows), false
	}
	n := uint32(v.dropped + i)
	return sort.Search(len(v.folds.rows), func(i int) bool { return v.folds.rows[i] > n }) - 1, ok
}
