package rules

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/proxy"
	"github.com/photonscope/photonscope/sim"
	"github.com/photonscope/photonscope/sim/memnet"
)

// volume is how much traffic both legs must carry alike: 1000 in a long run.
var volume = flag.Int64("volume", 50, "megabytes that pass rules which match nothing, of all sessions and both directions")

const (
	atOnce   = 6                // sessions
	inFlight = 32               // writes of a direction that the other end has not read yet
	patience = 30 * time.Second // for the next bytes
)

// neverMatching are rules of every kind, for messages that the traffic has none of.
const neverMatching = `
hold when photon.event.name == "never"
drop when photon.event.name == "never"
edit payload=edited when photon.event.name == "never"
inject ping as=device when photon.event.name == "never"
inject publish x/y z when photon.event.name == "never"
fault swallow-ping when photon.event.name == "never"
fault latency latency=1s when photon.event.name == "never"
`

// tally counts and hashes bytes. The zero value has none.
type tally struct {
	bytes int64
	sum   hash.Hash
}

func (c *tally) add(b []byte) {
	if c.sum == nil {
		c.sum = sha256.New()
	}
	c.sum.Write(b)
	c.bytes += int64(len(b))
}

func (c *tally) String() string {
	if c.sum == nil {
		return "nothing"
	}
	return fmt.Sprintf("%d bytes %x", c.bytes, c.sum.Sum(nil)[:8])
}

// tallied is one leg as the proxy tells of it, without the handshake's records.
type tallied struct {
	conn      stream.Conn
	handshake [2]int // bytes still to come of it
	sent      [2]tally
}

// legs tallies all connections of a proxy.
type legs struct {
	mu  sync.Mutex
	all map[stream.ConnID]*tallied
}

func (l *legs) tap(items []stream.Item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, it := range items {
		switch it := it.(type) {
		case *stream.Opened:
			c := &tallied{conn: it.Conn}
			c.handshake[stream.FromDevice] = lightssl.IdentityLen
			c.handshake[stream.FromCloud] = lightssl.NonceLen + lightssl.CredentialsRecordLen
			l.all[it.Conn.ID] = c
		case *stream.Segment:
			c := l.all[it.Conn]
			n := min(c.handshake[it.From], len(it.Data))
			c.handshake[it.From] -= n
			c.sent[it.From].add(it.Data[n:])
		}
	}
}

// of returns both legs of the session of a device.
func (l *legs) of(device netip.AddrPort) (deviceLeg, cloudLeg *tallied) {
	for _, c := range l.all {
		if c.conn.Leg == stream.DeviceLeg && c.conn.Device == device {
			return c, l.all[c.conn.Pair]
		}
	}
	return nil, nil
}

// asked counts the frames that rules were asked about, by what is wrong with them.
type asked struct {
	mu     sync.Mutex
	frames map[error]int
}

func (a *asked) of(h *proxy.Hooks) *proxy.Hooks {
	ask := h.Frame
	h.Frame = func(s *proxy.Session, f proxy.Frame) ([]proxy.Out, bool) {
		a.mu.Lock()
		a.frames[f.Err]++
		a.mu.Unlock()
		return ask(s, f)
	}
	return h
}

// mixture makes the traffic of one direction: messages of every size, noise in
// good frames, wrong padding, and lengths that no cipher makes.
type mixture struct {
	*rand.Rand
	random *rand.ChaCha8
	seal   *lightssl.Cipher
	last   []byte // a frame, to be repeated
}

func newMixture(seed byte, c lightssl.Credentials) *mixture {
	random := rand.NewChaCha8([32]byte{seed})
	return &mixture{Rand: rand.New(random), random: random, seal: lightssl.NewCipher(c), last: []byte{0, 0}}
}

func (m *mixture) noise(n int) []byte {
	b := make([]byte, n)
	m.random.Read(b)
	return b
}

// size is mostly that of a message, and now and then as large as a frame gets.
func (m *mixture) size() int {
	if m.IntN(20) == 0 {
		return m.IntN(lightssl.MaxMessageLen - 100) // of which an event's name and options take less
	}
	return m.IntN(1200)
}

func (m *mixture) frame() []byte {
	switch m.IntN(12) {
	case 0: // any length, most of them no multiple of 16
		return lightssl.AppendFrame(nil, m.noise(m.IntN(lightssl.MaxFrameBody)))
	case 1: // nothing, or less than a block
		return lightssl.AppendFrame(nil, m.noise(m.IntN(lightssl.BlockLen)))
	case 2: // padding that is wrong, but for chance
		return lightssl.AppendFrame(nil, m.noise(lightssl.BlockLen*(1+m.IntN(60))))
	case 3: // a message that is no CoAP
		return m.seal.AppendSealedFrame(nil, m.noise(m.size()))
	case 4: // the same once more
		return m.last
	}
	message := particle.ComposePublish(uint16(m.Uint32()), particle.EventBody{Name: "lab/tick", Data: m.noise(m.size()), TTL: 60})
	m.last = m.seal.AppendSealedFrame(nil, message.Append(nil))
	return m.last
}

// burst is some frames in one write.
func (m *mixture) burst() (b []byte) {
	for range 1 + m.IntN(4) {
		b = append(b, m.frame()...)
	}
	return b
}

// frames is the traffic of a direction: one goroutine sends, another receives.
type frames struct {
	sent, received tally
	lengths        chan int // of what is written and not read yet
	err            error
}

func newFrames() *frames { return &frames{lengths: make(chan int, inFlight)} }

// send writes so many bytes, and ends with a part of a frame.
func (f *frames) send(m *mixture, to *memnet.Conn, most int64) {
	defer close(f.lengths)
	write := func(b []byte) bool {
		f.sent.add(b)
		f.lengths <- len(b)
		_, err := to.Write(b)
		return err == nil
	}
	for f.sent.bytes < most {
		b := m.burst()
		cut := m.IntN(len(b))
		if !write(b[:cut]) || !write(b[cut:]) {
			return
		}
	}
	write(lightssl.AppendFrame(nil, m.noise(100))[:1+m.IntN(100)])
	to.CloseWrite()
}

// receive reads what is sent until its end. It never lets the sender wait for good.
func (f *frames) receive(from *memnet.Conn) {
	buf := make([]byte, 8*lightssl.MaxFrameBody)
	for n := range f.lengths {
		if f.err != nil {
			continue
		}
		from.SetReadDeadline(time.Now().Add(patience))
		n, f.err = io.ReadFull(from, buf[:n])
		f.received.add(buf[:n])
	}
	if f.err != nil {
		return
	}
	from.SetReadDeadline(time.Now().Add(patience))
	n, err := io.ReadFull(from, buf)
	f.received.add(buf[:n])
	if !errors.Is(err, io.EOF) {
		f.err = fmt.Errorf("%d bytes more than were sent, and %v", n, err)
	}
}

// still is a spliced session whose two ends are ours.
type still struct {
	address       netip.AddrPort // of the device
	device, cloud *memnet.Conn
	seed          byte
	frames        [2]*frames // by direction
}

// exchange makes the handshake, and then traffic in both directions at once.
func (s *still) exchange(t *testing.T, most int64) {
	var credentials [2]lightssl.Credentials
	var failed [2]error
	var all sync.WaitGroup
	all.Go(func() {
		end := lightssl.DeviceEnd{ID: sim.DeviceID(0), Key: sim.DeviceKey(0), CloudKey: &sim.ServerKey().PublicKey}
		h, err := end.Handshake(s.device)
		credentials[stream.FromDevice], failed[stream.FromDevice] = h.Credentials, err
	})
	all.Go(func() {
		end := lightssl.CloudEnd{Key: sim.ServerKey(), DeviceKey: func(lightssl.Identity) (*rsa.PublicKey, error) {
			return &sim.ImpersonationKey().PublicKey, nil
		}}
		h, err := end.Handshake(s.cloud)
		credentials[stream.FromCloud], failed[stream.FromCloud] = h.Credentials, err
	})
	all.Wait()
	if err := errors.Join(failed[:]...); err != nil {
		t.Error(err)
		return
	}
	ends := [2]*memnet.Conn{stream.FromDevice: s.device, stream.FromCloud: s.cloud}
	for _, from := range stream.Directions {
		f := newFrames()
		s.frames[from] = f
		all.Go(func() { f.send(newMixture(2*s.seed+byte(from), credentials[from]), ends[from], most) })
		all.Go(func() { f.receive(ends[from.Opposite()]) })
	}
	all.Wait()
	s.device.Close()
	s.cloud.Close()
}

// check compares what was sent, what the proxy tells of both legs, and what arrived.
func (s *still) check(t *testing.T, l *legs) {
	device, cloud := l.of(s.address)
	if device == nil || cloud == nil {
		t.Errorf("session %d: the proxy tells of no two legs", s.seed)
		return
	}
	for _, from := range stream.Directions {
		f := s.frames[from]
		want := f.sent.String()
		if f.err != nil || device.sent[from].String() != want || cloud.sent[from].String() != want || f.received.String() != want {
			t.Errorf("session %d from the %s:\nsent       %s\ndevice leg %s\ncloud leg  %s\nreceived   %s, %v",
				s.seed, from, want, &device.sent[from], &cloud.sent[from], &f.received, f.err)
		}
	}
}

// Rules that match nothing change no byte behind the handshake, whatever passes:
// not of messages, nor of what is none, nor of a frame that never ends.
func TestRulesThatMatchNothingChangeNoByte(t *testing.T) {
	all, err := Parse("rules.txt", neverMatching, nil)
	if err != nil {
		t.Fatal(err)
	}
	engine := New(all)
	engine.ServerKey, engine.Report = sim.ServerKey(), func(s string) { t.Errorf("reported: %s", s) }
	told, about := &legs{all: make(map[stream.ConnID]*tallied)}, &asked{frames: make(map[error]int)}
	in, up := memnet.NewListener("192.168.1.1:5683"), memnet.NewListener("192.168.1.9:5683")
	srv := &proxy.Server{
		Mode: proxy.Splice, Upstream: "192.168.1.9:5683", ServerKey: sim.ServerKey(), CloudKey: &sim.ServerKey().PublicKey,
		DeviceKey: func(lightssl.DeviceID) *rsa.PrivateKey { return sim.ImpersonationKey() },
		Hooks:     func(c stream.Conn) *proxy.Hooks { return about.of(engine.Hooks(c)) },
		Tap:       told.tap, DialContext: up.DialContext,
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ctx, in) }()
	var running sync.WaitGroup
	var sessions []*still
	for i := range byte(atOnce) {
		s := connect(t, i, in, up)
		sessions = append(sessions, s)
		running.Go(func() { s.exchange(t, *volume*1e6/(2*atOnce)) })
	}
	running.Wait()
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	engine.Release()
	engine.Wait()
	if t.Failed() {
		return
	}
	for _, s := range sessions {
		s.check(t, told)
	}
	for _, kind := range []error{nil, lightssl.ErrPadding, lightssl.ErrLength} {
		if n := about.frames[kind]; n < 100 {
			t.Errorf("the rules were asked about %d frames with the error %v", n, kind)
		}
	}
}

// connect opens both connections of a session, whose device has an address of its own.
func connect(t *testing.T, seed byte, in, up *memnet.Listener) *still {
	t.Helper()
	s := &still{seed: seed, address: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 168, 1, 10 + seed}), 49152)}
	var err error
	if s.device, err = in.Dial(s.address.String()); err != nil {
		t.Fatal(err)
	}
	c, err := up.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s.cloud = c.(*memnet.Conn)
	return s
}
