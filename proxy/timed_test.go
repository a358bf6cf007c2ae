package proxy

import (
	"bytes"
	"context"
	"crypto/rsa"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// bubble is a proxy on an in-memory network under testing/synctest, whose clock
// moves only when everybody waits.
type bubble struct {
	*Server
	t         *testing.T
	spy       *spy
	notices   *notices
	in, cloud *memListener
	stop      func()
}

const lanDevice = "192.168.1.20:50000"

func inBubble(t *testing.T, f func(*testing.T, *bubble)) {
	t.Helper()
	testKeys() // made outside: the bubble's clock would not wait for it
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{t: t, spy: newSpy(t), notices: newNotices(), in: newMemListener("192.168.1.2:5683"), cloud: newMemListener("10.1.1.1:5683")}
		b.Server = &Server{Upstream: "10.1.1.1:5683", Tap: b.spy.tap, Notice: b.notices.add, DialContext: b.cloud.dialer}
		f(t, b)
		b.stop()
		b.cloud.Close()
		time.Sleep(time.Minute) // of the bubble's time: for scripted peers to end
	})
}

func (b *bubble) start() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- b.Serve(ctx, b.in) }()
	b.stop = func() {
		cancel()
		if err := <-done; err != nil {
			b.t.Errorf("Serve: %v", err)
		}
		b.stop = func() {}
	}
}

func (b *bubble) dial(from string) *memConn {
	b.t.Helper()
	c, err := b.in.dial(from)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *bubble) connect() (device, cloud *memConn) {
	b.t.Helper()
	device = b.dial(lanDevice)
	c, err := b.cloud.Accept()
	if err != nil {
		b.t.Fatal(err)
	}
	return device, c.(*memConn)
}

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
				if b.notices.count(UpstreamFailed) != 1 || b.spy.endings(stream.DeviceLeg) != "device cut, cloud cut" {
					t.Errorf("notices %v, endings %s", b.notices.all, b.spy.endings(stream.DeviceLeg))
				}
			})
		})
	}
}

// failing makes, for a nonce, every identity record that must be refused.
func failing(t *testing.T) map[string]func(lightssl.Nonce) []byte {
	k := testKeys()
	seal := func(id lightssl.Identity, key *rsa.PublicKey) []byte {
		record, err := lightssl.SealIdentity(id, key)
		if err != nil {
			t.Fatal(err)
		}
		return record
	}
	der, _ := lightssl.AnnouncedKey(&k.device.PublicKey)
	broken := func(at int, bits byte) []byte {
		b := bytes.Clone(der)
		b[at] ^= bits
		return b
	}
	good := func(n lightssl.Nonce) lightssl.Identity { return lightssl.Identity{Nonce: n, Device: testID, Key: der} }
	return map[string]func(lightssl.Nonce) []byte{
		"random bytes":   func(lightssl.Nonce) []byte { return append([]byte{0}, randomBytes(255)...) },
		"above modulus":  func(lightssl.Nonce) []byte { return bytes.Repeat([]byte{0xff}, 256) },
		"zeros":          func(lightssl.Nonce) []byte { return make([]byte, 256) },
		"other server":   func(n lightssl.Nonce) []byte { return seal(good(n), &k.otherServer.PublicKey) },
		"wrong nonce":    func(n lightssl.Nonce) []byte { n[39] ^= 1; return seal(good(n), &k.server.PublicKey) },
		"core's 52":      func(n lightssl.Nonce) []byte { id := good(n); id.Key = nil; return seal(id, &k.server.PublicKey) },
		"unknown device": func(n lightssl.Nonce) []byte { id := good(n); id.Device[0]++; return seal(id, &k.server.PublicKey) },
		"even modulus": func(n lightssl.Nonce) []byte {
			id := good(n)
			id.Key = broken(29+127, 1)
			return seal(id, &k.server.PublicKey)
		},
		"short modulus": func(n lightssl.Nonce) []byte {
			id := good(n)
			id.Key = broken(29, 0xff&der[29])
			return seal(id, &k.server.PublicKey)
		},
		"no DER at all": func(n lightssl.Nonce) []byte {
			id := good(n)
			id.Key = broken(0, 0xff)
			return seal(id, &k.server.PublicKey)
		},
	}
}

// appearance is all that both peers can see of a refusal.
type appearance struct {
	device, cloud int           // bytes heard after the nonce
	fin, cloudFin time.Duration // after the record's last byte
	reset         bool
}

func refusal(t *testing.T, record func(lightssl.Nonce) []byte, setup func(*bubble)) (a appearance, kinds []NoticeKind) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.Mode, b.ServerKey, b.DeviceKey = Splice, testKeys().server, impersonation
		setup(b)
		b.start()
		var device, cloud *memConn
		n := lightssl.NewNonce()
		if b.Mode != Terminate {
			device, cloud = b.connect()
			write(t, cloud, n[:])
		} else {
			device = b.dial(lanDevice)
		}
		n = lightssl.Nonce(read(t, device, 40))
		time.Sleep(700 * time.Millisecond)
		write(t, device, record(n))
		at := time.Now()
		go func() { // it goes on sending, as an attacker may
			for range 30 {
				device.Write(randomBytes(100))
				time.Sleep(90 * time.Millisecond)
			}
			device.CloseWrite()
		}()
		got, err := io.ReadAll(device)
		a = appearance{device: len(got), fin: time.Since(at), reset: err != nil}
		if cloud != nil {
			up, _ := io.ReadAll(cloud)
			a.cloud, a.cloudFin = len(up), time.Since(at)
			cloud.Close()
		}
		time.Sleep(10 * time.Second)
		device.Close()
		b.stop()
		for _, x := range b.notices.all {
			if x.Kind != ModeChosen {
				kinds = append(kinds, x.Kind)
			}
		}
	})
	return a, kinds
}

func TestEveryFailingIdentityLooksTheSameFromOutside(t *testing.T) {
	for _, mode := range []Mode{Splice, Terminate} {
		want := appearance{fin: 2 * time.Second, cloudFin: 2 * time.Second}
		if mode == Terminate {
			want.cloudFin = 0
		}
		for name, record := range failing(t) {
			t.Run(mode.String()+" "+name, func(t *testing.T) {
				got, kinds := refusal(t, record, func(b *bubble) {
					if mode != Terminate {
						return
					}
					b.Mode = Terminate
					b.Terminate = func(_ context.Context, c net.Conn) error {
						defer c.Close()
						_, err := terminator().Handshake(c)
						return err
					}
				})
				if got != want {
					t.Errorf("seen from outside: %+v, not %+v", got, want)
				}
				wantKind := IdentityRefused
				if mode == Splice && (strings.HasSuffix(name, "modulus") && name != "above modulus" || name == "no DER at all") {
					wantKind = DeviceKeyRefused
				}
				if len(kinds) != 1 || kinds[0] != wantKind {
					t.Errorf("notices %v, not %v", kinds, wantKind)
				}
			})
		}
	}
}

func TestRefusalHidesWhatTheCloudDoes(t *testing.T) {
	for name, does := range map[string]func(*memConn){
		"answers": func(c *memConn) { c.Write(randomBytes(384)) },
		"closes":  func(c *memConn) { c.Close() },
		"resets":  func(c *memConn) { c.SetLinger(0); c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bubble) {
				b.Mode, b.ServerKey, b.DeviceKey = Splice, testKeys().server, impersonation
				b.start()
				device, cloud := b.connect()
				write(t, cloud, randomBytes(40))
				read(t, device, 40)
				write(t, device, make([]byte, 256))
				start := time.Now()
				time.Sleep(time.Second)
				does(cloud)
				if got, took := readAll(t, device), time.Since(start); len(got) > 0 || took != uniformClose {
					t.Errorf("the device heard %d bytes and a FIN after %v", len(got), took)
				}
				device.Close()
				cloud.Close()
			})
		})
	}
}

func TestAutoRefusesAKeyThatCannotBeSealedForAlike(t *testing.T) {
	for _, name := range []string{"even modulus", "short modulus", "no DER at all"} {
		t.Run(name, func(t *testing.T) {
			got, kinds := refusal(t, failing(t)[name], func(b *bubble) { b.Mode = Auto })
			if want := (appearance{fin: 2 * time.Second, cloudFin: 2 * time.Second}); got != want {
				t.Errorf("seen from outside: %+v, not %+v", got, want)
			}
			if len(kinds) != 1 || kinds[0] != DeviceKeyRefused {
				t.Errorf("notices %v", kinds)
			}
		})
	}
}

// terminator is a cloud that knows only testID and checks the key it is given.
func terminator() lightssl.CloudEnd {
	return lightssl.CloudEnd{Key: testKeys().server, DeviceKey: func(id lightssl.Identity) (*rsa.PublicKey, error) {
		if id.Device != testID {
			return nil, fmt.Errorf("device %s is unknown", id.Device)
		}
		return usableKey(id)
	}}
}

func TestAutoPassesEveryFailingIdentityOnVerbatim(t *testing.T) {
	for name, record := range failing(t) {
		if name == "even modulus" || name == "short modulus" || name == "no DER at all" {
			continue // of a device we could splice, but for its key
		}
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bubble) {
				b.ServerKey, b.DeviceKey = testKeys().server, impersonation
				var opened atomic.Int32
				b.OnIdentity = func([]byte, lightssl.Identity) { opened.Add(1) }
				b.start()
				device, cloud := b.connect()
				n := lightssl.NewNonce()
				write(t, cloud, n[:])
				read(t, device, 40)
				r := record(n)
				write(t, device, r)
				equal(t, "identity", read(t, cloud, 256), r)
				answer := randomBytes(384)
				write(t, cloud, answer)
				equal(t, "credentials", read(t, device, 384), answer)
				device.Close()
				readAll(t, cloud)
				cloud.Close()
				b.stop()
				if x := b.notices.await(t, ModeChosen); x.Mode != Observe || !strings.Contains(x.Text, "because") {
					t.Errorf("%v: %s", x.Mode, x.Text)
				}
				if got := opened.Load() == 1; got != (name == "unknown device") {
					t.Errorf("reported as opened: %v", got)
				}
			})
		})
	}
}

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
		dial := func(i int, from string) *memConn {
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
				var ends []*memConn
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
	*memListener
	failures []error
}

func (l *flakyListener) Accept() (net.Conn, error) {
	if len(l.failures) > 0 {
		err := l.failures[0]
		l.failures = l.failures[1:]
		return nil, err
	}
	return l.memListener.Accept()
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
