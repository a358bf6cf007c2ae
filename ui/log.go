package ui

import (
	"slices"
	"sync"
	"time"
)

// Log takes what the program has to say while the screen is its own: notes that
// would else go to standard error. It keeps the last thousand. The zero value is
// ready, and safe for use by many goroutines; a nil Log forgets.
type Log struct {
	mu      sync.Mutex
	entries []entry
	n       int // lines ever added

	alarms int // that were raised
}

// entry is a line and when it was added.
type entry struct {
	at   time.Time
	text string
}

const maxLog = 1000

// Add keeps a line, which may hold foreign text.
func (l *Log) Add(line string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	l.entries = append(l.entries, entry{time.Now(), line})
	if len(l.entries) > maxLog {
		l.entries = slices.Delete(l.entries, 0, len(l.entries)-maxLog)
	}
}

func (l *Log) kept() []entry {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries)
}

// Alarm tells of something that is lost, of which a line has been or will be
// added: the first line of the screen says so until the log is looked at.
func (l *Log) Alarm() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.alarms++
	l.n++ // something new to draw
}

// raised returns how many alarms there were.
func (l *Log) raised() int {
	if l == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.alarms
}

// count returns how many lines were ever added.
func (l *Log) count() int {
	if l == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n
}
