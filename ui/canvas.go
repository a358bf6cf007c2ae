package ui

import (
	"github.com/gdamore/tcell/v2"
)

// canvas is a rectangle of the screen. Nothing is drawn outside of it, and
// nothing is drawn that is not Safe.
type canvas struct {
	screen     tcell.Screen
	look       *look
	x, y, w, h int
	reverse    bool // everything is drawn reversed: a selected row
}

// sub returns a part of the canvas, cut where it leaves it.
func (c canvas) sub(x, y, w, h int) canvas {
	x, y = max(x, 0), max(y, 0)
	c.w, c.h = max(min(w, c.w-x), 0), max(min(h, c.h-y), 0)
	c.x, c.y = c.x+x, c.y+y
	return c
}

// row returns one line of the canvas.
func (c canvas) row(y int) canvas { return c.sub(0, y, c.w, 1) }

// text draws from column x of line y and returns the column after it. Text that
// leaves the canvas is cut and ends in "…".
func (c canvas) text(x, y int, s Safe, r role) int { return c.styled(x, y, s, c.look.style(r)) }

func (c canvas) styled(x, y int, s Safe, st tcell.Style) int {
	if y < 0 || y >= c.h || x >= c.w || x < 0 {
		return x
	}
	if c.reverse {
		st = st.Reverse(true)
	}
	s = clip(c.look.words(s), c.w-x)
	for s != "" {
		cluster, cells, size := next(s)
		s = s[size:]
		if cells > 0 && cluster[0] >= ' ' && x+cells <= c.w {
			c.cluster(x, y, cluster, st)
			x += cells
		}
	}
	return x
}

// maxMarks is how many combining characters one cell shows.
const maxMarks = 4

// cluster draws a character with what combines with it. Behind what is two cells
// wide the second cell is blanked, because some screens keep what stood there.
func (c canvas) cluster(x, y int, cluster Safe, st tcell.Style) {
	if len(cluster) == 1 {
		c.screen.SetContent(c.x+x, c.y+y, rune(cluster[0]), nil, st)
		return
	}
	runes := []rune(cluster)
	marks := runes[1:min(len(runes), 1+maxMarks)]
	if c.look.ascii {
		marks = nil
	}
	for i := 1; i < width(cluster); i++ {
		c.screen.SetContent(c.x+x+i, c.y+y, ' ', nil, st)
	}
	c.screen.SetContent(c.x+x, c.y+y, c.look.glyph(runes[0]), marks, st)
}

// right draws text so that it ends before column x.
func (c canvas) right(x, y int, s Safe, r role) {
	if n := width(s); n <= x {
		c.text(x-n, y, s, r)
	}
}

// fill draws one glyph into the whole canvas.
func (c canvas) fill(ch rune, r role) {
	st := c.look.style(r)
	if c.reverse {
		st = st.Reverse(true)
	}
	ch = c.look.glyph(ch)
	for y := range c.h {
		for x := range c.w {
			c.screen.SetContent(c.x+x, c.y+y, ch, nil, st)
		}
	}
}

// rule draws a line across the canvas with a title in it.
func (c canvas) rule(y int, title Safe, focused bool) {
	c.row(y).fill('─', quiet)
	if title == "" {
		return
	}
	r := quiet
	if focused {
		r = strong
	}
	c.text(2, y, " "+clip(title, c.w-5)+" ", r)
}

// message writes a text above a row, as many lines as it takes, and returns how many
// these are.
func (c canvas) message(y int, text Safe, r role) int {
	lines := wrap(text, max(c.w-2, 1), 0)
	lines = lines[:min(len(lines), y)]
	for i, part := range lines {
		row := c.row(y - len(lines) + i)
		row.fill(' ', normal)
		row.text(1, 0, part, r)
	}
	return len(lines)
}

// frame draws a box around the canvas and returns what is inside.
func (c canvas) frame(title Safe) canvas {
	c.fill(' ', normal)
	for _, y := range []int{0, c.h - 1} {
		c.row(y).fill('─', quiet)
	}
	for y := range c.h {
		c.text(0, y, "│", quiet)
		c.text(c.w-1, y, "│", quiet)
	}
	for i, corner := range []Safe{"┌", "┐", "└", "┘"} {
		c.text(i%2*(c.w-1), i/2*(c.h-1), corner, quiet)
	}
	if title != "" {
		c.text(1, 0, " "+clip(title, c.w-5)+" ", strong)
	}
	return c.sub(2, 1, c.w-4, c.h-2)
}
