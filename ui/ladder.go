package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store"
)

// ladder is view 4: who said what to whom, a lane for each, a message a row, with
// what the proxy added and how long answers took.
type ladder struct {
	app    *app
	list   *list
	detail *textPane
	rows   *ladderRows
}

func newLadder(a *app) *ladder {
	l := &ladder{app: a, detail: newTextPane(a.look), rows: &ladderRows{model: a.model, app: a}}
	l.list = newList(a.look, l.rows)
	l.list.follow, l.list.atHead = true, !a.opt.Live
	l.list.moved = func() { l.detail.top = 0 }
	return l
}

func (l *ladder) name() Safe { return "Ladder" }

func (l *ladder) place() place { return inLadder }

func (l *ladder) panes() []pane { return []pane{l.list, l.detail} }

func (l *ladder) context() Safe { return l.app.model.label() }

// events implements eventLister.
func (l *ladder) events() *list { return l.list }

// refresh implements view.
func (l *ladder) refresh() {
	l.list.empty = l.app.model.emptyText()
	l.list.refresh()
}

// do implements view.
func (l *ladder) do(act action) bool {
	if !l.list.hasKey {
		return false
	}
	switch act {
	case actOpen:
		if !l.app.unfold(l.list) {
			l.app.goToPlace(inMessages)
		}
	case actExplain:
		e := l.app.model.event(store.Seq(l.list.key))
		l.app.open(newExplain(l.app, topic{seq: store.Seq(l.list.key), event: e, layers: l.app.model.dissect(&e), offset: -1}))
	default:
		return false
	}
	return true
}

// draw implements view.
func (l *ladder) draw(c canvas, size class, only pane) {
	l.rows.size = size
	lower := 3
	if size == large {
		lower = 6
	}
	upper := c.h - lower - 1
	if only != nil {
		upper = c.h
	}
	if only == pane(l.detail) {
		upper = 0
	}
	l.list.plan = l.rows.plan(c.w)
	l.detail.lines = wrapped(l.app.aboutEvent(store.Seq(l.list.key), l.list.hasKey), c.w-4)
	c.sub(0, 0, c.w, upper).put(l.list)
	if upper < c.h {
		c.rule(upper, Safe(fmt.Sprintf("event %d", l.list.key+1)), l.detail.HasFocus())
		c.sub(2, upper+1, c.w-4, c.h-upper-1).put(l.detail)
		c.place(upper, l.detail)
	}
}

// aboutEvent says of an event what lists have no room for.
func (a *app) aboutEvent(seq store.Seq, ok bool) []line {
	e := a.model.event(seq)
	if !ok || e.Body == nil {
		return nil
	}
	w := wordWriter{width: 10}
	w.add("event", withKind(&e, a.legSummary(seq, &e)))
	if m, isM := e.Body.(*decode.Message); isM {
		w.add("means", Safe(m.Meaning.Kind.Means()))
	}
	w.add("exchange", a.exchangeText(seq))
	if _, apart, twin := a.model.twin(seq, &e); twin && apart > 0 {
		w.add("proxy", "added "+duration(apart))
	}
	return w.lines
}

// exchangeText names the messages that belong together with one.
func (a *app) exchangeText(seq store.Seq) Safe {
	var text Safe
	for _, other := range a.model.store.Exchange(nil, seq) {
		if other == seq {
			continue
		}
		row, ok := a.model.store.Row(other)
		if !ok {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += Safe(fmt.Sprintf("%d %s", other+1, row.Kind))
	}
	return text
}

// ladderRows are the rows of the ladder.
type ladderRows struct {
	*model
	app     *app
	size    class
	lane    int  // width of the lanes
	through bool // a proxy, which may have added some time
}

// plan returns the columns that a size has room for.
func (r *ladderRows) plan(w int) []column {
	r.through = r.proxied()
	cols := []column{{title: "BAND", width: 6}, {title: "TIME", width: r.timeWidth(9), right: true}, {}, {title: "+PROXY", width: 6, right: true}, {title: "RTT", width: 6, right: true}}
	switch {
	case r.size <= narrow:
		cols = []column{{title: "TIME", width: r.timeWidth(8), right: true}, {}}
	case !r.through:
		cols = slices.Delete(cols, 3, 4)
	}
	fixed := marker
	for _, c := range cols {
		fixed += c.width + 1
	}
	r.lane = max(w-fixed, 1)
	cols[len(cols)/2].title = laneTitles(r.lane, r.through)
	return cols
}

// proxied reports whether a proxy stands between device and cloud.
func (m *model) proxied() bool {
	for i := range m.sessions {
		if m.sessions[i].Legs[0].Seen && m.sessions[i].Legs[0].Conn.Leg == stream.DeviceLeg {
			return true
		}
	}
	return false
}

func laneTitles(w int, proxied bool) Safe {
	if !proxied {
		return padded("DEVICE", max(w-5, 1)) + "CLOUD"
	}
	return padded(padded("DEVICE", w/2-2)+"PROXY", max(w-5, 1)) + "CLOUD"
}

// twin returns the same message on the other leg, and how far apart they are: 0 if
// nobody measured it.
func (m *model) twin(seq store.Seq, e *decode.Event) (other store.Row, apart time.Duration, ok bool) {
	t, ok := m.store.Twin(seq)
	if !ok {
		return other, 0, false
	}
	if other, ok = m.store.Row(t); ok {
		apart = other.At.Sub(e.At).Abs()
	}
	return other, apart, ok
}

// Sign implements signed.
func (r *ladderRows) Sign(i int) (Safe, role) { return r.sign(r.view.At(i)) }

// Row implements rowSource.
func (r *ladderRows) Row(dst []cell, i int) []cell {
	seq := r.view.At(i)
	e := r.event(seq)
	if e.Body == nil {
		return dst
	}
	at := cell{r.rowTime(i, e.At), normal}
	lanes := cell{r.lanes(seq, &e), roleOf(&e)}
	if fold, ok := r.view.Fold(i); ok {
		lanes = cell{foldText(&fold), quiet}
	}
	if r.size <= narrow {
		return append(dst, at, lanes)
	}
	dst = append(dst, cell{r.band(i), quiet}, at, lanes)
	if r.through {
		added := cell{}
		if _, apart, ok := r.twin(seq, &e); ok && apart > 0 {
			added.text = duration(apart)
		}
		dst = append(dst, added)
	}
	return append(dst, r.rttCell(seq, &e))
}

// band names the part of a session that begins with a row, "" inside of it.
func (r *ladderRows) band(i int) Safe {
	row, _ := r.store.Row(r.view.At(i))
	band := bandOf(&row)
	for k := i - 1; k >= 0; k-- {
		before, ok := r.store.Row(r.view.At(k))
		switch {
		case !ok || before.Session != row.Session:
			return band
		case bandOf(&before) == band:
			return ""
		case bandOf(&before) != "":
			return band
		}
	}
	return band
}

func bandOf(row *store.Row) Safe {
	switch row.Type {
	case store.TypeOpened:
		return "OPEN"
	case store.TypeNonce, store.TypeIdentity, store.TypeCredentials:
		return "KEYS"
	case store.TypeClosed:
		return "CLOSE"
	case store.TypeFinding: // about a part of a session, and none of it
		return ""
	}
	if k := row.Kind; k == particle.KindHello || k == particle.KindHelloReply || k == particle.KindHelloAck {
		return "HELLO"
	}
	return "ONLINE"
}

// lanes draws an event between the lanes.
func (r *ladderRows) lanes(seq store.Seq, e *decode.Event) Safe {
	label := withKind(e, r.app.summaryOf(e))
	switch b := e.Body.(type) {
	case *decode.Opened:
		return crossed(r.lane, "connects "+r.addr(e.Conn.Device)+" → "+r.addr(e.Conn.Cloud))
	case *decode.Gap, *decode.Finding:
		return crossed(r.lane, label)
	case *decode.Closed:
		if b.How == stream.Cut {
			return crossed(r.lane, label)
		}
	}
	if e.Conn.Leg == stream.Tapped || e.Conn.Pair == 0 && !r.through {
		return arrow{e.From, label, "├", "┤"}.draw(r.lane)
	}
	return r.legLanes(seq, e, label)
}

// legLanes draws what passes a proxy: over both halves, or only over the one
// where it was seen.
func (r *ladderRows) legLanes(seq store.Seq, e *decode.Event, label Safe) Safe {
	row, _ := r.store.Row(seq)
	_, closed := e.Body.(*decode.Closed)
	both := row.Flags&store.Lone == 0 && !closed
	left, right := e.Conn.Leg == stream.DeviceLeg || both, e.Conn.Leg == stream.CloudLeg || both
	onLeft, onRight := arrow{e.From, "", "├", ""}, arrow{e.From, "", "", "┤"}
	if e.From == stream.FromDevice || !right {
		onLeft.label = label
	} else {
		onRight.label = label
	}
	half := r.lane / 2
	rest := r.lane - half
	empty := func(n int) Safe { return Safe(strings.Repeat(" ", max(n, 0))) }
	out := "│" + empty(half-1)
	if left {
		out = onLeft.draw(half)
	}
	if row.Flags&(store.Differs|store.Altered) != 0 {
		out += "■"
	} else {
		out += "┼"
	}
	if right {
		return out + onRight.draw(rest-1)
	}
	return out + empty(rest-2) + "│"
}

// arrow is one between two lanes, with a label in it. What it has of the lanes
// at its ends belongs to it.
type arrow struct {
	from               stream.Direction
	label, left, right Safe
}

// draw draws the arrow in a width.
func (a arrow) draw(w int) Safe {
	inner := w - width(a.left) - width(a.right)
	label := clip(a.label, inner-5)
	if label != "" {
		label = " " + label + " "
	}
	rule := func(n int) Safe { return Safe(strings.Repeat("─", max(n, 0))) }
	n := inner - 1 - width(label)
	tail := min(n, 1)
	if a.from == stream.FromCloud {
		return barOr(a.left, "│") + "◄" + rule(n-tail) + label + rule(tail) + a.right
	}
	return a.left + rule(tail) + label + rule(n-tail) + "►" + barOr(a.right, "│")
}

// barOr returns a lane's end where an arrow points to it.
func barOr(end, bar Safe) Safe {
	if end == "" {
		return ""
	}
	return bar
}

// crossed is a row that is no arrow.
func crossed(w int, text Safe) Safe {
	return "┊ " + padded(clip(text, w-4), max(w-3, 1)) + "┊"
}

// foldText says what a folded row stands for.
func foldText(f *store.Fold) Safe {
	text := Safe(fmt.Sprintf("···· %d pings", f.Pings))
	if f.RTT.Count() > 0 {
		text += " answered, rtt p50 " + duration(f.RTT.Quantile(0.5)) + ", p99 " + duration(f.RTT.Quantile(0.99))
	}
	return text
}
