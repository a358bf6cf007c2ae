package proxy

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// deviceEnd and cloudEnd are the two ends as the splice needs them: the cloud
// knows the impersonation key by the device's ID.
func deviceEnd() lightssl.DeviceEnd {
	return lightssl.DeviceEnd{ID: testID, Key: testKeys().device, CloudKey: &testKeys().server.PublicKey}
}

func cloudEnd() lightssl.CloudEnd {
	return lightssl.CloudEnd{Key: testKeys().server, DeviceKey: func(id lightssl.Identity) (*rsa.PublicKey, error) {
		return &testKeys().imp.PublicKey, nil
	}}
}

func impersonation(id lightssl.DeviceID) *rsa.PrivateKey {
	if id == testID {
		return testKeys().imp
	}
	return nil
}

// newSplice prepares a proxy that splices devices with testID.
func newSplice(t testing.TB) *world {
	w := newWorld(t)
	w.ServerKey, w.DeviceKey = testKeys().server, impersonation
	return w
}

// shake runs both ends' handshakes and returns what they know.
func shake(t testing.TB, device, cloud io.ReadWriter) (d, c lightssl.Handshake) {
	t.Helper()
	errs := make(chan error, 1)
	go func() {
		var err error
		c, err = cloudEnd().Handshake(cloud)
		errs <- err
	}()
	d, err := deviceEnd().Handshake(device)
	if err := errors.Join(err, <-errs); err != nil {
		t.Fatal(err)
	}
	return d, c
}

// talk sends messages one way and checks that the other end decodes them.
func talk(t testing.TB, from, to io.ReadWriter, c lightssl.Credentials, messages ...string) {
	t.Helper()
	seal, open := lightssl.NewCipher(c), lightssl.NewCipher(c)
	for _, m := range messages {
		write(t, from, seal.AppendSealedFrame(nil, []byte(m)))
	}
	for _, m := range messages {
		got, err := open.Open(nil, readFrame(t, to))
		if err != nil || string(got) != m {
			t.Fatalf("got %q, %v; want %q", got, err, m)
		}
	}
}

// readFrame returns the next frame without its length.
func readFrame(t testing.TB, r io.Reader) []byte {
	t.Helper()
	n := read(t, r, 2)
	return read(t, r, int(n[0])<<8|int(n[1]))
}

func TestSplicePassesNonceAndCredentialsOnAndFramesVerbatim(t *testing.T) {
	w := newSplice(t)
	var mu sync.Mutex
	var logged []lightssl.Credentials
	var opened []lightssl.Identity
	w.KeyLog = func(n lightssl.Nonce, c lightssl.Credentials) { mu.Lock(); logged = append(logged, c); mu.Unlock() }
	w.OnIdentity = func(_ []byte, id lightssl.Identity) { mu.Lock(); opened = append(opened, id); mu.Unlock() }
	w.start()
	device, cloud := w.connect()
	d, c := shake(t, device, cloud)
	if d.Nonce != c.Nonce || d.Credentials != c.Credentials {
		t.Error("nonce or credentials of the two ends differ")
	}
	wantKey, _ := lightssl.AnnouncedKey(&testKeys().imp.PublicKey)
	if c.Identity.Device != testID || !bytes.Equal(c.Identity.Key, wantKey) {
		t.Error("the cloud did not see the device with the impersonation key")
	}
	talk(t, device, cloud, c.Credentials, "hello", "", "a message of sixteen", string(make([]byte, 700)))
	talk(t, cloud, device, c.Credentials, "hello yourself", "ping")
	w.stop()
	if len(logged) != 1 || logged[0] != c.Credentials {
		t.Errorf("key log told %d times", len(logged))
	}
	if len(opened) != 2 || opened[0].Device != testID || bytes.Equal(opened[0].Key, wantKey) || !bytes.Equal(opened[1].Key, wantKey) {
		t.Errorf("told of the identities %v, not of the device's and the one sealed in its place", opened)
	}
	if got := w.notices.await(t, ModeChosen).Mode; got != Splice {
		t.Errorf("mode %v", got)
	}
	checkSplicedLegs(t, w.spy)
}

// checkSplicedLegs checks the lengths of the records and that all the rest is
// the same on both legs.
func checkSplicedLegs(t *testing.T, s *spy) {
	t.Helper()
	d, c := s.leg(stream.DeviceLeg), s.leg(stream.CloudLeg)
	for dir, handshake := range map[stream.Direction]int{stream.FromDevice: 256, stream.FromCloud: 40 + 384} {
		a, b := d.sent[dir], c.sent[dir]
		if len(a) < handshake || len(b) < handshake || !bytes.Equal(a[handshake:], b[handshake:]) {
			t.Errorf("from %s: %d and %d bytes on the legs, or frames that differ", dir, len(a), len(b))
		}
	}
	if !bytes.Equal(d.sent[stream.FromCloud][:40], c.sent[stream.FromCloud][:40]) {
		t.Error("the nonce was changed")
	}
	if bytes.Equal(d.sent[stream.FromDevice][:256], c.sent[stream.FromDevice][:256]) {
		t.Error("the identity was not sealed anew")
	}
}

// dribbler sends every write in random pieces.
type dribbler struct {
	net.Conn
	rng *rand.Rand
}

func (d dribbler) Write(b []byte) (int, error) {
	dribble(d.rng, d.Conn, b)
	return len(b), nil
}

// eager reads as much as there is at once, and checks that it ends with a whole
// record.
type eager struct {
	net.Conn
	t       *testing.T
	records []int // handshake records to come
	buf     []byte
	left    []byte
}

func newEager(t *testing.T, c net.Conn, handshake ...int) *eager {
	return &eager{Conn: c, t: t, records: handshake, buf: make([]byte, 256<<10)}
}

func (e *eager) Read(b []byte) (int, error) {
	if len(e.left) == 0 {
		n, err := e.Conn.Read(e.buf)
		if err != nil {
			return 0, err
		}
		e.left = e.buf[:n]
		e.whole(e.left)
	}
	n := copy(b, e.left)
	e.left = e.left[n:]
	return n, nil
}

func (e *eager) whole(b []byte) {
	for len(b) > 0 {
		n := 0
		switch {
		case len(e.records) > 0:
			n, e.records = e.records[0], e.records[1:]
		case len(b) > 1:
			n = 2 + int(b[0])<<8 + int(b[1])
		}
		if n == 0 || n > len(b) {
			e.t.Errorf("a read ended %d bytes into a record of %d", len(b), n)
			return
		}
		b = b[n:]
	}
}

func TestRecordsLeaveInOneWriteHoweverTheyArrive(t *testing.T) {
	const sessions, cuttings = 100, 100
	for _, mode := range []Mode{Observe, Splice} {
		t.Run(mode.String(), func(t *testing.T) {
			w := newSplice(t)
			w.Mode = mode
			w.Tap = nil
			w.start()
			var wg sync.WaitGroup
			slots := make(chan struct{}, 8)
			for i := range uint64(sessions) {
				slots <- struct{}{}
				device, cloud := w.connect()
				wg.Go(func() {
					defer func() { <-slots }()
					defer device.Close()
					defer cloud.Close()
					cutSession(t, mode, i, cuttings, device, cloud)
				})
			}
			wg.Wait()
			w.stop()
		})
	}
}

// cutSession runs one session whose every write is cut.
func cutSession(t *testing.T, mode Mode, seed uint64, cuttings int, device, cloud net.Conn) {
	rng := rand.New(rand.NewPCG(seed, 5))
	d := struct {
		io.Reader
		io.Writer
	}{newEager(t, device, 40, 384), dribbler{device, rng}}
	c := struct {
		io.Reader
		io.Writer
	}{newEager(t, cloud, 256), dribbler{cloud, rand.New(rand.NewPCG(seed, 6))}}
	if mode == Splice {
		shake(t, d, c)
	} else {
		go c.Write(randomBytes(40))
		read(t, d, 40)
		go d.Write(randomBytes(256))
		read(t, c, 256)
		go c.Write(randomBytes(384))
		read(t, d, 384)
	}
	for range cuttings {
		from, to := d, c
		if rng.IntN(2) == 0 {
			from, to = c, d
		}
		burst := frames1to3(rng)
		done := make(chan struct{})
		go func() { from.Write(burst); close(done) }()
		if got := read(t, to, len(burst)); !bytes.Equal(got, burst) {
			t.Error("a burst was changed")
		}
		<-done
	}
}

func frames1to3(rng *rand.Rand) (burst []byte) {
	for range 1 + rng.IntN(3) {
		n := 16 * (1 + rng.IntN(60))
		switch rng.IntN(20) {
		case 0:
			n = 0
		case 1:
			n = rng.IntN(4000)
		case 2:
			n = 32<<10 - 2 - rng.IntN(200)
		}
		burst = append(burst, frame(n)...)
	}
	return burst
}

func TestManyDevicesAtOnce(t *testing.T) {
	w := newSplice(t)
	const devices = 40
	var wg sync.WaitGroup
	go func() { // a cloud that echoes
		for range devices {
			c, err := w.cloud.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				if _, err := cloudEnd().Handshake(c); err == nil {
					io.Copy(c, c)
				}
			})
		}
	}()
	w.start()
	var devicesDone sync.WaitGroup
	for i := range devices {
		devicesDone.Go(func() {
			device := w.dial()
			defer device.Close()
			h, err := deviceEnd().Handshake(device)
			if err != nil {
				t.Errorf("device %d: %v", i, err)
				return
			}
			for j := range 50 {
				talk(t, device, device, h.Credentials, fmt.Sprintf("message %d of device %d", j, i))
			}
		})
	}
	devicesDone.Wait()
	wg.Wait()
	w.stop()
	if n := len(w.spy.conns); n != 2*devices {
		t.Errorf("%d connections", n)
	}
}
