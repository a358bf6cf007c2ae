package ui

import (
	"fmt"

	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/store"
)

// stats is view 6: how much of what, how fast it was answered, how it came over
// time, and how handshakes went. It counts what the lists show.
type stats struct {
	app     *app
	tally   *tally
	applied int    // scope and filter that were counted, as the model numbers them
	epoch   uint64 // of the store that was counted
	list    *list
	more    *textPane
	sums    []*sum // the rows
	total   int    // events in all rows
	devices bool   // a row is a device, else a kind
	order   int    // index of statOrders
	window  int    // index of windows
	size    class
}

// windows are the times that rates are shown of.
var windows = []struct {
	seconds int // 0: all of it
	name    Safe
}{{60, "last minute"}, {600, "last 10 minutes"}, {3600, "last hour"}, {0, "all"}}

// statOrders are what rows can be sorted by.
var statOrders = []struct {
	key  rune
	name Safe
	of   func(*sum) int
}{
	{'c', "count", (*sum).count},
	{'n', "name", func(*sum) int { return 0 }},
	{'p', "problems", func(s *sum) int { return s.trouble }},
	{'r', "response time, median", func(s *sum) int { return int(s.answered.Quantile(0.5)) }},
	{'m', "longest response time", func(s *sum) int { return int(s.answered.Max()) }},
	{'b', "bytes", func(s *sum) int { return s.bytes }},
}

func newStats(a *app) *stats {
	s := &stats{app: a, tally: newTally(a.model.store), more: newTextPane(a.look), applied: -1}
	s.list = newList(a.look, s)
	return s
}

func (s *stats) name() Safe { return "Stats" }

func (s *stats) place() place { return inStats }

func (s *stats) panes() []pane { return []pane{s.list, s.more} }

func (s *stats) context() Safe {
	m := s.app.model
	who := m.scopeLabel()
	if who == "" {
		who = "all devices"
	}
	return who + "   " + m.label()
}

// refresh implements view.
func (s *stats) refresh() {
	m := s.app.model
	s.list.empty = m.emptyText()
	if m.paused {
		return
	}
	if epoch := m.store.Epoch(); s.applied != m.applied || s.epoch != epoch {
		s.applied, s.epoch = m.applied, epoch
		s.tally.begin(m.match())
	}
	hidden := s.app.view() != view(s)
	if hidden && (m.more || !s.app.opt.live()) { // what is shown comes first; live, all is counted before a pause
		return
	}
	if s.tally.refresh() {
		m.more = true
	}
	s.arrange()
}

// arrange makes the rows.
func (s *stats) arrange() {
	if s.sums = s.tally.byKind(); s.devices {
		s.sums = s.tally.byDevice(s.app.model.devices())
	}
	s.total = 0
	for _, row := range s.sums {
		s.total += row.count()
	}
	sortSums(s.sums, statOrders[s.order].of)
	s.list.refresh()
}

// do implements view.
func (s *stats) do(act action) bool {
	switch act {
	case actWindow:
		s.window = (s.window + 1) % len(windows)
	case actGroup:
		s.devices = !s.devices
		s.arrange()
	case actSort:
		s.sortMenu()
	case actOpen:
		return s.open()
	case actExplain:
		return s.explain()
	default:
		return false
	}
	return true
}

func (s *stats) sortMenu() {
	m := &menu{app: s.app, title: "sort by"}
	for i, o := range statOrders {
		m.items = append(m.items, menuItem{o.key, o.name, func() {
			s.order = i
			s.arrange()
		}})
	}
	s.app.open(m)
}

// open shows the messages of the selected row.
func (s *stats) open() bool {
	if s.list.sel >= len(s.sums) {
		return false
	}
	name := s.sums[s.list.sel].name
	if !s.devices {
		expr := kindFilter(name)
		if f := s.app.model.filter; f.text != "" && !f.off {
			expr = "(" + f.text + ") and " + expr
		}
		s.app.goToPlace(inMessages)
		applyFilter(s.app, expr)
		return true
	}
	for _, d := range s.app.model.devices() {
		if d.label() == name {
			s.app.enter(inMessages, deviceScope(d))
			return true
		}
	}
	return false
}

// explain says what a kind of message is for; of a device it shows how it got online.
func (s *stats) explain() bool {
	if s.list.sel >= len(s.sums) {
		return false
	}
	name := s.sums[s.list.sel].name
	if s.devices {
		for _, d := range s.app.model.devices() {
			if d.label() == name {
				s.app.enter(inHandshake, deviceScope(d))
			}
		}
		return true
	}
	for _, k := range particle.Kinds() {
		if k.Name == string(name) {
			s.app.open(newDialog(s.app, "explain: "+name, func(w int) []line { return explainKind(&k, w) }))
			return true
		}
	}
	s.app.say(quiet, "Enter shows these events; there K explains each.")
	return true
}

// explainKind tells of a kind of message what the catalogue does.
func explainKind(k *particle.KindInfo, w int) []line {
	text := wordWriter{width: 10}
	text.add("message", Safe(k.Name+": "+k.Means))
	text.gap()
	text.add("more", "Esc, then Enter shows these messages; there K explains each")
	return wrapped(text.lines, w)
}

// kindFilter returns the expression for the events of a name.
func kindFilter(name Safe) string {
	for t := store.TypeOpened; t <= store.TypeFinding; t++ {
		if t != store.TypeMessage && t.String() == string(name) {
			return fmt.Sprintf("type == %q", name)
		}
	}
	return fmt.Sprintf("photon.msg == %q", name)
}

// Len implements rowSource.
func (s *stats) Len() int { return len(s.sums) }

// plan returns the columns that a size has room for.
func (s *stats) plan() []column {
	first := column{title: "KIND", width: 18}
	if s.devices {
		first.title = "DEVICE"
	}
	number := func(title Safe, w int) column { return column{title: title, width: w, right: true} }
	switch {
	case s.size <= narrow:
		return []column{first, number("COUNT", 6), number("!", 3), {title: "SHARE"}}
	case s.size < large:
		return []column{first, number("COUNT", 7), number("!", 3), number("p50", 6), number("p99", 6), number("max", 6), {title: "SHARE"}}
	}
	return []column{first, number("COUNT", 9), number("D→S", 9), number("S→D", 9), number("!", 5), number("RTT p50", 8), number("p95", 8), number("p99", 8), number("max", 8), number("BYTES", 9), {title: "SHARE"}}
}

// Row implements rowSource.
func (s *stats) Row(dst []cell, i int) []cell {
	r := s.sums[i]
	number := func(n int) cell { return cell{text: Safe(fmt.Sprint(n))} }
	quantile := func(q float64) cell {
		if r.answered.Count() == 0 {
			return cell{text: "-"}
		}
		return cell{text: duration(r.answered.Quantile(q))}
	}
	trouble := number(r.trouble)
	if r.trouble > 0 {
		trouble.role = warning
	}
	name, share := cell{text: r.name}, s.share(r)
	switch {
	case s.size <= narrow:
		return append(dst, name, number(r.count()), trouble, share)
	case s.size < large:
		return append(dst, name, number(r.count()), trouble, quantile(0.5), quantile(0.99), quantile(1), share)
	}
	return append(dst, name, number(r.count()), number(r.sent[0]), number(r.sent[1]), trouble, quantile(0.5), quantile(0.95), quantile(0.99), quantile(1), cell{text: bytesText(r.bytes)}, share)
}

// share draws a row's part of all events, as wide as the last column.
func (s *stats) share(r *sum) cell {
	_, _, w, _ := s.list.GetRect()
	spans := s.list.places(max(w, 1))
	room := max(spans[len(spans)-1].w-5, 2)
	part := float64(r.count()) / float64(max(s.total, 1))
	return cell{text: padded(bar(part, room-1), room) + Safe(fmt.Sprintf("%4.0f%%", 100*part))}
}
