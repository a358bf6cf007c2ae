package ui

import (
	"fmt"
	"time"

	"github.com/photonscope/photonscope/store"
)

// sessions is view 1: a device a row, however often it connected, and below what
// is known of the selected one.
type sessions struct {
	app     *app
	list    *list
	detail  *textPane
	devices []*device
	size    class
	now     time.Time
}

func newSessions(a *app) *sessions {
	s := &sessions{app: a, detail: newTextPane(a.look)}
	s.list = newList(a.look, s)
	return s
}

// emptySessions says why there is no session, what brings one, and what was said
// since the program began: which mode it is, and why.
func (a *app) emptySessions() []Safe {
	switch {
	case a.opt.loading():
		return []Safe{"No session in this capture yet."}
	case !a.opt.Live:
		return []Safe{"No session of a Photon in this capture.", "L shows what reading it had to say."}
	}
	lines := append([]Safe{"No device yet."}, wrap(a.model.hide(clean(a.opt.Hint)), 1000, 0)...)
	for _, e := range a.opt.Log.kept() {
		lines = append(lines, "", a.model.hide(clean(e.text)))
	}
	return lines
}

func (s *sessions) name() Safe { return "Sessions" }

func (s *sessions) place() place { return inSessions }

// panes has no list as long as nothing is in it: what to do then may need scrolling.
func (s *sessions) panes() []pane {
	if len(s.devices) == 0 {
		return []pane{s.detail}
	}
	return []pane{s.list, s.detail}
}

func (s *sessions) context() Safe {
	return Safe(fmt.Sprintf("%s   %s", devicesText(s.devices), s.app.model.summary()))
}

// refresh implements view.
func (s *sessions) refresh() {
	s.devices = s.app.model.devices()
	s.now = s.app.now()
	s.list.refresh()
}

// do implements view.
func (s *sessions) do(act action) bool {
	d := s.selected()
	if d == nil {
		return false
	}
	switch act {
	case actOpen:
		s.app.enter(inMessages, deviceScope(d))
	case actHandshake, actExplain: // how far it got, and why not farther
		s.app.enter(inHandshake, deviceScope(d))
	case actLadder:
		s.app.enter(inLadder, deviceScope(d))
	default:
		return false
	}
	return true
}

func (s *sessions) selected() *device {
	if s.list.sel < len(s.devices) {
		return s.devices[s.list.sel]
	}
	return nil
}

// Len implements rowSource.
func (s *sessions) Len() int { return len(s.devices) }

// plan returns the columns that a size has room for.
func (s *sessions) plan() []column {
	switch {
	case s.size == tiny:
		return []column{{width: 1}, {title: "DEVICE", width: 13}, {title: "STAGE"}, {title: "LAST", line: 1}}
	case s.size == narrow:
		return []column{{width: 1}, {title: "DEVICE", width: 13}, {title: "STAGE", width: 13}, {title: "UP", width: 6, right: true}, {title: "!", width: 3, right: true}, {title: "LAST"}}
	case s.size < large:
		return []column{{width: 1}, {title: "DEVICE", width: 13}, {title: "STAGE", width: 13}, {title: "UP", width: 6, right: true}, {title: "MSGS", width: 6, right: true}, {title: "RTT", width: 6, right: true}, {title: "!", width: 3, right: true}, {title: "LAST"}}
	}
	return []column{{width: 1}, {title: "DEVICE", width: 24}, {title: "FROM", width: 21}, {title: "STAGE", width: 14}, {title: "TRIES", width: 5, right: true}, {title: "UP", width: 7, right: true}, {title: "MSGS", width: 8, right: true}, {title: "RTT", width: 7, right: true}, {title: "p99", width: 7, right: true}, {title: "!", width: 4, right: true}, {title: "TRAFFIC", width: store.TrafficParts}, {title: "LAST"}}
}

// Row implements rowSource.
func (s *sessions) Row(dst []cell, i int) []cell {
	d := s.devices[i]
	latest := d.latest()
	st := stageOf(latest)
	l := latest.Main()
	sign, where := cell{st.sign, st.role}, cell{st.text, st.role}
	age, rtt, p99 := cell{text: "-"}, cell{text: "-"}, cell{text: "-"}
	if st.on {
		age.text = duration(up(latest, s.now))
	} else if n := d.failures(); n > 1 {
		age.text = Safe(fmt.Sprintf("%d×", n))
	}
	if l.RTT.Count > 0 {
		rtt.text, p99.text = duration(l.RTT.P50), duration(l.RTT.P99)
	}
	count := cell{text: Safe(fmt.Sprint(d.messages()))}
	problems := s.app.model.problemsOf(d)
	trouble := cell{text: Safe(fmt.Sprint(problems))}
	if problems > 0 {
		trouble.role = warning
	}
	last := cell{text: s.last(latest)}
	switch {
	case s.size == tiny:
		return append(dst, sign, cell{text: d.label()}, where, last)
	case s.size == narrow:
		return append(dst, sign, cell{text: d.label()}, where, age, trouble, last)
	case s.size < large:
		return append(dst, sign, cell{text: d.label()}, where, age, count, rtt, trouble, last)
	}
	id := cell{text: d.label()}
	if d.known {
		id.text = s.app.model.longName(d.id)
	}
	return append(dst, sign, id, cell{text: s.app.model.addr(l.Conn.Device)}, where, cell{text: Safe(fmt.Sprint(len(d.sessions)))}, age, count, rtt, p99, trouble, cell{text: s.traffic(d)}, last)
}

// traffic draws how much a device and its cloud sent in all of its sessions, up to
// now.
func (s *sessions) traffic(d *device) Safe {
	var all store.Traffic
	for _, session := range d.sessions {
		all.Merge(&session.Main().Traffic)
	}
	l := d.latest().Main()
	until := l.Last
	if !l.Over() && s.now.After(until) {
		until = s.now
	}
	counts := all.Until(until)
	values := make([]float64, len(counts))
	for i, n := range counts {
		values[i] = float64(n)
	}
	return spark(values)
}

// last says why a session failed, if that is known, or what came last on its leg.
func (s *sessions) last(session *store.Session) Safe {
	if f := s.app.model.finding(session); f != nil && stageOf(session).sign == failedSign {
		return clean(f.ID + " " + f.Confidence + ": " + f.Title)
	}
	l := session.Main()
	seq := l.LastSeq
	if l.Messages[0]+l.Messages[1] > 0 && !l.Over() {
		seq = l.LastMessage
	}
	e := s.app.model.event(seq)
	if e.Body == nil {
		return ""
	}
	return withKind(&e, s.app.summaryOf(&e))
}

// draw implements view.
func (s *sessions) draw(c canvas, size class, only pane) {
	s.size = size
	s.list.plan = s.plan()
	s.detail.lines = wrapped(s.details(), c.w-4)
	title := Safe("no device")
	if d := s.selected(); d != nil {
		title = d.label()
	} else {
		only = s.detail
	}
	switch only {
	case pane(s.list):
		c.put(s.list)
		return
	case pane(s.detail):
		c.rule(0, title, true)
		c.sub(2, 1, c.w-4, c.h-1).put(s.detail)
		c.place(0, s.detail)
		return
	}
	upper := max(min(c.h/2, len(s.devices)+3), c.h-1-len(s.detail.lines))
	upper = max(min(upper, c.h-6), 6)
	c.sub(0, 0, c.w, upper).put(s.list)
	c.rule(upper, title, s.detail.HasFocus())
	c.sub(2, upper+1, c.w-4, c.h-upper-1).put(s.detail)
	c.place(upper, s.detail)
}

// details says what is known of the selected device, or what brings one.
func (s *sessions) details() []line {
	d := s.selected()
	if d == nil {
		var lines []line
		for _, text := range s.app.emptySessions() {
			lines = append(lines, line{text: text, role: normal})
		}
		return lines
	}
	latest := d.latest()
	l := latest.Main()
	w := wordWriter{width: 11}
	if d.known {
		w.add("device", s.app.model.longName(d.id))
	}
	w.add("sessions", d.sessionsText())
	w.add("from", s.app.model.addr(l.Conn.Device)+" to "+s.app.model.addr(l.Conn.Cloud))
	w.add("says", helloText(latest.Hello))
	if f := s.app.model.finding(latest); f != nil {
		w.add("diagnosis", clean(f.ID+" "+f.Confidence+": "+f.Title)+"   (3 tells more)")
	}
	w.add("sealed", s.app.model.sealedText(l))
	w.add("trouble", s.app.model.troubleText(d))
	w.add("handshake", handshakeText(l))
	w.add("traffic", trafficText(l))
	if l.RTT.Count > 0 {
		w.add("answers", Safe(fmt.Sprintf("%d; median %s, p99 %s, slowest %s", l.RTT.Count, duration(l.RTT.P50), duration(l.RTT.P99), duration(l.RTT.Max))))
	}
	return w.lines
}

// trafficText counts what each end sent: messages, or frames if some were not opened.
func trafficText(l *store.Leg) Safe {
	n, what := l.Messages, Safe("message")
	if l.Sealed > 0 {
		n, what = l.Frames, "frame"
	}
	return Safe(fmt.Sprintf("%s from the device, %s from the cloud; %s and %s", plural(n[0], what), plural(n[1], what), bytesText(l.Bytes[0]), bytesText(l.Bytes[1])))
}

func helloText(h store.Hello) Safe {
	if !h.Seen {
		return ""
	}
	text := fmt.Sprintf("product %d version %d", h.Product, h.ProductVersion)
	if h.HasPlatform {
		text += fmt.Sprintf(", platform %d", h.Platform)
	}
	if h.HasSystem {
		text += fmt.Sprintf(", system %d", h.System)
	}
	return Safe(text)
}

// handshakeText lists the steps that were taken and how long each took.
func handshakeText(l *store.Leg) Safe {
	var text Safe
	before := l.Steps[store.StepOpened]
	for i := store.StepNonce; int(i) < store.Steps; i++ {
		step := l.Steps[i]
		if text != "" {
			text += "   "
		}
		if !step.Done {
			text += stepNames[i] + map[bool]Safe{true: " sealed", false: " ·"}[sealedStep(l, i)]
			continue
		}
		text += stepNames[i] + " ✓"
		if before.Done {
			text += " " + duration(step.At.Sub(before.At))
		}
		before = step
	}
	return text
}
