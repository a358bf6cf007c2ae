package ui

import (
	"fmt"
	"time"

	"github.com/photonscope/photonscope/store"
)

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
	y := s.drawRates(c)
	lower := min(max(len(s.more.lines), 3), (c.h-y)/2)
	upper := c.h - y - lower - 1
	c.sub(0, y, c.w, upper).put(s.list)
	c.rule(y+upper, s.title(), s.more.HasFocus())
	c.sub(2, y+upper+1, c.w-4, lower).put(s.more)
}

func (s *stats) title() Safe {
	if s.list.sel < len(s.sums) {
		return s.sums[s.list.sel].name
	}
	return ""
}

// rates are the lines of what came over time.
var rates = []struct {
	name   Safe
	of     func(*moment) float64
	text   func(float64) Safe
	divide bool // by the seconds of a longer time
}{
	{"messages/s", func(m *moment) float64 { return float64(m.messages) }, perSecond, true},
	{"bytes/s D→S", func(m *moment) float64 { return float64(m.bytes[0]) }, bytesPerSecond, true},
	{"bytes/s S→D", func(m *moment) float64 { return float64(m.bytes[1]) }, bytesPerSecond, true},
	{"slowest answer", func(m *moment) float64 { return m.slowest.Seconds() }, seconds, false},
}

func perSecond(v float64) Safe {
	if v < 10 && v != float64(int(v)) {
		return Safe(fmt.Sprintf("%.1f", v))
	}
	return Safe(fmt.Sprintf("%.0f", v))
}

func bytesPerSecond(v float64) Safe { return bytesText(int(v)) }

func seconds(v float64) Safe { return duration(time.Duration(v * float64(time.Second))) }

// drawRates draws what came over time, below it over which, and returns how many
// lines that took.
func (s *stats) drawRates(c canvas) int {
	over := &s.tally.over
	until := over.last
	if now := s.app.now(); s.app.opt.live() && now.After(until) {
		until = now
	}
	const label, tail = 16, 16
	columns, shown := max(c.w-label-tail-2, 10), 0
	if n := windows[s.window].seconds; n > 0 {
		columns = min(columns, n)
	}
	for y, r := range rates {
		var values []float64
		if n := windows[s.window].seconds; n > 0 {
			values = over.recent(until.Unix(), n, columns, r.of)
		} else {
			values = over.whole(columns, r.of, r.divide)
		}
		shown = len(values)
		peak := 0.0
		for _, v := range values {
			peak = max(peak, v)
		}
		c.text(1, y, r.name, normal)
		c.text(label, y, spark(values), fromDevice)
		highest := Safe("none")
		if peak > 0 {
			highest = "peak " + r.text(peak)
		}
		c.text(label+columns+1, y, highest, quiet)
	}
	y := len(rates)
	c.text(1, y, "over", normal)
	end := c.text(label, y, windows[s.window].name+" (w)", quiet)
	if last := s.lastMoment(); end+1+width(last) <= label+shown {
		c.right(label+shown, y, last, quiet)
	}
	return y + 1
}

// lastMoment says what the right end of the rates is.
func (s *stats) lastMoment() Safe {
	if s.app.opt.live() {
		return "now"
	}
	return "the end"
}

// details says how the answers of the selected row spread, how handshakes went,
// and what the proxy added.
func (s *stats) details() []line {
	w := wordWriter{width: 12}
	if s.list.sel < len(s.sums) {
		w.lines = append(w.lines, spread(&s.sums[s.list.sel].answered)...)
	}
	w.gap()
	h := handshakesOf(s.app.model)
	w.add("handshakes", Safe(fmt.Sprintf("%d succeeded, %d failed", h.good, h.failed)))
	if h.took.Count() > 0 {
		w.add("they took", "median "+duration(h.took.Quantile(0.5))+", slowest "+duration(h.took.Max())+"; "+h.stages())
	}
	if a := &s.tally.relay.added; a.Max() > 0 {
		w.add("proxy adds", "median "+duration(a.Quantile(0.5))+", p99 "+duration(a.Quantile(0.99))+", at most "+duration(a.Max()))
	}
	used, budget := s.app.model.store.Size()
	w.add("memory", Safe(fmt.Sprintf("%d of %d MiB for events; %d evicted", (used+1<<20-1)>>20, budget>>20, s.app.model.store.Evicted())))
	return w.lines
}

// spreadSteps are where the columns of the distribution end.
var spreadSteps = []time.Duration{time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 40 * time.Millisecond, 80 * time.Millisecond, 160 * time.Millisecond, 640 * time.Millisecond}

// spread draws how response times are distributed.
func spread(h *store.Histogram) []line {
	if h.Count() == 0 {
		return []line{{text: "No answers of this kind, so no response times.", role: quiet}}
	}
	counts, from, most := make([]int, len(spreadSteps)+1), time.Duration(0), 0
	for i := range counts {
		to := time.Duration(1<<63 - 1)
		if i < len(spreadSteps) {
			to = spreadSteps[i]
		}
		counts[i] = h.Between(from, to)
		from, most = to, max(most, counts[i])
	}
	const cellWidth = 7
	head, row := padded("response", 12), padded("", 12)
	for i, n := range counts {
		title := Safe("longer")
		if i < len(spreadSteps) {
			title = "<" + duration(spreadSteps[i])
		}
		head += padded(title, cellWidth)
		text := Safe("")
		if n > 0 {
			text = Safe(sparks[(len(sparks)-1)*n/max(most, 1)]) + Safe(fmt.Sprint(n))
		}
		row += padded(text, cellWidth)
	}
	return []line{{text: head, role: quiet}, {text: row, role: normal}}
}

// handshakes is how sessions began.
type handshakes struct {
	good, failed int
	took         store.Histogram
	steps        [store.Steps]store.Histogram // time from the step before
}

// handshakesOf counts those of the scope.
func handshakesOf(m *model) *handshakes {
	h := new(handshakes)
	for i := range m.sessions {
		if !m.scope.has(&m.sessions[i]) {
			continue
		}
		l := m.sessions[i].Main()
		switch on := stageOf(&m.sessions[i]).on; {
		case on:
			h.good++
		case l.Over():
			h.failed++
		}
		h.add(l)
	}
	return h
}

// add adds the times of a leg whose steps were all seen.
func (h *handshakes) add(l *store.Leg) {
	for i := range l.Steps {
		if !l.Steps[i].Done {
			return
		}
	}
	for i := 1; i < len(l.Steps); i++ {
		h.steps[i].Add(l.Steps[i].At.Sub(l.Steps[i-1].At))
	}
	h.took.Add(l.Steps[store.StepHelloReply].At.Sub(l.Steps[store.StepOpened].At))
}

// stages says how long each step took.
func (h *handshakes) stages() Safe {
	var text Safe
	for i := 1; i < len(h.steps); i++ {
		if i > 1 {
			text += ", "
		}
		text += stepNames[i] + " " + duration(h.steps[i].Quantile(0.5))
	}
	return text
}
