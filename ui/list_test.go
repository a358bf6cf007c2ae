package ui

import (
	"strconv"
	"testing"
)

// numbered is rows of numbers, which become others by what was put before them.
type numbered struct{ rows, before, epoch uint64 }

func (n *numbered) Len() int { return int(n.rows + n.before) }

func (n *numbered) Row(dst []cell, i int) []cell {
	return append(dst, cell{text: Safe(strconv.Itoa(i))})
}

func (n *numbered) Key(row int) uint64 { return uint64(row) }

func (n *numbered) RowOf(key uint64) (int, bool) { return int(key), true }

func (n *numbered) Epoch() uint64 { return n.epoch }

func (n *numbered) Moved(key, epoch uint64) uint64 { return key + (n.epoch-epoch)*n.before }

func TestTheSelectionFollowsEventsThatGetOtherNumbers(t *testing.T) {
	rows := &numbered{rows: 10}
	l := newList(newLook(Ansi, false), rows)
	l.sel = 6
	l.refresh()
	rows.before, rows.epoch = 3, 1
	l.refresh()
	if l.sel != 9 {
		t.Errorf("row %d is selected, want 9", l.sel)
	}
	l.refresh()
	if l.sel != 9 {
		t.Errorf("then row %d", l.sel)
	}
}
