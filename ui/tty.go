package ui

import (
	"bytes"
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
	tty     *quietTty    // nil: it is none of ours
}

// usualTerminal is what a terminal of which nothing is known here is taken for: those
// of today all understand it.
const usualTerminal = "xterm-256color"

// openScreen opens the terminal that the program runs in.
func openScreen(log *Log) (*quietScreen, error) {
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
	s.tty = &quietTty{Tty: tty, hushed: &s.hushed, stuck: make(chan struct{})}
	if s.Screen, err = tcell.NewTerminfoScreenFromTty(s.tty); err == nil {
		return s, nil
	}
	info, unknown := tcell.LookupTerminfo(usualTerminal)
	if unknown != nil {
		return nil, err
	}
	log.Add("the terminal that TERM names is not known on this computer; the screen is drawn as on " + usualTerminal)
	s.Screen, err = tcell.NewTerminfoScreenFromTtyTerminfo(s.tty, info)
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

// stuckFor is how long the terminal may take nothing of what is written before it
// is written off, once the program is to end.
const stuckFor = 2 * time.Second

// dropWhatSticks ends writes that the terminal does not take, as one does whose
// other end hangs: else nobody could leave the screen. It does so until the
// function that it returns is called.
func (s *quietScreen) dropWhatSticks() (stop func()) {
	if s.tty == nil {
		return func() {}
	}
	stopped := make(chan struct{})
	go func() {
		for {
			select {
			case <-stopped:
				return
			case <-time.After(lookEvery):
			}
			if since := s.tty.since.Load(); since != 0 && time.Since(time.Unix(0, since)) > stuckFor {
				close(s.tty.stuck)
				return
			}
		}
	}()
	return func() { close(stopped) }
}

// quietTty is a terminal whose input is dropped once it is hushed, and its output
// once it is stuck.
type quietTty struct {
	tcell.Tty
	hushed *atomic.Bool
	stuck  chan struct{} // closed: it takes nothing any more
	since  atomic.Int64  // when the write at hand began, in nanoseconds since 1970; 0: there is none
}

// Read implements tcell.Tty.
func (t *quietTty) Read(b []byte) (int, error) {
	for {
		n, err := t.Tty.Read(b)
		if err != nil || n == 0 || !t.hushed.Load() {
			return n, err
		}
	}
}

// Write implements tcell.Tty. A write that sticks is left behind.
func (t *quietTty) Write(b []byte) (int, error) {
	select {
	case <-t.stuck:
		return len(b), nil
	default:
	}
	t.since.Store(time.Now().UnixNano())
	defer t.since.Store(0)
	b = bytes.Clone(b) // it may outlive the call
	written := make(chan error, 1)
	go func() {
		_, err := t.Tty.Write(b)
		written <- err
	}()
	select {
	case err := <-written:
		return len(b), err
	case <-t.stuck:
		return len(b), nil
	}
}
