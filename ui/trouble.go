package ui

import (
	"fmt"
	"strings"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/store"
)

// Trouble is what is worth a look. Every view counts it alike: what ! shows.

// problemCounts are how many problems each session has.
type problemCounts struct {
	of      map[uint32]int
	counted int       // rows of the view
	last    store.Seq // the event of the last of these
}

// count brings the counts up to a view of the problems.
func (p *problemCounts) count(s *store.Store, v *store.View) {
	if n := p.counted; p.of == nil || n > v.Len() || n > 0 && v.At(n-1) != p.last {
		*p = problemCounts{of: make(map[uint32]int)} // rows went, or came in between
	}
	for ; p.counted < v.Len(); p.counted++ {
		p.last = v.At(p.counted)
		if row, ok := s.Row(p.last); ok {
			p.of[row.Session]++
		}
	}
}

// problemsOf returns how many events of a device are worth a look.
func (m *model) problemsOf(d *device) (n int) {
	for _, s := range d.sessions {
		n += m.problems.of[s.Number]
	}
	return n
}

// troubleText says what is worth a look in a device's latest session.
func (m *model) troubleText(d *device) Safe {
	latest := d.latest()
	text := countsText(latest.Main())
	here := m.problems.of[latest.Number]
	if here > 0 {
		text = joined(text, plural(here, "problem")+", which n and ! show")
	}
	if before := m.problemsOf(d) - here; before > 0 {
		text = joined(text, Safe(fmt.Sprintf("%d in earlier sessions", before)))
	}
	if text == "" && stageOf(latest).sign == failedSign {
		return "it did not get online"
	}
	if text == "" {
		return "none"
	}
	return text
}

// sealedText says why the messages of a leg stay sealed, and what would open them; ""
// if they do not.
func (m *model) sealedText(l *store.Leg) Safe {
	if l.Opened || l.Sealed == 0 {
		return ""
	}
	e := m.event(l.Steps[store.StepCredentials].Seq)
	if b, ok := e.Body.(*decode.Credentials); ok {
		return m.hide(clean(strings.TrimPrefix(b.Reason, "sealed: ")))
	}
	return "no key at hand opens it"
}

// countsText counts what happened to the frames of a leg.
func countsText(l *store.Leg) (text Safe) {
	for _, c := range []struct {
		n    int
		what Safe
	}{{l.Retries, "sent again"}, {l.Unanswered, "unanswered"}, {l.Malformed, "malformed"}, {l.Sealed, "sealed"}, {l.Gaps, "with bytes missing"}} {
		if c.n > 0 {
			text = joined(text, Safe(fmt.Sprint(c.n))+" "+c.what)
		}
	}
	return text
}

// joined appends to an enumeration.
func joined(list, next Safe) Safe { return joinedBy(", ", list, next) }

// joinedBy puts a sign between two texts, of which either may be empty.
func joinedBy(sign, first, second Safe) Safe {
	if first == "" || second == "" {
		return first + second
	}
	return first + sign + second
}

// sessionsText says how many sessions a device had, "" if it was one.
func (d *device) sessionsText() Safe {
	n, failed := len(d.sessions), d.failures()
	switch {
	case n == 1:
		return ""
	case failed == n:
		return Safe(fmt.Sprintf("%d, none of which got online; this is the latest", n))
	case failed == 1:
		return Safe(fmt.Sprintf("%d; this is the latest, which did not get online", n))
	case failed > 1:
		return Safe(fmt.Sprintf("%d, the latest %d of which did not get online; this is the latest", n, failed))
	}
	return Safe(fmt.Sprintf("%d; this is the latest", n))
}
