package ui

import (
	"strings"

	"github.com/gdamore/tcell/v2"
)

// menu offers a few things to do, each by a key.
type menu struct {
	app   *app
	title Safe
	items []menuItem
	sel   int
}

type menuItem struct {
	key  rune
	text Safe
	run  func()
}

func (m *menu) place() place { return inDialog }

func (m *menu) footer() Safe { return "press a letter, or j k Enter  Esc cancel" }

// key implements overlay.
func (m *menu) key(ev *tcell.EventKey) bool {
	if ev.Key() != tcell.KeyRune {
		return false
	}
	for _, item := range m.items {
		if item.key == ev.Rune() {
			m.app.closeTop()
			item.run()
			return true
		}
	}
	if strings.ContainsRune("jkq", ev.Rune()) {
		return false
	}
	m.app.say(warning, "Nothing here has the letter "+clean(string(ev.Rune()))+".")
	return true
}

// do implements overlay.
func (m *menu) do(act action) bool {
	n := len(m.items)
	switch act {
	case actDown:
		m.sel = (m.sel + 1) % n
	case actUp:
		m.sel = (m.sel + n - 1) % n
	case actOpen:
		m.app.closeTop()
		m.items[m.sel].run()
	case actBack, actEscape:
		m.app.closeTop()
	default:
		return false
	}
	return true
}

// draw implements overlay: above the footer, on the left.
func (m *menu) draw(c canvas, _ class) {
	w := width(m.title) + 6
	for _, item := range m.items {
		w = max(w, width(item.text)+9)
	}
	h := min(len(m.items)+2, c.h-2)
	w = min(w, c.w-2)
	c.sub(0, c.h-2-h, w+2, h).fill(' ', normal)
	in := c.sub(1, c.h-2-h, w, h).frame(m.title)
	first := max(m.sel-in.h+1, 0)
	for i := range min(in.h, len(m.items)-first) {
		item, row := m.items[first+i], in.row(i)
		if first+i == m.sel {
			row.reverse = true
			row.fill(' ', normal)
		}
		row.text(0, 0, clean(string(item.key)), strong)
		row.text(3, 0, item.text, normal)
	}
}

// letterPrompt waits for one letter.
type letterPrompt struct {
	app  *app
	ask  Safe
	take func(letter string)
}

func (l *letterPrompt) place() place { return inPrompt }

func (l *letterPrompt) footer() Safe { return "a letter  Esc cancel" }

func (l *letterPrompt) do(act action) bool { return false }

// key implements overlay.
func (l *letterPrompt) key(ev *tcell.EventKey) bool {
	l.app.closeTop()
	switch {
	case ev.Key() == tcell.KeyRune && ev.Rune() > ' ' && ev.Rune() < 0x7f:
		l.take(string(ev.Rune()))
	case ev.Key() != tcell.KeyEsc:
		l.app.say(quiet, "That is no letter; nothing was done.")
	}
	return true
}

// draw implements overlay.
func (l *letterPrompt) draw(c canvas, _ class) {
	row := c.sub(1, c.h-2, c.w-2, 1)
	row.fill(' ', normal)
	row.text(0, 0, l.ask, strong)
}
