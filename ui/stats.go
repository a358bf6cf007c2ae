package ui

import (
	"fmt"
	"time"

	"github.com/photonscope/photonscope/store"
)

// stats is view 6: how much of what, how fast it was answered, how it came over
// time, and how handshakes went.
type stats struct {
	app    *app
	tally  *tally
	scope  Safe // that was counted
	list   *list
	more   *textPane
	kinds  []*kindTally
	window int // index of windows
	size   class
}

// windows are the times that rates are shown of.
var windows = []struct {
	seconds int
	name    Safe
}{{60, "1 min"}, {600, "10 min"}, {3600, "1 h"}}

func newStats(a *app) *stats {
	s := &stats{app: a, tally: newTally(a.model.store), more: newTextPane(a.look)}
	s.list = newList(a.look, s)
	s.list.empty = []Safe{"Nothing to count yet."}
	return s
}

func (s *stats) name() Safe { return "Stats" }

func (s *stats) place() place { return inStats }

func (s *stats) panes() []pane { return []pane{s.list, s.more} }

func (s *stats) context() Safe {
	who := s.app.model.scope.label
	if who == "" {
		who = "all devices"
	}
	return who + "   rates of the last " + windows[s.window].name + " (w)"
}

// refresh implements view.
func (s *stats) refresh() {
	m := s.app.model
	if m.paused {
		return
	}
	if s.scope != m.scope.label {
		s.scope = m.scope.label
		s.tally.begin(m.scope.where)
	}
	if s.tally.view.Refresh(lookFor) {
		m.more = true
	}
	s.kinds = s.tally.sorted()
	s.list.refresh()
}

// do implements view.
func (s *stats) do(act action) bool {
	switch act {
	case actWindow:
		s.window = (s.window + 1) % len(windows)
	case actOpen:
		if s.list.sel >= len(s.kinds) {
			return false
		}
		k := s.kinds[s.list.sel]
		s.app.goToPlace(inMessages)
		applyFilter(s.app, kindFilter(k.name))
	default:
		return false
	}
	return true
}

// kindFilter returns the expression for the events of a name.
func kindFilter(name Safe) string {
	for _, t := range []store.EventType{store.TypeOpened, store.TypeNonce, store.TypeIdentity, store.TypeCredentials, store.TypeSealed, store.TypeMalformed, store.TypeGap, store.TypeClosed, store.TypeFinding} {
		if t.String() == string(name) {
			return fmt.Sprintf("type == %q", name)
		}
	}
	return fmt.Sprintf("photon.msg == %q", name)
}

// Len implements rowSource.
func (s *stats) Len() int { return len(s.kinds) }

// plan returns the columns that a size has room for.
func (s *stats) plan() []column {
	switch {
	case s.size <= narrow:
		return []column{{title: "KIND", width: 17}, {title: "COUNT", width: 6, right: true}, {title: "!", width: 3, right: true}, {title: "SHARE"}}
	case s.size < large:
		return []column{{title: "KIND", width: 17}, {title: "COUNT", width: 7, right: true}, {title: "!", width: 3, right: true}, {title: "p50", width: 6, right: true}, {title: "p99", width: 6, right: true}, {title: "max", width: 6, right: true}, {title: "SHARE"}}
	}
	return []column{{title: "KIND", width: 19}, {title: "COUNT", width: 9, right: true}, {title: "D→S", width: 9, right: true}, {title: "S→D", width: 9, right: true}, {title: "!", width: 5, right: true}, {title: "p50", width: 8, right: true}, {title: "p95", width: 8, right: true}, {title: "p99", width: 8, right: true}, {title: "max", width: 8, right: true}, {title: "BYTES", width: 9, right: true}, {title: "SHARE"}}
}

// Row implements rowSource.
func (s *stats) Row(dst []cell, i int) []cell {
	k := s.kinds[i]
	total := 0
	for _, k := range s.kinds {
		total += k.count()
	}
	number := func(n int) cell { return cell{text: Safe(fmt.Sprint(n))} }
	quantile := func(q float64) cell {
		if k.answered.Count() == 0 {
			return cell{text: "-"}
		}
		return cell{text: duration(k.answered.Quantile(q))}
	}
	share := float64(k.count()) / float64(max(total, 1))
	cells := s.list.places(max(s.width(), 1))
	room := max(cells[len(cells)-1].w-5, 1)
	bars := cell{padded(bar(share, room), room) + Safe(fmt.Sprintf("%4.0f%%", 100*share)), normal}
	trouble := number(k.trouble)
	if k.trouble > 0 {
		trouble.role = warning
	}
	name := cell{text: k.name}
	switch {
	case s.size <= narrow:
		return append(dst, name, number(k.count()), trouble, bars)
	case s.size < large:
		return append(dst, name, number(k.count()), trouble, quantile(0.5), quantile(0.99), quantile(1), bars)
	}
	return append(dst, name, number(k.count()), number(k.sent[0]), number(k.sent[1]), trouble, quantile(0.5), quantile(0.95), quantile(0.99), quantile(1), cell{text: bytesText(k.bytes)}, bars)
}

func (s *stats) width() int {
	_, _, w, _ := s.list.GetRect()
	return w
}

// draw implements view.
func (s *stats) draw(c canvas, size class, only pane) {
	s.size = size
	s.list.plan = s.plan()
	s.more.lines = wrapped(s.details(), c.w-4)
	switch only {
	case pane(s.list):
		y := 0
		if size > tiny {
			y = s.drawRates(c)
		}
		c.sub(0, y, c.w, c.h-y).put(s.list)
		return
	case pane(s.more):
		c.rule(0, s.title(), true)
		c.sub(2, 1, c.w-4, c.h-1).put(s.more)
		return
	}
	y := s.drawRates(c) + 1
	lower := min(max(len(s.more.lines), 3), (c.h-y)/2)
	upper := c.h - y - lower - 1
	c.sub(0, y, c.w, upper).put(s.list)
	c.rule(y+upper, s.title(), s.more.HasFocus())
	c.sub(2, y+upper+1, c.w-4, lower).put(s.more)
}

func (s *stats) title() Safe {
	if s.list.sel < len(s.kinds) {
		return s.kinds[s.list.sel].name
	}
	return ""
}

// drawRates draws what came over time and returns how many lines that took.
func (s *stats) drawRates(c canvas) int {
	until := s.tally.last
	if now := s.app.now(); now.After(until) {
		until = now
	}
	type rate struct {
		name Safe
		of   func(*second) float64
		text func(float64) Safe
	}
	count := func(v float64) Safe { return Safe(fmt.Sprintf("%.0f", v)) }
	size := func(v float64) Safe { return bytesText(int(v)) }
	rates := []rate{
		{"messages/s", func(s *second) float64 { return float64(s.messages) }, count},
		{"bytes/s D→S", func(s *second) float64 { return float64(s.bytes[0]) }, size},
		{"bytes/s S→D", func(s *second) float64 { return float64(s.bytes[1]) }, size},
		{"slowest answer", func(s *second) float64 { return s.slowest.Seconds() }, func(v float64) Safe { return duration(time.Duration(v * float64(time.Second))) }},
	}
	const label, tail = 16, 16
	columns := max(min(c.w-label-tail-2, windows[s.window].seconds), 10)
	for y, r := range rates {
		values := s.tally.series(until.Unix(), windows[s.window].seconds, columns, r.of)
		peak := 0.0
		for _, v := range values {
			peak = max(peak, v)
		}
		c.text(1, y, r.name, normal)
		c.text(label, y, spark(values), fromDevice)
		c.text(label+columns+1, y, "peak "+r.text(peak), quiet)
	}
	return len(rates)
}

// details says how the answers of the selected kind spread, and how handshakes
// went.
func (s *stats) details() []line {
	w := wordWriter{width: 12}
	if s.list.sel < len(s.kinds) {
		w.lines = append(w.lines, spread(&s.kinds[s.list.sel].answered)...)
	}
	w.gap()
	good, failed, took := handshakes(s.app.model.sessions)
	w.add("handshakes", Safe(fmt.Sprintf("%d succeeded, %d failed", good, failed)))
	if took.Count() > 0 {
		w.add("they took", "median "+duration(took.Quantile(0.5))+", slowest "+duration(took.Max()))
	}
	used, budget := s.app.model.store.Size()
	w.add("memory", bytesText(used)+" of "+bytesText(budget)+Safe(fmt.Sprintf(" for events; %d evicted", s.app.model.store.Evicted())))
	return w.lines
}

// spread draws how response times are distributed.
func spread(h *store.Histogram) []line {
	if h.Count() == 0 {
		return []line{{text: "No answers of this kind, so no response times.", role: quiet}}
	}
	head, row := Safe("response  "), Safe("          ")
	const cellWidth = 7
	most := 0
	steps := []time.Duration{0, time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 40 * time.Millisecond, 80 * time.Millisecond, 160 * time.Millisecond, 640 * time.Millisecond, time.Hour}
	counts := make([]int, len(steps)-1)
	for i := range counts {
		counts[i] = h.Between(steps[i], steps[i+1])
		most = max(most, counts[i])
	}
	for i, n := range counts {
		head += padded("<"+duration(steps[i+1]), cellWidth)
		cell := Safe(" ")
		if n > 0 {
			cell = Safe(sparks[(len(sparks)-1)*n/most]) + Safe(fmt.Sprint(n))
		}
		row += padded(cell, cellWidth)
	}
	return []line{{text: head, role: quiet}, {text: row, role: normal}}
}

// handshakes counts how sessions began.
func handshakes(sessions []store.Session) (good, failed int, took store.Histogram) {
	for i := range sessions {
		l := sessions[i].Main()
		st := stageOf(&sessions[i])
		switch {
		case st.on:
			good++
			if first, last := l.Steps[store.StepOpened], l.Steps[store.StepHelloReply]; first.Done && last.Done {
				took.Add(last.At.Sub(first.At))
			}
		case l.Over():
			failed++
		}
	}
	return good, failed, took
}
