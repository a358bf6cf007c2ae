package main

import "sync"

// notes carries lines for standard error from the traffic's path to a goroutine
// that prints them, because printing may block for as long as a terminal is
// stopped. Lines beyond the bound are counted instead. The zero value is ready
// and keeps lines until start.
type notes struct {
	mu      sync.Mutex
	more    *sync.Cond
	lines   []string
	dropped int
	closed  bool
}

// maxNotes is how many lines wait at most.
const maxNotes = 1000

// add leaves a line to be printed.
func (n *notes) add(line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.lines) == maxNotes {
		n.dropped++
		return
	}
	n.lines = append(n.lines, line)
	if n.more != nil {
		n.more.Signal()
	}
}

// start prints lines from now on. The function it returns prints what is left
// and ends that.
func (n *notes) start(a *app) (stop func()) {
	n.mu.Lock()
	n.more = sync.NewCond(&n.mu)
	n.mu.Unlock()
	var printer sync.WaitGroup
	printer.Go(func() {
		for {
			lines, dropped, open := n.take()
			for _, line := range lines {
				a.say("%s", line)
			}
			if dropped > 0 {
				a.say("%d more notes were left out: they came faster than they could be printed", dropped)
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

// take waits for lines and returns them. open is false once there will be none.
func (n *notes) take() (lines []string, dropped int, open bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(n.lines) == 0 && !n.closed {
		n.more.Wait()
	}
	lines, dropped = n.lines, n.dropped
	n.lines, n.dropped = nil, 0
	return lines, dropped, !n.closed || len(lines) > 0
}
