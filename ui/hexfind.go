package ui

import "fmt"

// find implements finder. What is looked for stays when other bytes are shown.
func (h *hexPane) find(n needle) { h.sought = n }

// findNext implements finder.
func (h *hexPane) findNext(a *app, by int) bool {
	if h.sought.typed == "" {
		return false
	}
	if h.hidden != "" {
		a.say(quiet, "These bytes are hidden, so nothing is looked for in them.")
		return true
	}
	hits := h.sought.hits(h.data)
	if len(hits) == 0 {
		a.say(quiet, "No "+clean(h.sought.typed)+" in these "+plural(len(h.data), "byte")+".")
		return true
	}
	to := nextHit(hits, h.cursor, by)
	said := Safe(fmt.Sprintf("Hit %d of %d", to+1, len(hits))) + wrapText(by, h.cursor, hits[to].from) + "."
	h.moveTo(hits[to].from)
	a.say(normal, said)
	return true
}

// nextHit returns which hit comes behind a place, before it for -1, from it on for
// 0; behind the last one comes the first.
func nextHit(hits []byteRange, at, by int) int {
	if by < 0 {
		for i := len(hits) - 1; i >= 0; i-- {
			if hits[i].from < at {
				return i
			}
		}
		return len(hits) - 1
	}
	for i := range hits {
		if hits[i].from >= at+by {
			return i
		}
	}
	return 0
}

// lit reports for each byte from start to end whether it is in a hit.
func (h *hexPane) lit(start, end int) []bool {
	lit := make([]bool, end-start)
	longest := max(len(h.sought.text), len(h.sought.raw))
	base := max(start-longest, 0)
	for _, hit := range h.sought.hits(h.data[base:min(end+longest, len(h.data))]) {
		for i := max(hit.from+base, start); i < min(hit.to+base, end); i++ {
			lit[i-start] = true
		}
	}
	return lit
}
