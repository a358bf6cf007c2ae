package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"

	"github.com/photonscope/photonscope/decode/stream"
)

// Meddling is what a person can do to messages that pass. Its functions do not
// wait for the traffic, and are safe for concurrent use.
type Meddling struct {
	// Intercept holds what matches a filter from now on; "" ends that.
	Intercept func(filter string) error
	// Held returns what is held, oldest first.
	Held func() []Held
	// Send lets a held message go, as it is or with other bytes.
	Send func(id uint64, instead []byte) error
	// Drop takes a held message away.
	Drop func(id uint64) error
	// Extend gives a held message more time.
	Extend func(id uint64) error
	// KeepAlive lets both peers hear something while a message is held.
	KeepAlive func(id uint64) error
	// Inject puts a message into the session of a device leg, from a template such
	// as "call led on".
	Inject func(leg stream.ConnID, template string) error
	// Format writes a message as one line of text, Compose reads it.
	Format  func(message []byte) string
	Compose func(text string) ([]byte, error)
	// Parts writes a message as settings NAME=VALUE, Edit changes some of one.
	Parts func(message []byte) []string
	Edit  func(message []byte, settings string) ([]byte, error)
	// Mend makes the checksums of a message right that was made of another one.
	Mend func(before, after []byte) []byte
	// AsRule writes the rule that makes the same of each such message.
	AsRule func(h Held, instead []byte) string
	// Templates are what Inject takes, with what they mean.
	Templates [][2]string
}

// Held is a message that waits for a person.
type Held struct {
	ID      uint64
	From    stream.Direction
	Message []byte
	Kind    string // may be foreign text, as all that follows
	Summary string
	Rule    string
	Filter  string // of the rule
	Since   time.Time
	Until   time.Time // then it goes on by itself
	Drops   bool      // or is dropped
	Alive   bool      // both peers hear something meanwhile
	Fuse    time.Time // when a peer gives up waiting, zero if that is not known
	FuseWhy string
}

// held returns the messages that are held; nil without Meddling.
func (o *Options) held() []Held {
	if o.Actions.Meddle == nil {
		return nil
	}
	return o.Actions.Meddle.Held()
}

// noMeddling says why messages cannot be held here.
func (a *app) noMeddling() Safe {
	return clean(cmp.Or(a.opt.Actions.NoMeddling, "Only a live proxy holds and injects messages: photonscope proxy, mode splice."))
}

// askIntercept asks which messages to hold.
func (a *app) askIntercept() {
	m := a.opt.Actions.Meddle
	if m == nil {
		a.say(quiet, a.noMeddling())
		return
	}
	p := &prompt{app: a, sign: "hold ", history: &a.filterHistory, keys: "a filter: what matches is held  empty: nothing  Tab complete  Enter  Esc cancel"}
	p.line.set(a.intercept)
	p.complete = func(text string, at int) []candidate { return a.completeFilter(text, at) }
	p.check = func(text string) (Safe, role) {
		if hint, r := a.checkFilter(p, text); r == bad {
			return hint, r
		}
		return "", quiet // how many match that are shown now tells nothing of what will come
	}
	p.accept = func(text string) bool {
		if err := m.Intercept(text); err != nil {
			a.say(bad, clean(err.Error()))
			return false
		}
		a.intercept = text
		if text == "" {
			a.say(normal, "Nothing is held from now on.")
		} else {
			a.say(warning, "Held from now on: what matches "+clean(text)+". I shows it. After 10 s a message goes on by itself.")
		}
		return true
	}
	p.update()
	a.open(p)
}

// injectTemplate puts a message into the selected session.
func injectTemplate(a *app, arg string) Safe {
	m := a.opt.Actions.Meddle
	if m == nil {
		return a.noMeddling()
	}
	if arg == "" {
		var names []string
		for _, t := range m.Templates {
			names = append(names, t[0])
		}
		return clean("inject what? " + strings.Join(names, "; "))
	}
	seq, ok := a.selectedEvent()
	e := a.model.event(seq)
	if !ok || e.Conn == nil {
		return "select an event of the session first"
	}
	leg := e.Conn.ID
	if e.Conn.Leg == stream.CloudLeg {
		leg = e.Conn.Pair
	}
	if err := m.Inject(leg, arg); err != nil {
		return clean(err.Error())
	}
	a.say(good, "Sent.")
	return ""
}

// heldView shows the messages that are held and what can be done with them.
type heldView struct {
	app *app
	sel uint64 // ID of the chosen one
}

func newHeldView(a *app) *heldView { return &heldView{app: a} }

func (v *heldView) place() place { return inHeld }

// footer leaves the line to the key table, unless there is nothing to use the keys on.
func (v *heldView) footer() Safe {
	if len(v.app.opt.held()) == 0 {
		return "i hold messages  Esc close"
	}
	return ""
}

// chosen returns what is held and which of it is chosen.
func (v *heldView) chosen() (all []Held, at int) {
	all = v.app.opt.held()
	at = max(0, slices.IndexFunc(all, func(h Held) bool { return h.ID == v.sel }))
	if len(all) > 0 {
		v.sel = all[at].ID
	}
	return all, at
}

// key implements overlay: all keys are in the table.
func (v *heldView) key(*tcell.EventKey) bool { return false }

const keptAlive Safe = "Both peers hear from the proxy until it goes on, so that neither gives up."

func (v *heldView) did(err error, text Safe) {
	if err != nil {
		v.app.say(bad, clean(err.Error()))
		return
	}
	v.app.say(good, text)
}

// edit opens the window in which a message is changed.
func (v *heldView) edit(h Held, level editLevel) {
	if v.app.model.private {
		v.app.say(quiet, "Messages are hidden. p shows them.")
		return
	}
	e := newEditView(v.app, h)
	if level != asFields {
		e.enter(level)
	}
	v.app.open(e)
}

// do implements overlay.
func (v *heldView) do(act action) bool {
	if act == actBack || act == actEscape {
		v.app.closeTop()
		return true
	}
	all, at := v.chosen()
	if len(all) == 0 {
		return false
	}
	m, h := v.app.opt.Actions.Meddle, all[at]
	switch act {
	case actDown, actUp:
		at += map[action]int{actDown: 1, actUp: -1}[act]
		v.sel = all[min(max(at, 0), len(all)-1)].ID
	case actSend:
		v.did(m.Send(h.ID, nil), "The original was sent.")
	case actDrop:
		v.did(m.Drop(h.ID), "It was dropped.")
	case actLonger:
		v.did(m.Extend(h.ID), "10 s more.")
	case actAlive:
		v.did(m.KeepAlive(h.ID), keptAlive)
	case actEdit:
		v.edit(h, asFields)
	case actEditText:
		v.edit(h, asText)
	case actEditHex:
		v.edit(h, asHex)
	default:
		return false
	}
	return true
}

// nothingHeld says what is waited for, or how to hold messages.
func (v *heldView) nothingHeld() Safe {
	if v.app.intercept == "" {
		return "Nothing is held. i says which messages to hold."
	}
	return "Nothing is held at the moment. What matches " + v.app.model.hide(clean(v.app.intercept)) + " will be; i changes that."
}

// leftOf says how long a message is still held.
func leftOf(h Held, now time.Time) Safe {
	what := Safe("sent")
	if h.Drops {
		what = "dropped"
	}
	return what + Safe(fmt.Sprintf(" in %.1f s", max(0, h.Until.Sub(now).Seconds())))
}

// heldText says of held messages how many there are, and which goes on first.
func (a *app) heldText(all []Held) Safe {
	first := slices.MinFunc(all, func(a, b Held) int { return a.Until.Compare(b.Until) })
	return plural(len(all), "message") + " held, I shows: " + a.model.hide(clean(first.Summary)) + ", " + leftOf(first, a.now())
}

// draw implements overlay.
func (v *heldView) draw(c canvas, size class) {
	c = window(c, size)
	all, at := v.chosen()
	in := c.frame(Safe(fmt.Sprintf("held: %d", len(all))))
	if len(all) == 0 {
		for y, part := range wrap(v.nothingHeld(), in.w, 0) {
			in.text(0, y, part, normal)
		}
		return
	}
	rows := min(len(all), max(1, in.h/2))
	first := max(0, at-rows+1)
	for i := range rows {
		h, row := all[first+i], in.row(i)
		if first+i == at {
			row.reverse = true
			row.fill(' ', normal)
		}
		left := "  " + leftOf(h, v.app.now())
		row.text(0, 0, clip("from "+Safe(h.From.String())+"  "+v.app.model.hide(clean(h.Summary)), row.w-width(left)), normal)
		row.right(row.w, 0, left, warning)
	}
	v.drawOne(in.sub(0, rows, in.w, in.h-rows), all[at])
}

// fuseText says who gives up waiting for a message, and when.
func fuseText(h Held, now time.Time) Safe {
	return clean(fmt.Sprintf("%s: %.1f s left", h.FuseWhy, max(0, h.Fuse.Sub(now).Seconds())))
}

// drawOne shows the chosen message.
func (v *heldView) drawOne(c canvas, h Held) {
	part := h.Until.Sub(v.app.now()).Seconds() / max(h.Until.Sub(h.Since).Seconds(), 1)
	lines := []line{{text: bar(min(max(part, 0), 1), min(c.w, 40)), role: warning}}
	if h.Alive {
		lines = append(lines, line{text: keptAlive, role: normal})
	} else if !h.Fuse.IsZero() {
		lines = append(lines, line{text: fuseText(h, v.app.now()), role: normal})
	}
	text := "Message and rule are hidden. p shows them."
	if !v.app.model.private {
		text = v.app.opt.Actions.Meddle.Format(h.Message)
		lines = append(lines, line{text: clean("rule: " + h.Rule), role: quiet, hang: 2})
	}
	lines = append(lines, line{text: clean(text), role: normal, hang: 2},
		line{text: "From the first edited, dropped or injected message on this direction is sealed anew. The recording keeps both versions.", role: quiet})
	for i, l := range wrapped(lines, c.w) {
		if i < c.h-1 {
			c.text(0, i+1, l.text, l.role)
		}
	}
}
