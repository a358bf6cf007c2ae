package ui

import (
	"encoding/hex"
	"strings"
)

// needle is what is looked for inside of bytes: text, in which small and capital
// letters are the same, and, if it can be read so, bytes in hex. The zero value
// is found nowhere.
type needle struct {
	typed string
	text  []byte // nil: it is only bytes
	raw   []byte // nil: it is only text
}

// parseNeedle reads what was typed. "…" is text whatever is between the quotes; 0x…
// and pairs of digits with spaces or colons between them are bytes; pairs of
// digits alone may be either, so both are looked for.
func parseNeedle(typed string) needle {
	n := needle{typed: typed}
	if quoted := len(typed) > 2 && typed[0] == '"' && typed[len(typed)-1] == '"'; quoted {
		n.text = []byte(typed[1 : len(typed)-1])
		return n
	}
	digits, prefixed := strings.CutPrefix(typed, "0x")
	pairs := strings.FieldsFunc(digits, func(r rune) bool { return r == ' ' || r == ':' })
	apart := len(pairs) > 1
	for _, p := range pairs {
		apart = apart && len(p) == 2
	}
	if raw, err := hex.DecodeString(strings.Join(pairs, "")); err == nil && len(raw) > 0 && (apart || len(pairs) == 1) {
		n.raw = raw
	}
	if n.raw == nil || !prefixed && !apart {
		n.text = []byte(typed)
	}
	return n
}

// at returns how many bytes at the beginning of b are a hit, 0 if none is.
func (n *needle) at(b []byte) int {
	if len(n.raw) > 0 && len(b) >= len(n.raw) && string(b[:len(n.raw)]) == string(n.raw) {
		return len(n.raw)
	}
	if len(n.text) == 0 || len(b) < len(n.text) {
		return 0
	}
	for i, c := range n.text {
		if lower(c) != lower(b[i]) {
			return 0
		}
	}
	return len(n.text)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// hits returns where the needle is found, first to last; they may overlap.
func (n *needle) hits(b []byte) []byteRange {
	var all []byteRange
	for i := range b {
		if size := n.at(b[i:]); size > 0 {
			all = append(all, byteRange{i, i + size})
		}
	}
	return all
}

// in reports whether the needle is found at all.
func (n *needle) in(b []byte) bool {
	for i := range b {
		if n.at(b[i:]) > 0 {
			return true
		}
	}
	return false
}

// as says how the needle is read.
func (n *needle) as() Safe {
	switch {
	case n.raw != nil && n.text != nil:
		return "as text and as hex bytes"
	case n.raw != nil:
		return "as hex bytes"
	case n.text != nil:
		return "as text"
	}
	return `text, or bytes such as 0d 0a; "0d" is text`
}

// finder is a pane or a view in which text and bytes are found.
type finder interface {
	// find takes what is looked for; the zero needle ends that.
	find(needle)
	// findNext goes to the next hit, to the one before for -1, for 0 to the first
	// one from here on. It returns false if nothing is looked for here.
	findNext(a *app, by int) bool
}

// openFind opens the prompt for what is found inside of f.
func (a *app) openFind(f finder, sign Safe) {
	p := &prompt{app: a, sign: sign, history: &a.findHistory, keys: "↑ history  Enter find  n N next, previous hit  Esc cancel"}
	if a.model.private {
		p.history = nil
	}
	p.check = func(text string) (Safe, role) {
		n := parseNeedle(text)
		return n.as(), quiet
	}
	p.accept = func(text string) bool {
		f.find(parseNeedle(text))
		if text != "" {
			f.findNext(a, 0)
		}
		return true
	}
	p.find = p.accept
	a.open(p)
}

// wrapText says that a search went on at the other end, "" if it did not.
func wrapText(by, from, to int) Safe {
	switch {
	case by > 0 && to <= from || to < from && by == 0:
		return ", from the beginning again"
	case by < 0 && to >= from:
		return ", from the end again"
	}
	return ""
}
