package rules

import (
	"crypto/rsa"
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/proxy"
)

// Engine carries out rules in all sessions of a proxy. It is safe for concurrent
// use. Its fields are set before the first session.
type Engine struct {
	Rules     []*Rule
	ServerKey *rsa.PrivateKey // faults of the handshake sign with it; nil: they do nothing
	Report    func(string)    // told of what was done; it must not wait. nil: nobody is
	Changed   func()          // told that Held changed, by several at once; it must not wait. nil: nobody is

	intercept atomic.Pointer[Rule] // a person's, set while sessions run
	sessions  sync.Map             // of *session by stream.ConnID
	started   atomic.Uint64

	mu      sync.Mutex
	held    []*heldMessage // in order of time
	lastID  uint64
	closed  chan struct{}
	release sync.Once
	lines   sync.WaitGroup // goroutines of disturbed connections
}

// New returns an engine for rules.
func New(rules []*Rule) *Engine { return &Engine{Rules: rules, closed: make(chan struct{})} }

// Release lets go whatever is held or delayed, now and from now on, so that
// sessions can end.
func (e *Engine) Release() { e.release.Do(func() { close(e.closed) }) }

// Wait returns when no connection is disturbed any more. The proxy has ended before.
func (e *Engine) Wait() { e.lines.Wait() }

// Hooks is what proxy.Server.Hooks takes.
func (e *Engine) Hooks(conn stream.Conn) *proxy.Hooks {
	s := newSession(e, conn)
	h := &proxy.Hooks{Renumber: true, Record: s.record, Frame: s.frame}
	if s.disturbs() {
		h.Transport = s.transport
	}
	return h
}

// Intercept holds every message that matches a filter until a person decides, in
// place of the filter given before; "" ends that. The filter may name those of names.
func (e *Engine) Intercept(filter string, names map[string]string) error {
	if filter == "" {
		e.intercept.Store(nil)
		return nil
	}
	if _, err := compile(filter, names); err != nil {
		return err
	}
	r, err := One("hold when "+filter, names)
	if err == nil {
		e.intercept.Store(r)
	}
	return err
}

// Inject sends a template into the session of a device leg, as if its sender had.
func (e *Engine) Inject(conn stream.ConnID, t Template) error {
	found, ok := e.sessions.Load(conn)
	if !ok {
		return fmt.Errorf("no session of connection %d can be read: only a spliced session takes messages", conn)
	}
	s := found.(*session)
	s.mu.Lock()
	ps := s.proxy
	b := s.fill(t)
	s.mu.Unlock()
	return ps.Inject(t.From, proxy.Out{Bytes: b})
}

func (e *Engine) report(format string, args ...any) {
	if e.Report != nil {
		e.Report(fmt.Sprintf(format, args...))
	}
}

// transport is the hook that disturbs the connections below everything else.
func (s *session) transport(leg stream.Leg, conn net.Conn) net.Conn {
	from := stream.FromDevice // what is written to the cloud
	if leg == stream.DeviceLeg {
		from = stream.FromCloud
	}
	s.lines[from] = newLine(s, from, conn)
	return s.lines[from]
}
