package proxy

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// terminate lets the caller's function be the cloud.
func (s *Session) terminate(ctx context.Context) {
	s.openOne()
	s.decide(Terminate, "there is no upstream")
	s.startWatch(s.run.limits.HandshakeStall)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &tappedConn{Conn: s.legs[stream.FromDevice].conn, s: s}
	err := s.run.Terminate(ctx, c)
	at, failed := c.identityOnly()
	if err == nil || !failed {
		return
	}
	s.notify(IdentityRefused, "%s: refused: %v", s, err)
	s.silence()
	in := newSource(c.Conn, &s.run.buffers)
	in.attach()
	s.uniformEnd(&in, at)
}

// tappedConn is a device's connection that reports what was read after the
// read, and what is written before the write.
type tappedConn struct {
	net.Conn
	s  *Session
	wr sync.Mutex // keeps reports and writes in the same order

	mu   sync.Mutex
	read int       // bytes from the device
	at   time.Time // of the last byte of its identity record
}

// identityOnly reports whether the device has sent an identity record and
// nothing since, and when: it is still to be answered then.
func (c *tappedConn) identityOnly() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at, c.read == lightssl.IdentityLen
}

// Read reads and reports.
func (c *tappedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		now := time.Now()
		c.count(n, now)
		c.s.report(stream.FromDevice, &stream.Segment{At: now, Conn: c.s.Conn().ID, From: stream.FromDevice, Data: b[:n]})
	}
	if err != nil {
		switch faultOf(err) {
		case faultFin:
			c.s.finish(stream.FromDevice)
		case faultReset, faultLost:
			c.s.abort(stream.FromDevice)
		}
	}
	return n, err
}

// count follows the handshake: whatever comes after the identity is a frame.
func (c *tappedConn) count(n int, now time.Time) {
	c.mu.Lock()
	before := c.read
	c.read += n
	after := c.read
	if before < lightssl.IdentityLen && after >= lightssl.IdentityLen {
		c.at = now
	}
	c.mu.Unlock()
	switch {
	case before <= lightssl.IdentityLen && after > lightssl.IdentityLen:
		c.s.establish()
	case after == lightssl.IdentityLen:
		c.s.progress.Store(now.UnixNano())
	}
}

// Write reports and writes.
func (c *tappedConn) Write(b []byte) (int, error) {
	c.wr.Lock()
	defer c.wr.Unlock()
	if !c.s.report(stream.FromCloud, &stream.Segment{At: time.Now(), Conn: c.s.Conn().ID, From: stream.FromCloud, Data: b}) {
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Write(b)
	if err != nil && faultOf(err) == faultReset {
		c.s.abort(stream.FromDevice)
	}
	return n, err
}

// CloseWrite reports and closes the cloud's direction.
func (c *tappedConn) CloseWrite() error {
	c.s.finish(stream.FromCloud)
	return nil
}

// SetLinger with 0, by which a connection is made to end in a reset, ends it so at
// once.
func (c *tappedConn) SetLinger(seconds int) error {
	if seconds == 0 {
		c.s.abort(stream.FromCloud)
	}
	return nil
}

// Close ends the session, but for one whose identity is still to be answered:
// that is the server's to end, as every failing one, so only pending reads and
// writes end now.
func (c *tappedConn) Close() error {
	if _, unanswered := c.identityOnly(); unanswered {
		return c.Conn.SetDeadline(time.Unix(1, 0))
	}
	c.s.cut()
	return nil
}
