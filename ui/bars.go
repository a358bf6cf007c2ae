package ui

import (
	"fmt"
	"slices"
	"strings"
)

// drawAll draws the two lines on top, the view, what lies on
// it, and the two lines below.
func (a *app) drawAll(c canvas) {
	size := classOf(c.w, c.h)
	if size == tooSmall {
		a.drawTooSmall(c)
		return
	}
	if a.at == startView {
		c.text(1, 0, "photonscope", strong)
	} else {
		a.drawTabs(c.row(0), size)
	}
	c.row(1).text(1, 0, a.contextLine(size, c.w-1), normal)
	body := c.sub(0, 2, c.w, c.h-4)
	if _, events := a.view().(eventLister); events && !a.opt.live() && size >= standard {
		body.h--
		a.drawScrub(c.row(c.h - 3))
	}
	a.guard(func() { a.drawView(body, size) })
	below := c.sub(0, c.h-2, c.w, 2)
	if a.notice != "" {
		c.message(c.h-1, a.notice, a.noticeRole)
	} else if a.top() == nil {
		below.text(1, 0, a.noteOf(), normal)
	}
	below.text(1, 1, a.footer(c.w-2), normal)
	for _, o := range a.overlays {
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

// drawTooSmall says what is needed and what goes on, in as many lines as there are.
func (a *app) drawTooSmall(c canvas) {
	text := Safe(fmt.Sprintf("%dx%d needed, %dx%d now; ", sizes[tiny].w, sizes[tiny].h, c.w, c.h))
	if a.opt.live() {
		text += "all else goes on, "
	}
	for y, part := range wrap(text+a.model.summary()+"; Q quits", max(c.w, 1), 0) {
		c.text(0, y, part, normal)
	}
}

// drawTabs draws the first line: the program, the views, the state. Where there is
// little room, the program's name goes first, then the names of the views that
// are not shown.
func (a *app) drawTabs(c canvas, size class) {
	state, r := a.state()
	if a.model.private {
		state = "MASKED  " + state
	}
	if n := len(a.opt.held()); n > 0 {
		state, r = Safe(fmt.Sprintf("%d HELD  ", n))+state, warning
	}
	room := c.w - width(state) - 3
	gap := 1
	if size == large {
		gap = 3
	}
	tabs := a.tabs(true)
	title := "photonscope" + padded("", gap)
	if tabsWidth(tabs, gap)+width(title) > room {
		title = ""
	}
	if tabsWidth(tabs, gap) > room {
		tabs = a.tabs(false)
	}
	x := c.text(1, 0, title, strong)
	for i, text := range tabs {
		role := quiet
		if i+1 == a.at {
			role = strong
		}
		x = c.text(x, 0, text, role) + gap
	}
	c.right(c.w-1, 0, state, r)
}

// tabs returns the names of the numbered views, or the numbers alone but for the
// view that is shown.
func (a *app) tabs(names bool) []Safe {
	var tabs []Safe
	for i, v := range a.views[1:] {
		text := Safe(fmt.Sprintf("%d %s", i+1, v.name()))
		switch {
		case i+1 == a.at:
			text = "[" + text + "]"
		case !names:
			text = Safe(fmt.Sprint(i + 1))
		}
		tabs = append(tabs, text)
	}
	return tabs
}

func tabsWidth(tabs []Safe, gap int) int {
	w := 0
	for _, t := range tabs {
		w += width(t) + gap
	}
	return w - gap
}

// state says whether what is shown is live and complete.
func (a *app) state() (Safe, role) {
	switch {
	case a.opt.Log.raised() > a.alarmsSeen:
		return "✗ ALARM, L tells", bad
	case a.model.paused:
		return Safe(fmt.Sprintf("■ PAUSED  %d new", a.model.waiting())), warning
	case a.player.on:
		return Safe(fmt.Sprintf("► PLAY %gx", speeds[a.player.speed])), good
	case a.opt.live():
		return "● LIVE", good
	case a.opt.Live:
		return "○ ENDED", quiet
	case a.opt.following():
		return "● FOLLOWING", good
	case a.opt.loading():
		return "◐ LOADING  " + a.opt.progress(), warning
	}
	return "○ FILE", quiet
}

// enoughTitle is how many cells a path must have to be shown with its folders.
const enoughTitle = 30

// minTitle is how many cells of what is watched are always shown.
const minTitle = 12

// contextLine says what is watched and what of it is shown. Of a long path the
// middle goes first.
func (a *app) contextLine(size class, w int) Safe {
	text := a.view().context()
	if label := a.model.scopeLabel(); label != "" && !strings.Contains(string(text), string(label)) {
		text = label + "   " + text
	}
	if size <= narrow {
		return wholeParts(a.shorterFilter(text, width(text)-w), w)
	}
	text = a.shorterFilter(text, width(text)+len(partGap)+minTitle-w)
	room := w - width(text) - len(partGap)
	title := a.model.hide(clean(a.opt.Title))
	if i := strings.LastIndexByte(string(title), '/'); width(title) > room && room < enoughTitle && !strings.Contains(string(title), " ") {
		title = title[i+1:] // a path: the folders say less than what is selected
	}
	return wholeParts(shortened(title, max(room, minTitle))+partGap+text, w)
}

// partGap stands between the parts of a context.
const partGap = "   "

// wholeParts leaves out the last parts of a context that is wider than w, and says
// with "…" that it does: half a word tells less than none.
func wholeParts(text Safe, w int) Safe {
	const more = " …"
	for short := text; width(text) > w; {
		i := strings.LastIndex(strings.TrimRight(string(short), " "), partGap)
		if i <= 0 {
			break // one part: it ends where the line does
		}
		if short = short[:i]; width(short)+width(more) <= w {
			return short + more
		}
	}
	return text
}

// shorterFilter clips the filter in a context that is some cells too long, so that what
// stands behind it remains.
func (a *app) shorterFilter(text Safe, over int) Safe {
	filter := a.model.filterText()
	if over <= 0 || filter == "" {
		return text
	}
	return Safe(strings.Replace(string(text), string(filter), string(clip(filter, max(width(filter)-over, minTitle))), 1))
}

// footer lists the keys of the focused pane, as many as fit, and always help.
func (a *app) footer(w int) Safe {
	if o := a.top(); o != nil {
		if text := o.footer(); text != "" {
			return wholeHints(text, w)
		}
	}
	last := Safe("? help")
	switch {
	case a.top() != nil:
		last = ""
	case a.zoom:
		last = "z all panes  " + last
	}
	var text Safe
	told, taken := map[action]bool{actHelp: true}, map[Safe]bool{}
	places := a.places()
	if a.at == startView && a.top() == nil {
		places = places[:1]
	}
	for _, p := range places {
		for _, b := range bindings {
			if b.in&p == 0 || b.foot == "" || told[b.do] || taken[b.first()] || b.do == actPause && !a.pauseShows() {
				continue
			}
			told[b.do], taken[b.first()] = true, true
			if next := text + b.first() + " " + a.footOf(&b) + "  "; width(next)+len(last) <= w {
				text = next
			}
		}
	}
	return text + last
}

// wholeHints leaves out of hints that are wider than w those before the last one, which
// tells how to leave.
func wholeHints(text Safe, w int) Safe {
	const between = "  "
	hints := strings.Split(string(text), between)
	for n := len(hints); n > 1 && width(text) > w; n-- {
		hints = slices.Delete(hints, n-2, n-1)
		text = Safe(strings.Join(hints, between))
	}
	return text
}

// pauseShows reports whether pausing or playing changes what is seen here: a capture is
// played in lists of events.
func (a *app) pauseShows() bool {
	_, events := a.view().(eventLister)
	return events || a.opt.live() || a.model.paused
}

// footOf returns what the footer calls a key: where nothing goes on, what pauses plays.
func (a *app) footOf(b *binding) Safe {
	switch {
	case b.do != actPause:
	case a.model.paused:
		return "go on"
	case a.player.on:
		return "stop"
	case !a.opt.live():
		return "play"
	}
	return b.foot
}
