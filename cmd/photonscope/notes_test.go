package main

import (
	"fmt"
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
	stop := n.start(&app{stderr: terminal})
	const all = 3 * maxNotes
	for i := range all {
		n.add(fmt.Sprintf("note %d", i)) // blocks for ever if notes wait
	}
	close(terminal.goOn)
	stop()
	out := terminal.text.String()
	printed := strings.Count(out, "note ")
	if printed < maxNotes || !strings.HasPrefix(out, "note 0\n") {
		t.Errorf("%d notes were printed, at least %d expected, in order", printed, maxNotes)
	}
	if want := fmt.Sprintf("%d more notes were left out", all-printed); !strings.Contains(out, want) {
		t.Errorf("not said: %s", want)
	}
}
