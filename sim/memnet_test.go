package sim

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A connection in memory, for tests in a bubble that need what net.Pipe has not:
// buffers, half-close, reset.

// memConn is one end.
type memConn struct {
	in, out *memFlow
	linger0 bool
}

// memFlow is one direction.
type memFlow struct {
	mu       sync.Mutex
	changed  *sync.Cond
	b        []byte
	fin, rst bool // by the writer
	closed   bool // by the reader
	deadline time.Time
	timer    *time.Timer
}

func memPipe() (a, b *memConn) {
	x, y := new(memFlow), new(memFlow)
	x.changed, y.changed = sync.NewCond(&x.mu), sync.NewCond(&y.mu)
	return &memConn{in: x, out: y}, &memConn{in: y, out: x}
}

func (f *memFlow) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	f.changed.Broadcast()
}

func (c *memConn) Read(b []byte) (int, error) {
	f := c.in
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		switch {
		case f.closed:
			return 0, net.ErrClosed
		case len(f.b) > 0:
			n := copy(b, f.b)
			f.b = f.b[n:]
			return n, nil
		case f.rst:
			return 0, syscall.ECONNRESET
		case f.fin:
			return 0, io.EOF
		case !f.deadline.IsZero() && !time.Now().Before(f.deadline):
			return 0, os.ErrDeadlineExceeded
		}
		f.changed.Wait()
	}
}

func (c *memConn) Write(b []byte) (int, error) {
	f := c.out
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.fin || f.rst:
		return 0, net.ErrClosed
	case f.closed:
		return 0, syscall.ECONNRESET
	}
	f.b = append(f.b, b...)
	f.changed.Broadcast()
	return len(b), nil
}

func (c *memConn) CloseWrite() error {
	c.out.set(func() { c.out.fin = true })
	return nil
}

func (c *memConn) SetLinger(int) error {
	c.linger0 = true
	return nil
}

// Close sends a FIN, or a reset if that was asked for or bytes are left unread.
func (c *memConn) Close() error {
	unread := false
	c.in.set(func() { unread = len(c.in.b) > 0 && !c.in.closed })
	c.out.set(func() {
		c.out.rst = c.out.rst || (unread || c.linger0) && !c.out.fin
		c.out.fin = true
	})
	c.in.set(func() {
		c.in.closed = true
		if c.in.timer != nil {
			c.in.timer.Stop()
		}
	})
	return nil
}

func (c *memConn) SetReadDeadline(at time.Time) error {
	c.in.set(func() {
		c.in.deadline = at
		if c.in.timer != nil {
			c.in.timer.Stop()
		}
		if !at.IsZero() && !c.in.closed {
			c.in.timer = time.AfterFunc(time.Until(at), func() { c.in.set(func() {}) })
		}
	})
	return nil
}

func (c *memConn) SetDeadline(at time.Time) error   { return c.SetReadDeadline(at) }
func (c *memConn) SetWriteDeadline(time.Time) error { return nil }
func (c *memConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *memConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }

// memListener accepts what dial makes.
type memListener struct {
	queue chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newMemListener() *memListener {
	return &memListener{queue: make(chan net.Conn), done: make(chan struct{})}
}

func (l *memListener) dial() *memConn {
	a, b := memPipe()
	l.queue <- b
	return a
}

func (l *memListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *memListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *memListener) Addr() net.Addr { return &net.TCPAddr{} }
