package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/photonscope/photonscope/sim"
)

// patience bounds every wait for a real event.
const patience = 30 * time.Second

// screen keeps what a program prints and wakes those who wait for a line of it.
type screen struct {
	mu      sync.Mutex
	text    []byte
	changed chan struct{} // closed and replaced at each write
}

func newScreen() *screen { return &screen{changed: make(chan struct{})} }

// Write implements io.Writer.
func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = append(s.text, b...)
	close(s.changed)
	s.changed = make(chan struct{})
	return len(b), nil
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.text)
}

// since returns the whole lines from an offset on, and what is closed when
// there is more.
func (s *screen) since(at int) (string, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	end := bytes.LastIndexByte(s.text, '\n') + 1
	return string(s.text[at:max(at, end)]), s.changed
}

// wait returns the first line, past or coming, that match accepts.
func (s *screen) wait(t *testing.T, what string, match func(line string) bool) string {
	t.Helper()
	deadline := time.After(patience)
	for at := 0; ; {
		text, changed := s.since(at)
		at += len(text)
		for line := range strings.Lines(text) {
			if match(line) {
				return line
			}
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("%s was not printed within %v:\n%s", what, patience, s.String())
		}
	}
}

// running is the program at work, in this process.
type running struct {
	t         *testing.T
	out, errs *screen
	addr      string // of a proxy
	stop      context.CancelFunc
	done      chan struct{}
	code      int // valid once done is closed
}

// startApp runs one command line until it ends or the test does.
func startApp(t *testing.T, args ...string) *running {
	t.Helper()
	return startAppTo(t, nil, args...)
}

// startAppTo is startApp with a standard output of its own.
func startAppTo(t *testing.T, stdout io.Writer, args ...string) *running {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r := &running{t: t, out: newScreen(), errs: newScreen(), stop: stop, done: make(chan struct{})}
	if stdout == nil {
		stdout = r.out
	}
	home := t.TempDir()
	a := &app{stdout: stdout, stderr: r.errs, getenv: func(name string) string {
		return map[string]string{"XDG_DATA_HOME": home}[name]
	}}
	go func() {
		defer close(r.done)
		r.code = a.run(ctx, args)
	}()
	t.Cleanup(func() {
		stop()
		<-r.done
	})
	return r
}

// startProxy starts a proxy that prints NDJSON, and waits until it listens.
func startProxy(t *testing.T, args ...string) *running {
	t.Helper()
	r := startApp(t, append([]string{"proxy", "-l", "127.0.0.1:0", "-T", "ndjson"}, args...)...)
	r.listening()
	return r
}

// listening waits until a proxy says where it listens.
func (r *running) listening() {
	t := r.t
	t.Helper()
	line := r.errs.wait(t, "the address", func(line string) bool {
		return strings.HasPrefix(line, "listening on ") || strings.HasPrefix(line, "photonscope: ")
	})
	addr, _, ok := strings.Cut(strings.TrimPrefix(line, "listening on "), ";")
	if !ok || !strings.HasPrefix(line, "listening on ") {
		t.Fatalf("the proxy does not listen: %s", line)
	}
	r.addr = addr
}

// end interrupts the program and returns what it printed. It demands that it
// ends in order: exit code 0, and with NDJSON a complete summary.
func (r *running) end() []event {
	r.t.Helper()
	r.stop()
	select {
	case <-r.done:
	case <-time.After(patience):
		r.t.Fatalf("the program did not end within %v of its interruption", patience)
	}
	if r.code != exitOK {
		r.t.Errorf("exit code %d: %s", r.code, r.errs)
	}
	list := printed(r.t, r.out.String())
	if len(list) == 0 {
		list = printed(r.t, r.errs.String())
	}
	if len(list) == 0 {
		r.t.Fatalf("nothing was printed; on standard error: %s", r.errs)
	}
	if last := list[len(list)-1]; last.str("type") != "summary" || last["complete"] != true {
		r.t.Errorf("the last line is %v", last)
	}
	return list
}

// printed picks the events out of what may hold notices as well.
func printed(t *testing.T, text string) []event {
	t.Helper()
	var lines strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "{") {
			lines.WriteString(line)
		}
	}
	return events(t, lines.String())
}

// event waits for an event that is printed and fits.
func (r *running) event(what string, match func(event) bool) event {
	r.t.Helper()
	var found event
	r.out.wait(r.t, what, func(line string) bool {
		var e event
		if json.Unmarshal([]byte(line), &e) == nil && match(e) {
			found = e
			return true
		}
		return false
	})
	return found
}

// message waits for a message of a kind from a direction.
func (r *running) message(from, kind string) event {
	r.t.Helper()
	return r.event(kind+" from the "+from, func(e event) bool {
		return e.str("photon.msg") == kind && e.str("photon.dir") == from
	})
}

// photon is a simulated device in a session.
type photon struct {
	*sim.DeviceSession
	t     *testing.T
	ended chan error
}

// dial connects a device to an address. The session is nil if the handshake
// fails; ended says why.
func dial(t *testing.T, addr string, d *sim.Device) *photon {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	p := &photon{t: t, ended: make(chan error, 1)}
	begun := make(chan *sim.DeviceSession, 1)
	device := *d
	device.Handle = func(_ context.Context, s *sim.DeviceSession) error {
		begun <- s
		return nil
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		p.ended <- device.Run(ctx, conn)
	}()
	t.Cleanup(func() {
		stop()
		<-over
	})
	select {
	case p.DeviceSession = <-begun:
	case <-over:
	case <-time.After(patience):
		t.Fatalf("no session within %v", patience)
	}
	return p
}

// over waits until the device's session has ended, and returns why.
func (p *photon) over() error {
	p.t.Helper()
	select {
	case err := <-p.ended:
		return err
	case <-time.After(patience):
		p.t.Fatalf("the session did not end within %v", patience)
		return nil
	}
}

// writeKey puts a key into a file of its own and returns its path.
func writeKey(t *testing.T, name string, pem []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, pem, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// frames are the bytes of one direction on one leg behind the handshake, frame
// by frame.
func frames(list []event, leg, from string) []string {
	var out []string
	for _, e := range list {
		switch e.str("type") {
		case "message", "sealed", "malformed":
			if e.str("photon.leg") == leg && e.str("photon.dir") == from {
				out = append(out, e.str("frame.wire"))
			}
		}
	}
	return out
}

// onLeg keeps the events of one leg.
func onLeg(list []event, leg string) []event {
	var out []event
	for _, e := range list {
		if e.str("photon.leg") == leg {
			out = append(out, e)
		}
	}
	return out
}

// kindsOf counts the messages by who sent them and what they are, such as
// "device hello".
func kindsOf(list []event) map[string]int {
	out := map[string]int{}
	for _, e := range list {
		if e.str("type") == "message" {
			out[fmt.Sprintf("%s %s", e.str("photon.dir"), e.str("photon.msg"))]++
		}
	}
	return out
}

// lastBlockEnd walks over the blocks of a pcapng file.
func lastBlockEnd(b []byte) int {
	at := 0
	for len(b)-at >= 12 {
		n := int(binary.LittleEndian.Uint32(b[at+4:]))
		if n < 12 || n > len(b)-at || !bytes.Equal(b[at+4:at+8], b[at+n-4:at+n]) {
			break
		}
		at += n
	}
	return at
}

// skipUnlessRequired skips a test that this host cannot run, or fails it where
// everything must be tested.
func skipUnlessRequired(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("PHOTONSCOPE_INTEROP") == "require" {
		t.Fatal(why)
	}
	t.Skip(why)
}
