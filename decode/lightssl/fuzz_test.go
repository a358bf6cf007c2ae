package lightssl_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha1"
	"errors"
	"slices"
	"testing"

	. "github.com/photonscope/photonscope/decode/lightssl"
)

// credentialsOf fills up with zeros.
func credentialsOf(secret []byte) (c Credentials) {
	copy(c[:], secret)
	return c
}

// FuzzFrames is F-1: frames of a stream are the same however it arrives, those
// of a prefix come first among those of the whole, and no byte is lost.
func FuzzFrames(f *testing.F) {
	f.Fuzz(func(t *testing.T, stream, cuts []byte) {
		whole, rest := cutAll([][]byte{stream})
		var again []byte
		for _, body := range whole {
			again = AppendFrame(again, body)
		}
		if again = append(again, rest...); !bytes.Equal(again, stream) {
			t.Fatalf("%x became %x", stream, again)
		}
		if len(rest) >= FrameHeaderLen && len(rest) >= FrameLen(rest) {
			t.Fatalf("a whole frame was left: %x", rest)
		}
		pieces := piecesOf(stream, cuts)
		got, left := cutAll(pieces)
		if !slicesEqual(got, whole) || !bytes.Equal(left, rest) {
			t.Fatalf("in pieces %x: %d frames, not %d", cuts, len(got), len(whole))
		}
		if len(pieces) > 0 {
			prefix, _ := cutAll(pieces[:1])
			if !slicesEqual(prefix, whole[:len(prefix)]) {
				t.Fatalf("a prefix has other frames: %x", prefix)
			}
		}
		bounded(t, len(stream), func() {
			for b, ok := stream, true; ok; {
				_, b, ok = CutFrame(b)
			}
		})
	})
}

// piecesOf cuts b into pieces as long as the bytes of cuts say.
func piecesOf(b, cuts []byte) (pieces [][]byte) {
	for _, n := range cuts {
		n := min(int(n), len(b))
		pieces = append(pieces, b[:n])
		b = b[n:]
	}
	return append(pieces, b)
}

// FuzzIdentity is F-2: every plaintext of 52 bytes or more is an identity, and
// appends as it was.
func FuzzIdentity(f *testing.F) {
	f.Fuzz(func(t *testing.T, plain []byte) {
		var id Identity
		var err error
		bounded(t, len(plain), func() { id, err = ParseIdentity(plain) })
		if (err == nil) != (len(plain) >= CoreIdentityPlainLen) {
			t.Fatalf("%d bytes: %v", len(plain), err)
		}
		if err != nil {
			return
		}
		if got := AppendIdentity(nil, id); !bytes.Equal(got, plain) {
			t.Fatalf("%x became %x", plain, got)
		}
		if (id.Key == nil) != (len(plain) == CoreIdentityPlainLen) {
			t.Fatalf("%d bytes: key %x", len(plain), id.Key)
		}
		if d, err := ParseDeviceID(id.Device.String()); err != nil || d != id.Device {
			t.Fatalf("device ID %s: %v", id.Device, err)
		}
		bounded(t, len(plain), func() { id.PublicKey() })
		if m := id.Modulus(); m != nil && !bytes.Equal(m, plain[81:209]) {
			t.Fatalf("modulus %x", m)
		}
		checkAnnounced(t, &id)
	})
}

// checkAnnounced reads the announced key in both of our ways. They must not
// disagree on a key that a device can have.
func checkAnnounced(t *testing.T, id *Identity) {
	k, err := ParseKey(id.Key)
	if err != nil {
		return
	}
	strict, err := id.PublicKey()
	if err == nil && k.Private == nil && !strict.Equal(k.Public) {
		t.Fatalf("two different keys in %x", id.Key)
	}
}

// FuzzCredentials is F-3: the check of a signature agrees with one that is
// written with math/big alone, whatever the record.
func FuzzCredentials(f *testing.F) {
	server, device := serverKey(f), deviceKey(f)
	f.Fuzz(func(t *testing.T, record, secret []byte) {
		c := credentialsOf(secret)
		var err error
		bounded(t, len(record), func() { err = VerifyCredentials(record, c, &server.PublicKey) })
		if want := verifies(record, c, &server.PublicKey); (err == nil) != want || err != nil && err != ErrSignature {
			t.Fatalf("verified: %v, independently: %t", err, want)
		}
		opened, err := OpenCredentials(record, device, &server.PublicKey)
		switch {
		case len(record) != CredentialsRecordLen:
			if err == nil || err == ErrDecrypt || err == ErrSignature {
				t.Fatalf("%d bytes: %v", len(record), err)
			}
		case err == nil || err == ErrSignature:
			if want := verifies(record, opened, &server.PublicKey); (err == nil) != want {
				t.Fatalf("opened: %v, independently: %t", err, want)
			}
		case err != ErrDecrypt:
			t.Fatal(err)
		}
	})
}

// verifies is the signature check by the specification: 00 01, FF, 00, and the
// bare MAC.
func verifies(record []byte, c Credentials, k *rsa.PublicKey) bool {
	if len(record) != CredentialsRecordLen {
		return false
	}
	mac := hmac.New(sha1.New, c[:])
	mac.Write(record[:128])
	want := append([]byte{0, 1}, bytes.Repeat([]byte{255}, 233)...)
	want = append(append(want, 0), mac.Sum(nil)...)
	sig := record[128:]
	if bytes.Compare(sig, k.N.FillBytes(make([]byte, 256))) >= 0 {
		return false
	}
	return bytes.Equal(raise(sig, k), want)
}

// FuzzCipher is F-4: a direction opens any frames like the model, keeps in step
// with it, and seals what was opened to the same frames again.
func FuzzCipher(f *testing.F) {
	f.Fuzz(func(t *testing.T, secret, stream []byte) {
		c := credentialsOf(secret)
		open, model, again := NewCipher(c), newModel(c), NewCipher(c)
		bodies, _ := cutAll([][]byte{stream})
		for _, body := range bodies {
			var plain []byte
			var err error
			before := *open
			bounded(t, len(body), func() { *open = before; plain, err = open.Open(nil, body) })
			if len(body) == 0 || len(body)%BlockLen != 0 {
				if err != ErrLength || open.IV() != model.iv {
					t.Fatalf("%d bytes: %v", len(body), err)
				}
				continue
			}
			checkOpened(t, body, plain, err, model)
			if open.IV() != model.iv {
				t.Fatalf("next IV %x, the model has %x", open.IV(), model.iv)
			}
			reseal(t, again, body, plain, err)
		}
	})
}

func checkOpened(t *testing.T, body, plain []byte, err error, model *modelDirection) {
	t.Helper()
	padded, n := model.open(body)
	if n < 0 {
		if err != ErrPadding || !bytes.Equal(plain, padded) {
			t.Fatalf("bad padding: %x, %v, the model has %x", plain, err, padded)
		}
		return
	}
	if err != nil || !bytes.Equal(plain, padded[:n]) {
		t.Fatalf("opened %x, %v, the model %x", plain, err, padded[:n])
	}
}

func reseal(t *testing.T, again *Cipher, body, plain []byte, opened error) {
	t.Helper()
	var sealed []byte
	if opened == nil {
		sealed = again.Seal(nil, plain)
	} else {
		sealed = again.SealRaw(nil, plain)
	}
	if !bytes.Equal(sealed, body) {
		t.Fatalf("%x sealed again is %x", body, sealed)
	}
}

// FuzzKey is F-10 for key files: what is accepted works in a handshake, what is
// refused says so in one documented way.
func FuzzKey(f *testing.F) {
	server, device := serverKey(f), deviceKey(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		var k Key
		var err error
		bounded(t, len(b), func() { k, err = ParseKey(b) })
		if err != nil {
			var fault *KeyError
			if !errors.As(err, &fault) || fault.What == "" || fault.Do == "" || k != (Key{}) {
				t.Fatalf("refused with %v and %v", k, err)
			}
			return
		}
		switch k.Role() {
		case ServerRole:
			serveWith(t, k, device)
		case DeviceRole:
			connectWith(t, k, server)
		default:
			t.Fatalf("accepted %v", k)
		}
	})
}

// serveWith lets a device shake hands with a server of this key. Of a public key
// only sealing can be tried.
func serveWith(t *testing.T, k Key, device *rsa.PrivateKey) {
	id := Identity{Nonce: Nonce{1}, Key: MarshalPublicDER(&device.PublicKey)}
	record, err := SealIdentity(id, k.Public)
	if err != nil {
		t.Fatalf("%v seals nothing: %v", k, err)
	}
	if k.Private == nil {
		return
	}
	if _, ok := AdmitIdentity(record, id.Nonce, k.Private); !ok {
		t.Fatalf("%v does not open its identity", k)
	}
	checkExchange(t, &device.PublicKey, device, k.Private)
}

// connectWith lets a device of this key shake hands with the server.
func connectWith(t *testing.T, k Key, server *rsa.PrivateKey) {
	if der, err := AnnouncedKey(k.Public); err != nil || len(der) != DeviceKeyLen {
		t.Fatalf("%v cannot be announced: %v", k, err)
	}
	checkExchange(t, k.Public, k.Private, server)
}

func checkExchange(t *testing.T, public *rsa.PublicKey, device, server *rsa.PrivateKey) {
	t.Helper()
	want := testCredentials(9)
	record, err := SealCredentials(want, public, server)
	if err != nil {
		t.Fatalf("sealing credentials: %v", err)
	}
	if device == nil {
		return
	}
	if c, err := OpenCredentials(record, device, &server.PublicKey); err != nil || c != want {
		t.Fatalf("opening credentials: %v", err)
	}
}

// FuzzKeyLog is F-10 for key logs: a scanner finds the same lines however they
// arrive, entries read back as they are written, and their credentials work.
func FuzzKeyLog(f *testing.F) {
	f.Fuzz(func(t *testing.T, log, cuts []byte) {
		ring := new(Keyring)
		whole := NewKeyLogScanner(new(Keyring))
		var errs []error
		bounded(t, len(log), func() {
			whole = NewKeyLogScanner(ring)
			errs = append(whole.Feed(log), whole.Flush()...)
		})
		pieces := NewKeyLogScanner(new(Keyring))
		var again []error
		for _, p := range piecesOf(log, cuts) {
			again = append(again, pieces.Feed(p)...)
		}
		again = append(again, pieces.Flush()...)
		if whole.Added() != pieces.Added() || !slices.EqualFunc(errs, again, func(a, b error) bool { return a.Error() == b.Error() }) {
			t.Fatalf("in pieces: %d entries and %v, not %d and %v", pieces.Added(), again, whole.Added(), errs)
		}
		if whole.Added() > 0 && !IsKeyLog(log) {
			t.Fatal("not taken for a key log")
		}
		for line := range bytes.Lines(log) {
			checkLine(t, line)
		}
	})
}

func checkLine(t *testing.T, line []byte) {
	t.Helper()
	e, ok, err := ParseKeyLogLine(line)
	if !ok {
		return
	}
	if again, ok, err2 := ParseKeyLogLine(e.Append(nil)); err != nil || again != e || !ok || err2 != nil {
		t.Fatalf("read back: %t, %t, %v, %v", again == e, ok, err, err2)
	}
	sealed := NewCipher(e.Credentials).Seal(nil, []byte("hello"))
	if got, err := NewCipher(e.Credentials).Open(nil, sealed); err != nil || string(got) != "hello" {
		t.Fatalf("opened %q, %v", got, err)
	}
}
