package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/photonscope/photonscope/sim/memnet"
)

func TestHandshakesBeyondTheLimitDisplaceTheStalest(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.Limits = Limits{Handshakes: 4, EarlyDrop: 4, HandshakesPerAddr: 2}
		b.AllowClient = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
		go func() {
			for {
				c, err := b.cloud.Accept()
				if err != nil {
					return
				}
				go func() { io.Copy(io.Discard, c); c.Close() }()
			}
		}()
		b.start()
		ended := make(chan int, 10)
		dial := func(i int, from string) *memnet.Conn {
			c := b.dial(from)
			go func() { readAll(t, c); ended <- i }()
			time.Sleep(10 * time.Millisecond)
			return c
		}
		dial(0, "10.0.0.1:1000")
		dial(1, "10.0.0.2:1000")
		dial(2, "10.0.0.2:1001")
		dial(3, "10.0.0.2:1002") // the third of its address displaces the first of it
		if got := <-ended; got != 1 {
			t.Errorf("%d was displaced, not 1", got)
		}
		dial(4, "10.0.0.4:1000")
		dial(5, "10.0.0.5:1000") // the fifth in all displaces the oldest
		if got := <-ended; got != 0 {
			t.Errorf("%d was displaced, not 0", got)
		}
		if n := b.notices.count(LimitHit); n != 1 {
			t.Errorf("%d notices, the second one of its second was not held back", n)
		}
		b.stop()
	})
}

func TestConnectionsBeyondTheLimitAreRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		limits Limits
	}{{"in all", Limits{Conns: 3, ConnsPerAddr: -1}}, {"of one address", Limits{ConnsPerAddr: 3}}} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bubble) {
				b.Limits = c.limits
				b.start()
				var ends []*memnet.Conn
				for range 3 {
					device, cloud := b.connect()
					ends = append(ends, device, cloud)
				}
				if got := readAll(t, b.dial(lanDevice)); len(got) > 0 {
					t.Error("the fourth heard something")
				}
				if b.notices.count(LimitHit) != 1 {
					t.Error("not announced")
				}
				ends[0].Close()
				ends[1].Close()
				time.Sleep(time.Second)
				device, cloud := b.connect() // there is room again
				for _, c := range append(ends, device, cloud) {
					c.Close()
				}
			})
		})
	}
}

func TestIdentitiesBeyondTheRateAreNotOpened(t *testing.T) {
	l := Limits{IdentitiesPerSecond: 4, IdentitiesPerSecondPerAddr: 3, IdentitiesWaiting: 2}.withDefaults()
	g := newRSAGate(l)
	now := time.Now()
	one, two := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	admit := func(a netip.Addr) string {
		wait, ok := g.admit(a, now)
		return fmt.Sprint(wait, ok)
	}
	for i, c := range []struct {
		addr netip.Addr
		want string
	}{
		{one, "0s true"}, {one, "0s true"}, {one, "0s true"}, {one, "0s false"},
		{two, "0s true"}, {two, "250ms true"}, {two, "500ms true"},
		{netip.MustParseAddr("10.0.0.3"), "0s false"},
		{netip.MustParseAddr("127.0.0.1"), "0s true"},
	} {
		if got := admit(c.addr); got != c.want {
			t.Errorf("%d: %s, not %s", i, got, c.want)
		}
	}
	now = now.Add(time.Second)
	if got := admit(one); got != "0s true" {
		t.Errorf("a second later: %s", got)
	}
}

func TestOnlyAllowedClientsMayConnect(t *testing.T) {
	for from, allowed := range map[string]bool{
		"127.0.0.1:1": true, "10.1.2.3:1": true, "192.168.0.1:1": true, "[::1]:1": true, "[fd00::1]:1": true,
		"8.8.8.8:1": false, "[2001:db8::1]:1": false, "[::ffff:8.8.8.8]:1": false, "169.254.1.1:1": false,
	} {
		t.Run(from, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bubble) {
				b.start()
				device := b.dial(from)
				if allowed {
					c, _ := b.cloud.Accept()
					c.Close()
				}
				readAll(t, device)
				device.Close()
				b.stop()
				if refused := b.notices.count(ClientRefused) == 1; refused == allowed {
					t.Errorf("refused: %v", refused)
				}
			})
		})
	}
}

// flakyListener fails to accept a few times.
type flakyListener struct {
	*memnet.Listener
	failures []error
}

func (l *flakyListener) Accept() (net.Conn, error) {
	if len(l.failures) > 0 {
		err := l.failures[0]
		l.failures = l.failures[1:]
		return nil, err
	}
	return l.Listener.Accept()
}

func TestAcceptBacksOffWhenDescriptorsRunOut(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		exhausted := &net.OpError{Op: "accept", Err: syscall.EMFILE}
		ln := &flakyListener{b.in, []error{exhausted, exhausted, exhausted, exhausted}}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- b.Serve(ctx, ln) }()
		b.stop = func() { cancel(); <-done }
		start := time.Now()
		device, cloud := b.connect()
		if took := time.Since(start); took != (5+10+20+40)*time.Millisecond {
			t.Errorf("accepted after %v", took)
		}
		if b.notices.count(LimitHit) == 0 {
			t.Error("not announced")
		}
		device.Close()
		cloud.Close()
	})
}

func TestSlowLorisLocksNoDeviceOut(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.Tap = nil
		go func() {
			for {
				c, err := b.cloud.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					c.Write(randomBytes(40))
					if _, err := io.ReadFull(c, make([]byte, 256)); err == nil {
						c.Write(randomBytes(384))
						io.Copy(io.Discard, c)
					}
				}()
			}
		}()
		b.start()
		for i := range 2000 {
			c := b.dial(fmt.Sprintf("10.0.%d.%d:1000", i/200, i%200))
			go func() {
				defer c.Close()
				for {
					if _, err := c.Write([]byte{0}); err != nil {
						return
					}
					time.Sleep(10 * time.Second)
				}
			}()
			if i%100 != 99 {
				continue
			}
			start := time.Now()
			device := b.dial(lanDevice)
			read(t, device, 40)
			time.Sleep(time.Second) // a Photon takes its time
			write(t, device, randomBytes(256))
			read(t, device, 384)
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("device %d needed %v", i, took)
			}
			device.Close()
		}
	})
}
