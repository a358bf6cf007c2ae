package main

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// note is a line for the person who runs the program, beside the data.
type note struct {
	at    time.Time
	level slog.Level
	text  string // may hold foreign text
}

// notes carries notes from the traffic's path to a goroutine that prints them,
// because printing may block for as long as a terminal is stopped. Those beyond the bound are counted instead. The zero value is ready
// and keeps notes until start.
type notes struct {
	mu      sync.Mutex
	more    *sync.Cond
	waiting []note
	dropped int
	closed  bool
}

// maxNotes is how many notes wait at most.
const maxNotes = 1000

// add leaves a note to be printed.
func (n *notes) add(level slog.Level, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.waiting) == maxNotes {
		n.dropped++
		return
	}
	n.waiting = append(n.waiting, note{time.Now(), level, text})
	if n.more != nil {
		n.more.Signal()
	}
}

// start prints notes from now on. The function it returns prints what is left
// and ends that.
func (n *notes) start(print func(note)) (stop func()) {
	n.mu.Lock()
	n.more = sync.NewCond(&n.mu)
	n.mu.Unlock()
	var printer sync.WaitGroup
	printer.Go(func() {
		for {
			waiting, dropped, open := n.take()
			for _, one := range waiting {
				print(one)
			}
			if dropped > 0 {
				print(note{time.Now(), slog.LevelError, fmt.Sprintf("%d more notes were left out: they came faster than they could be printed", dropped)})
			}
			if !open {
				return
			}
		}
	})
	return func() {
		n.mu.Lock()
		n.closed = true
		n.more.Signal()
		n.mu.Unlock()
		printer.Wait()
	}
}

// take waits for notes and returns them. open is false once there will be none.
func (n *notes) take() (waiting []note, dropped int, open bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(n.waiting) == 0 && !n.closed {
		n.more.Wait()
	}
	waiting, dropped = n.waiting, n.dropped
	n.waiting, n.dropped = nil, 0
	return waiting, dropped, !n.closed || len(waiting) > 0
}
