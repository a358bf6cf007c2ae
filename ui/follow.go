package ui

import (
	"fmt"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store"
)

// follow is view 5: a session as a conversation, with what its messages carry; or
// the messages of one exchange alone.
type follow struct {
	app     *app
	talk    *talkPane
	number  uint32     // of the session, 0: none
	chosen  bool       // the user chose it; else it is that of the selected event
	one     *store.Seq // the exchange of this message alone, nil: the whole session
	arrived store.Seq  // number of the selected event that brought the user here last, from 1
	sender  store.Set  // who is heard, 0: both
}

func newFollow(a *app) *follow {
	f := &follow{app: a}
	f.talk = &talkPane{Box: tview.NewBox(), app: a, look: a.look, view: store.NewView(a.model.store), follow: a.opt.Live}
	return f
}

func (f *follow) name() Safe { return "Follow" }

func (f *follow) place() place { return inFollow }

func (f *follow) panes() []pane { return []pane{f.talk} }

func (f *follow) context() Safe {
	if f.number == 0 {
		return ""
	}
	who := Safe(fmt.Sprintf("session %d", f.number))
	if s, ok := f.app.model.store.Session(f.number); ok && s.Known {
		who += " of " + f.app.model.shortName(s.Device)
	}
	if f.one != nil {
		who += "   this exchange only (T)"
	}
	return who + "   " + f.sideText() + " (b)   as " + f.talk.formShown() + " (x)   " + plural(f.talk.view.Len(), "message")
}

func (f *follow) sideText() Safe {
	switch f.sender {
	case store.SetOf(stream.FromDevice):
		return "device only"
	case store.SetOf(stream.FromCloud):
		return "cloud only"
	}
	return "both ways"
}

// refresh implements view.
func (f *follow) refresh() {
	if f.app.view() != view(f) { // it looks at all events for one session's: only for who reads
		return
	}
	if f.number == 0 {
		f.arrive()
	}
	if m := f.app.model; !m.paused && f.talk.refresh() {
		m.more = true
	}
	if f.talk.searchOn() {
		f.app.model.more = true
	}
}

// arrive implements arriver.
func (f *follow) arrive() {
	switch seq, ok := f.app.chosen(); {
	case f.chosen:
	case !ok:
		f.take(f.app.messagesView().list.key)
	case seq+1 != f.arrived:
		f.goTo(uint64(seq))
	}
}

// take shows the session of an event.
func (f *follow) take(key uint64) {
	row, ok := f.app.model.store.Row(store.Seq(key))
	if !ok || row.Session == f.number {
		return
	}
	f.number, f.one = row.Session, nil
	f.apply()
}

// begin shows the conversation around an event, until another one is to be followed.
func (f *follow) begin(key uint64) {
	f.chosen = true
	f.goTo(key)
}

// goTo selects an event in its conversation.
func (f *follow) goTo(key uint64) {
	f.take(key)
	f.arrived = store.Seq(key) + 1
	f.talk.refresh()
	row, _ := f.talk.view.RowOf(store.Seq(key))
	f.talk.choose(row)
}

// apply has the pane show what was chosen.
func (f *follow) apply() {
	match := store.Match{Where: store.Where{Sessions: []uint32{f.number}, From: f.sender, OneLeg: true}}
	if f.one != nil {
		among := make(map[store.Seq]bool)
		for _, seq := range f.app.model.store.Exchange(nil, *f.one) {
			among[seq] = true
		}
		match.Later = true
		match.Event = func(_ *decode.Event, row *store.Row) bool { return among[row.Seq] }
	}
	f.talk.view.SetMatch(match)
	f.talk.refresh()
}

// do implements view.
func (f *follow) do(act action) bool {
	seq, ok := f.talk.selected()
	switch act {
	case actSide:
		f.sender = map[store.Set]store.Set{
			0: store.SetOf(stream.FromDevice), store.SetOf(stream.FromDevice): store.SetOf(stream.FromCloud),
		}[f.sender]
		f.apply()
	case actLayer:
		f.talk.form = (f.talk.form + 1) % len(talkForms)
	case actExchange:
		f.exchange(seq, ok)
	case actFind:
		f.app.openFind(f.talk, "find in this conversation: ")
	case actNext, actPrev:
		return f.talk.findNext(f.app, stepOf(act))
	case actOpen:
		return ok && f.app.showEvent(seq)
	case actExplain:
		if ok {
			e := f.app.model.event(seq)
			f.app.open(newExplain(f.app, topic{seq: seq, event: e, layers: f.app.model.dissect(&e), offset: -1}))
		}
	default:
		return false
	}
	return true
}

// exchange shows the exchange of the selected message alone, or the whole session
// again.
func (f *follow) exchange(seq store.Seq, ok bool) {
	switch {
	case f.one != nil:
		seq = *f.one
		f.one = nil
	case !ok:
		return
	default:
		f.one = &seq
	}
	f.apply()
	row, _ := f.talk.view.RowOf(seq)
	f.talk.choose(row)
}

// draw implements view.
func (f *follow) draw(c canvas, _ class, _ pane) {
	if f.talk.view.Len() == 0 {
		c.text(2, 1, "No conversation yet. f follows that of the selected event.", normal)
		return
	}
	c.put(f.talk)
}

// talkForms are the ways to show what messages carry.
var talkForms = []Safe{"text", "hex", "summary"}

// maxTalk is how many lines of one message are shown before the rest is left out.
const maxTalk = 40

// talkPane shows events as blocks of lines.
type talkPane struct {
	*tview.Box
	app    *app
	look   *look
	view   *store.View
	form   int // index of talkForms
	top    int // first event shown
	sel    int
	follow bool
	msg    coap.Message
	sought needle    // what is found in it
	search *talkHunt // a search that goes on
}

func (t *talkPane) place() place { return inText }

func (t *talkPane) refresh() (more bool) {
	more = t.view.Refresh(lookFor)
	n := t.view.Len()
	if t.follow {
		t.sel = n - 1
	}
	t.sel = max(min(t.sel, n-1), 0)
	return more
}

// selected returns the selected event.
func (t *talkPane) selected() (store.Seq, bool) {
	if t.sel >= t.view.Len() {
		return 0, false
	}
	return t.view.At(t.sel), true
}

func (t *talkPane) choose(i int) {
	n := t.view.Len()
	t.sel = max(min(i, n-1), 0)
	t.follow = t.sel == n-1
}

// do implements pane.
func (t *talkPane) do(act action) bool {
	steps := map[action]int{actDown: 1, actUp: -1, actPageDown: 10, actPageUp: -10, actHalfDown: 5, actHalfUp: -5, actTop: -t.view.Len(), actBottom: t.view.Len()}
	by, ok := steps[act]
	if ok {
		t.choose(t.sel + by)
	}
	return ok
}

func (t *talkPane) clicked(int, int) bool { return false }

// Draw implements tview.Primitive.
func (t *talkPane) Draw(screen tcell.Screen) {
	c := boxCanvas(t.Box, screen, t.look)
	t.scroll(c)
	y := 0
	for i := t.top; i < t.view.Len() && y < c.h; i++ {
		for k, l := range t.block(i, c.w-4) {
			row := c.sub(2, y, c.w-2, 1)
			if i == t.sel && k == 0 {
				c.text(0, y, "►", strong)
			}
			row.text(0, 0, l.text, l.role)
			t.light(row, &l)
			y++
		}
	}
}

// scroll keeps the selected event visible, with all of its lines if they fit.
func (t *talkPane) scroll(c canvas) {
	t.top = max(min(t.top, t.sel), 0)
	t.top = max(t.top, t.sel-c.h)
	used := 0
	for i := t.sel; i >= t.top; i-- {
		if used += len(t.block(i, c.w-4)); used > c.h && i < t.sel {
			t.top = i + 1
			return
		}
	}
	for t.top > 0 {
		if used += len(t.block(t.top-1, c.w-4)); used > c.h {
			return
		}
		t.top--
	}
}

// block returns the lines of an event.
func (t *talkPane) block(i, w int) []line {
	e := t.app.model.event(t.view.At(i))
	if e.Body == nil {
		return nil
	}
	head := Safe(fmt.Sprintf("%9.3f %s ", e.At.Sub(t.app.model.origin).Seconds(), sideSign(&e)))
	lines := []line{{text: head + t.title(t.view.At(i), &e), role: roleOf(&e), hang: len(talkIndent)}}
	if m, ok := e.Body.(*decode.Message); ok {
		t.msg.Parse(m.Plain) // was parsed once, so it parses
		lines = append(lines, t.payload(w-len(talkIndent))...)
	}
	if e.Altered {
		lines = append(lines, line{text: talkIndent + "ALTERED on the way", role: altered})
	}
	lines = wrapped(lines, w)
	if len(lines) > maxTalk {
		lines = append(lines[:maxTalk], line{text: talkIndent + "… (Enter shows it whole)", role: quiet})
	}
	return append(lines, line{})
}

// talkIndent is what stands before what an event carries.
const talkIndent = "              "

// title returns the first line of an event, behind its time. What it means is told
// where it cannot be read in what it carries.
func (t *talkPane) title(seq store.Seq, e *decode.Event) Safe {
	title := withKind(e, t.app.legSummary(seq, e))
	if m, ok := e.Body.(*decode.Message); ok && t.formShown() != "summary" {
		t.msg.Parse(m.Plain) // was parsed once, so it parses
		if isText(t.msg.Payload) {
			title = kindOf(e)
		}
		title = requestLine(&t.msg) + "   " + title
	}
	if rtt := rttOf(e); rtt != "" {
		title += "   " + rtt
	}
	return title
}

// formShown is how messages are shown: while privacy is on, as a summary.
func (t *talkPane) formShown() Safe {
	if t.app.model.private {
		return "summary"
	}
	return talkForms[t.form]
}

// payload returns the lines of what the message carries.
func (t *talkPane) payload(w int) []line {
	b := t.msg.Payload
	if len(b) == 0 {
		return nil
	}
	switch t.formShown() {
	case "summary":
		return nil
	case "text":
		if isText(b) {
			return textLines(b, talkIndent)
		}
	}
	per := max(min(16, w/4), 4)
	var lines []line
	hits := t.sought.hits(b)
	for at := 0; at < len(b) && len(lines) <= maxTalk; at += per {
		row := b[at:min(at+per, len(b))]
		ascii := Safe("")
		for _, c := range row {
			ascii += printable(c)
		}
		lines = append(lines, line{text: talkIndent + padded(Safe(fmt.Sprintf("% x", row)), 3*per+1) + ascii, role: normal, lit: hexLit(hits, at, per)})
	}
	return lines
}
