// Package memnet is TCP in memory for tests under testing/synctest, whose bubbles
// no socket may cross: ordered bytes, half-close, reset, deadlines and addresses.
// Buffers are without bound, so writing never blocks. Begin with [Pipe] and
// [Listener].
package memnet

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// Conn is one end of a connection. Like a TCP connection it is safe for concurrent
// use by a reader, a writer and whoever closes it.
type Conn struct {
	in, out       *flow
	local, remote net.Addr
	linger0       bool
	mu            sync.Mutex
}

// flow is one direction.
type flow struct {
	mu       sync.Mutex
	changed  *sync.Cond
	b        []byte
	fin      bool // no more will be written
	rst      bool // aborted by the writer
	closed   bool // the reader is gone
	deadline time.Time
	timer    *time.Timer
}

func newFlow() *flow {
	f := new(flow)
	f.changed = sync.NewCond(&f.mu)
	return f
}

// Pipe returns the two ends of a connection between two addresses; the first is
// that of a.
func Pipe(a, b netip.AddrPort) (*Conn, *Conn) {
	ab, ba := newFlow(), newFlow()
	x, y := net.TCPAddrFromAddrPort(a), net.TCPAddrFromAddrPort(b)
	return &Conn{in: ba, out: ab, local: x, remote: y}, &Conn{in: ab, out: ba, local: y, remote: x}
}

// Read implements net.Conn. What was written before a reset is still read.
func (c *Conn) Read(b []byte) (int, error) {
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

// Write implements net.Conn. It never blocks.
func (c *Conn) Write(b []byte) (int, error) {
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

// CloseWrite sends a FIN.
func (c *Conn) CloseWrite() error {
	c.out.set(func(f *flow) { f.fin = true })
	return nil
}

// SetLinger makes Close a reset, whatever the seconds: tests set 0.
func (c *Conn) SetLinger(int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.linger0 = true
	return nil
}

// Close sends a FIN, or a reset if that was asked for or, as on Linux, bytes are
// left unread.
func (c *Conn) Close() error {
	c.mu.Lock()
	abort := c.linger0
	c.mu.Unlock()
	c.in.set(func(f *flow) {
		abort = abort || len(f.b) > 0 && !f.closed
		f.closed = true
		if f.timer != nil {
			f.timer.Stop()
		}
	})
	if abort {
		c.out.set(func(f *flow) { f.rst = f.rst || !f.fin })
	}
	return c.CloseWrite()
}

func (f *flow) set(change func(*flow)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
	f.changed.Broadcast()
}

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(at time.Time) error {
	c.in.set(func(f *flow) {
		f.deadline = at
		if f.timer != nil {
			f.timer.Stop()
		}
		if !at.IsZero() && !f.closed {
			f.timer = time.AfterFunc(time.Until(at), func() { f.set(func(*flow) {}) })
		}
	})
	return nil
}

// SetDeadline sets that of reading: writing never waits.
func (c *Conn) SetDeadline(at time.Time) error { return c.SetReadDeadline(at) }

// SetWriteDeadline does nothing: writing never waits.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

// LocalAddr implements net.Conn.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// Listener is a net.Listener that accepts what Dial makes.
type Listener struct {
	addr  netip.AddrPort
	queue chan net.Conn
	done  chan struct{}
	once  sync.Once
}

// NewListener returns a listener at an address and port.
func NewListener(addr string) *Listener {
	return &Listener{addr: netip.MustParseAddrPort(addr), queue: make(chan net.Conn), done: make(chan struct{})}
}

// Dial connects from an address and port, and waits until the connection is
// accepted or the listener closes.
func (l *Listener) Dial(from string) (*Conn, error) {
	a, b := Pipe(netip.MustParseAddrPort(from), l.addr)
	select {
	case l.queue <- b:
		return a, nil
	case <-l.done:
		return nil, syscall.ECONNREFUSED
	}
}

// DialContext is like that of net.Dialer and reaches only this listener.
func (l *Listener) DialContext(context.Context, string, string) (net.Conn, error) {
	return l.Dial("192.168.1.2:40000")
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.addr) }
