package ui

import (
	"slices"

	"github.com/photonscope/photonscope/store"
)

// scope is which events the lists show, before any filter: those of one device,
// of one session, or all.
type scope struct {
	where store.Where
	label Safe // "" if it is all
}

// has reports whether a session belongs to the scope.
func (s *scope) has(session *store.Session) bool {
	w := &s.where
	return (w.Devices == nil || session.Known && slices.Contains(w.Devices, session.Device)) &&
		(w.Sessions == nil || slices.Contains(w.Sessions, session.Number))
}

// setScope has the lists show the events of a scope.
func (m *model) setScope(s scope) {
	m.scope = s
	m.apply()
}

// match is what scope and filter ask for.
func (m *model) match() store.Match {
	match := store.Match{}
	if !m.filter.off {
		match = store.MatchOf(m.filter.compiled)
	}
	match.Where = m.scope.where
	match.Where.OneLeg = !m.bothLegs
	if m.onlyBad {
		match.Where.Need |= store.Problem
	}
	return match
}

// apply has the view look for that.
func (m *model) apply() {
	m.applied++
	m.view.SetMatch(m.match())
	m.more = m.view.Refresh(lookFor)
}

// deviceScope is what a device's sessions have.
func deviceScope(d *device) scope {
	s := scope{label: d.label()}
	if d.known {
		s.where.Devices = append(s.where.Devices, d.id)
		return s
	}
	for _, session := range d.sessions {
		s.where.Sessions = append(s.where.Sessions, session.Number)
	}
	return s
}
