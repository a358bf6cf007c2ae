package proxy

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// Session is one device's connection and, where there is a cloud, the
// connection made to it on the device's behalf.
type Session struct {
	run    *running
	began  time.Time
	legs   [2]leg  // by who is at its far end: the direction that is read from it
	halves [2]half // by direction
	hooks  *Hooks
	done   chan struct{} // closed once over; nil without hooks

	relaying atomic.Int32 // halves that have not ended
	lastRead atomic.Int64 // when bytes came last, Unix nanoseconds
	progress atomic.Int64 // when the handshake advanced last, likewise

	numbers *numbers // nil without hooks
	late    [2]bool  // by direction: what is written may leave later (Late)

	// mu orders what is reported and guards the fields below it. A session is over
	// once, for one reason, decided under mu: from then on nothing is reported, so
	// nothing is forwarded, and both sockets are closed.
	mu       sync.Mutex
	over     bool
	draining bool
	refused  bool    // send nothing any more
	ended    [2]bool // by direction: its FIN has been passed on
	finDue   [2]bool // by direction: that FIN is yet to leave a late connection
	hs       *handshake
	creds    *lightssl.Credentials // of a spliced session that hooks may alter
	device   lightssl.DeviceID     // likewise
}

// leg is one of the two connections.
type leg struct {
	info stream.Conn
	conn net.Conn // nil: there is none
}

// Conn returns the device leg.
func (s *Session) Conn() stream.Conn { return s.legs[stream.FromDevice].info }

// client is where the device connects from.
func (s *Session) client() netip.AddrPort { return s.legs[stream.FromDevice].info.Device }

// newSession is the session of a device's connection.
func (r *running) newSession(conn net.Conn, client netip.AddrPort) *Session {
	s := &Session{run: r, began: time.Now()}
	s.progress.Store(s.began.UnixNano())
	s.hs = new(handshake)
	s.legs[stream.FromDevice] = leg{conn: conn, info: stream.Conn{
		Leg: stream.DeviceLeg, Device: client, Cloud: addrPort(conn.LocalAddr()),
	}}
	return s
}

// serve begins the session's life, and with a cloud hands it over to a goroutine
// per direction. These are fresh ones because dialling needs a deep stack, which
// would stay as deep for as long as the session lives.
func (s *Session) serve(ctx context.Context) {
	tune(s.legs[stream.FromDevice].conn)
	switch {
	case s.run.terminates():
		s.terminate(ctx)
	case s.connect(ctx) && s.open():
		s.startWatch(min(hungAfter, s.run.limits.HandshakeStall))
		s.decideEarly()
		s.relaying.Store(int32(len(s.halves)))
		for i := range s.halves {
			s.run.wg.Go(s.halves[i].serve)
		}
		return
	}
	s.close()
}

// connect dials the cloud. If that fails the device is closed having heard
// nothing.
func (s *Session) connect(ctx context.Context) bool {
	dest, ok := s.destination()
	if !ok {
		return false
	}
	dialCtx, cancel := context.WithTimeout(ctx, s.run.limits.Dial)
	defer cancel()
	conn, err := s.run.dial(dialCtx, dest)
	if ctx.Err() != nil && err != nil { // we stop
		return false
	}
	if err != nil {
		s.openOne()
		s.notify(UpstreamFailed, "%s: cannot reach the cloud at %s (%v): the device was closed at once; check that the server runs there and that the address is right", s, dest, err)
		s.sendAway()
		return false
	}
	tune(conn)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.legs[stream.FromCloud] = leg{conn: conn, info: stream.Conn{
		Leg: stream.CloudLeg, Device: addrPort(conn.LocalAddr()), Cloud: addrPort(conn.RemoteAddr()),
	}}
	return true
}

// destination says where the device is to be connected to.
func (s *Session) destination() (string, bool) {
	if s.run.Destination == nil {
		return s.run.Upstream, true
	}
	tcp, ok := s.legs[stream.FromDevice].conn.(*net.TCPConn)
	if !ok {
		s.notify(DestinationRefused, "%s: refused, because the original destination of a connection that is not TCP cannot be known", s)
		return "", false
	}
	dest, err := s.run.Destination(tcp)
	if err == nil {
		err = s.run.destAllowed(dest)
	}
	if err != nil {
		s.notify(DestinationRefused, "%s: refused without dialling: %v", s, err)
		return "", false
	}
	s.legs[stream.FromDevice].info.Cloud = dest
	return dest.String(), true
}

// openOne reports a device leg that has no cloud leg.
func (s *Session) openOne() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	s.legs[stream.FromDevice].info.ID = s.run.connIDs(1)
	s.tap(&stream.Opened{At: s.began, Conn: s.legs[stream.FromDevice].info})
}

// open numbers and reports both legs and makes both halves, unless the session
// is over already.
func (s *Session) open() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over { // displaced or stopped while dialling
		return false
	}
	device, cloud := &s.legs[stream.FromDevice].info, &s.legs[stream.FromCloud].info
	device.ID = s.run.connIDs(2)
	cloud.ID = device.ID + 1
	device.Pair, cloud.Pair = cloud.ID, device.ID
	if s.run.Hooks != nil {
		s.hooks = s.run.Hooks(*device)
	}
	if s.hooks != nil {
		s.done, s.numbers = make(chan struct{}), new(numbers)
	}
	s.wrap()
	for _, d := range stream.Directions {
		s.halves[d].init(s, d)
	}
	s.tap(&stream.Opened{At: s.began, Conn: *device}, &stream.Opened{At: time.Now(), Conn: *cloud})
	return true
}

// report hands items of one direction to the tap, unless that direction or the
// session is over: then it returns false, and the caller must not send what it
// wanted to report.
func (s *Session) report(d stream.Direction, items ...stream.Item) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || s.ended[d] || s.refused {
		return false
	}
	s.tap(items...)
	return true
}

// tap is report for callers that hold mu.
func (s *Session) tap(items ...stream.Item) {
	if s.run.Tap != nil && len(items) > 0 {
		s.run.Tap(items)
	}
}

// closed returns the items that end direction d on both legs, or the one there is.
func (s *Session) closed(d stream.Direction, how stream.CloseKind) []stream.Item {
	now := time.Now()
	items := make([]stream.Item, 0, 2)
	for _, leg := range [...]stream.Direction{d, d.Opposite()} {
		if id := s.legs[leg].info.ID; id != 0 {
			items = append(items, &stream.Closed{At: now, Conn: id, From: d, How: how})
		}
	}
	return items
}

// finish passes the FIN of direction d on. It reports whether that was the
// second one, which ends the session.
func (s *Session) finish(d stream.Direction) (over bool) {
	if over, pass := s.takeFIN(d); !pass {
		return over
	}
	closeWrite(s.legs[d.Opposite()].conn)
	return false
}

// takeFIN reports the FIN of direction d and whether it is to be passed on; the
// second one is not, since it ends the session.
func (s *Session) takeFIN(d stream.Direction) (over, pass bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || s.refused {
		return s.over, false
	}
	items, last := s.closed(d, stream.Fin), s.ended[d.Opposite()]
	if last {
		s.tellFIN(d.Opposite())
	}
	if s.late[d] {
		s.finDue[d], items = true, items[:1]
	}
	s.tap(items...)
	s.ended[d] = true
	if last {
		s.end()
	}
	return last, !last
}

// abort passes on that the sender of direction d reset its connection.
func (s *Session) abort(d stream.Direction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || s.refused && d == stream.FromCloud {
		return
	}
	s.finDue[d] = false
	s.tap(s.closed(d, stream.Reset)...)
	for i := range s.legs {
		setLinger(s.legs[i].conn)
	}
	s.end()
}

// cut ends the session of our own accord.
func (s *Session) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	for _, d := range stream.Directions {
		if !s.ended[d] {
			s.tap(s.closed(d, stream.Cut)...)
		}
	}
	s.end()
}

// close ends whatever is left and forgets the session.
func (s *Session) close() {
	defer s.run.leave(s)
	s.cut()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endHandshake()
	s.end()
}

// end closes both sockets. The caller holds mu.
func (s *Session) end() {
	if !s.over {
		for _, d := range stream.Directions {
			s.tellFIN(d)
		}
		if s.done != nil {
			close(s.done)
		}
	}
	s.over = true
	for i := range s.legs {
		if s.legs[i].conn != nil {
			s.legs[i].conn.Close()
		}
	}
}

// drain makes the session end as soon as it is silent.
func (s *Session) drain() {
	s.lastRead.Store(time.Now().UnixNano())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
	for i := range s.legs {
		if s.legs[i].conn != nil {
			s.legs[i].conn.SetReadDeadline(time.Now().Add(drainQuiet))
		}
	}
}

// String names the session as notices do.
func (s *Session) String() string {
	if id := s.Conn().ID; id != 0 {
		return fmt.Sprintf("device %s (connection %d)", s.client(), id)
	}
	return fmt.Sprintf("device %s", s.client())
}

func (s *Session) notify(k NoticeKind, format string, args ...any) {
	s.run.notify(Notice{Kind: k, Conn: s.Conn(), Client: s.client(), Text: fmt.Sprintf(format, args...)})
}

// tune sets what every TCP connection of ours has: no delay (Go's default) and
// keep-alives that find a vanished peer within two and a half minutes.
func tune(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetKeepAliveConfig(net.KeepAliveConfig{
			Enable: true, Idle: keepAliveEvery, Interval: keepAliveEvery, Count: keepAliveCount,
		})
	}
}

func closeWrite(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
}

// setLinger makes the next Close a reset.
func setLinger(c net.Conn) {
	if l, ok := c.(interface{ SetLinger(int) error }); ok {
		l.SetLinger(0)
	}
}

// addrPort returns the address of a TCP end. An IPv4 address is one, whatever
// kind of socket it is seen on.
func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := tcp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
