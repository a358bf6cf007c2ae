package main

import (
	"bytes"
	"crypto/rsa"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/sim"
)

// wire is one end of a connection. It keeps every byte that passes.
type wire struct {
	net.Conn
	of *crowd

	mu        sync.Mutex
	got, sent []byte
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.mu.Lock()
	w.got = append(w.got, b[:n]...)
	w.mu.Unlock()
	w.of.count(n)
	return n, err
}

func (w *wire) Write(b []byte) (int, error) {
	w.mu.Lock()
	w.sent = append(w.sent, b...)
	w.mu.Unlock()
	w.of.sent.Add(int64(len(b)))
	return w.Conn.Write(b)
}

// crowd is scripted devices and their cloud, which talk as fast as they can and
// keep every byte that they sent and received.
type crowd struct {
	t        *testing.T
	ln       net.Listener
	received atomic.Int64 // bytes, by all ends
	sent     atomic.Int64
	sending  atomic.Int64 // ends that may still send
	allowed  atomic.Int64 // ends send no more once so much was sent: what has been sent and not received is as much as the sockets hold
	wg       sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when received grows or an end is over
	devices []*wire
	clouds  []*wire
}

// newCrowd starts the cloud.
func newCrowd(t *testing.T) *crowd {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &crowd{t: t, ln: ln, changed: make(chan struct{})}
	c.allowed.Store(1 << 40)
	c.wg.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			w := c.add(&c.clouds, conn)
			c.wg.Go(func() { c.cloud(w) })
		}
	})
	t.Cleanup(c.leave)
	return c
}

// connect adds so many devices.
func (c *crowd) connect(addr string, n int) {
	c.t.Helper()
	for i := range n {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			c.t.Fatal(err)
		}
		w := c.add(&c.devices, conn)
		c.wg.Go(func() { c.device(w, i) })
	}
}

func (c *crowd) add(list *[]*wire, conn net.Conn) *wire {
	w := &wire{Conn: conn, of: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	*list = append(*list, w)
	return w
}

func (c *crowd) count(n int) {
	c.received.Add(int64(n))
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.changed)
	c.changed = make(chan struct{})
}

// reach waits until all ends together have received so many bytes.
func (c *crowd) reach(n int64) {
	c.t.Helper()
	c.until(func() bool { return c.received.Load() >= n })
}

// allow lets the ends send until all together have sent so many bytes, and a
// message each more.
func (c *crowd) allow(n int64) {
	c.allowed.Store(n)
	c.count(0)
}

// settle waits until the ends have reached what they are allowed, and have
// received all that was sent.
func (c *crowd) settle() {
	c.t.Helper()
	c.until(func() bool {
		received := c.received.Load()
		return received >= c.allowed.Load() && received == c.sent.Load() && c.sending.Load() == 0
	})
}

func (c *crowd) until(done func() bool) {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		changed := c.more()
		if done() {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			c.t.Fatalf("%d of %d bytes received, %d sent after %v", c.received.Load(), c.allowed.Load(), c.sent.Load(), patience)
		}
	}
}

// leave closes every connection and waits for all ends.
func (c *crowd) leave() {
	c.ln.Close()
	c.mu.Lock()
	all := append(append([]*wire{}, c.devices...), c.clouds...)
	c.mu.Unlock()
	for _, w := range all {
		w.Close()
	}
	c.wg.Wait()
}

func (c *crowd) device(w *wire, i int) {
	h, err := lightssl.DeviceEnd{ID: sim.DeviceID(i), Key: sim.DeviceKey(i), CloudKey: &sim.ServerKey().PublicKey}.Handshake(w)
	if err == nil {
		c.talk(w, h.Credentials)
	}
}

func (c *crowd) cloud(w *wire) {
	anyKey := func(id lightssl.Identity) (*rsa.PublicKey, error) { return id.PublicKey() }
	h, err := lightssl.CloudEnd{Key: sim.ServerKey(), DeviceKey: anyKey}.Handshake(w)
	if err == nil {
		c.talk(w, h.Credentials)
	}
}

// talk sends events of many lengths and takes whatever comes, until the
// connection ends.
func (c *crowd) talk(w *wire, secret lightssl.Credentials) {
	gone := make(chan struct{})
	c.wg.Go(func() {
		defer close(gone)
		b := make([]byte, 64<<10)
		for {
			if _, err := w.Read(b); err != nil {
				return
			}
		}
	})
	c.sending.Add(1)
	defer func() {
		c.sending.Add(-1)
		c.count(0)
	}()
	out := lightssl.NewCipher(secret)
	data := bytes.Repeat([]byte("photon "), 100)
	for id := uint16(0); ; id++ {
		if !c.mayGoOn(gone) {
			return
		}
		m := particle.ComposePublish(id, particle.EventBody{Name: "load", Data: data[:int(id)*37%len(data)]})
		if _, err := w.Write(out.AppendSealedFrame(nil, m.Append(nil))); err != nil {
			<-gone
			return
		}
	}
}

// mayGoOn waits while no end may send. It returns false if the connection is
// gone.
func (c *crowd) mayGoOn(gone <-chan struct{}) bool {
	c.sending.Add(-1)
	defer c.sending.Add(1)
	c.count(0)
	for {
		changed := c.more()
		if c.sent.Load() < c.allowed.Load() {
			return true
		}
		select {
		case <-gone:
			return false
		case <-changed:
		}
	}
}

// more is closed at the next byte received.
func (c *crowd) more() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// recorded is what a recording holds of one connection, by direction.
type recorded [2][]byte

// readRecording reads a recording by the device's address on each leg. Its
// last block may be torn if mayEndTorn says so.
func readRecording(t *testing.T, file []byte, mayEndTorn bool) map[string]*recorded {
	t.Helper()
	byID, byEnd := map[stream.ConnID]*recorded{}, map[string]*recorded{}
	for it, err := range captures.Read(bytes.NewReader(file), captures.ReadOptions{}) {
		switch it := it.(type) {
		case nil:
			if !mayEndTorn {
				t.Errorf("the recording: %v", err)
			}
		case *stream.Opened:
			byID[it.Conn.ID] = new(recorded)
			byEnd[fmt.Sprint(it.Conn.Leg, " ", it.Conn.Device)] = byID[it.Conn.ID]
		case *stream.Segment:
			byID[it.Conn][it.From] = append(byID[it.Conn][it.From], it.Data...)
		case *stream.Gap:
			t.Errorf("the recording lacks %d bytes", it.Len)
		}
	}
	return byEnd
}

// checkRecording demands that everything an end received is in the recording,
// and that nothing is there that no end sent. If all is set, what was sent is all
// there as well. It returns how many connections had something to compare.
func (c *crowd) checkRecording(file []byte, all bool) (compared int) {
	c.t.Helper()
	byEnd := readRecording(c.t, file, !all)
	check := func(end string, w *wire, sentBy stream.Direction) {
		w.mu.Lock()
		defer w.mu.Unlock()
		r := byEnd[end]
		if r == nil {
			if len(w.got) > 0 {
				c.t.Errorf("%s received %d bytes and is not in the recording", end, len(w.got))
			}
			return
		}
		compared++
		got, sent := r[sentBy.Opposite()], r[sentBy]
		if !bytes.HasPrefix(got, w.got) {
			c.t.Errorf("%s received %d bytes; the recording has %d others", end, len(w.got), len(got))
		}
		if !bytes.HasPrefix(w.sent, sent) || all && len(sent) != len(w.sent) {
			c.t.Errorf("%s sent %d bytes; the recording has %d, or others", end, len(w.sent), len(sent))
		}
	}
	for _, w := range c.devices {
		check(fmt.Sprint(stream.DeviceLeg, " ", w.LocalAddr()), w, stream.FromDevice)
	}
	for _, w := range c.clouds {
		check(fmt.Sprint(stream.CloudLeg, " ", w.RemoteAddr()), w, stream.FromCloud)
	}
	return compared
}

// randomly returns random numbers that are the same in each run.
func randomly(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }
