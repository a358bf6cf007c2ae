package ui

import (
	"sync/atomic"

	"github.com/gdamore/tcell/v2"
)

// quietTty is the terminal, whose input can be dropped: the end of the screen
// must not wait for keys that nobody reads any more.
type quietTty struct {
	tcell.Tty
	closing atomic.Bool
	inUse   bool
}

// Read implements tcell.Tty.
func (t *quietTty) Read(b []byte) (int, error) {
	for {
		n, err := t.Tty.Read(b)
		if err != nil || n == 0 || !t.closing.Load() {
			return n, err
		}
	}
}

// openScreen opens the terminal that the program runs in.
func openScreen(quiet *quietTty) (tcell.Screen, error) {
	tty, err := tcell.NewDevTty()
	if err != nil {
		return tcell.NewScreen() // a console that is no file, as on Windows
	}
	quiet.Tty, quiet.inUse = tty, true
	return tcell.NewTerminfoScreenFromTty(quiet)
}
