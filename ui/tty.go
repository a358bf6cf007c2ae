package ui

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/gdamore/tcell/v2"
)

// quietScreen is a terminal that can be given back whatever was typed. tcell
// waits for its readers then, and they wait until somebody takes the keys they
// have read, but tview takes none while it stops, and tcell itself stops reading
// its own queue. So whoever stops the screen hushes it first: what is typed is
// dropped where it is read, and what was read before is dropped in PollEvent.
type quietScreen struct {
	tcell.Screen
	hushed  atomic.Bool
	polling atomic.Bool  // somebody is inside PollEvent
	last    atomic.Int64 // when it had something, in nanoseconds since 1970
}

// openScreen opens the terminal that the program runs in.
func openScreen() (*quietScreen, error) {
	s := new(quietScreen)
	if runtime.GOOS == "windows" { // its console is no file
		var err error
		s.Screen, err = tcell.NewScreen()
		return s, err
	}
	tty, err := tcell.NewDevTty()
	if err != nil {
		return nil, err
	}
	s.Screen, err = tcell.NewTerminfoScreenFromTty(quietTty{tty, &s.hushed})
	return s, err
}

// PollEvent implements tcell.Screen.
func (s *quietScreen) PollEvent() tcell.Event {
	for {
		s.polling.Store(true)
		ev := s.Screen.PollEvent()
		s.last.Store(time.Now().UnixNano())
		s.polling.Store(false) // before looking at hushed, so that hush sees one or the other
		if ev == nil || !s.hushed.Load() {
			return ev
		}
	}
}

// How long nothing must have come before the terminal is given back, and how
// long that is waited for: the loop may have a hundred keys to deal with.
const (
	quietFor    = 50 * time.Millisecond
	quietAtMost = 5 * time.Second
	lookEvery   = 5 * time.Millisecond
)

// hush drops all input from now on, and returns when what came before is gone,
// or over is closed.
func (s *quietScreen) hush(over <-chan struct{}) {
	s.hushed.Store(true)
	for began := time.Now(); time.Since(began) < quietAtMost; {
		select {
		case <-over:
			return
		case <-time.After(lookEvery):
		}
		if s.polling.Load() && min(time.Since(began), time.Since(time.Unix(0, s.last.Load()))) >= quietFor {
			return
		}
	}
}

// Fini implements tcell.Screen. It goes on dropping events meanwhile.
func (s *quietScreen) Fini() {
	s.hushed.Store(true)
	over := make(chan struct{})
	go func() { defer close(over); s.Screen.Fini() }()
	for {
		select {
		case <-over:
			return
		default:
		}
		if s.Screen.PollEvent() == nil { // the screen is about to end
			time.Sleep(time.Millisecond)
		}
	}
}

// quietTty is a terminal whose input is dropped once it is hushed.
type quietTty struct {
	tcell.Tty
	hushed *atomic.Bool
}

// Read implements tcell.Tty.
func (t quietTty) Read(b []byte) (int, error) {
	for {
		n, err := t.Tty.Read(b)
		if err != nil || n == 0 || !t.hushed.Load() {
			return n, err
		}
	}
}
