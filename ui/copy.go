package ui

import (
	"fmt"
	"strings"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
)

// maxClipboard is how many bytes are sent to the terminal's clipboard: beyond
// 74,994 encoded bytes terminals drop them.
const maxClipboard = 74_994 / 4 * 3

// copyMenu asks what of the selected event or device to copy.
func (a *app) copyMenu() {
	var items []menuItem
	if s, ok := a.view().(*sessions); ok {
		items = s.copyItems()
	} else {
		items = a.copyItems()
	}
	if len(items) == 0 {
		a.say(quiet, "There is nothing to copy.")
		return
	}
	title := Safe("copy")
	if a.model.private {
		title = "copy, masked"
	}
	a.open(&menu{app: a, title: title, items: items})
}

// copyItems are what the selected event has to copy, and its fields and bytes where
// these are shown; below a handshake also what its finding has.
func (a *app) copyItems() []menuItem {
	seq, ok := a.selectedEvent()
	e := a.model.event(seq)
	if !ok || e.Body == nil {
		return nil
	}
	items := []menuItem{
		{'y', "the line", func() { a.copy(string(trimLine(a.printer.AppendLine(nil, &e)))) }},
		{'j', "the event as JSON", func() { a.copy(string(trimLine(a.printer.AppendJSON(nil, &e)))) }},
		{'t', "the event with all fields", func() { a.copy(string(a.printer.AppendTree(nil, &e))) }},
	}
	if v, isMessages := a.view().(*messages); isMessages && v.loaded && len(v.tree.layers) > 0 {
		items = append(items, v.copyItems()...)
	}
	f, ok := e.Body.(*decode.Finding)
	if h, shown := a.view().(*handshake); shown && !ok {
		f = a.model.finding(h.shown())
	}
	return append(items, a.remedyItems(f)...)
}

// copyItems are what the selected device has to copy.
func (s *sessions) copyItems() (items []menuItem) {
	d := s.selected()
	if d == nil {
		return nil
	}
	if d.known {
		items = append(items, menuItem{'i', "the device's ID", func() { s.app.copy(string(s.app.model.longName(d.id))) }})
	}
	var told []string
	for _, l := range s.details() {
		told = append(told, string(l.text))
	}
	items = append(items, menuItem{'t', "all that is told of it below", func() { s.app.copy(strings.Join(told, "\n")) }})
	return append(items, s.app.remedyItems(s.app.model.finding(d.latest()))...)
}

// copyItems are what the fields and bytes have to copy.
func (m *messages) copyItems() []menuItem {
	l := &m.tree.layers[m.tree.layer]
	if l.Secret && !m.app.opt.ShowSecrets || m.app.model.private {
		return nil
	}
	b := l.Bytes
	items := []menuItem{}
	if n := m.tree.current(); n != nil && n.field != nil {
		if f := n.field; f.End > f.Start {
			b = b[f.Start:f.End]
		}
		items = append(items, menuItem{'f', "the field's value", func() { m.app.copy(string(n.field.Value.AppendText(nil, m.app.opt.ShowSecrets))) }})
	}
	return append(items,
		menuItem{'h', plural(len(b), "byte") + " as hex", func() { m.app.copy(string(field.AppendHex(nil, b))) }},
		menuItem{'g', plural(len(b), "byte") + " as Go", func() { m.app.copy(goBytes(b)) }},
	)
}

// goBytes writes bytes as a Go literal.
func goBytes(b []byte) string {
	s := "[]byte{"
	for i, c := range b {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprintf("0x%02x", c)
	}
	return s + "}"
}

func trimLine(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == '\n' {
		b = b[:len(b)-1]
	}
	return b
}

// copy sends text to the terminal's clipboard and keeps it where the command
// says. Whether the terminal took it nobody tells, so nothing is promised.
func (a *app) copy(text string) {
	var told Safe
	if len(text) <= maxClipboard {
		a.opt.Screen.SetClipboard([]byte(text))
		told = plural(len(text), "byte") + " sent to the terminal (OSC 52)"
	} else {
		told = plural(len(text), "byte") + ", too many for the terminal's clipboard"
	}
	if a.opt.Actions.KeepCopy != nil {
		path, err := a.opt.Actions.KeepCopy([]byte(text))
		if err != nil {
			a.say(warning, told+"; "+clean(err.Error()))
			return
		}
		told += ", and kept in " + clean(path)
	}
	a.say(good, told+".")
}
