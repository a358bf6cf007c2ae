package ui

import (
	"fmt"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store"
)

// handshake is view 3: the five steps of a session's beginning, always in the
// same place, with what was checked, how long each took and may take; below it
// how the selected step is computed.
type handshake struct {
	app      *app
	list     *list
	detail   *textPane
	attempts []*store.Session // oldest first
	at       int              // the one shown
	stepped  bool             // the user went from step to step: they come before the diagnosis
	latest   bool             // the newest is shown, also when another comes
	arrived  store.Seq        // number of the selected event that brought the user here last, from 1
	size     class
}

func newHandshake(a *app) *handshake {
	h := &handshake{app: a, detail: newTextPane(a.look), latest: true}
	h.list = newList(a.look, h)
	h.list.empty = []Safe{"No session yet, so no handshake.", "1 tells what there is to wait for."}
	h.list.moved = func() { h.detail.top, h.stepped = 0, true }
	return h
}

func (h *handshake) name() Safe { return "Handshake" }

func (h *handshake) place() place { return inHandshake }

func (h *handshake) panes() []pane { return []pane{h.list, h.detail} }

// refresh implements view.
func (h *handshake) refresh() {
	h.attempts = h.attempts[:0]
	for i := range h.app.model.sessions {
		s := &h.app.model.sessions[i]
		if h.app.model.scope.has(s) {
			h.attempts = append(h.attempts, s)
		}
	}
	if h.at >= len(h.attempts) || h.latest {
		h.at = len(h.attempts) - 1
	}
	h.list.refresh()
}

// arrive implements arriver: the session of a selected event is shown.
func (h *handshake) arrive() {
	seq, ok := h.app.chosen()
	row, held := h.app.model.store.Row(seq)
	if !ok || !held || seq+1 == h.arrived {
		return
	}
	h.arrived = seq + 1
	h.refresh()
	for i, s := range h.attempts {
		if s.Number == row.Session {
			h.at = i
			h.latest = i == len(h.attempts)-1
			h.detail.top, h.stepped = 0, false
		}
	}
}

// shown returns the session that is shown, nil if there is none.
func (h *handshake) shown() *store.Session {
	if h.at < 0 || h.at >= len(h.attempts) {
		return nil
	}
	return h.attempts[h.at]
}

func (h *handshake) context() Safe {
	s := h.shown()
	if s == nil {
		return ""
	}
	st := stageOf(s)
	who := Safe(fmt.Sprintf("session %d", s.Number))
	if s.Known {
		who += " of " + h.app.model.shortName(s.Device)
	}
	return who + "   " + st.sign + " " + st.text + Safe(fmt.Sprintf("   attempt %d of %d [ ]", h.at+1, len(h.attempts)))
}

// do implements view.
func (h *handshake) do(act action) bool {
	switch act {
	case actOlder, actNewer:
		h.move(map[action]int{actOlder: -1, actNewer: 1}[act])
	case actOpen:
		return h.open()
	case actExplain:
		h.explain()
	default:
		return false
	}
	return true
}

// move shows an older or newer attempt.
func (h *handshake) move(by int) {
	to := h.at + by
	if to < 0 || to >= len(h.attempts) {
		h.app.say(quiet, map[bool]Safe{true: "This is the first one.", false: "This is the latest one."}[by < 0])
		return
	}
	h.at = to
	h.latest = to == len(h.attempts)-1
	h.detail.top, h.stepped = 0, false
}

// open shows the selected step among the messages.
func (h *handshake) open() bool {
	step := h.step(h.list.sel)
	if step == nil {
		h.sayUnseen()
		return true
	}
	return h.app.showEvent(step.seq)
}

func (h *handshake) explain() {
	if step := h.step(h.list.sel); step != nil {
		h.app.open(newExplain(h.app, topic{seq: step.seq, event: step.event, offset: -1}))
		return
	}
	h.sayUnseen()
}

// sayUnseen says why there is nothing to show of the selected step.
func (h *handshake) sayUnseen() {
	if h.shown() != nil {
		why, _ := h.unseen(h.list.sel)
		h.app.say(quiet, "Nothing to show of this step: "+why+".")
	}
}

// unseen says why a step has no event of its own. It came nevertheless if no key
// opens what follows the credentials.
func (h *handshake) unseen(i int) (why Safe, came bool) {
	l, step := h.shown().Main(), store.StepNonce+store.Step(i)
	switch {
	case sealedStep(l, step):
		return "sealed: no key given opens it", true
	case step < l.Step():
		return "not seen", false
	case step == l.Step()+1 && !l.Over() && h.app.opt.live():
		return "awaited", false
	}
	return "not reached", false
}

// sealedStep reports whether a step was taken that no key opens: the frames behind the
// credentials begin with it.
func sealedStep(l *store.Leg, step store.Step) bool {
	return step > store.StepCredentials && !l.Steps[step].Done && l.Steps[store.StepCredentials].Done &&
		l.Sealed > 0 && l.Frames[stepInfo[step-store.StepNonce].from] > 0
}

// taken is a step that was taken.
type taken struct {
	seq   store.Seq
	event decode.Event
	reach store.Reached
	since store.Reached // the step before
}

// step returns the i-th step of the shown session, from 0, nil if it was not
// reached or is not held any more.
func (h *handshake) step(i int) *taken {
	s := h.shown()
	if s == nil || i < 0 || i >= handshakeSteps {
		return nil
	}
	l := s.Main()
	reach := l.Steps[i+1]
	if !reach.Done {
		return nil
	}
	t := &taken{seq: reach.Seq, event: h.app.model.event(reach.Seq), reach: reach, since: l.Steps[i]}
	if t.event.Body == nil {
		return nil
	}
	return t
}

// Len implements rowSource.
func (h *handshake) Len() int {
	if h.shown() == nil {
		return 0
	}
	return handshakeSteps
}

// stepInfo is what is fixed of each step.
var stepInfo = [handshakeSteps]struct {
	from  stream.Direction
	what  Safe
	limit Safe // how long the peer waits for it
	who   Safe
}{
	{stream.FromCloud, "nonce 40", "20s", "the device waits"},
	{stream.FromDevice, "identity 256", "10-30s", "servers wait"},
	{stream.FromCloud, "credentials 384", "20s", "the device waits"},
	{stream.FromDevice, "hello", "10-30s", "servers wait"},
	{stream.FromCloud, "hello back", "2-4s", "the device waits"},
}

// arrowWidth is how wide the way from the device to the cloud is drawn.
func (h *handshake) arrowWidth() int {
	if h.size <= standard {
		return 25
	}
	return 34
}

// plan returns the columns: two lines a step, the checks below the arrow where
// it is narrow.
func (h *handshake) plan() []column {
	if h.size <= narrow {
		return []column{{width: 1}, {width: 1}, {}, {width: 7, right: true}, {line: 1}}
	}
	return []column{{width: 1}, {width: 1}, {width: h.arrowWidth()}, {}, {title: "TOOK", width: 7, right: true}, {title: "LIMIT", width: 7, right: true}, {line: 1}}
}

// Row implements rowSource.
func (h *handshake) Row(dst []cell, i int) []cell {
	info, t := stepInfo[i], h.step(i)
	sign, took, r := cell{"·", quiet}, cell{}, quiet
	why, came := h.unseen(i)
	checks := []Safe{why, ""}
	if came {
		sign, r = cell{"·", warning}, sender(info.from)
	}
	if t != nil {
		sign, r = cell{"✓", good}, sender(info.from)
		var failed bool
		switch checks, failed = h.checks(i, t); {
		case failed:
			sign = cell{failedSign, bad}
		case sealed(&t.event):
			sign = cell{"·", warning}
		}
		checks[1] = h.app.model.hide(checks[1])
		if t.since.Done {
			took.text = duration(t.reach.At.Sub(t.since.At))
		}
	}
	if s := h.shown(); t == nil && !came && stageOf(s).sign == failedSign && i == int(s.Main().Step()) && s.Main().How != stream.Cut {
		sign, checks[0] = cell{failedSign, bad}, "never came"
	}
	n := cell{Safe(fmt.Sprint(i + 1)), normal}
	arrow := cell{stepArrow(i, h.arrowWidth(), t != nil || came), r}
	if h.size <= narrow {
		return append(dst, n, sign, arrow, took, cell{"    " + checks[0] + "  " + checks[1], normal})
	}
	return append(dst, n, sign, arrow, cell{checks[0], normal}, took, cell{info.limit, quiet}, cell{padded("", h.arrowWidth()+5) + checks[1], quiet})
}

// stepArrow draws who sends what to whom.
func stepArrow(i, w int, done bool) Safe {
	from, what, inner := stepInfo[i].from, stepInfo[i].what, w-2
	if !done {
		return "│" + padded("   "+what, inner) + "│"
	}
	dashes := max(inner-width(what)-5, 1)
	rule := Safe("")
	for range dashes {
		rule += "─"
	}
	if from == stream.FromCloud {
		return "│◄" + rule + " " + what + " ──┤"
	}
	return "├── " + what + " " + rule + "►│"
}

// draw implements view.
func (h *handshake) draw(c canvas, size class, only pane) {
	h.size = size
	h.list.plan = h.plan()
	h.list.bare = true
	h.detail.lines = wrapped(h.details(), c.w-4)
	switch only {
	case pane(h.list):
		c.put(h.list)
		return
	case pane(h.detail):
		c.rule(0, h.detailTitle(), true)
		c.sub(2, 1, c.w-4, c.h-1).put(h.detail)
		c.place(0, h.detail)
		return
	}
	upper := 2*handshakeSteps + 1
	if size > narrow {
		c.text(6, 0, padded("DEVICE", h.arrowWidth()-5)+"CLOUD", quiet)
		c.right(c.w, 0, "TOOK  LIMIT ", quiet)
	}
	c.sub(0, 1, c.w, upper-1).put(h.list)
	c.rule(upper, h.detailTitle(), h.detail.HasFocus())
	c.sub(2, upper+1, c.w-4, c.h-upper-1).put(h.detail)
	c.place(upper, h.detail)
}

func (h *handshake) detailTitle() Safe {
	if h.shown() == nil {
		return ""
	}
	text := Safe(fmt.Sprintf("step %d: ", h.list.sel+1)) + stepInfo[min(h.list.sel, handshakeSteps-1)].what
	f := h.app.model.finding(h.shown())
	switch {
	case f == nil:
		return text
	case h.stepped:
		return text + "; below: diagnosis " + clean(f.ID)
	}
	return "diagnosis " + clean(f.ID) + " " + clean(f.Confidence) + "; below: " + text
}

// details says how the session ended, if it failed, and how the selected step is
// computed: what the user asked for last comes first.
func (h *handshake) details() []line {
	s := h.shown()
	if s == nil {
		return nil
	}
	parts := [2]wordWriter{{width: 10, lines: h.app.model.findingLines(s)}, {width: 10, lines: h.stepLines()}}
	parts[0].gap()
	parts[0].add("end", endText(s))
	if h.stepped {
		parts[0], parts[1] = parts[1], parts[0]
	}
	parts[0].gap()
	return append(parts[0].lines, parts[1].lines...)
}

// stepLines say how the selected step is computed.
func (h *handshake) stepLines() []line {
	w := wordWriter{width: 10}
	info := stepInfo[min(h.list.sel, handshakeSteps-1)]
	t := h.step(h.list.sel)
	w.add("limit", info.who+" at most "+info.limit+" for it")
	if t == nil {
		why, _ := h.unseen(h.list.sel)
		w.add("bytes", "none to show: "+why)
		return w.lines
	}
	if h.app.model.private {
		w.add("bytes", noBytes)
		return w.lines
	}
	w.lines = append(w.lines, explanation(h.app.subjectOf(&topic{seq: t.seq, event: t.event, offset: -1}))...)
	w.gap()
	for at := 0; at < len(t.event.Raw); at += 16 {
		w.lines = append(w.lines, line{text: Safe(fmt.Sprintf("%04x  % x", at, t.event.Raw[at:min(at+16, len(t.event.Raw))])), role: quiet})
	}
	return w.lines
}

// endText says how a session ended that did not get online.
func endText(s *store.Session) Safe {
	l := s.Main()
	step := l.Step()
	if !l.Over() || step == store.StepHelloReply {
		return ""
	}
	who := "the " + Safe(l.EndedBy.String())
	how := map[stream.CloseKind]Safe{stream.Fin: who + " closed", stream.Reset: who + " reset the connection", stream.Cut: "the recording ended"}[l.How]
	text := Safe(fmt.Sprintf("%s %s after step %d of %d; ", how, duration(l.EndedAt.Sub(l.Steps[step].At)), int(step), handshakeSteps))
	text += stepInfo[step].what + " never came."
	if len(s.Findings) == 0 {
		text += " docs/protocol.md §7.2 lists what this can mean."
	}
	return text
}
