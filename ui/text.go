package ui

import (
	"fmt"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// line is one line of text with what it means.
type line struct {
	text Safe
	role role
	hang int         // where the text goes on, if it does not fit one line
	lit  []byteRange // cells that show hits, of a line that fits; nil: nobody looked

	beside *line // drawn in the right half; nil: nothing
}

// textPane shows lines that scroll.
type textPane struct {
	*tview.Box
	look    *look
	lines   []line
	top     int
	visible int    // as drawn last
	sought  needle // what is found in it
}

func newTextPane(l *look) *textPane { return &textPane{Box: tview.NewBox(), look: l} }

func (t *textPane) place() place { return inText }

// do implements pane.
func (t *textPane) do(act action) bool {
	page := max(t.visible-1, 1)
	switch act {
	case actDown:
		t.top++
	case actUp:
		t.top--
	case actPageDown:
		t.top += page
	case actPageUp:
		t.top -= page
	case actHalfDown:
		t.top += max(page/2, 1)
	case actHalfUp:
		t.top -= max(page/2, 1)
	case actTop:
		t.top = 0
	case actBottom:
		t.top = len(t.lines)
	default:
		return false
	}
	t.top = max(min(t.top, len(t.lines)-t.visible), 0)
	return true
}

func (t *textPane) clicked(int, int) bool { return false }

// Draw implements tview.Primitive.
func (t *textPane) Draw(screen tcell.Screen) {
	c := boxCanvas(t.Box, screen, t.look)
	t.visible = c.h
	t.top = max(min(t.top, len(t.lines)-c.h), 0)
	for y := range min(c.h, len(t.lines)-t.top) {
		l := t.lines[t.top+y]
		t.drawLine(c.row(y), &l)
		if l.beside != nil {
			t.drawLine(c.sub(c.w/2, y, c.w-c.w/2, 1), l.beside)
		}
	}
}

// place writes at the end of a rule which lines of a pane are seen, if not all are.
func (c canvas) place(y int, t *textPane) { c.placed(y, t.top, t.visible, len(t.lines)) }

// placed writes on a rule which of n lines are shown, if these are not all.
func (c canvas) placed(y, top, visible, n int) {
	if n > visible {
		c.right(c.w-2, y, Safe(fmt.Sprintf(" %d-%d of %d ", top+1, min(top+visible, n), n)), quiet)
	}
}

// drawLine draws a line, and anew what is a hit in it.
func (t *textPane) drawLine(c canvas, l *line) {
	c.text(0, 0, l.text, l.role)
	for _, hit := range t.sought.hits([]byte(l.text)) {
		c.styled(width(l.text[:hit.from]), 0, l.text[hit.from:hit.to], t.look.style(warning).Reverse(true))
	}
}

// hits returns the numbers of the lines that what is sought is in.
func (t *textPane) hits() (lines []byteRange) {
	for i := range t.lines {
		l := &t.lines[i]
		if t.sought.in([]byte(l.text)) || l.beside != nil && t.sought.in([]byte(l.beside.text)) {
			lines = append(lines, byteRange{i, i + 1})
		}
	}
	return lines
}

// reveal scrolls so that a line is seen.
func (t *textPane) reveal(i int) {
	if i < t.top || i >= t.top+t.visible {
		t.top = i - t.visible/3
	}
}

// wrapped returns lines broken to a width.
func wrapped(lines []line, w int) []line {
	var out []line
	for _, l := range lines {
		for _, part := range wrap(l.text, w, l.hang) {
			out = append(out, line{text: part, role: l.role, lit: l.lit})
		}
	}
	return out
}
