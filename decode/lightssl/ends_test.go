package lightssl_test

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"io"
	"net"
	"testing"

	. "github.com/photonscope/photonscope/decode/lightssl"
)

// oneWrites counts the writes of an end.
type oneWrites struct {
	io.ReadWriter
	sizes []int
}

func (w *oneWrites) Write(b []byte) (int, error) {
	w.sizes = append(w.sizes, len(b))
	return w.ReadWriter.Write(b)
}

type outcome struct {
	h     Handshake
	err   error
	sizes []int
}

// meet lets both ends shake hands over a pipe. An end that fails hangs up.
func meet(t *testing.T, cloud CloudEnd, device DeviceEnd) (c, d outcome) {
	t.Helper()
	a, b := net.Pipe()
	done := make(chan outcome)
	go func() {
		w := &oneWrites{ReadWriter: a}
		h, err := cloud.Handshake(w)
		a.Close()
		done <- outcome{h, err, w.sizes}
	}()
	w := &oneWrites{ReadWriter: b}
	h, err := device.Handshake(w)
	b.Close()
	return <-done, outcome{h, err, w.sizes}
}

func testEnds(t *testing.T) (CloudEnd, DeviceEnd) {
	server := serverKey(t)
	return CloudEnd{Key: server}, DeviceEnd{ID: DeviceID{9, 8, 7}, Key: deviceKey(t), CloudKey: &server.PublicKey}
}

func TestTheEndsAgreeAndSendEachRecordInOneWrite(t *testing.T) {
	cloud, device := testEnds(t)
	c, d := meet(t, cloud, device)
	if c.err != nil || d.err != nil {
		t.Fatalf("cloud: %v, device: %v", c.err, d.err)
	}
	if c.h.Nonce != d.h.Nonce || c.h.Credentials != d.h.Credentials || c.h.Identity.Device != device.ID || !bytes.Equal(c.h.Identity.Key, d.h.Identity.Key) {
		t.Errorf("the ends disagree: %v and %v", c.h, d.h)
	}
	if want := []int{NonceLen, CredentialsRecordLen}; !equalInts(c.sizes, want) {
		t.Errorf("cloud wrote %v, want %v", c.sizes, want)
	}
	if want := []int{IdentityLen}; !equalInts(d.sizes, want) {
		t.Errorf("device wrote %v, want %v", d.sizes, want)
	}
}

func equalInts(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestTheCloudEndUsesTheNonceAndCredentialsItIsGiven(t *testing.T) {
	cloud, device := testEnds(t)
	n, creds := Nonce{1}, testCredentials(1)
	cloud.Nonce, cloud.Credentials = &n, &creds
	_, d := meet(t, cloud, device)
	if d.err != nil || d.h.Nonce != n || d.h.Credentials != creds {
		t.Errorf("device has nonce %s, %v", d.h.Nonce, d.err)
	}
}

func TestTheCloudEndSealsForTheRegisteredKey(t *testing.T) {
	cloud, device := testEnds(t)
	cloud.DeviceKey = func(Identity) (*rsa.PublicKey, error) { return &proxyKey(t).PublicKey, nil }
	if c, d := meet(t, cloud, device); c.err != nil || d.err != ErrDecrypt {
		t.Errorf("cloud: %v, device: %v, want %v", c.err, d.err, ErrDecrypt)
	}
	device.Key = proxyKey(t)
	if c, d := meet(t, cloud, device); c.err != nil || d.err != nil {
		t.Errorf("cloud: %v, device: %v", c.err, d.err)
	}
}

func TestACoreIsAdmittedOnlyWhereItsKeyIsKnown(t *testing.T) {
	cloud, device := testEnds(t)
	device.Announce = []byte{}
	if c, _ := meet(t, cloud, device); c.err == nil || !equalInts(c.sizes, []int{NonceLen}) {
		t.Errorf("without its key: %v, wrote %v", c.err, c.sizes)
	}
	cloud.DeviceKey = func(Identity) (*rsa.PublicKey, error) { return &device.Key.PublicKey, nil }
	if c, d := meet(t, cloud, device); c.err != nil || d.err != nil || c.h.Identity.Device != device.ID {
		t.Errorf("with its key: cloud %v, device %v", c.err, d.err)
	}
}

func TestARefusedIdentityGetsNothingAfterTheNonce(t *testing.T) {
	server := serverKey(t)
	unknown := errors.New("unknown device")
	for name, c := range map[string]struct {
		device func(*DeviceEnd)
		cloud  func(*CloudEnd)
		want   error
	}{
		"sealed for another server": {func(d *DeviceEnd) { d.CloudKey = &otherServer(t).PublicKey }, nil, ErrDecrypt},
		"short announced key":       {func(d *DeviceEnd) { d.Announce = []byte("short") }, nil, nil},
		"bad announced key":         {func(d *DeviceEnd) { d.Announce = make([]byte, DeviceKeyLen) }, nil, nil},
		"refused by its caller":     {nil, func(c *CloudEnd) { c.DeviceKey = func(Identity) (*rsa.PublicKey, error) { return nil, unknown } }, unknown},
	} {
		cloud, device := CloudEnd{Key: server}, DeviceEnd{Key: deviceKey(t), CloudKey: &server.PublicKey}
		if c.device != nil {
			c.device(&device)
		}
		if c.cloud != nil {
			c.cloud(&cloud)
		}
		got, d := meet(t, cloud, device)
		if got.err == nil || c.want != nil && got.err != c.want || !equalInts(got.sizes, []int{NonceLen}) {
			t.Errorf("%s: %v, wrote %v", name, got.err, got.sizes)
		}
		if !errors.Is(d.err, io.EOF) {
			t.Errorf("%s: device has %v", name, d.err)
		}
	}
}

func otherServer(tb testing.TB) *rsa.PrivateKey {
	tb.Helper()
	k, err := ParseKey(readTestdata(tb, "other_server.pem"))
	if err != nil {
		tb.Fatal(err)
	}
	return k.Private
}

func TestAForeignNonceIsRefusedByName(t *testing.T) {
	cloud, device := testEnds(t)
	a, b := net.Pipe()
	go func() {
		io.ReadFull(b, make([]byte, NonceLen))
		device.SendIdentity(b, Nonce{1, 2, 3})
	}()
	if _, err := cloud.Handshake(a); err != ErrNonce {
		t.Errorf("got %v, want %v", err, ErrNonce)
	}
}

func TestADeviceNamesABadSignature(t *testing.T) {
	cloud, device := testEnds(t)
	device.CloudKey = &otherServer(t).PublicKey
	cloud.Key = otherServer(t)
	a, b := net.Pipe()
	go func() {
		n := NewNonce()
		a.Write(n[:])
		io.ReadFull(a, make([]byte, IdentityLen))
		SendCredentials(a, NewCredentials(), &device.Key.PublicKey, serverKey(t)) // not the key the device holds
	}()
	if _, err := device.Handshake(b); err != ErrSignature {
		t.Errorf("got %v, want %v", err, ErrSignature)
	}
}

// brokenPipe fails at the given write or read, counted from 0.
type brokenPipe struct {
	in   *bytes.Reader
	fail int
	done int
}

var errBroken = errors.New("broken")

func (p *brokenPipe) step() bool { p.done++; return p.done-1 == p.fail }

func (p *brokenPipe) Read(b []byte) (int, error) {
	if p.step() {
		return 0, errBroken
	}
	return p.in.Read(b)
}

func (p *brokenPipe) Write(b []byte) (int, error) {
	if p.step() {
		return 0, errBroken
	}
	return len(b), nil
}

func TestATransportErrorComesThroughAtEveryStep(t *testing.T) {
	cloud, device := testEnds(t)
	n, creds := Nonce{5}, testCredentials(5)
	cloud.Nonce, cloud.Credentials = &n, &creds
	id := testIdentity(t)
	id.Nonce = n
	identity, _ := SealIdentity(id, device.CloudKey)
	credentials, _ := SealCredentials(creds, &device.Key.PublicKey, cloud.Key)
	for fail := range 3 {
		p := &brokenPipe{in: bytes.NewReader(identity), fail: fail}
		if _, err := cloud.Handshake(p); !errors.Is(err, errBroken) {
			t.Errorf("cloud, step %d: %v", fail, err)
		}
		p = &brokenPipe{in: bytes.NewReader(append(n[:], credentials...)), fail: fail}
		if _, err := device.Handshake(p); !errors.Is(err, errBroken) {
			t.Errorf("device, step %d: %v", fail, err)
		}
	}
}

func TestADeviceEndNeedsKeysOfTheRightSize(t *testing.T) {
	_, device := testEnds(t)
	device.Key = serverKey(t)
	if _, err := device.SendIdentity(io.Discard, Nonce{}); err == nil {
		t.Error("announced 2048 bits")
	}
	_, device = testEnds(t)
	device.CloudKey = &device.Key.PublicKey
	if _, err := device.SendIdentity(io.Discard, Nonce{}); err == nil {
		t.Error("sealed for a cloud of 1024 bits")
	}
}
