package proxy

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// running is one call of Serve: what all its sessions share. Its lock is never
// held while a session's is taken.
type running struct {
	*Server
	limits  Limits
	buffers bufferPool
	rsa     rsaGate
	board   noticeBoard
	rests   rests
	reports sync.Pool // of *report
	wg      sync.WaitGroup
	killed  chan struct{} // closed when draining has taken long enough

	mu       sync.Mutex
	lastID   stream.ConnID
	sessions map[*Session]struct{}
	shaking  map[*Session]struct{} // of these, before the end of the handshake
	perAddr  map[netip.Addr]int
}

// report is what one frame gives rise to, on both legs. The many sessions that
// are silent share a few.
type report struct {
	items [2]stream.Item
	parts [2]stream.Segment // what items point to
}

func (r *running) report() *report {
	if free, ok := r.reports.Get().(*report); ok {
		return free
	}
	return new(report)
}

func (r *running) reported(done *report) {
	*done = report{}
	r.reports.Put(done)
}

func newRunning(s *Server) *running {
	limits := s.Limits.withDefaults()
	r := &running{
		Server:   s,
		limits:   limits,
		rsa:      newRSAGate(limits),
		killed:   make(chan struct{}),
		sessions: map[*Session]struct{}{},
		shaking:  map[*Session]struct{}{},
		perAddr:  map[netip.Addr]int{},
	}
	r.rests = newRests(r.rest)
	return r
}

// accept starts a session for every device until the listener fails for good.
func (r *running) accept(ctx context.Context, ln net.Listener) error {
	const shortest, longest = 5 * time.Millisecond, time.Second
	pause := shortest
	for {
		conn, err := ln.Accept()
		switch {
		case err == nil:
			pause = shortest
			r.welcome(ctx, conn)
		case ctx.Err() == nil && passing(err):
			r.notify(Notice{Kind: LimitHit, Text: "cannot accept a device for now (" + err.Error() + "): trying again; raise the limit of open files (ulimit -n) if this stays"})
			r.sleep(ctx, pause)
			pause = min(2*pause, longest)
		default:
			return err
		}
	}
}

// passing reports whether accepting may work again later.
func passing(err error) bool {
	for _, e := range [...]syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.EINTR} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// welcome starts the session of a connection, or refuses it.
func (r *running) welcome(ctx context.Context, conn net.Conn) {
	client := addrPort(conn.RemoteAddr())
	if !r.clientAllowed(client.Addr()) {
		r.notify(Notice{Kind: ClientRefused, Client: client, Text: client.String() + " is no address that may connect: closed at once; allow its network if the device is yours"})
		conn.Close()
		return
	}
	s := r.newSession(conn, client)
	if !r.enter(s) {
		conn.Close()
		return
	}
	r.wg.Go(func() { s.serve(ctx) })
}

func (r *running) clientAllowed(a netip.Addr) bool {
	if len(r.AllowClient) == 0 {
		return a.IsLoopback() || a.IsPrivate()
	}
	for _, p := range r.AllowClient {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// drain ends every session: the silent ones soon, all within drainLimit.
func (r *running) drain() {
	for _, s := range r.all() {
		s.drain()
	}
	timer := time.AfterFunc(drainLimit, func() {
		close(r.killed)
		for _, s := range r.all() {
			s.cut()
		}
	})
	defer timer.Stop()
	r.wg.Wait()
	r.rests.timer.Stop()
}

func (r *running) all() []*Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*Session, 0, len(r.sessions))
	for s := range r.sessions {
		all = append(all, s)
	}
	return all
}

// connIDs returns the first of n fresh connection numbers.
func (r *running) connIDs(n stream.ConnID) stream.ConnID {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastID += n
	return r.lastID - n + 1
}

func (r *running) dial(ctx context.Context, addr string) (net.Conn, error) {
	if r.DialContext != nil {
		return r.DialContext(ctx, "tcp", addr)
	}
	d := net.Dialer{KeepAlive: -1} // tune sets ours
	return d.DialContext(ctx, "tcp", addr)
}

// pause waits, but not longer than draining may take.
func (r *running) pause(d time.Duration) { r.sleep(context.Background(), d) }

// sleep waits, but not longer than we run.
func (r *running) sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-r.killed:
	}
}
