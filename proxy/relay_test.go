package proxy

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// script is what one end sends: handshake records and frames of any length,
// 0 and odd ones included.
func script(rng *rand.Rand, handshake ...int) (all []byte, records [][]byte) {
	for _, n := range handshake {
		records = append(records, randomBytes(n))
	}
	for range 5 + rng.IntN(40) {
		n := 16 * rng.IntN(60)
		switch rng.IntN(12) {
		case 0:
			n = 0
		case 1:
			n = rng.IntN(2000)
		case 2:
			n = rng.IntN(32 << 10)
		}
		records = append(records, frame(n))
	}
	return bytes.Join(records, nil), records
}

// dribble sends b in random pieces.
func dribble(rng *rand.Rand, c net.Conn, b []byte) {
	for len(b) > 0 {
		n := 1 + rng.IntN(min(len(b), 1+rng.IntN(3000)))
		if _, err := c.Write(b[:n]); err != nil {
			return
		}
		b = b[n:]
	}
}

func TestObservedBytesArriveUnchangedBothWays(t *testing.T) {
	w := newWorld(t)
	w.start()
	for seed := range uint64(20) {
		device, cloud := w.connect()
		up, _ := script(rand.New(rand.NewPCG(seed, 1)), 256)
		down, _ := script(rand.New(rand.NewPCG(seed, 2)), 40, 384)
		send := func(c *net.TCPConn, b []byte, stream uint64) {
			dribble(rand.New(rand.NewPCG(seed, stream)), c, b)
			c.CloseWrite()
		}
		go send(device, up, 3)
		go send(cloud, down, 4)
		got := make(chan []byte)
		go func() { b, _ := io.ReadAll(cloud); got <- b }()
		equal(t, "from the cloud", readAll(t, device), down)
		equal(t, "from the device", <-got, up)
	}
	w.stop()
	w.spy.sameLegs()
	if n := len(w.spy.conns); n != 40 {
		t.Errorf("%d connections reported, not 40", n)
	}
	for id, c := range w.spy.conns {
		if len(c.closed) != 2 || c.closed[0].How != stream.Fin || c.closed[1].How != stream.Fin {
			t.Errorf("connection %d: closed %v", id, c.closed)
		}
		if pair := w.spy.conns[c.conn.Pair]; pair == nil || pair.conn.Pair != id {
			t.Errorf("connection %d has no pair", id)
		}
	}
}

func TestBothLegsAreReportedInOneCallBeforeTheBytesLeave(t *testing.T) {
	w := newWorld(t)
	w.start()
	device, cloud := w.connect()
	write(t, cloud, randomBytes(40))
	read(t, device, 40)
	if got := len(w.spy.leg(stream.DeviceLeg).sent[stream.FromCloud]); got != 40 {
		t.Errorf("%d bytes reported when the device has 40", got)
	}
	write(t, device, randomBytes(256))
	read(t, cloud, 256)
	device.Close()
	readAll(t, cloud)
	cloud.Close()
	w.stop()
	for _, items := range w.spy.calls {
		if len(items) != 2 {
			t.Errorf("a call with %d items: %v", len(items), items)
		}
	}
}

func TestHalfCloseLeavesTheOtherDirectionOpen(t *testing.T) {
	for _, d := range stream.Directions {
		t.Run(d.String(), func(t *testing.T) {
			w := newWorld(t)
			w.start()
			ends := [2]*net.TCPConn{}
			ends[stream.FromDevice], ends[stream.FromCloud] = w.connect()
			first, second := ends[d], ends[d.Opposite()]
			write(t, first, []byte("last words"))
			first.CloseWrite()
			equal(t, "before the FIN", readAll(t, second), []byte("last words"))
			for range 3 {
				write(t, second, frame(4000))
			}
			second.CloseWrite()
			if got := len(readAll(t, first)); got != 3*4002 {
				t.Errorf("%d bytes after the FIN of the other direction", got)
			}
			w.stop()
			want := d.String() + " fin, " + d.Opposite().String() + " fin"
			for _, leg := range []stream.Leg{stream.DeviceLeg, stream.CloudLeg} {
				if got := w.spy.endings(leg); got != want {
					t.Errorf("%s leg: %s, not %s", leg, got, want)
				}
			}
		})
	}
}

func reset(c *net.TCPConn) {
	c.SetLinger(0)
	c.Close()
}

func expectReset(t *testing.T, c net.Conn) {
	t.Helper()
	_, err := io.Copy(io.Discard, c)
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset passed on as %v", err)
	}
}

// expectBroken waits for writes to fail, as they do after a reset that came
// after a FIN.
func expectBroken(t *testing.T, c net.Conn) {
	t.Helper()
	for {
		if _, err := c.Write([]byte{0}); err != nil {
			if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("broken with %v", err)
			}
			return
		}
	}
}

func TestResetPassesAsReset(t *testing.T) {
	for _, d := range stream.Directions {
		for _, after := range []string{"at once", "after a partial record", "after the other's FIN", "after its own FIN"} {
			t.Run(d.String()+" "+after, func(t *testing.T) {
				w := newWorld(t)
				w.start()
				ends := [2]*net.TCPConn{}
				ends[stream.FromDevice], ends[stream.FromCloud] = w.connect()
				write(t, ends[stream.FromCloud], randomBytes(40))
				read(t, ends[stream.FromDevice], 40)
				first, second := ends[d], ends[d.Opposite()]
				switch after {
				case "after a partial record":
					write(t, first, []byte("half"))
				case "after the other's FIN":
					second.CloseWrite()
					readAll(t, first)
				case "after its own FIN":
					first.CloseWrite()
					readAll(t, second)
				}
				start := time.Now()
				if after == "after its own FIN" {
					// Closed for good, and then data comes: the kernel answers with a reset.
					first.Close()
					write(t, second, randomBytes(400))
					w.spy.await(t, stream.DeviceLeg, d.String()+" rst")
					expectBroken(t, second)
				} else {
					reset(first)
					expectReset(t, second)
				}
				if took := time.Since(start); took > 500*time.Millisecond {
					t.Errorf("passed on after %v", took)
				}
				w.stop()
				if got := w.spy.endings(stream.DeviceLeg); !strings.HasSuffix(got, d.String()+" rst") {
					t.Errorf("reported as %s", got)
				}
			})
		}
	}
}
