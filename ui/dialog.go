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
	hit   int  // the line found last, -1: none yet
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
	case actFind:
		d.app.openFind(d, "find in this window: ")
		return true
	case actNext, actPrev:
		if !d.findNext(d.app, stepOf(act)) {
			d.app.say(quiet, "Nothing is looked for in this window; / looks.")
		}
		return true
	}
	if behind[act] {
		d.app.say(quiet, "Esc closes this window first.")
		return true
	}
	d.end = false
	return d.text.do(act)
}

// behind are the actions on what a window covers.
var behind = map[action]bool{
	actNextPane: true, actPrevPane: true, actZoom: true, actExplain: true, actFollowIt: true,
	actFilter: true, actToggle: true, actProblems: true, actPause: true,
	actMark: true, actGoMark: true, actComment: true, actCopy: true, actExport: true, actWrite: true,
}

// find implements finder.
func (d *dialog) find(n needle) { d.text.sought, d.hit = n, -1 }

// findNext implements finder.
func (d *dialog) findNext(a *app, by int) bool {
	if d.text.sought.typed == "" {
		return false
	}
	hits := d.text.hits()
	if len(hits) == 0 {
		a.say(quiet, "No "+clean(d.text.sought.typed)+" in this window.")
		return true
	}
	to := nextHit(hits, d.hit, by)
	said := Safe(fmt.Sprintf("Hit %d of %d", to+1, len(hits))) + wrapText(by, d.hit, hits[to].from) + "."
	d.hit, d.end = hits[to].from, false
	d.text.reveal(d.hit)
	a.say(normal, said)
	return true
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
	c.place(c.h-1, d.text)
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
		kept := a.opt.Log.kept()
		if n := len(kept); a.model.private && n > 0 {
			return wrapped([]line{{text: plural(n, "line") + " about files, addresses and devices. p shows them again.", role: normal}}, w)
		}
		for _, e := range kept {
			at := Safe(e.at.UTC().Format("15:04:05  "))
			lines = append(lines, line{text: at + clean(e.text), role: normal, hang: len(at)})
		}
		if len(lines) == 0 {
			lines = []line{{text: "Nothing has happened yet that would be worth a line.", role: quiet}}
		}
		return wrapped(lines, w)
	})
	d.end = true
	return d
}
