package ui

import (
	"github.com/gdamore/tcell/v2"
)

// prompt is a line of input with completion, history and a check while typing.
type prompt struct {
	app     *app
	sign    Safe
	line    editor
	history *history
	browsed int // how far back in the history, 0: not at all
	chosen  int // of the candidates; -1: none
	list    []candidate

	complete func(text string, at int) []candidate
	check    func(text string) (hint Safe, role role) // what stands at the right
	preview  func(text string)                        // told of every change; may be nil
	accept   func(text string) bool                   // Enter; false keeps the prompt open
	cancel   func()                                   // Esc; may be nil
	find     func(text string) bool                   // Ctrl-F; may be nil

	wrongFrom, wrongTo int // what is wrong in the line, in runes
	keys               Safe
	cycles             bool // Tab goes through the candidates and leaves the line as it is
}

// candidate is something that what is typed may become.
type candidate struct {
	text string // replaces the line from start to the cursor
	from int    // in runes
	help Safe
}

// history is what was entered before, the last one last.
type history struct{ lines []string }

const maxHistory = 200

// add enters a line. A prompt without history has a nil one.
func (h *history) add(s string) {
	if h == nil || s == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == s {
		return
	}
	h.lines = append(h.lines, s)
	if len(h.lines) > maxHistory {
		h.lines = h.lines[1:]
	}
}

func (p *prompt) place() place { return inPrompt }

func (p *prompt) footer() Safe { return p.keys }

func (p *prompt) do(act action) bool { return false }

// key implements overlay: a prompt takes all keys.
func (p *prompt) key(ev *tcell.EventKey) bool {
	switch ev.Key() {
	case tcell.KeyEnter:
		p.enter()
	case tcell.KeyEsc:
		p.leave()
	case tcell.KeyCtrlF:
		p.findOnly()
	case tcell.KeyTab:
		p.tab()
	case tcell.KeyUp:
		p.browse(1)
	case tcell.KeyDown:
		p.browse(-1)
	case tcell.KeyCtrlN:
		p.move(1)
	case tcell.KeyCtrlP:
		p.move(-1)
	case tcell.KeyBackspace, tcell.KeyBackspace2:
		if len(p.line.text) == 0 {
			p.leave()
			return true
		}
		p.edit(ev)
	default:
		p.edit(ev)
	}
	return true
}

// leave closes the prompt and takes back what typing did.
func (p *prompt) leave() {
	p.close()
	if p.cancel != nil {
		p.cancel()
	}
}

func (p *prompt) findOnly() {
	if text := p.line.String(); p.find != nil && p.find(text) {
		p.history.add(text)
		p.close()
	}
}

func (p *prompt) edit(ev *tcell.EventKey) {
	before := p.line.String()
	if !p.line.key(ev) {
		return
	}
	p.changed(before)
}

// paste takes pasted text.
func (p *prompt) paste(s string) {
	before := p.line.String()
	p.line.insert(s)
	p.changed(before)
}

func (p *prompt) changed(before string) {
	p.update()
	if p.preview != nil && p.line.String() != before {
		p.preview(p.line.String())
	}
}

// update looks for candidates anew.
func (p *prompt) update() {
	p.chosen = -1
	p.list = nil
	if p.complete != nil {
		p.list = p.complete(p.line.String(), p.line.at)
	}
}

func (p *prompt) enter() {
	if text := p.line.String(); p.accept(text) {
		p.history.add(text)
		p.close()
	}
}

// close takes the prompt away, wherever it lies.
func (p *prompt) close() {
	for i, o := range p.app.overlays {
		if o == overlay(p) {
			p.app.overlays = append(p.app.overlays[:i], p.app.overlays[i+1:]...)
			return
		}
	}
}

// tab completes: what all candidates share, then one after the other.
func (p *prompt) tab() {
	if len(p.list) == 0 {
		return
	}
	before := p.line.String()
	p.move(1)
	if p.cycles {
		return
	}
	c := p.list[p.chosen]
	p.line.cut(c.from, p.line.at)
	p.line.insert(c.text)
	if len(p.list) == 1 {
		p.update()
	}
	if p.preview != nil && p.line.String() != before {
		p.preview(p.line.String())
	}
}

func (p *prompt) move(by int) {
	if n := len(p.list); n > 0 {
		p.chosen = (max(p.chosen, -1) + by + n) % n
		if p.chosen < 0 {
			p.chosen = 0
		}
	}
}

// browse goes through the history.
func (p *prompt) browse(by int) {
	if p.history == nil {
		return
	}
	n := len(p.history.lines)
	to := max(min(p.browsed+by, n), 0)
	if to == p.browsed {
		return
	}
	before := p.line.String()
	if p.browsed = to; to == 0 {
		p.line.set("")
	} else {
		p.line.set(p.history.lines[n-to])
	}
	p.changed(before)
}

// draw implements overlay: the line above the footer, the hint beside it, or where
// there is no room above it, and candidates above these.
func (p *prompt) draw(c canvas, size class) {
	row := c.sub(1, c.h-2, c.w-2, 1)
	row.fill(' ', normal)
	top := c.h - 2
	if p.check != nil {
		hint, r := p.check(p.line.String())
		if width(hint) <= row.w-width(p.sign)-len(p.line.text)-2 {
			row.right(row.w, 0, hint, r)
			row.w -= width(hint) + 1
		} else {
			top -= c.message(c.h-2, hint, r)
		}
	}
	p.line.draw(row, p.sign, p.wrongFrom, p.wrongTo)
	if n := min(len(p.list), top-4, 8); n > 0 {
		c.sub(0, top-2-n, c.w, n+2).fill(' ', normal)
		p.drawCandidates(c.sub(1, top-2-n, c.w-2, n+2), n)
	}
}

func (p *prompt) drawCandidates(c canvas, n int) {
	in := c.frame("")
	first := max(min(p.chosen-n/2, len(p.list)-n), 0)
	w := 0
	for i := range n {
		w = max(w, width(clean(p.list[first+i].text)))
	}
	w = min(w, in.w/2)
	for i := range n {
		row := in.row(i)
		if first+i == p.chosen {
			row.reverse = true
			row.fill(' ', normal)
		}
		row.sub(0, 0, w, 1).text(0, 0, clean(p.list[first+i].text), normal)
		row.text(w+2, 0, p.list[first+i].help, quiet)
	}
	if len(p.list) > n {
		c.right(c.w-2, n+1, Safe(" Tab for more "), quiet)
	}
}
