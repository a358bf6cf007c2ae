package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// endConn is the connection of an end that photonscope itself plays. It reports
// what was read after the read, and what is written before the write, so that no
// answer is seen before its question.
type endConn struct {
	net.Conn
	tap  func([]stream.Item)
	conn stream.Conn
	self stream.Direction // what photonscope sends

	wr   sync.Mutex // keeps reports and writes in the same order
	mu   sync.Mutex
	over [2]bool // the direction's end was reported
}

// newEndConn reports the beginning of a connection and returns it. The number
// must be that connection's alone.
func newEndConn(c net.Conn, self stream.Direction, number stream.ConnID, tap func([]stream.Item)) *endConn {
	e := &endConn{Conn: c, tap: tap, self: self, conn: stream.Conn{ID: number, Leg: stream.CloudLeg, Device: addrPortOf(c.LocalAddr()), Cloud: addrPortOf(c.RemoteAddr())}}
	if self == stream.FromCloud {
		e.conn.Leg, e.conn.Device, e.conn.Cloud = stream.DeviceLeg, e.conn.Cloud, e.conn.Device
	}
	tap([]stream.Item{&stream.Opened{At: time.Now(), Conn: e.conn}})
	return e
}

func addrPortOf(a net.Addr) netip.AddrPort {
	p, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}

// Read reads and reports.
func (e *endConn) Read(b []byte) (int, error) {
	n, err := e.Conn.Read(b)
	if n > 0 {
		e.tap([]stream.Item{&stream.Segment{At: time.Now(), Conn: e.conn.ID, From: e.self.Opposite(), Data: b[:n]}})
	}
	switch {
	case errors.Is(err, io.EOF):
		e.ended(e.self.Opposite(), stream.Fin)
	case errors.Is(err, syscall.ECONNRESET):
		e.ended(e.self.Opposite(), stream.Reset)
	}
	return n, err
}

// Write reports and writes.
func (e *endConn) Write(b []byte) (int, error) {
	e.wr.Lock()
	defer e.wr.Unlock()
	e.tap([]stream.Item{&stream.Segment{At: time.Now(), Conn: e.conn.ID, From: e.self, Data: b}})
	return e.Conn.Write(b)
}

// CloseWrite ends this end's direction.
func (e *endConn) CloseWrite() error {
	e.ended(e.self, stream.Fin)
	if c, ok := e.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return e.Conn.Close()
}

// SetLinger is that of TCP: a reset is asked for by it.
func (e *endConn) SetLinger(seconds int) error {
	if c, ok := e.Conn.(interface{ SetLinger(int) error }); ok {
		if seconds == 0 {
			e.ended(e.self, stream.Reset)
		}
		return c.SetLinger(seconds)
	}
	return nil
}

// Close ends the connection. What the peer would still have sent is not known.
func (e *endConn) Close() error {
	e.ended(e.self, stream.Fin)
	e.ended(e.self.Opposite(), stream.Cut)
	return e.Conn.Close()
}

// ended reports the end of a direction once; a reset ends both.
func (e *endConn) ended(from stream.Direction, how stream.CloseKind) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over[from] {
		return
	}
	e.over[from] = true
	if how == stream.Reset {
		e.over = [2]bool{true, true}
	}
	e.tap([]stream.Item{&stream.Closed{At: time.Now(), Conn: e.conn.ID, From: from, How: how}})
}

// connectTimeout is how long connecting to a server may take.
const connectTimeout = 10 * time.Second

// dialServer dials a server, in bounded time.
func dialServer(ctx context.Context, target string) (net.Conn, error) {
	d := net.Dialer{Timeout: connectTimeout}
	c, err := d.DialContext(ctx, "tcp", target)
	if err != nil {
		return nil, failure("is a server listening there?", "connect to %s: %w", target, bareNetError(err))
	}
	return c, nil
}

// bareNetError takes the operation and addresses off an error whose sentence
// names them already.
func bareNetError(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// packages are the prefixes by which errors of ours say where they come from, which
// is nothing to the user.
var packages = strings.NewReplacer("replay: ", "", "sim: ", "", "lightssl: ", "", "captures: ", "")

// inWords is what went wrong, for the user.
func inWords(err error) string { return packages.Replace(err.Error()) }
