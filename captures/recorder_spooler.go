package captures

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/photonscope/photonscope/decode/stream"
)

// Spooler records to a pipe or standard output. Whoever reads it may be slow,
// stop or go away, so a goroutine of its own writes, and recording never waits:
// what is not written yet waits in memory up to [SpillLimit], and beyond it
// packets are left out as by a [Recorder]. When the writer fails (the reader of
// a pipe has gone) the recording is over, and sessions go on.
//
// It is safe for concurrent use. The order of calls is the order of the
// recording.
type Spooler struct {
	w      io.Writer
	alerts Alerts
	limit  int
	done   chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	work    sync.Cond // the queue is not empty, or closed
	omit    omitter
	queue   spill
	writing int // bytes the goroutine has taken and not written yet
	buf     []byte
	full    bool // packets are being left out
	closed  bool
	err     error // why the writer ended
}

// NewSpooler starts a recording to w, which only it may write to. app is the
// program's name and version, for the header.
func NewSpooler(w io.Writer, app string, a Alerts) *Spooler {
	return newSpooler(w, app, a, SpillLimit)
}

func newSpooler(w io.Writer, app string, a Alerts, limit int) *Spooler {
	s := &Spooler{w: w, alerts: a, limit: limit, done: make(chan struct{}), omit: newOmitter(app)}
	s.work.L = &s.mu
	s.queue.add(s.omit.enc.AppendHeader(nil))
	go s.run()
	return s
}

// Items records what happened. It keeps nothing of items.
func (s *Spooler) Items(items []stream.Item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over() {
		return
	}
	s.buf = s.buf[:0]
	for _, it := range items {
		s.buf = s.omit.appendItem(s.buf, it, s.room())
	}
	s.enqueue()
}

// Messages records decrypted messages, for other tools. It keeps nothing of them.
func (s *Spooler) Messages(all []Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over() {
		return
	}
	s.buf = s.buf[:0]
	for i := range all {
		s.buf = s.omit.appendMessage(s.buf, &all[i], s.room())
	}
	s.enqueue()
}

func (s *Spooler) over() bool { return s.err != nil || s.closed }

// room says how many bytes the current call may still add. While packets are
// left out there is none for them until half of the memory is free, so that
// gaps are few.
func (s *Spooler) room() room {
	held := s.queue.bytes + s.writing + len(s.buf)
	r := room{s.limit - held, s.limit + s.limit/reserve - held}
	if s.full && held > s.limit/2 {
		r.packets = 0
	}
	return r
}

// enqueue hands the blocks of the current call to the goroutine. s.mu is held.
func (s *Spooler) enqueue() {
	leaving := s.omit.leaving
	s.omit.leaving = false
	if leaving && !s.full {
		s.alerts.alarm("its reader is too slow: %d MiB wait, packets are left out; sessions go on", s.limit>>20)
	}
	if s.full && !leaving && s.queue.bytes+s.writing <= s.limit/2 {
		s.buf = s.omit.appendPending(s.buf)
		s.full = false
		s.alerts.cleared("its reader keeps up again; %s", s.omit.lost)
	}
	s.full = s.full || leaving
	s.queue.add(s.buf)
	s.work.Signal()
}

// run writes what is queued until the spooler is closed or the writer fails.
func (s *Spooler) run() {
	defer close(s.done)
	for {
		chunk, ok := s.next()
		if !ok {
			return
		}
		n, err := s.w.Write(chunk)
		if err == nil && n < len(chunk) {
			err = io.ErrShortWrite
		}
		s.wrote(chunk, err)
	}
}

// next waits for a chunk to write; false: there will be none.
func (s *Spooler) next() ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.queue.bytes == 0 && !s.over() {
		s.work.Wait()
	}
	if s.queue.bytes == 0 || s.err != nil {
		return nil, false
	}
	chunk := s.queue.pop()
	s.writing = len(chunk)
	return chunk, true
}

func (s *Spooler) wrote(chunk []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writing = 0
	s.queue.recycle(chunk)
	if err == nil {
		return
	}
	s.err = err
	s.queue = spill{}
	s.alerts.alarm("it has ended: %v; sessions go on", err)
}

// Close waits until everything is written or the writer has failed, and reports
// what the recording lacks, nil if nothing. It does not close the writer.
func (s *Spooler) Close() error {
	s.mu.Lock()
	if !s.over() {
		s.queue.add(s.omit.appendPending(nil))
	}
	s.closed = true
	s.work.Signal()
	s.mu.Unlock()
	<-s.done
	switch {
	case s.err != nil:
		return fmt.Errorf("captures: the recording ended early: %w", s.err)
	case s.omit.lost != (Lost{}):
		return errors.New("captures: " + s.omit.lost.String())
	}
	return nil
}
