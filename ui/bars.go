package ui

import "fmt"

// drawAll draws the two lines on top, the view, what lies on
// it, and the two lines below.
func (a *app) drawAll(c canvas) {
	size := classOf(c.w, c.h)
	if size == tooSmall {
		a.drawTooSmall(c)
		return
	}
	a.drawTabs(c.row(0), size)
	c.row(1).text(1, 0, a.contextLine(), normal)
	body := c.sub(0, 2, c.w, c.h-4)
	a.guard(func() { a.drawView(body, size) })
	below := c.sub(0, c.h-2, c.w, 2)
	below.text(1, 0, a.notice, a.noticeRole)
	below.text(1, 1, a.footer(c.w-2), normal)
	if o := a.top(); o != nil {
		a.guard(func() { o.draw(c, size) })
	}
}

// drawView gives the focus to the widget that has it and draws the view.
func (a *app) drawView(body canvas, size class) {
	var only pane
	if size < standard || a.zoom {
		only = a.pane()
	}
	for _, p := range a.view().panes() {
		if p == a.pane() && a.top() == nil {
			p.Focus(nil)
		} else {
			p.Blur()
		}
	}
	a.view().draw(body, size, only)
}

func (a *app) drawTooSmall(c canvas) {
	if c.h < 1 {
		return
	}
	c.text(0, 0, Safe(fmt.Sprintf("%dx%d needed, %dx%d now; %s", sizes[tiny].w, sizes[tiny].h, c.w, c.h, a.model.summary())), normal)
}

// drawTabs draws the first line: the program, the views, the state.
func (a *app) drawTabs(c canvas, size class) {
	state, r := a.state()
	room := c.w - width(state) - 2
	x := 1
	if size > narrow {
		x = c.sub(0, 0, room, 1).text(1, 0, "photonscope", strong) + 1
	}
	gap := 1
	if size == large {
		gap = 3
		x += 2
	}
	for i, v := range a.views {
		if i == startView {
			continue
		}
		text, role := Safe(fmt.Sprintf("%d %s", i, v.name())), quiet
		if size == tiny {
			text = Safe(fmt.Sprint(i))
		}
		if i == a.at {
			text, role = Safe(fmt.Sprintf("[%d %s]", i, v.name())), strong
		}
		if x+width(text) > room {
			break
		}
		x = c.text(x, 0, text, role) + gap
	}
	c.right(c.w-1, 0, state, r)
}

// state says whether what is shown is live and complete.
func (a *app) state() (Safe, role) {
	switch {
	case a.model.paused:
		return Safe(fmt.Sprintf("■ PAUSED  %d new", a.model.waiting())), warning
	case a.opt.Live && !a.opt.ended():
		return "● LIVE", good
	case a.opt.Live:
		return "○ ENDED", quiet
	case a.opt.Loading != nil && a.opt.Loading():
		return "◐ LOADING", warning
	}
	return "○ FILE", quiet
}

func (a *app) contextLine() Safe {
	text := clean(a.opt.Title)
	if a.model.scope.label != "" {
		text += "   " + a.model.scope.label
	}
	if more := a.view().context(); more != "" {
		text += "   " + more
	}
	return text
}

// footer lists the keys of the focused pane, as many as fit, and always help.
func (a *app) footer(w int) Safe {
	if o := a.top(); o != nil {
		if text := o.footer(); text != "" {
			return text
		}
	}
	const last = "? help"
	var text Safe
	told := map[action]bool{actHelp: true}
	for _, p := range a.places() {
		for _, b := range bindings {
			if b.in&p == 0 || b.foot == "" || told[b.do] {
				continue
			}
			told[b.do] = true
			if next := text + b.first() + " " + b.foot + "  "; width(next)+len(last) <= w {
				text = next
			}
		}
	}
	return text + last
}
