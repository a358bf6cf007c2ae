package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

func TestPartialRecordPassesTwoSecondsAfterItsLastByte(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.start()
		device, cloud := b.connect()
		start := time.Now()
		write(t, cloud, []byte("HTTP/1.1 400"))
		time.Sleep(1900 * time.Millisecond)
		write(t, cloud, []byte(" Bad"))
		got := read(t, device, 16)
		if took := time.Since(start); took != 3900*time.Millisecond || string(got) != "HTTP/1.1 400 Bad" {
			t.Errorf("%q after %v", got, took)
		}
		if n := b.notices.count(UpstreamForeign); n != 1 {
			t.Errorf("%d notices that the upstream is foreign", n)
		}
		write(t, cloud, []byte(" Request")) // the rest of a record of 40 passes as it comes
		read(t, device, 8)
		if took := time.Since(start); took != 3900*time.Millisecond {
			t.Errorf("the rest took until %v", took)
		}
		write(t, device, []byte{1, 2, 3})
		read(t, cloud, 3)
		if n := b.notices.count(RecordIncomplete); n != 1 {
			t.Errorf("%d notices of an incomplete record", n)
		}
		device.Close()
		readAll(t, cloud)
		cloud.Close()
	})
}

func TestSlicedFrameIsJoinedAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.start()
		device, cloud := b.connect()
		all := slices.Concat(randomBytes(256), frame(48), frame(16))
		go func() {
			for _, x := range all {
				device.Write([]byte{x})
				time.Sleep(50 * time.Millisecond)
			}
			device.CloseWrite()
		}()
		for _, n := range []int{256, 50, 18} {
			buf := make([]byte, 1000)
			if got, err := cloud.Read(buf); got != n || err != nil {
				t.Errorf("a write of %d bytes, %v; want %d", got, err, n)
			}
		}
		readAll(t, cloud)
		cloud.Close()
		readAll(t, device)
		device.Close()
	})
}

func TestLengthCutInTwoByAStallStaysInStep(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.start()
		device, cloud := b.connect()
		write(t, device, randomBytes(256))
		read(t, cloud, 256)
		f := frame(32)
		for _, cut := range []int{1, 2, 20} { // one byte of the length, all of it, some of the body
			write(t, device, f[:cut])
			equal(t, "the beginning", read(t, cloud, cut), f[:cut])
			write(t, device, f[cut:cut+1])
			write(t, device, f[cut+1:])
			start := time.Now()
			equal(t, "the rest", read(t, cloud, len(f)-cut), f[cut:])
			if waited := time.Since(start); waited > 0 {
				t.Errorf("cut at %d: the rest came after %v", cut, waited)
			}
		}
		start := time.Now()
		write(t, device, f)
		equal(t, "the next frame", read(t, cloud, len(f)), f)
		if waited := time.Since(start); waited > 0 {
			t.Errorf("out of step: it waited %v", waited)
		}
		device.Close()
		readAll(t, cloud)
		cloud.Close()
	})
}

func TestDeviceHearsNothingBeforeTheWholeNonce(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.Mode, b.ServerKey, b.DeviceKey = Splice, testKeys().server, impersonation
		b.start()
		device, cloud := b.connect()
		n := randomBytes(40)
		write(t, cloud, n[:39])
		time.Sleep(10 * time.Second)
		device.SetReadDeadline(time.Now())
		if k, err := device.Read(make([]byte, 1)); k > 0 || faultOf(err) != faultExpired {
			t.Errorf("the device heard something: %v", err)
		}
		device.SetReadDeadline(time.Time{})
		write(t, cloud, n[39:])
		equal(t, "nonce", read(t, device, 40), n)
		device.Close()
		readAll(t, cloud)
		cloud.Close()
	})
}

func TestHandshakeThatStallsEnds(t *testing.T) {
	for _, c := range []struct {
		name  string
		nonce int
		end   time.Duration
		kinds []NoticeKind
	}{
		{"cloud that hangs", 0, 25 * time.Second, []NoticeKind{UpstreamSilent, HandshakeTimeout}},
		{"device that hangs", 40, 25 * time.Second, []NoticeKind{HandshakeTimeout}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bubble) {
				b.start()
				start := time.Now()
				device, cloud := b.connect()
				write(t, cloud, randomBytes(c.nonce))
				readAll(t, device)
				readAll(t, cloud)
				if took := time.Since(start); took != c.end {
					t.Errorf("ended after %v", took)
				}
				for _, k := range c.kinds {
					if b.notices.count(k) != 1 {
						t.Errorf("%d notices %s", b.notices.count(k), k)
					}
				}
				device.Close()
				cloud.Close()
			})
		})
	}
}

func TestEstablishedSessionMayBeSilentForEver(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.start()
		device, cloud := b.connect()
		write(t, cloud, slices.Concat(randomBytes(40), randomBytes(384)))
		read(t, device, 424)
		time.Sleep(24 * time.Hour)
		write(t, device, slices.Concat(randomBytes(256), frame(16)))
		read(t, cloud, 256+18)
		device.Close()
		readAll(t, cloud)
		cloud.Close()
	})
}

func TestStopDrainsWhatIsInFlight(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.start()
		silent, cloud1 := b.connect()
		busy, cloud2 := b.connect()
		write(t, cloud2, slices.Concat(randomBytes(40), randomBytes(384)))
		read(t, busy, 424)
		stopped := make(chan time.Duration, 3)
		go func() {
			start := time.Now()
			readAll(t, silent)
			stopped <- time.Since(start)
			silent.Close()
			readAll(t, cloud1)
			cloud1.Close()
		}()
		go func() {
			for {
				if _, err := cloud2.Write(frame(16)); err != nil {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		}()
		go func() {
			start := time.Now()
			io.Copy(io.Discard, busy)
			stopped <- time.Since(start)
		}()
		b.stop()
		if first, last := <-stopped, <-stopped; first != drainQuiet || last != drainLimit {
			t.Errorf("the silent one was closed after %v, the busy one after %v", first, last)
		}
		for _, c := range b.spy.conns {
			if len(c.closed) != 2 || c.closed[0].How != stream.Cut {
				t.Errorf("closed as %v", c.closed)
			}
		}
		busy.Close()
		cloud2.Close()
	})
}

func TestUpstreamThatCannotBeReachedClosesTheDeviceAtOnce(t *testing.T) {
	for name, dial := range map[string]func(context.Context) error{
		"refused": func(context.Context) error { return &net.OpError{Op: "dial", Err: fmt.Errorf("connection refused")} },
		"hangs":   func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bubble) {
				b.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return nil, dial(ctx) }
				b.start()
				start := time.Now()
				device := b.dial(lanDevice)
				if got := readAll(t, device); len(got) > 0 {
					t.Errorf("the device heard %d bytes", len(got))
				}
				want := map[string]time.Duration{"refused": 0, "hangs": 8 * time.Second}[name]
				if took := time.Since(start); took != want {
					t.Errorf("closed after %v", took)
				}
				device.Close()
				b.stop()
				if b.notices.count(UpstreamFailed) != 1 || b.spy.endings(stream.DeviceLeg) != "cloud fin, device cut" {
					t.Errorf("notices %v, endings %s", b.notices.all, b.spy.endings(stream.DeviceLeg))
				}
			})
		})
	}
}
