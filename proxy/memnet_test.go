package proxy

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

// An in-memory TCP for tests under testing/synctest: ordered bytes, half-close,
// reset, deadlines, addresses. Buffers are without bound, so writes never block.

// memConn is one end.
type memConn struct {
	in, out       *memFlow
	local, remote net.Addr
	linger0       bool
	mu            sync.Mutex
}

// memFlow is one direction.
type memFlow struct {
	mu       sync.Mutex
	changed  *sync.Cond
	b        []byte
	fin      bool // no more will be written
	rst      bool // aborted by the writer
	closed   bool // the reader is gone
	deadline time.Time
	timer    *time.Timer
	finAt    time.Time
}

func newMemFlow() *memFlow {
	f := new(memFlow)
	f.changed = sync.NewCond(&f.mu)
	return f
}

func memPipe(a, b netip.AddrPort) (*memConn, *memConn) {
	ab, ba := newMemFlow(), newMemFlow()
	x, y := net.TCPAddrFromAddrPort(a), net.TCPAddrFromAddrPort(b)
	return &memConn{in: ba, out: ab, local: x, remote: y}, &memConn{in: ab, out: ba, local: y, remote: x}
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
	c.out.set(func(f *memFlow) {
		if !f.fin {
			f.fin, f.finAt = true, time.Now()
		}
	})
	return nil
}

func (c *memConn) SetLinger(int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.linger0 = true
	return nil
}

// Close is a reset if asked for, or if bytes are left unread, as on Linux.
func (c *memConn) Close() error {
	c.mu.Lock()
	abort := c.linger0
	c.mu.Unlock()
	c.in.set(func(f *memFlow) {
		abort = abort || len(f.b) > 0 && !f.closed
		f.closed = true
		if f.timer != nil {
			f.timer.Stop()
		}
	})
	if abort {
		c.out.set(func(f *memFlow) { f.rst = f.rst || !f.fin })
	}
	return c.CloseWrite()
}

func (f *memFlow) set(change func(*memFlow)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
	f.changed.Broadcast()
}

func (c *memConn) SetReadDeadline(at time.Time) error {
	c.in.set(func(f *memFlow) {
		f.deadline = at
		if f.timer != nil {
			f.timer.Stop()
		}
		if !at.IsZero() {
			f.timer = time.AfterFunc(time.Until(at), func() { f.set(func(*memFlow) {}) })
		}
	})
	return nil
}

func (c *memConn) SetDeadline(at time.Time) error   { return c.SetReadDeadline(at) }
func (c *memConn) SetWriteDeadline(time.Time) error { return nil }
func (c *memConn) LocalAddr() net.Addr              { return c.local }
func (c *memConn) RemoteAddr() net.Addr             { return c.remote }

// memListener accepts what dial makes.
type memListener struct {
	addr  netip.AddrPort
	queue chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newMemListener(addr string) *memListener {
	return &memListener{addr: netip.MustParseAddrPort(addr), queue: make(chan net.Conn), done: make(chan struct{})}
}

// dial connects from an address.
func (l *memListener) dial(from string) (*memConn, error) {
	a, b := memPipe(netip.MustParseAddrPort(from), l.addr)
	select {
	case l.queue <- b:
		return a, nil
	case <-l.done:
		return nil, syscall.ECONNREFUSED
	}
}

// dialer is a Server's DialContext that reaches only this listener.
func (l *memListener) dialer(ctx context.Context, _, _ string) (net.Conn, error) {
	return l.dial("192.168.1.2:40000")
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

func (l *memListener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.addr) }
