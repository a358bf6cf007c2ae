package main

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// stoppedTerminal blocks every write until it is let go.
type stoppedTerminal struct {
	goOn chan struct{}
	mu   sync.Mutex
	text strings.Builder
}

func (s *stoppedTerminal) Write(b []byte) (int, error) {
	<-s.goOn
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func TestNotesNeverWaitForAStoppedTerminal(t *testing.T) {
	terminal := &stoppedTerminal{goOn: make(chan struct{})}
	var n notes
	a := &app{stderr: terminal}
	stop := n.start(func(n note) { a.say("%s", n.text) })
	const all = 3 * maxNotes
	for i := range all {
		n.add(slog.LevelInfo, fmt.Sprintf("note %d", i)) // blocks for ever if notes wait
	}
	close(terminal.goOn)
	stop()
	printed, left := 0, 0
	for line := range strings.Lines(terminal.text.String()) {
		var n int
		if k, _ := fmt.Sscanf(line, "note %d", &n); k == 1 {
			if n < printed {
				t.Fatalf("note %d came after %d others", n, printed)
			}
			printed++
		} else if k, _ := fmt.Sscanf(line, "%d more notes", &n); k == 1 {
			left += n
		} else {
			t.Errorf("printed: %q", line)
		}
	}
	if printed < maxNotes || printed+left != all {
		t.Errorf("%d notes were printed and %d said to be left out, of %d", printed, left, all)
	}
}
