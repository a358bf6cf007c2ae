package ui

import (
	"slices"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/store"
)

// scope is which events the lists show, before any filter: those of one device,
// of one session, or all.
type scope struct {
	where  store.Where       // its sessions are in order
	label  Safe              // "" if it is all
	device lightssl.DeviceID // whose sessions these are, if it is known
	known  bool
}

// has reports whether a session belongs to the scope.
func (s *scope) has(session *store.Session) bool {
	if s.where.Sessions == nil {
		return true
	}
	_, in := slices.BinarySearch(s.where.Sessions, session.Number)
	return in
}

// widen takes in the sessions that the device of a scope began meanwhile, from
// their first event on: who it is comes third. It reports whether there are any.
func (s *scope) widen(sessions []store.Session) (more bool) {
	for i := range sessions {
		if v := &sessions[i]; s.known && v.Known && v.Device == s.device && !s.has(v) {
			at, _ := slices.BinarySearch(s.where.Sessions, v.Number)
			s.where.Sessions = slices.Insert(slices.Clone(s.where.Sessions), at, v.Number)
			more = true
		}
	}
	return more
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
	s := scope{label: d.label(), device: d.id, known: d.known}
	for _, session := range d.sessions {
		s.where.Sessions = append(s.where.Sessions, session.Number)
	}
	slices.Sort(s.where.Sessions)
	return s
}
