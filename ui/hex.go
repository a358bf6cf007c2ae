package ui

import (
	"fmt"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// hexPane shows the bytes of one layer, each coloured and lettered as the field
// that it belongs to.
type hexPane struct {
	*tview.Box
	look     *look
	data     []byte
	letters  letters
	hidden   Safe // shown instead of the bytes, "" to show them
	cursor   int
	from, to int       // the selected range
	mixed    byteRange // the block that goes into the selected one by XOR
	sought   needle    // what is found in them
	top      int       // first visible row
	perRow   int       // bytes a row, as drawn last
	visible  int       // rows that fit, as drawn last
	moved    func()
}

func newHexPane(l *look) *hexPane {
	return &hexPane{Box: tview.NewBox(), look: l, perRow: 8, moved: func() {}}
}

func (h *hexPane) place() place { return inHex }

// show shows bytes and their leaves.
func (h *hexPane) show(data []byte, l letters) {
	h.data, h.letters = data, l
	h.cursor = max(min(h.cursor, len(data)-1), 0)
	h.hidden = ""
}

// mark selects a range and puts the cursor at its beginning, if it is elsewhere.
func (h *hexPane) mark(from, to int) {
	h.from, h.to = from, to
	if to > from && (h.cursor < from || h.cursor >= to) {
		h.cursor = max(min(from, len(h.data)-1), 0)
	}
}

// do implements pane.
func (h *hexPane) do(act action) bool {
	page := max(h.visible-1, 1) * h.perRow
	switch act {
	case actLeft:
		h.moveTo(h.cursor - 1)
	case actRight:
		h.moveTo(h.cursor + 1)
	case actUp:
		h.moveTo(h.cursor - h.perRow)
	case actDown:
		h.moveTo(h.cursor + h.perRow)
	case actPageUp, actHalfUp:
		h.moveTo(h.cursor - page)
	case actPageDown, actHalfDown:
		h.moveTo(h.cursor + page)
	case actTop:
		h.moveTo(0)
	case actBottom:
		h.moveTo(len(h.data) - 1)
	default:
		return false
	}
	return true
}

func (h *hexPane) moveTo(at int) {
	if at = max(min(at, len(h.data)-1), 0); at != h.cursor {
		h.cursor = at
		h.moved()
	}
}

// Columns of a row: the offset, the bytes with a gap in the middle of sixteen,
// the bytes as characters.
const (
	hexOffset = 5
	hexGap    = 1
)

func hexWidth(perRow int) int { return hexOffset + 3*perRow + perRow/16*hexGap + 1 + perRow }

// bytesPerRow returns how many bytes a row has room for.
func bytesPerRow(w int) int {
	n := 16
	for n > 1 && hexWidth(n) > w {
		n /= 2
	}
	return n
}

// column returns where the i-th byte of a row begins.
func (h *hexPane) column(i int) int {
	x := hexOffset + 3*i
	if h.perRow == 16 && i >= 8 {
		x += hexGap
	}
	return x
}

// Draw implements tview.Primitive.
func (h *hexPane) Draw(screen tcell.Screen) {
	c := boxCanvas(h.Box, screen, h.look)
	hidden := h.hidden
	if len(h.data) == 0 && hidden == "" {
		hidden = "This event has no bytes of its own."
	}
	if hidden != "" {
		for y, line := range wrap(hidden, c.w, 0) {
			c.text(0, y, line, normal)
		}
		return
	}
	h.perRow = bytesPerRow(c.w)
	lines := h.lines(c.h)
	h.visible = max(c.h/lines, 1)
	row := h.cursor / h.perRow
	h.top = max(min(h.top, row, h.rows()-h.visible), row-h.visible+1, 0)
	for r := h.top; r < min(h.rows(), h.top+h.visible); r++ {
		h.drawRow(c.sub(0, (r-h.top)*lines, c.w, lines), r)
	}
}

func (h *hexPane) rows() int { return (len(h.data) + h.perRow - 1) / h.perRow }

// lines returns how many lines a row takes: two with the letters, which are left
// out where the bytes need the room.
func (h *hexPane) lines(height int) int {
	if 2*h.rows() <= height || h.look.theme == Mono {
		return 2
	}
	return 1
}

func (h *hexPane) drawRow(c canvas, r int) {
	start := r * h.perRow
	c.text(0, 0, Safe(fmt.Sprintf("%04x", start)), quiet)
	ascii := hexWidth(h.perRow) - h.perRow
	n := min(h.perRow, len(h.data)-start)
	lit := h.lit(start, start+n)
	for i := range n {
		at := start + i
		st := h.byteStyle(at)
		if lit[i] {
			st = h.look.style(warning).Reverse(true).Underline(at == h.cursor && h.HasFocus())
		}
		c.styled(h.column(i), 0, Safe(fmt.Sprintf("%02x", h.data[at])), st)
		if at+1 < h.to && at >= h.from && i+1 < h.perRow {
			c.styled(h.column(i)+2, 0, Safe("  "[:h.column(i+1)-h.column(i)-2]), h.look.style(normal).Reverse(true))
		}
		c.styled(ascii+i, 0, printable(h.data[at]), st)
		if c.h > 1 {
			h.drawLetter(c, i, at)
		}
	}
}

// byteStyle is the hue of the byte's field; the selected range is reversed, the
// byte under the cursor underlined as well, and so is what goes into the range.
func (h *hexPane) byteStyle(at int) tcell.Style {
	st := h.look.style(normal)
	if leaf := h.letters.at(at); leaf >= 0 {
		st = h.look.style(hue0 + role(leaf%hues))
	}
	if at >= h.from && at < h.to {
		st = st.Reverse(true)
	}
	if h.mixed.has(at) {
		st = st.Underline(true)
	}
	if at == h.cursor && h.HasFocus() {
		st = st.Underline(true).Bold(true).Reverse(at < h.from || at >= h.to)
	}
	return st
}

func printable(b byte) Safe {
	if b < ' ' || b > '~' {
		return "."
	}
	return Safe(rune(b))
}

// drawLetter draws what stands under a byte: its field's letter at both ends,
// a line between, brackets around the selected one, parentheses around what goes
// into it.
func (h *hexPane) drawLetter(c canvas, i, at int) {
	leaf := h.letters.at(at)
	if leaf < 0 {
		return
	}
	l := h.letters[leaf]
	first, last := at == l.start, at == l.end-1
	var around [2]Safe
	switch {
	case l.start >= h.from && l.end <= h.to:
		around = [2]Safe{"[", "]"}
	case l.start >= h.mixed.from && l.end <= h.mixed.to:
		around = [2]Safe{"(", ")"}
	}
	sign, x, r := Safe(letter(leaf)), h.column(i), quiet
	if around[0] != "" {
		r = strong
	}
	if !first && !last {
		sign = "─"
	}
	c.text(x+1, 1, sign, r)
	if !first {
		c.text(x, 1, "─", r)
	}
	if !last && i+1 < h.perRow {
		for gap := x + 2; gap < h.column(i+1); gap++ {
			c.text(gap, 1, "─", r)
		}
	}
	if first {
		c.text(x, 1, around[0], r)
	}
	if last {
		c.text(x+2, 1, around[1], r)
	}
}

// clicked implements pane.
func (h *hexPane) clicked(x, y int) bool {
	left, top, _, height := h.GetRect()
	row := h.top + (y-top)/h.lines(height)
	for i := range h.perRow {
		if at := row*h.perRow + i; at < len(h.data) && x-left >= h.column(i) && x-left < h.column(i)+3 {
			h.moveTo(at)
			return true
		}
	}
	return false
}
