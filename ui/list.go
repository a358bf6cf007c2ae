package ui

import (
	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// list is a table of any length of which only the visible rows are asked for.
// Its column plan is fixed, so nothing jumps while it scrolls; its header is
// drawn above the rows and is none of them.
type list struct {
	*tview.Box
	look   *look
	rows   rowSource
	plan   []column
	top    int  // first visible row
	sel    int  // selected row
	bare   bool // without a header
	follow bool // the last row stays selected when more come
	atHead bool // follow, as long as nothing was chosen, keeps the first row selected instead
	seen   int  // rows there were when following ended
	key    uint64
	hasKey bool // key is that of the selected row
	epoch  uint64
	page   int // rows that fit, as drawn last
	empty  []Safe
	cells  []cell
	moved  func()

	clipped Safe // what the columns had no room for in the selected row, as drawn last
}

// rowSource is what a list shows.
type rowSource interface {
	Len() int
	// Row appends the cells of a row, one for each column of the plan.
	Row(dst []cell, i int) []cell
}

// keyed is a rowSource whose rows move: when what came first is forgotten, when
// others come between, when the order changes.
type keyed interface {
	Key(row int) uint64
	// RowOf returns where a row is now, or where it would be.
	RowOf(key uint64) (row int, ok bool)
}

// renumbered is a keyed source whose keys may become others.
type renumbered interface {
	// Epoch returns how often that has happened.
	Epoch() uint64
	// Moved returns what a key of an earlier epoch is now.
	Moved(key, epoch uint64) uint64
}

// signed is a rowSource some of whose rows have a sign in front, one cell wide.
type signed interface {
	Sign(row int) (Safe, role)
}

// column is one column of a list. One of the plan may have the width 0: it takes
// what the others leave.
type column struct {
	title Safe
	width int
	right bool // aligned to the right
	line  int  // 1: on a second line of the row, for narrow screens
}

// cell is what a row has in one column.
type cell struct {
	text Safe
	role role
}

func newList(l *look, rows rowSource) *list {
	return &list{Box: tview.NewBox(), look: l, rows: rows, moved: func() {}}
}

// marker is the width of the sign before the selected row.
const marker = 2

func (l *list) place() place { return inList }

// height returns how many lines a row takes.
func (l *list) height() int {
	n := 1
	for _, c := range l.plan {
		n = max(n, c.line+1)
	}
	return n
}

// refresh takes notice of rows that came or went.
func (l *list) refresh() {
	n := l.rows.Len()
	if k, ok := l.rows.(renumbered); ok && k.Epoch() != l.epoch {
		l.key, l.epoch = k.Moved(l.key, l.epoch), k.Epoch()
	}
	if k, ok := l.rows.(keyed); ok && l.hasKey {
		row, _ := k.RowOf(l.key)
		l.top += row - l.sel
		l.sel = row
	}
	switch {
	case l.follow && l.atHead:
		l.sel = 0
	case l.follow:
		l.sel = n - 1
	}
	l.sel = max(min(l.sel, n-1), 0)
	if l.remember() {
		l.moved()
	}
}

// remember notes which row is selected. It reports whether that is another one
// than before.
func (l *list) remember() bool {
	k, ok := l.rows.(keyed)
	if !ok || l.sel >= l.rows.Len() {
		before := l.hasKey
		l.hasKey = false
		return before
	}
	key, had := k.Key(l.sel), l.hasKey
	changed := !had || key != l.key
	l.key, l.hasKey = key, true
	return changed
}

// below returns how many rows came since following ended.
func (l *list) below() int {
	if l.follow {
		return 0
	}
	return max(l.rows.Len()-l.seen, 0)
}

// choose selects a row.
func (l *list) choose(i int) {
	n := l.rows.Len()
	i = max(min(i, n-1), 0)
	if l.follow && (l.atHead && i != l.sel || !l.atHead && i < n-1) {
		l.follow, l.seen = false, n
	}
	if i != l.sel {
		l.sel = i
		l.remember()
		l.moved()
	}
}

// do implements pane.
func (l *list) do(act action) bool {
	page := max(l.page-1, 1)
	switch act {
	case actDown:
		l.choose(l.sel + 1)
	case actUp:
		l.choose(l.sel - 1)
	case actPageDown:
		l.choose(l.sel + page)
	case actPageUp:
		l.choose(l.sel - page)
	case actHalfDown:
		l.choose(l.sel + max(page/2, 1))
	case actHalfUp:
		l.choose(l.sel - max(page/2, 1))
	case actTop:
		l.choose(0)
	case actBottom:
		l.choose(l.rows.Len() - 1)
		l.follow, l.atHead = true, false
	default:
		return false
	}
	return true
}

// Draw implements tview.Primitive.
func (l *list) Draw(screen tcell.Screen) {
	c := boxCanvas(l.Box, screen, l.look)
	if c.h < 1 || c.w < 4 {
		return
	}
	l.clipped = ""
	body := c
	if n := l.above(c.h); n > 0 {
		l.header(c.row(0))
		body = c.sub(0, n, c.w, c.h-n)
	}
	l.page = max(body.h/l.height(), 1)
	n := l.rows.Len()
	if n == 0 {
		l.drawEmpty(body)
		return
	}
	l.scroll(n)
	for i := l.top; i < min(n, l.top+l.page); i++ {
		l.drawRow(body.sub(0, (i-l.top)*l.height(), body.w, l.height()), i)
	}
}

// above returns how many lines of a list of this height the header takes.
func (l *list) above(h int) int {
	if l.bare || l.height() > 1 || h <= 2 {
		return 0
	}
	return 1
}

// scroll keeps the selected row visible.
func (l *list) scroll(n int) {
	l.sel = max(min(l.sel, n-1), 0)
	l.top = min(l.top, l.sel, max(n-l.page, 0))
	l.top = max(l.top, l.sel-l.page+1, 0)
}

func (l *list) header(c canvas) {
	for i, at := range l.places(c.w) {
		col := l.plan[i]
		if col.right {
			c.right(at.x+at.w, 0, clip(col.title, at.w), quiet)
		} else {
			c.sub(at.x, 0, at.w, 1).text(0, 0, col.title, quiet)
		}
	}
}

func (l *list) drawRow(c canvas, i int) {
	l.cells = l.rows.Row(l.cells[:0], i)
	if i == l.sel {
		c.text(0, 0, "►", strong)
		c.reverse = true
		c.sub(1, 0, c.w-1, c.h).fill(' ', normal)
	}
	if s, ok := l.rows.(signed); ok {
		sign, r := s.Sign(i)
		c.text(1, 0, sign, r)
	}
	for k, at := range l.places(c.w) {
		if k >= len(l.cells) {
			return
		}
		text := clip(l.cells[k].text, at.w)
		if i == l.sel && text != l.cells[k].text {
			l.clipped += l.cells[k].text + "  "
		}
		if l.plan[k].right {
			c.right(at.x+at.w, l.plan[k].line, text, l.cells[k].role)
		} else {
			c.text(at.x, l.plan[k].line, text, l.cells[k].role)
		}
	}
}

func (l *list) drawEmpty(c canvas) {
	y := 1
	for _, line := range l.empty {
		for _, part := range wrap(line, c.w-4, 0) {
			c.text(2, y, part, normal)
			y++
		}
	}
}

// span is where a column lies.
type span struct{ x, w int }

// places lays out the column plan.
func (l *list) places(w int) []span {
	spans := make([]span, len(l.plan))
	for line := range l.height() {
		fixed := marker
		for _, col := range l.plan {
			if col.line == line {
				fixed += col.width + 1
			}
		}
		x := marker
		for i, col := range l.plan {
			if col.line != line {
				continue
			}
			n := col.width
			if n == 0 {
				n = max(w-fixed, 1)
			}
			spans[i] = span{x, max(min(n, w-x), 0)}
			x += n + 1
		}
	}
	return spans
}

// clicked selects the row at a line of the screen. It reports whether there is one.
func (l *list) clicked(_, y int) bool {
	_, top, _, h := l.GetRect()
	line := y - top - l.above(h)
	i := l.top + line/l.height()
	if line < 0 || i >= l.rows.Len() {
		return false
	}
	l.choose(i)
	return true
}
