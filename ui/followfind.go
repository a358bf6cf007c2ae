package ui

import (
	"time"

	"github.com/photonscope/photonscope/decode"
)

// talkHunt is a search through a conversation that goes on.
type talkHunt struct {
	began, at, by, left int // events: where it began, is looked at next, and are left
}

// find implements finder.
func (t *talkPane) find(n needle) { t.sought, t.search = n, nil }

// findNext implements finder.
func (t *talkPane) findNext(a *app, by int) bool {
	n := t.view.Len()
	if t.sought.typed == "" || n == 0 {
		return false
	}
	t.search = &talkHunt{began: t.sel, at: t.sel + by, by: by, left: n}
	if by == 0 { // the first hit may be where the user is
		t.search.by, t.search.began = 1, t.sel-1
	}
	t.searchOn()
	return true
}

// searchOn looks on for a hit, no longer than the screen may wait. It reports
// whether there is more to look at.
func (t *talkPane) searchOn() (more bool) {
	s := t.search
	if s == nil {
		return false
	}
	n := t.view.Len()
	for began := time.Now(); s.left > 0; s.left-- {
		if time.Since(began) > lookFor {
			t.app.say(quiet, "Looking for "+clean(t.sought.typed)+" …")
			return true
		}
		at := (s.at%n + n) % n
		if t.hit(at) {
			t.search = nil
			t.choose(at)
			t.app.say(normal, "Found"+wrapText(s.by, s.began, at)+".")
			return false
		}
		s.at = at + s.by
	}
	t.search = nil
	t.app.say(quiet, "No "+clean(t.sought.typed)+" in this conversation.")
	return false
}

// hit reports whether what is looked for is in the line of an event, or in what
// its message carries.
func (t *talkPane) hit(i int) bool {
	e := t.app.model.event(t.view.At(i))
	if e.Body == nil {
		return false
	}
	title := needle{text: t.sought.text}
	if title.in([]byte(t.title(t.view.At(i), &e))) {
		return true
	}
	m, isMessage := e.Body.(*decode.Message)
	if !isMessage || t.app.model.private {
		return false
	}
	t.msg.Parse(m.Plain) // was parsed once, so it parses
	return t.sought.in(t.msg.Payload)
}

// headWidth is how many cells the time and the direction of an event take.
const headWidth = 12

// light draws anew what is a hit in a line.
func (t *talkPane) light(c canvas, l *line) {
	st := t.look.style(warning).Reverse(true)
	for _, hit := range l.lit {
		c.styled(hit.from, 0, l.text[hit.from:hit.to], st)
	}
	if l.lit != nil {
		return
	}
	text := needle{text: t.sought.text}
	for _, hit := range text.hits([]byte(l.text)) {
		if x := width(l.text[:hit.from]); x >= headWidth {
			c.styled(x, 0, l.text[hit.from:hit.to], st)
		}
	}
}

// hexLit returns which cells of a row of hex show hits: of the payload that
// begins at byte from, per bytes to the row.
func hexLit(hits []byteRange, from, per int) []byteRange {
	lit := []byteRange{}
	for _, hit := range hits {
		a, b := max(hit.from-from, 0), min(hit.to-from, per)
		if a < b {
			const left = len(talkIndent)
			lit = append(lit, byteRange{left + 3*a, left + 3*b - 1}, byteRange{left + 3*per + 1 + a, left + 3*per + 1 + b})
		}
	}
	return lit
}
