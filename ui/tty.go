package ui

import (
	"sync/atomic"

	"github.com/gdamore/tcell/v2"
)

// quietScreen is a screen whose events can be dropped. tcell waits for its
// readers when it gives the terminal back, and they wait until somebody takes
// the keys that were typed; but tview takes none while it stops. So whoever
// stops it hushes the screen first.
type quietScreen struct {
	tcell.Screen
	hushed  atomic.Bool
	polling atomic.Bool // somebody is inside PollEvent
}

// PollEvent implements tcell.Screen. Once the screen is hushed it returns only
// when the screen has ended.
func (s *quietScreen) PollEvent() tcell.Event {
	for {
		s.polling.Store(true)
		ev := s.Screen.PollEvent()
		s.polling.Store(false) // before looking at hushed, so that hush sees one or the other
		if ev == nil || !s.hushed.Load() {
			return ev
		}
	}
}

// hush drops all events from now on. Until it returns true, which takes as long
// as the loop needs for the keys it has been given, some may still be delivered.
func (s *quietScreen) hush() bool {
	s.hushed.Store(true)
	return s.polling.Load()
}
