package ui

import (
	"slices"
	"unicode"

	"github.com/gdamore/tcell/v2"
)

// editor is a line of input.
type editor struct {
	text []rune
	at   int // the cursor, in runes
}

func (e *editor) set(s string) { e.text = []rune(s); e.at = len(e.text) }

func (e *editor) String() string { return string(e.text) }

// insert puts text in at the cursor. Line breaks become spaces; what a terminal
// does not show is left out.
func (e *editor) insert(s string) {
	for _, r := range s {
		if r == '\n' || r == '\t' {
			r = ' '
		}
		if unicode.IsPrint(r) {
			e.text = slices.Insert(e.text, e.at, r)
			e.at++
		}
	}
}

// key edits the line. It reports whether the key was one for that.
func (e *editor) key(ev *tcell.EventKey) bool {
	switch ev.Key() {
	case tcell.KeyRune:
		e.insert(string(ev.Rune()))
	case tcell.KeyBackspace, tcell.KeyBackspace2:
		e.cut(e.at-1, e.at)
	case tcell.KeyDelete:
		e.cut(e.at, e.at+1)
	case tcell.KeyLeft:
		e.at = max(e.at-1, 0)
	case tcell.KeyRight:
		e.at = min(e.at+1, len(e.text))
	case tcell.KeyHome, tcell.KeyCtrlA:
		e.at = 0
	case tcell.KeyEnd, tcell.KeyCtrlE:
		e.at = len(e.text)
	case tcell.KeyCtrlU:
		e.cut(0, e.at)
	case tcell.KeyCtrlK:
		e.cut(e.at, len(e.text))
	case tcell.KeyCtrlW:
		e.cut(e.wordStart(), e.at)
	default:
		return false
	}
	return true
}

func (e *editor) cut(from, to int) {
	from, to = max(from, 0), min(to, len(e.text))
	if from < to {
		e.text = slices.Delete(e.text, from, to)
		e.at = from
	}
}

// wordStart returns where the word before the cursor begins.
func (e *editor) wordStart() int {
	i := e.at
	for i > 0 && e.text[i-1] == ' ' {
		i--
	}
	for i > 0 && e.text[i-1] != ' ' {
		i--
	}
	return i
}

// draw draws the line behind a sign, what is wrong in it marked, and places the
// cursor. What does not fit is scrolled out on the left.
func (e *editor) draw(c canvas, sign Safe, wrongFrom, wrongTo int) {
	x := c.text(0, 0, sign, strong)
	start := 0
	for start < e.at && width(clean(string(e.text[start:e.at]))) > c.w-x-1 {
		start++
	}
	end := x
	for i, r := range e.text[start:] {
		st := normal
		if i+start >= wrongFrom && i+start < wrongTo {
			st = bad
		}
		end = c.text(end, 0, clean(string(r)), st)
	}
	if wrongFrom >= len(e.text) && wrongTo > wrongFrom {
		c.text(end, 0, "?", bad)
	}
	cursor := min(x+width(clean(string(e.text[start:e.at]))), c.w-1)
	c.screen.ShowCursor(c.x+cursor, c.y)
}
