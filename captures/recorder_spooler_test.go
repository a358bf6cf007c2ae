package captures

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/photonscope/photonscope/decode/stream"
)

// valve is a writer that writes only while it is open.
type valve struct {
	bytes.Buffer
	mu    sync.Mutex
	moved *sync.Cond
	open  bool
	pass  int // writes let through while it is closed
	err   error
}

func newValve(open bool) *valve {
	v := &valve{open: open}
	v.moved = sync.NewCond(&v.mu)
	return v
}

func (v *valve) Write(b []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for !v.open && v.pass == 0 && v.err == nil {
		v.moved.Wait()
	}
	v.pass = max(v.pass-1, 0)
	if v.err != nil {
		return 0, v.err
	}
	return v.Buffer.Write(b)
}

func (v *valve) set(open bool, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.open, v.err = open, err
	v.moved.Broadcast()
}

func (v *valve) passes(n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.pass = n
	v.moved.Broadcast()
}

func TestSpooledRecordingEqualsOneInAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(11, 3, 300, 3000)
		v := newValve(true)
		var said told
		s := NewSpooler(v, "photonscope test", said.alerts())
		for i, call := range p {
			s.Items(call)
			if i%50 == 0 {
				synctest.Wait()
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(v.Bytes(), record(t, p)) {
			t.Error("the pipe carried another recording than the file holds")
		}
		wantTold(t, said)
	})
}

func TestAStalledReaderLosesPacketsNotSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(12, 3, 300, 3000)
		v := newValve(false)
		var said told
		s := newSpooler(v, "", said.alerts(), 100_000)
		for i, call := range p {
			s.Items(call) // would be a deadlock, which synctest reports, if it waited
			if i == 150 {
				v.set(true, nil)
			}
			if i >= 150 {
				synctest.Wait()
			}
		}
		err := s.Close()
		if err == nil || err.Error() != "captures: "+s.omit.lost.String() {
			t.Errorf("Close: %v", err)
		}
		missed := wantSameButGaps(t, v.Bytes(), p.items())
		if missed == 0 || missed != s.omit.lost.Bytes {
			t.Errorf("%d bytes are missing, counted %+v", missed, s.omit.lost)
		}
		if len(said) != 2 || !strings.Contains(said[0], "alarm: its reader is too slow") || !strings.Contains(said[1], "cleared: ") {
			t.Errorf("told %q", said)
		}
	})
}

func TestWhatIsBeingWrittenCountsAsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(16, 1, 1000, 3000)
		v := newValve(false)
		s := newSpooler(v, "", Alerts{}, spillChunk+spillChunk/2)
		synctest.Wait() // the header is being written
		fill := func(calls play) {
			for _, call := range calls {
				s.Items(call)
			}
		}
		fill(p[:500])
		v.passes(1)
		synctest.Wait()
		if s.writing < spillChunk/2 {
			t.Fatalf("only %d bytes are being written", s.writing)
		}
		fill(p[500:1000])
		if held := s.queue.bytes + s.writing; held > s.limit {
			t.Errorf("%d bytes are held, the limit is %d", held, s.limit)
		}
		v.set(true, nil)
		s.Close()
	})
}

func TestAReaderThatStalledToTheEndIsToldTheGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(13, 2, 300, 3000)
		p = p[:200] // nobody closes
		v := newValve(false)
		s := newSpooler(v, "", Alerts{}, 50_000)
		for _, call := range p {
			s.Items(call)
		}
		go func() { synctest.Wait(); v.set(true, nil) }()
		if err := s.Close(); err == nil {
			t.Error("nothing was reported missing")
		}
		missed := 0
		list, err := items(&v.Buffer, ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range list {
			if g, ok := it.(*stream.Gap); ok {
				missed += g.Len
			}
		}
		if missed != s.omit.lost.Bytes {
			t.Errorf("gaps of %d bytes, counted %+v", missed, s.omit.lost)
		}
	})
}

func TestAReaderThatGoesAwayEndsTheRecordingAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(14, 2, 100, 500)
		v := newValve(false)
		var said told
		s := NewSpooler(v, "", said.alerts())
		for _, call := range p[:50] {
			s.Items(call)
			synctest.Wait()
		}
		v.set(false, io.ErrClosedPipe)
		synctest.Wait()
		for _, call := range p[50:] {
			s.Items(call)
			s.Messages([]Message{{}})
			synctest.Wait()
		}
		if s.queue.bytes > 0 || len(s.omit.pending) > 0 {
			t.Error("a recording that is over still collects")
		}
		if err := s.Close(); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("Close: %v", err)
		}
		wantTold(t, said, "alarm: it has ended: io: read/write on closed pipe; sessions go on")
	})
}

func TestClosingTwiceAndRecordingAfterwardsIsHarmless(t *testing.T) {
	v := newValve(true)
	s := NewSpooler(v, "", Alerts{})
	p := newPlay(15, 1, 3, 50)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s.Items(p[0])
	if !bytes.Equal(v.Bytes(), NewEncoder().AppendHeader(nil)) {
		t.Error("something was recorded after the end")
	}
}

func TestManyMayRecordAtOnce(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := NewSpooler(w, "", Alerts{})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for _, call := range newPlay(uint64(i), 1, 50, 500) {
				for j, it := range call {
					call[j] = renumber(it, stream.ConnID(i+1))
				}
				s.Items(call)
			}
		})
	}
	go func() {
		all.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		w.Close()
	}()
	if got := gather(t, r); len(got) != 8 {
		t.Errorf("%d connections", len(got))
	}
}

// renumber returns an item of a connection as one of another, with ends of its
// own.
func renumber(it stream.Item, id stream.ConnID) stream.Item {
	it = stream.Clone(it)
	switch v := it.(type) {
	case *stream.Opened:
		v.Conn.ID = id
		v.Conn.Device = netip.AddrPortFrom(v.Conn.Device.Addr(), 40000+uint16(id))
	case *stream.Segment:
		v.Conn = id
	case *stream.Closed:
		v.Conn = id
	}
	return it
}
