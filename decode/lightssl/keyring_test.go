package lightssl_test

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	. "github.com/photonscope/photonscope/decode/lightssl"
)

// ringOf returns a ring of private keys, each with the role of its size.
func ringOf(keys ...*rsa.PrivateKey) *Keyring {
	r := new(Keyring)
	for _, k := range keys {
		r.AddKey(private(k), AnyRole)
	}
	return r
}

// sealedFor returns the records of one session between the vectors' server and
// a device.
func sealedFor(tb testing.TB, device *rsa.PrivateKey) (id Identity, identity []byte, c Credentials, credentials []byte) {
	tb.Helper()
	server := serverKey(tb)
	id = testIdentity(tb)
	c = NewCredentials()
	identity, err1 := SealIdentity(id, &server.PublicKey)
	credentials, err2 := SealCredentials(c, &device.PublicKey, server)
	if err := errors.Join(err1, err2); err != nil {
		tb.Fatal(err)
	}
	return id, identity, c, credentials
}

func TestAnEmptyRingHasNoKeyToTry(t *testing.T) {
	_, identity, _, credentials := sealedFor(t, deviceKey(t))
	r := new(Keyring)
	if _, _, err := r.OpenIdentity(identity); err != ErrNoKey {
		t.Errorf("identity: %v", err)
	}
	if _, err := r.OpenCredentials(Nonce{}, true, credentials, nil); err != ErrNoKey {
		t.Errorf("credentials: %v", err)
	}
	r = ringOf(serverKey(t))
	if _, err := r.OpenCredentials(Nonce{}, true, credentials, nil); err != ErrNoKey {
		t.Errorf("credentials, server key only: %v", err)
	}
}

func TestARingFindsTheServerKeyThatFits(t *testing.T) {
	id, identity, _, _ := sealedFor(t, deviceKey(t))
	r := ringOf(otherServer(t), deviceKey(t))
	if _, _, err := r.OpenIdentity(identity); err != ErrDecrypt {
		t.Errorf("with another server's key: %v", err)
	}
	if _, _, err := r.OpenIdentity(identity); err != ErrDecrypt {
		t.Errorf("once more: %v", err)
	}
	r.AddKey(private(serverKey(t)), AnyRole)
	for range 2 {
		got, by, err := r.OpenIdentity(identity)
		if err != nil || got.Nonce != id.Nonce || !by.Equal(&serverKey(t).PublicKey) {
			t.Errorf("with its key: %v by %v, %v", got, by, err)
		}
	}
	if _, _, err := r.OpenIdentity(identity[1:]); err == nil || err == ErrDecrypt {
		t.Errorf("255 bytes: %v", err)
	}
}

func TestWhatTheProxyOpenedNeedsNoKey(t *testing.T) {
	id, identity, _, _ := sealedFor(t, deviceKey(t))
	r := new(Keyring)
	before := r.Generation()
	r.AddOpened(identity, id)
	if got, by, err := r.OpenIdentity(identity); err != nil || got.Nonce != id.Nonce || by != nil {
		t.Errorf("%v by %v, %v", got, by, err)
	}
	if r.Generation() != before {
		t.Error("a new generation began")
	}
}

// A key that changes behind the ring's back shows whether it is asked again.
func TestNoRecordIsTriedTwiceWithAKey(t *testing.T) {
	_, identity, _, record := sealedFor(t, deviceKey(t))
	server, device := *otherServer(t), *proxyKey(t)
	r := ringOf(&server, &device)
	for range 2 {
		if _, _, err := r.OpenIdentity(identity); err != ErrDecrypt {
			t.Errorf("identity: %v", err)
		}
		if _, err := r.OpenCredentials(Nonce{}, false, record, nil); err != ErrDecrypt {
			t.Errorf("credentials: %v", err)
		}
		server, device = *serverKey(t), *deviceKey(t)
	}
	server, device = *serverKey(t), *deviceKey(t)
	r = ringOf(&server, &device)
	for range 2 {
		if _, _, err := r.OpenIdentity(identity); err != nil {
			t.Errorf("identity: %v", err)
		}
		if _, err := r.OpenCredentials(Nonce{}, false, record, nil); err != nil {
			t.Errorf("credentials: %v", err)
		}
		server, device = *otherServer(t), *proxyKey(t)
	}
}

func TestARingFindsTheDeviceKeyThatFits(t *testing.T) {
	_, _, c, record := sealedFor(t, proxyKey(t))
	r := ringOf(deviceKey(t))
	if _, err := r.OpenCredentials(Nonce{}, false, record, nil); err != ErrDecrypt {
		t.Errorf("with another device's key: %v", err)
	}
	r.AddKey(private(proxyKey(t)), ImpersonationRole)
	for _, announced := range []*rsa.PublicKey{nil, &deviceKey(t).PublicKey, &proxyKey(t).PublicKey} {
		o, err := r.OpenCredentials(Nonce{}, false, record, announced)
		if err != nil || o.Credentials != c || o.Source != "impersonation key" || !o.Key.Equal(&proxyKey(t).PublicKey) || o.Signature != SignatureUnchecked {
			t.Errorf("with its key: %v, %v", o, err)
		}
	}
	if _, err := r.OpenCredentials(Nonce{}, false, record[1:], nil); err == nil || err == ErrDecrypt {
		t.Errorf("383 bytes: %v", err)
	}
}

func TestTheAnnouncedKeyOpensAmongMany(t *testing.T) {
	_, _, c, record := sealedFor(t, proxyKey(t))
	r := ringOf(deviceKey(t), vectorKey(t, "device_unusable_private"), proxyKey(t))
	o, err := r.OpenCredentials(Nonce{}, false, record, &proxyKey(t).PublicKey)
	if err != nil || o.Credentials != c || o.Source != "device key" {
		t.Errorf("%v, %v", o, err)
	}
}

func TestTheSignatureIsCheckedAgainstEveryServer(t *testing.T) {
	_, _, _, record := sealedFor(t, deviceKey(t))
	for _, c := range []struct {
		known []*rsa.PublicKey
		want  Signature
	}{
		{nil, SignatureUnchecked},
		{[]*rsa.PublicKey{&otherServer(t).PublicKey}, SignatureFailed},
		{[]*rsa.PublicKey{&otherServer(t).PublicKey, &serverKey(t).PublicKey}, SignatureVerified},
	} {
		r := ringOf(deviceKey(t))
		for _, k := range c.known {
			r.AddKey(public(k), ServerRole)
		}
		o, err := r.OpenCredentials(Nonce{}, false, record, nil)
		if err != nil || o.Signature != c.want {
			t.Errorf("%d servers: signature %s, %v, want %s", len(c.known), o.Signature, err, c.want)
		}
	}
	if got := []string{SignatureUnchecked.String(), SignatureVerified.String(), SignatureFailed.String()}; !slices.Equal(got, []string{"not checked", "verified", "failed"}) {
		t.Error(got)
	}
}

func TestASignatureIsCheckedWhenTheServerComesLater(t *testing.T) {
	_, _, _, record := sealedFor(t, deviceKey(t))
	r := ringOf(deviceKey(t))
	r.OpenCredentials(Nonce{}, false, record, nil)
	r.AddKey(public(&serverKey(t).PublicKey), AnyRole)
	if o, err := r.OpenCredentials(Nonce{}, false, record, nil); err != nil || o.Signature != SignatureVerified {
		t.Errorf("signature %s, %v", o.Signature, err)
	}
}

func TestALoggedSessionOpensBeforeAnyKey(t *testing.T) {
	n := NewNonce()
	_, _, c, record := sealedFor(t, deviceKey(t))
	r := ringOf(deviceKey(t), serverKey(t))
	r.AddSession(n, c)
	o, err := r.OpenCredentials(n, true, record, nil)
	if err != nil || o.Credentials != c || o.Source != "key log" || o.Key != nil || o.Signature != SignatureVerified {
		t.Errorf("%v, %v", o, err)
	}
	if o, err := r.OpenCredentials(n, false, record, nil); err != nil || o.Source != "device key" {
		t.Errorf("with the nonce unknown: %v, %v", o, err)
	}
}

func TestAWrongLoggedSessionYieldsToAKeyThatVerifies(t *testing.T) {
	n := NewNonce()
	_, _, c, record := sealedFor(t, deviceKey(t))
	r := ringOf(serverKey(t))
	wrong := testCredentials(77)
	r.AddSession(n, wrong)
	if o, err := r.OpenCredentials(n, true, record, nil); err != nil || o.Credentials != wrong || o.Signature != SignatureFailed {
		t.Errorf("alone: signature %s, %v", o.Signature, err)
	}
	r.AddKey(private(deviceKey(t)), AnyRole)
	if o, err := r.OpenCredentials(n, true, record, nil); err != nil || o.Credentials != c || o.Signature != SignatureVerified {
		t.Errorf("with the device key: signature %s, %v", o.Signature, err)
	}
}

func TestCredentialsWithoutSaltCannotBeChecked(t *testing.T) {
	n := NewNonce()
	_, _, c, record := sealedFor(t, deviceKey(t))
	short := c
	clear(short.Salt())
	r := ringOf(serverKey(t))
	r.AddSession(n, short)
	o, err := r.OpenCredentials(n, true, record, nil)
	if err != nil || o.Credentials != short || o.Credentials.HasSalt() || o.Signature != SignatureUnchecked {
		t.Errorf("signature %s, %v", o.Signature, err)
	}
	r.AddSession(n, c)
	r.AddSession(n, short)
	if got, ok := r.Session(n); !ok || got != c {
		t.Error("the salt was lost again")
	}
}

func TestEveryAdditionStartsAGenerationAndNoRepetitionDoes(t *testing.T) {
	r := new(Keyring)
	salted := testCredentials(1)
	for i, add := range []func(){
		func() { r.AddKey(private(serverKey(t)), AnyRole) },
		func() { r.AddKey(private(deviceKey(t)), AnyRole) },
		func() { r.AddKey(private(proxyKey(t)), ImpersonationRole) },
		func() { r.AddKey(public(&otherServer(t).PublicKey), ServerRole) },
		func() { r.AddSession(Nonce{1}, salted) },
		func() { r.AddSession(Nonce{1}, testCredentials(2)) },
		func() { r.AddLoose(salted) },
	} {
		before := r.Generation()
		if add(); r.Generation() <= before {
			t.Errorf("addition %d: generation %d after %d", i, r.Generation(), before)
		}
		before = r.Generation()
		if add(); r.Generation() != before {
			t.Errorf("addition %d again: generation %d after %d", i, r.Generation(), before)
		}
	}
	want := KeyCounts{Servers: 1, ServerPublics: 2, Devices: 1, Impersonations: 1, Sessions: 1, Loose: 1}
	if got := r.Counts(); got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
	if got := fmt.Sprint(r); !strings.Contains(got, "1 server, 1 device and 1 impersonation keys, 1 sessions and 1 loose") {
		t.Error(got)
	}
}

func TestTheRingKeepsOnlyWhatCanOpenSomething(t *testing.T) {
	r := new(Keyring)
	r.AddKey(Key{}, AnyRole)
	r.AddKey(public(&deviceKey(t).PublicKey), AnyRole)
	r.AddKey(Key{Private: &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: deviceKey(t).Primes[0], E: 65537}}}, AnyRole)
	if r.Generation() != 0 || r.Counts() != (KeyCounts{}) {
		t.Errorf("kept %+v", r.Counts())
	}
}

func TestTheRingGivesItsKeysByRole(t *testing.T) {
	r := ringOf(serverKey(t), deviceKey(t))
	r.AddKey(Key{Private: proxyKey(t)}, ImpersonationRole)
	r.AddLoose(testCredentials(1))
	r.AddLoose(testCredentials(2))
	if got := r.Devices(AnyRole); len(got) != 2 {
		t.Errorf("%d devices", len(got))
	}
	if got := r.Devices(ImpersonationRole); len(got) != 1 || !got[0].Equal(proxyKey(t)) {
		t.Errorf("%d impersonation keys", len(got))
	}
	if got := r.Devices(DeviceRole); len(got) != 1 || !got[0].Equal(deviceKey(t)) {
		t.Errorf("%d device keys", len(got))
	}
	if len(r.Servers()) != 1 || len(r.ServerPublics()) != 1 {
		t.Errorf("%d servers, %d public", len(r.Servers()), len(r.ServerPublics()))
	}
	if got := r.Loose(); len(got) != 2 || got[0] != testCredentials(1) {
		t.Errorf("%d loose", len(got))
	}
}

func TestARingServesManyGoroutines(t *testing.T) {
	_, identity, c, record := sealedFor(t, deviceKey(t))
	r := new(Keyring)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			r.AddKey(private(serverKey(t)), AnyRole)
			r.AddKey(private(deviceKey(t)), AnyRole)
			r.AddSession(Nonce{byte(i)}, c)
			if _, _, err := r.OpenIdentity(identity); err != nil {
				t.Error(err)
			}
			if o, err := r.OpenCredentials(Nonce{}, false, record, nil); err != nil || o.Credentials != c {
				t.Error(err)
			}
			r.Loose()
			r.Counts()
		})
	}
	wg.Wait()
	if r.Generation() != 2+1+8 {
		t.Errorf("generation %d", r.Generation())
	}
}

// BenchmarkReopen is a record that was opened before: no RSA.
func BenchmarkReopen(b *testing.B) {
	_, identity, _, _ := sealedFor(b, deviceKey(b))
	r := ringOf(serverKey(b))
	for b.Loop() {
		if _, _, err := r.OpenIdentity(identity); err != nil {
			b.Fatal(err)
		}
	}
}
