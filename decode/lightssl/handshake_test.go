package lightssl_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"testing"

	. "github.com/photonscope/photonscope/decode/lightssl"
)

func testIdentity(tb testing.TB) Identity {
	tb.Helper()
	key, err := AnnouncedKey(&deviceKey(tb).PublicKey)
	if err != nil {
		tb.Fatal(err)
	}
	return Identity{Nonce: NewNonce(), Device: DeviceID{1, 2, 3}, Key: key}
}

func TestASealedIdentityOpensToTheSame(t *testing.T) {
	server := serverKey(t)
	full := testIdentity(t)
	core := Identity{Nonce: full.Nonce, Device: full.Device}
	odd := Identity{Nonce: full.Nonce, Device: full.Device, Key: []byte("no key at all")}
	for _, id := range []Identity{full, core, odd} {
		record, err := SealIdentity(id, &server.PublicKey)
		if err != nil || len(record) != IdentityLen {
			t.Fatalf("sealed to %d bytes, %v", len(record), err)
		}
		got, err := OpenIdentity(record, server)
		if err != nil || got.Nonce != id.Nonce || got.Device != id.Device || !bytes.Equal(got.Key, id.Key) {
			t.Errorf("opened %v, %v, want %v", got, err, id)
		}
	}
}

func TestIdentitySealsOnlyForAServerKeyAndWhatFits(t *testing.T) {
	id := testIdentity(t)
	if _, err := SealIdentity(Identity{}, &deviceKey(t).PublicKey); err == nil {
		t.Error("sealed for a key of 1024 bits")
	}
	id.Key = make([]byte, 194) // 246 bytes in all, one more than PKCS #1 has room for
	if _, err := SealIdentity(id, &serverKey(t).PublicKey); err == nil {
		t.Error("sealed 246 bytes")
	}
}

func TestOpenIdentitySaysWhatIsNoIdentity(t *testing.T) {
	server := serverKey(t)
	for name, c := range map[string]struct {
		record []byte
		want   error
	}{
		"garbage":     {bytes.Repeat([]byte{7}, IdentityLen), ErrDecrypt},
		"all FF":      {bytes.Repeat([]byte{255}, IdentityLen), ErrDecrypt},
		"one short":   {make([]byte, IdentityLen-1), nil},
		"51 bytes":    {sealPlain(t, make([]byte, 51)), nil},
		"other block": {raise(append([]byte{0, 1}, bytes.Repeat([]byte{255}, 254)...), &server.PublicKey), ErrDecrypt},
	} {
		_, err := OpenIdentity(c.record, server)
		if err == nil || c.want != nil && err != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// sealPlain seals any plaintext for the server.
func sealPlain(tb testing.TB, plain []byte) []byte {
	tb.Helper()
	//lint:ignore SA1019 the protocol is PKCS #1 v1.5 and nothing else
	record, err := rsa.EncryptPKCS1v15(rand.Reader, &serverKey(tb).PublicKey, plain)
	if err != nil {
		tb.Fatal(err)
	}
	return record
}

func TestSealedCredentialsOpenToTheSame(t *testing.T) {
	server, device := serverKey(t), deviceKey(t)
	want := NewCredentials()
	record, err := SealCredentials(want, &device.PublicKey, server)
	if err != nil || len(record) != CredentialsRecordLen {
		t.Fatalf("sealed to %d bytes, %v", len(record), err)
	}
	if c, err := OpenCredentials(record, device, &server.PublicKey); err != nil || c != want {
		t.Errorf("opened: %t, %v", c == want, err)
	}
	if c, err := OpenCredentials(record, device, nil); err != nil || c != want {
		t.Errorf("opened unchecked: %t, %v", c == want, err)
	}
	if _, err := OpenCredentials(record, proxyKey(t), &server.PublicKey); err != ErrDecrypt {
		t.Errorf("another device: %v", err)
	}
	if _, err := OpenCredentials(record[1:], device, nil); err == nil {
		t.Error("383 bytes opened")
	}
}

func TestAFailingSignatureStillGivesTheCredentials(t *testing.T) {
	server, device := serverKey(t), deviceKey(t)
	want := NewCredentials()
	record, _ := SealCredentials(want, &device.PublicKey, server)
	record[CredentialsRecordLen-1] ^= 1
	if c, err := OpenCredentials(record, device, &server.PublicKey); err != ErrSignature || c != want {
		t.Errorf("opened: %t, %v", c == want, err)
	}
	if err := VerifyCredentials(record[:100], want, &server.PublicKey); err != ErrSignature {
		t.Errorf("verified 100 bytes: %v", err)
	}
}

func TestCredentialsSealOnlyForTheProtocolsKeySizes(t *testing.T) {
	server, device := serverKey(t), deviceKey(t)
	for name, err := range map[string]error{
		"keys exchanged": second(SealCredentials(NewCredentials(), &server.PublicKey, device)),
		"tiny device":    second(SealCredentials(NewCredentials(), &rsa.PublicKey{N: big.NewInt(3233), E: 17}, server)),
		"tiny server": second(SealCredentials(NewCredentials(), &device.PublicKey,
			&rsa.PrivateKey{PublicKey: rsa.PublicKey{N: big.NewInt(3233), E: 17}, D: big.NewInt(2753)})),
	} {
		if err == nil {
			t.Errorf("%s: sealed", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestParseDeviceIDReadsWhatStringWrites(t *testing.T) {
	id := DeviceID{0x1f, 0, 0x42, 0, 3, 0x47, 0x34, 0x33, 0x37, 0x37, 0x37, 0xab}
	for _, s := range []string{id.String(), "1F00420003473433373737AB"} {
		if got, err := ParseDeviceID(s); err != nil || got != id {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "1f", "1f00420003473433373737ab00", "1f00420003473433373737ag"} {
		if _, err := ParseDeviceID(s); err == nil {
			t.Errorf("%q parsed", s)
		}
	}
}

func TestADamagedAnnouncedKeyIsAnErrorOfTheKeyOnly(t *testing.T) {
	ec := []byte("\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04" +
		"\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96" +
		"\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5")
	for name, key := range map[string][]byte{"none": nil, "short": {1, 2}, "zeros": make([]byte, DeviceKeyLen), "EC": ec} {
		id := Identity{Key: key}
		if _, err := id.PublicKey(); err == nil {
			t.Errorf("%s: parsed", name)
		}
		if m := id.Modulus(); (m != nil) != (len(key) == DeviceKeyLen) {
			t.Errorf("%s: modulus of %d bytes", name, len(m))
		}
	}
	good := testIdentity(t)
	if k, err := good.PublicKey(); err != nil || !k.Equal(&deviceKey(t).PublicKey) {
		t.Errorf("good key: %v", err)
	}
}

func TestAnnouncedKeyRefusesWhatNoDeviceAnnounces(t *testing.T) {
	if _, err := AnnouncedKey(&serverKey(t).PublicKey); err == nil {
		t.Error("2048 bits announced")
	}
	k := deviceKey(t).PublicKey
	k.E = 65539
	if _, err := AnnouncedKey(&k); err == nil {
		t.Error("exponent 65539 announced")
	}
}
