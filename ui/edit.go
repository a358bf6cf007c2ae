package ui

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/gdamore/tcell/v2"
)

// editView is the window in which a held message is changed: part by part, as one
// line of text, or byte by byte. What was typed is checked with every key, and
// nothing leaves before Enter. It takes all keys.
type editView struct {
	app   *app
	held  Held
	level editLevel
	base  []byte // the message that the rows were made of
	rows  []editRow
	at    int // the row with the cursor

	after []byte // what the rows make of it; nil: nothing yet, fault says why
	wrong int    // the row that is to blame, -1: none by itself
	fault Safe

	wrongFrom, wrongTo int // what is wrong in that row, in runes
}

// editLevel is how a message is written.
type editLevel int

const (
	asFields editLevel = iota
	asText
	asHex
	editLevels
)

var levelNames = [editLevels]Safe{"fields", "text", "hex"}

// editRow is one line of input.
type editRow struct {
	name  string // of the part; a row for further parts has none
	was   string // in the message as it was held
	lacks bool   // it was not there
	start string // before it was edited
	line  editor
}

func newEditView(a *app, h Held) *editView {
	v := &editView{app: a, held: h, base: h.Message}
	v.enter(asFields)
	if len(v.rows) > 0 && v.rows[0].name == "hex" { // no CoAP, so it has no fields
		v.enter(asHex)
	}
	return v
}

func (v *editView) place() place { return inPrompt }

func (v *editView) footer() Safe {
	return "Enter send  F4 keep alive  F6 original  F7 longer  F8 drop  F9 as rule  Esc"
}

func (v *editView) do(action) bool { return false }

// enter writes the message at a level.
func (v *editView) enter(level editLevel) {
	m := v.app.opt.Actions.Meddle
	v.level, v.rows, v.at = level, nil, 0
	switch level {
	case asFields:
		was := byName(m.Parts(v.held.Message))
		for name, values := range partsOf(m.Parts(v.base)) {
			row := editRow{name: name, start: values}
			if old := was[name]; len(old) > 0 {
				row.was, was[name] = old[0], old[1:]
			} else {
				row.lacks = true
			}
			row.line.set(values)
			v.rows = append(v.rows, row)
		}
		v.rows = append(v.rows, editRow{})
		v.at = max(0, len(v.rows)-2) // the payload is what people change
	case asText:
		v.add("", m.Format(v.base), m.Format(v.held.Message))
	case asHex:
		v.add("", hex.EncodeToString(v.base), hex.EncodeToString(v.held.Message))
	}
	v.update()
}

func (v *editView) add(name, text, was string) {
	row := editRow{name: name, start: text, was: was}
	row.line.set(text)
	v.rows = append(v.rows, row)
}

// partsOf calls yield with name and value of each setting.
func partsOf(settings []string) func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		for _, s := range settings {
			if name, value, _ := strings.Cut(s, "="); !yield(name, value) {
				return
			}
		}
	}
}

func byName(settings []string) map[string][]string {
	all := make(map[string][]string)
	for name, value := range partsOf(settings) {
		all[name] = append(all[name], value)
	}
	return all
}

// settings are the parts that were changed. Of a part that occurs several times all
// are told, since the first one takes the place of all.
func (v *editView) settings() string {
	changed := make(map[string]bool)
	for i := range v.rows {
		if r := &v.rows[i]; r.line.String() != r.start {
			changed[r.name] = true
		}
	}
	var all []string
	for i := range v.rows {
		switch r := &v.rows[i]; {
		case r.name == "": // NAME=VALUE
			all = append(all, r.line.String())
		case changed[r.name]:
			all = append(all, r.name+"="+r.line.String())
		}
	}
	return strings.TrimSpace(strings.Join(all, " "))
}

// update makes the message of what is typed, or finds out what is wrong with it.
func (v *editView) update() {
	m := v.app.opt.Actions.Meddle
	var err error
	v.after, v.fault, v.wrong = nil, "", -1
	switch v.level {
	case asFields:
		v.after, err = m.Edit(v.base, v.settings())
	case asText:
		if v.after, err = m.Compose(v.rows[0].line.String()); err == nil {
			v.after = m.Mend(v.held.Message, v.after)
		}
	case asHex:
		if v.after, err = hex.DecodeString(strings.ReplaceAll(v.rows[0].line.String(), " ", "")); err != nil {
			err = errors.New("a message is pairs of hex digits")
		}
	}
	if err == nil {
		return
	}
	v.after = nil
	if v.level == asFields {
		v.blame(err)
	} else {
		v.wrong = 0
		v.mark(err, 0)
	}
}

// placedError is one that knows where it is, in bytes.
type placedError interface {
	error
	Place() (from, to int, reason string)
}

// mark notes what is wrong, and where in its row, of which the error counts some
// bytes more.
func (v *editView) mark(err error, more int) {
	v.fault, v.wrongFrom, v.wrongTo = clean(err.Error()), 0, 0
	var at placedError
	if !errors.As(err, &at) {
		return
	}
	text := v.rows[v.wrong].line.String()
	runes := func(bytes int) int { return len([]rune(text[:min(max(bytes-more, 0), len(text))])) }
	from, to, reason := at.Place()
	v.fault, v.wrongFrom, v.wrongTo = clean(reason), runes(from), max(runes(to), runes(from)+1)
}

// blame finds the row that is wrong by itself, where err is what is wrong with all.
func (v *editView) blame(err error) {
	v.fault = clean(err.Error())
	for i := range v.rows {
		r := &v.rows[i]
		if r.line.String() == r.start {
			continue
		}
		prefix := ""
		if r.name != "" {
			prefix = r.name + "="
		}
		if _, err := v.app.opt.Actions.Meddle.Edit(v.base, prefix+r.line.String()); err != nil {
			v.wrong = i
			v.mark(err, len(prefix))
			return
		}
	}
}

// key implements overlay.
func (v *editView) key(ev *tcell.EventKey) bool {
	m := v.app.opt.Actions.Meddle
	switch ev.Key() {
	case tcell.KeyEsc:
		v.app.closeTop()
	case tcell.KeyTab, tcell.KeyDown:
		v.at = (v.at + 1) % len(v.rows)
	case tcell.KeyBacktab, tcell.KeyUp:
		v.at = (v.at + len(v.rows) - 1) % len(v.rows)
	case tcell.KeyF4:
		v.did(m.KeepAlive(v.held.ID), keptAlive)
	case tcell.KeyEnter, tcell.KeyF5:
		v.send()
	case tcell.KeyF6:
		v.decide(m.Send(v.held.ID, nil), "The original was sent.")
	case tcell.KeyF7:
		v.did(m.Extend(v.held.ID), "10 s more.")
	case tcell.KeyF8:
		v.decide(m.Drop(v.held.ID), "It was dropped.")
	case tcell.KeyF9:
		v.copyRule()
	case tcell.KeyCtrlT:
		v.turn()
	default:
		if v.rows[v.at].line.key(ev) {
			v.update()
		}
	}
	return true
}

// paste takes pasted text.
func (v *editView) paste(s string) {
	v.rows[v.at].line.insert(s)
	v.update()
}

// turn goes on to the next level with what was made so far.
func (v *editView) turn() {
	if v.after == nil {
		v.app.say(bad, "First mend what is wrong here.")
		return
	}
	v.base = v.after
	v.enter((v.level + 1) % editLevels)
}

func (v *editView) send() {
	switch {
	case v.after == nil:
		v.app.say(bad, "Nothing was sent: this is no message yet.")
	case bytes.Equal(v.after, v.held.Message):
		v.decide(v.app.opt.Actions.Meddle.Send(v.held.ID, nil), "Nothing is changed in it: the original was sent.")
	default:
		v.decide(v.app.opt.Actions.Meddle.Send(v.held.ID, v.after), "The edited message was sent.")
	}
}

// decide closes the window if what was asked for was done.
func (v *editView) decide(err error, done Safe) {
	if err != nil {
		v.app.say(bad, clean(err.Error()))
		return
	}
	v.app.closeTop()
	v.app.say(good, done)
}

func (v *editView) did(err error, done Safe) {
	if err != nil {
		v.app.say(bad, clean(err.Error()))
		return
	}
	v.app.say(good, done)
}

// copyRule copies the rule that makes the same of every message like this one.
func (v *editView) copyRule() {
	switch {
	case v.after == nil:
		v.app.say(bad, "There is no rule yet: this is no message.")
	case bytes.Equal(v.after, v.held.Message):
		v.app.say(quiet, "Nothing is changed, so there is no rule to copy.")
	default:
		v.app.copy(v.app.opt.Actions.Meddle.AsRule(v.held, v.after) + "\n")
	}
}

// now returns the message as it is held, with the time it has by now, or false if
// it is no longer held.
func (v *editView) now() (Held, bool) {
	all := v.app.opt.held()
	i := slices.IndexFunc(all, func(h Held) bool { return h.ID == v.held.ID })
	if i < 0 {
		return v.held, false
	}
	return all[i], true
}
