package proxy

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// What every test here uses: a proxy between a scripted device and a scripted
// cloud, a tap that remembers and checks what it is told, and a check that
// nothing is left.

// patience bounds every wait for a real event.
const patience = 20 * time.Second

// keys is made once: generating RSA keys is slow.
type keys struct{ server, otherServer, imp, device *rsa.PrivateKey }

var testKeys = sync.OnceValue(func() keys {
	gen := func(bits int) *rsa.PrivateKey {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			panic(err)
		}
		return k
	}
	return keys{gen(2048), gen(2048), gen(1024), gen(1024)}
})

var testID = lightssl.DeviceID{0x30, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}

// spy is a tap.
type spy struct {
	t     testing.TB
	mu    sync.Mutex
	calls [][]stream.Item
	conns map[stream.ConnID]*seen
	order []stream.ConnID
}

// seen is what a spy knows of one connection.
type seen struct {
	conn   stream.Conn
	sent   [2][]byte // by direction
	closed []stream.Closed
	over   [2]bool
}

func newSpy(t testing.TB) *spy { return &spy{t: t, conns: map[stream.ConnID]*seen{}} }

func (s *spy) tap(items []stream.Item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(items) == 0 {
		s.t.Error("tap called with nothing")
	}
	var call []stream.Item
	for _, it := range items {
		call = append(call, stream.Clone(it))
	}
	s.calls = append(s.calls, call)
	for _, it := range items {
		s.item(it)
	}
}

func (s *spy) item(it stream.Item) {
	switch it := it.(type) {
	case *stream.Opened:
		if s.conns[it.Conn.ID] != nil || it.Conn.ID == 0 {
			s.t.Errorf("connection %d opened twice or without a number", it.Conn.ID)
		}
		s.conns[it.Conn.ID] = &seen{conn: it.Conn}
		s.order = append(s.order, it.Conn.ID)
	case *stream.Segment:
		c := s.conns[it.Conn]
		if c == nil || c.over[it.From] || len(it.Data) == 0 || it.At.IsZero() {
			s.t.Errorf("segment of connection %d from %s: connection unknown, direction over, or nothing in it", it.Conn, it.From)
			return
		}
		c.sent[it.From] = append(c.sent[it.From], it.Data...)
	case *stream.Closed:
		c := s.conns[it.Conn]
		if c == nil || c.over[it.From] && (it.How != stream.Reset || c.over[it.From.Opposite()]) {
			s.t.Errorf("direction %s of connection %d closed twice or unknown", it.From, it.Conn)
			return
		}
		c.closed = append(c.closed, *it)
		c.over[it.From] = true
		if it.How == stream.Reset {
			c.over = [2]bool{true, true}
		}
	}
}

// leg returns what is known of the i-th session's leg.
func (s *spy) leg(l stream.Leg) *seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range s.order {
		if c := s.conns[id]; c.conn.Leg == l {
			return c
		}
	}
	s.t.Fatalf("no %s leg was opened", l)
	return nil
}

// sameLegs checks that a session's two legs carried the same bytes.
func (s *spy) sameLegs() {
	s.t.Helper()
	d, c := s.leg(stream.DeviceLeg), s.leg(stream.CloudLeg)
	for _, dir := range stream.Directions {
		if !bytes.Equal(d.sent[dir], c.sent[dir]) {
			s.t.Errorf("from %s: the device leg has %d bytes, the cloud leg %d, or they differ", dir, len(d.sent[dir]), len(c.sent[dir]))
		}
	}
}

func (s *spy) endings(l stream.Leg) string {
	c := s.leg(l)
	s.mu.Lock()
	defer s.mu.Unlock()
	var words []string
	for _, end := range c.closed {
		words = append(words, end.From.String()+" "+end.How.String())
	}
	return strings.Join(words, ", ")
}

// await waits until a leg has ended in some way.
func (s *spy) await(t testing.TB, l stream.Leg, ending string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !strings.HasSuffix(s.endings(l), ending) {
		if time.Now().After(deadline) {
			t.Fatalf("the %s leg ended as %q, not %q", l, s.endings(l), ending)
		}
		runtime.Gosched()
	}
}

// notices collects notices.
type notices struct {
	mu  sync.Mutex
	all []Notice
	c   chan Notice
}

func newNotices() *notices { return &notices{c: make(chan Notice, 10000)} }

func (n *notices) add(x Notice) {
	n.mu.Lock()
	n.all = append(n.all, x)
	n.mu.Unlock()
	select {
	case n.c <- x:
	default:
	}
}

func (n *notices) count(k NoticeKind) (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, x := range n.all {
		if x.Kind == k {
			count += x.Count
		}
	}
	return count
}

// await returns the next notice of a kind.
func (n *notices) await(t testing.TB, k NoticeKind) Notice {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case x := <-n.c:
			if x.Kind == k {
				return x
			}
		case <-deadline:
			t.Fatalf("no notice %s", k)
		}
	}
}

// world is a running proxy and a cloud behind it.
type world struct {
	*Server
	t       testing.TB
	spy     *spy
	notices *notices
	addr    string
	cloud   net.Listener
	stop    func()
}

// newWorld prepares an observing proxy in front of a listening cloud; change its
// fields before start.
func newWorld(t testing.TB) *world {
	t.Helper()
	noLeaks(t)
	w := &world{t: t, spy: newSpy(t), notices: newNotices()}
	w.cloud = listen(t)
	w.Server = &Server{Upstream: w.cloud.Addr().String(), Tap: w.spy.tap, Notice: w.notices.add}
	return w
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln
}

func (w *world) start() {
	w.t.Helper()
	ln := listen(w.t)
	w.addr = ln.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Serve(ctx, ln) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				w.t.Errorf("Serve: %v", err)
			}
		case <-time.After(patience):
			w.t.Error("Serve does not return")
		}
	})
	w.t.Cleanup(w.stop)
}

// connect returns the two outer ends of a session.
func (w *world) connect() (device, cloud *net.TCPConn) {
	w.t.Helper()
	device = w.dial()
	return device, w.accept()
}

func (w *world) dial() *net.TCPConn {
	w.t.Helper()
	c, err := net.Dial("tcp", w.addr)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.end(c)
}

func (w *world) accept() *net.TCPConn {
	w.t.Helper()
	w.cloud.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	c, err := w.cloud.Accept()
	if err != nil {
		w.t.Fatal(err)
	}
	return w.end(c)
}

func (w *world) end(c net.Conn) *net.TCPConn {
	c.SetDeadline(time.Now().Add(patience))
	w.t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

// noLeaks checks at the end of the test that goroutines and descriptors are
// gone.
func noLeaks(t testing.TB) {
	t.Helper()
	listen(t).Close() // the first socket of a process opens the runtime's own descriptors, for good
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		deadline := time.Now().Add(patience)
		for runtime.NumGoroutine() > goroutines || openFiles(t) > files {
			if time.Now().After(deadline) {
				stacks := make([]byte, 1<<20)
				t.Errorf("%d goroutines and %d files before, %d and %d after:\n%s", goroutines, files,
					runtime.NumGoroutine(), openFiles(t), stacks[:runtime.Stack(stacks, true)])
				return
			}
			runtime.Gosched()
		}
	})
}

// openFiles counts descriptors, where the system tells.
func openFiles(t testing.TB) int {
	dir, err := os.ReadDir("/proc/self/fd")
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return len(dir)
}

func read(t testing.TB, r io.Reader, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if m, err := io.ReadFull(r, b); err != nil {
		t.Fatalf("%d of %d bytes, then %v", m, n, err)
	}
	return b
}

func readAll(t testing.TB, r io.Reader) []byte {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("after %d bytes: %v", len(b), err)
	}
	return b
}

func write(t testing.TB, w io.Writer, b []byte) {
	t.Helper()
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
}

func equal(t testing.TB, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Fatalf("%s: %d bytes arrived of %d, or they differ", what, len(got), len(want))
	}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// frame is a frame of n random bytes.
func frame(n int) []byte { return lightssl.AppendFrame(nil, randomBytes(n)) }
