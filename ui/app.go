package ui

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/store"
)

// app is everything on the screen. It belongs to the goroutine of the loop: only
// that draws, handles keys and looks at the store.
type app struct {
	*tview.Box // the root: the whole screen
	opt        Options
	look       *look
	model      *model
	views      []view
	at         int     // the view that is shown
	before     []visit // that q leads back to
	overlays   []overlay
	focus      []int // per view, the pane that has the focus
	listed     *list // the list of events that was shown last, nil: none yet
	zoom       bool
	notice     Safe // one line above the footer, until the next key
	noticeRole role
	quit       func()
	setMouse   func(bool)
	mouse      bool
	quitting   bool

	work           sync.WaitGroup          // what goes on beside the loop
	finished       atomic.Pointer[outcome] // and what became of it last
	alarmsSeen     int
	loads          bool // nobody was told yet that the capture is read
	player         player
	playing        atomic.Bool
	busy           atomic.Bool // there are events that were not looked at yet
	commandHistory history
	intercept      string // the filter of what is held
	filterHistory  history
	commentHistory history
	findHistory    history
	search         store.Match // what n goes to
	searching      Safe        // the same in words, "": the next problem
	hunt           *hunt       // a search that goes on
	printer        decode.Printer
	text           []byte
}

// visit is where the user was.
type visit struct {
	view  int
	scope scope
}

// view is one of the numbered screens.
type view interface {
	name() Safe
	place() place
	// panes returns the panes in the order of Tab. There is at least one.
	panes() []pane
	// draw draws the view. only is the pane that the screen has room for, nil if
	// there is room for all.
	draw(c canvas, size class, only pane)
	// context is what the second line says.
	context() Safe
	// do does what a pane does not.
	do(action) bool
	// refresh takes notice of events that came.
	refresh()
}

// overlay is what lies on top of a view and has all keys.
type overlay interface {
	place() place
	draw(c canvas, size class)
	do(action) bool
	// key takes a key before the key table does; false leaves it to the table.
	key(*tcell.EventKey) bool
	// footer is the last line while the overlay is on top, "" for that of the
	// key table.
	footer() Safe
}

func newApp(opt Options) *app {
	a := &app{
		Box: tview.NewBox(), opt: opt, look: newLook(opt.Theme, opt.ASCII),
		quit: func() {}, setMouse: func(bool) {},
		loads: opt.Loading != nil,
	}
	if opt.Now == nil {
		a.opt.Now = time.Now
	}
	a.model = newModel(opt.Store)
	a.player.speed = normalSpeed
	a.model.names = opt.Filters
	a.keptColumns()
	a.model.setFilter(opt.Filter) // one that is wrong shows everything
	a.views = newViews(a)
	a.focus = make([]int, len(a.views))
	if len(opt.Choices) == 0 {
		a.at = firstView
	}
	a.refresh()
	return a
}

func (a *app) view() view { return a.views[a.at] }

// pane returns the pane that has the focus.
func (a *app) pane() pane {
	panes := a.view().panes()
	return panes[a.focus[a.at]%len(panes)]
}

// top returns what lies on top, nil if only the view is there.
func (a *app) top() overlay {
	if len(a.overlays) == 0 {
		return nil
	}
	return a.overlays[len(a.overlays)-1]
}

func (a *app) open(o overlay) { a.overlays = append(a.overlays, o) }

func (a *app) closeTop() {
	if n := len(a.overlays); n > 0 {
		a.overlays = a.overlays[:n-1]
	}
}

// say shows one line above the footer until the next key.
func (a *app) say(r role, text Safe) { a.notice, a.noticeRole = text, r }

// refresh takes notice of what came since the last time.
func (a *app) refresh() {
	a.model.refresh()
	if o := a.finished.Swap(nil); o != nil {
		a.say(o.role, o.text)
	}
	a.tellEnd()
	a.goOn()
	a.advance()
	for _, v := range a.views {
		if l, ok := v.(eventLister); ok && a.opt.following() {
			l.events().atHead = false
		}
		v.refresh()
	}
	a.busy.Store(a.model.more || a.hunt != nil)
}

// tellEnd says once that a capture is read, unless a key has led to something
// that is still to be read there.
func (a *app) tellEnd() {
	before := a.loads
	if a.loads = a.opt.loading(); a.loads || !before || a.notice != "" {
		return
	}
	_, end := a.model.store.Bounds()
	text := "Reading has ended: " + plural(int(end), "event") + "."
	if a.opt.Log.count() > 0 {
		text += " L shows what there is to say."
	}
	a.say(good, text)
}

// goTo shows a view. Sessions has all devices, so whoever goes there has left the one
// that was entered.
func (a *app) goTo(i int) {
	if i == a.at {
		return
	}
	a.before = append(a.before, visit{a.at, a.model.scope})
	if a.views[i].place() == inSessions && a.model.scope.where.Sessions != nil {
		a.model.setScope(scope{})
	}
	a.change(i)
}

// eventLister is a view with a list of events. The selected one stays selected
// from view to view, and decides what conversation and handshake are shown.
type eventLister interface{ events() *list }

// arriver is a view that takes notice of what is selected when it is shown.
type arriver interface{ arrive() }

// change shows another view.
func (a *app) change(i int) {
	if from, ok := a.view().(eventLister); ok {
		a.listed = from.events()
	}
	a.at = i
	a.zoom = false
	if to, ok := a.view().(eventLister); ok && a.listed != nil && a.listed.hasKey {
		row, _ := a.model.RowOf(a.listed.key)
		to.events().follow, to.events().atHead = a.listed.follow, a.listed.atHead
		to.events().choose(row)
	}
	if v, ok := a.view().(arriver); ok {
		v.arrive()
	}
	a.view().refresh()
}

// chosen returns the event that the user selected in a list, if there is one: the
// end, which is followed, is not chosen.
func (a *app) chosen() (store.Seq, bool) {
	if l := a.listed; l != nil && l.hasKey && !l.follow {
		return store.Seq(l.key), true
	}
	return 0, false
}

// followSelected shows the conversation of the selected event.
func (a *app) followSelected() {
	list := a.messagesView().list
	if l, ok := a.view().(eventLister); ok {
		list = l.events()
	}
	if !list.hasKey {
		a.say(quiet, "There is no event to follow.")
		return
	}
	key := list.key
	a.goToPlace(inFollow)
	a.view().(*follow).begin(key)
}

// unfold shows the events of a folded row, or folds them again. It reports
// whether there is anything to unfold.
func (a *app) unfold(l *list) bool {
	if _, folded := a.model.view.Fold(l.sel); !folded {
		return false
	}
	a.model.view.Unfold(l.sel)
	a.refresh()
	return true
}

// enter shows a view, and of the events those of a scope.
func (a *app) enter(p place, s scope) {
	a.before = append(a.before, visit{a.at, a.model.scope})
	a.model.setScope(s)
	for i, v := range a.views {
		if v.place() == p {
			a.change(i)
		}
	}
	a.refresh()
}

// now returns the time that ages are counted to.
func (a *app) now() time.Time {
	if a.opt.live() {
		return a.opt.Now()
	}
	return time.Time{}
}

// goToPlace shows the view that a place belongs to.
func (a *app) goToPlace(p place) {
	for i, v := range a.views {
		if v.place() == p {
			a.goTo(i)
		}
	}
}

// places are where a key is looked for, the most specific first.
func (a *app) places() []place {
	if o := a.top(); o != nil {
		return []place{o.place()}
	}
	return []place{a.view().place(), a.pane().place(), anywhere}
}

// handleKey does what a key asks for.
func (a *app) handleKey(ev *tcell.EventKey) {
	if a.quitting {
		return
	}
	a.notice = ""
	a.guard(func() { a.key(ev) })
}

func (a *app) key(ev *tcell.EventKey) {
	if ev.Key() == tcell.KeyCtrlC {
		a.do(actQuit)
		return
	}
	if o := a.top(); o != nil && o.key(ev) {
		return
	}
	if s, ok := a.view().(*start); ok && a.top() == nil && ev.Key() == tcell.KeyRune && s.key(ev.Rune()) {
		return
	}
	name := keyName(ev)
	b, ok := lookup(name, a.places()...)
	if !ok && a.top() != nil {
		b, ok = lookup(name, anywhere)
	}
	if !ok {
		a.say(warning, a.useless(name))
		return
	}
	a.run(b.do)
}

// run does an action, or says that there is nothing to do it on.
func (a *app) run(act action) {
	switch {
	case a.do(act):
	case a.model.end == 0:
		a.say(quiet, "Nothing has come yet that this could be done with.")
	default:
		a.say(quiet, Safe("Nothing to do here for "+string(act)+"."))
	}
}

func (a *app) cycle(by int) {
	n := len(a.view().panes())
	a.focus[a.at] = (a.focus[a.at]%n + by + n) % n
}

// focusOn gives the focus to a pane of the shown view.
func (a *app) focusOn(p pane) {
	for i, q := range a.view().panes() {
		if q == p {
			a.focus[a.at] = i
		}
	}
}

func (a *app) pause() {
	if !a.opt.live() && !a.model.paused {
		a.play()
		return
	}
	a.model.paused = !a.model.paused
	if !a.model.paused {
		a.refresh()
	}
}

// back leaves what was entered last: an overlay, a zoomed pane, a pane below the
// first, a view; at the top the program.
func (a *app) back() {
	switch n := len(a.before); {
	case a.top() != nil:
		a.closeTop()
	case a.zoom:
		a.zoom = false
	case a.focus[a.at] != 0:
		a.focus[a.at] = 0
	case n > 0:
		last := a.before[n-1]
		a.at, a.before = last.view, a.before[:n-1]
		a.model.setScope(last.scope)
		a.refresh()
	default:
		a.do(actQuit)
	}
}

// escape closes what is on top, and never the program.
func (a *app) escape() {
	if a.top() != nil || a.zoom || a.focus[a.at] != 0 || len(a.before) > 0 {
		a.back()
	}
}

// guard keeps a fault of ours from taking the terminal away: it is told in the
// log, and the rest goes on.
func (a *app) guard(f func()) {
	defer func() {
		if fault := recover(); fault != nil {
			a.overlays = nil
			a.opt.Log.Add(fmt.Sprintf("internal error on the screen, all else goes on: %v", fault))
			a.say(bad, "Internal error; L shows it. Relaying and recording go on.")
		}
	}()
	f()
}
