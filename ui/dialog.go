package ui

import (
	"fmt"

	"github.com/gdamore/tcell/v2"
)

// dialog is a window with text that scrolls.
type dialog struct {
	app   *app
	title Safe
	lines func(w int) []line // the text, made for a width
	text  *textPane
	end   bool // shows the end first: a log
}

func newDialog(a *app, title Safe, lines func(w int) []line) *dialog {
	return &dialog{app: a, title: title, lines: lines, text: newTextPane(a.look)}
}

func (d *dialog) place() place { return inDialog }

func (d *dialog) footer() Safe { return "" }

func (d *dialog) key(*tcell.EventKey) bool { return false }

// do implements overlay.
func (d *dialog) do(act action) bool {
	switch act {
	case actBack, actEscape, actOpen, actHelp:
		d.app.closeTop()
		return true
	}
	d.end = false
	return d.text.do(act)
}

// draw implements overlay.
func (d *dialog) draw(c canvas, size class) {
	c = window(c, size)
	in := c.frame(d.title)
	d.text.lines = d.lines(in.w)
	if d.end {
		d.text.top = len(d.text.lines)
	}
	in.put(d.text)
	if n := len(d.text.lines); n > in.h {
		c.right(c.w-2, c.h-1, Safe(fmt.Sprintf(" %d-%d of %d ", d.text.top+1, min(d.text.top+in.h, n), n)), quiet)
	}
}

// window is where dialogs are: over the view, below the tabs, above the footer.
func window(c canvas, size class) canvas {
	if size == tiny {
		return c.sub(0, 0, c.w, c.h-1)
	}
	c = c.sub(0, 1, c.w, c.h-3)
	c.fill(' ', normal)
	return c.sub(1, 0, c.w-2, c.h)
}

// newLogView shows what photonscope had to say.
func newLogView(a *app) *dialog {
	d := newDialog(a, "event log", func(w int) []line {
		var lines []line
		if n := len(a.opt.Log.lines()); a.model.private && n > 0 {
			return wrapped([]line{{text: plural(n, "line") + " about files, addresses and devices. p shows them again.", role: normal}}, w)
		}
		for _, text := range a.opt.Log.lines() {
			lines = append(lines, line{text: clean(text), role: normal, hang: 2})
		}
		if len(lines) == 0 {
			lines = []line{{text: "Nothing has happened yet that would be worth a line.", role: quiet}}
		}
		return wrapped(lines, w)
	})
	d.end = true
	return d
}
