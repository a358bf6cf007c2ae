package ui

import (
	"fmt"

	"github.com/photonscope/photonscope/decode"
)

// Source is where the events are. Its methods may be called while it grows.
type Source interface {
	Len() int // never falls
	Event(i int) decode.Event
}

// model is the events as the screen sees them. A paused screen sees those that
// there were when it was paused.
type model struct {
	source Source
	n      int
	paused bool
}

func newModel(s Source) *model { return &model{source: s} }

// Len implements rowSource.
func (m *model) Len() int { return m.n }

func (m *model) event(i int) decode.Event { return m.source.Event(i) }

// refresh takes notice of what came, unless the screen is paused.
func (m *model) refresh() bool {
	if n := m.source.Len(); n != m.n && !m.paused {
		m.n = n
		return true
	}
	return false
}

// waiting returns how many events came since the screen was paused.
func (m *model) waiting() int { return m.source.Len() - m.n }

// summary says in a few words what is going on.
func (m *model) summary() string { return fmt.Sprintf("%d events", m.source.Len()) }
