package lightssl_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	. "github.com/photonscope/photonscope/decode/lightssl"
)

// wantKeyError checks that bytes are refused with a sentence that names them
// and says what to do.
func wantKeyError(t *testing.T, name string, b []byte, want string) {
	t.Helper()
	k, err := ParseKey(b)
	var fault *KeyError
	switch {
	case !errors.As(err, &fault):
		t.Errorf("%s: got %v, %v, want %q", name, k, err, want)
	case !strings.Contains(fault.What, want) || fault.Do == "" || strings.Contains(err.Error(), "\n"):
		t.Errorf("%s: %v, want %q", name, err, want)
	}
}

func pemOf(label string, b []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: b})
}

func TestWhatIsNoKeyIsNamed(t *testing.T) {
	k := deviceKey(t)
	der, text := MarshalPrivateDER(k), MarshalPrivatePEM(k)
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"nothing":              {nil, "empty"},
		"blank lines":          {[]byte(" \r\n\t\n"), "empty"},
		"too large":            {make([]byte, MaxKeyFileLen+1), "too many"},
		"erased flash":         {bytes.Repeat([]byte{255}, 612), "erased"},
		"garbage":              {[]byte{0x7f, 'E', 'L', 'F', 1, 1, 1}, "neither"},
		"garbage from 0x30":    {[]byte("0123456789"), "neither"},
		"short SEQUENCE":       {[]byte{0x30, 3, 2, 1, 0}, "neither"},
		"empty SEQUENCE":       {[]byte{0x30, 0}, "neither"},
		"SEQUENCE alone":       {[]byte{0x30}, "neither"},
		"indefinite length":    {[]byte{0x30, 0x80, 2, 1, 0, 0, 0}, "neither"},
		"text":                 {[]byte("my key is in the other folder\n"), "neither"},
		"key log":              {AppendKeyLog(nil, Nonce{}, testCredentials(1)), "key log"},
		"key log to be":        {[]byte("# sessions of my Photon\n"), "key log"},
		"UTF-16":               {[]byte("\xff\xfe-\x00-\x00-\x00"), "UTF-16"},
		"OpenSSH public":       {[]byte("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ== me@here\n"), "OpenSSH"},
		"OpenSSH private":      {pemOf("OPENSSH PRIVATE KEY", []byte("openssh-key-v1\x00")), "OpenSSH"},
		"DER cut":              {der[:400], "cut off: 400 of "},
		"PKCS #8 in a slot":    {bytes.Clone(load[keyVectors](t, "keys.json").PKCS8.DER[:612]), "cut off: 612 of 634"},
		"PEM without its end":  {text[:len(text)/2], "damaged"},
		"PEM marks alone":      {[]byte("-----BEGIN RSA PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----\n"), "cut off"},
		"PEM of a cut key":     {pemOf("RSA PRIVATE KEY", der[:300]), "cut off"},
		"PEM of other things":  {pemOf("PGP MESSAGE", []byte("x")), "PGP MESSAGE"},
		"PEM of strange label": {pemOf("x\x1b[31m", []byte("x")), "something else"},
		"8 integers":           {sequence(nil, integersOf(der)[:8]...), "damaged"},
		"10 integers":          {sequence(nil, append(integersOf(der), big.NewInt(1))...), "damaged"},
		"even modulus":         {withInteger(der, 1, func(n *big.Int) { n.SetBit(n, 0, 0) }), "even"},
		"zero":                 {withInteger(der, 4, func(p *big.Int) { p.SetInt64(0) }), "do not fit"},
		"p above n":            {withInteger(der, 4, func(p *big.Int) { p.Lsh(p, 600) }), "do not fit"},
		"p q is not n":         {withInteger(der, 4, func(p *big.Int) { p.Add(p, big.NewInt(2)) }), "do not fit"},
		"wrong d":              {withInteger(der, 3, func(d *big.Int) { d.Sub(d, big.NewInt(2)) }), "do not fit"},
		"wrong dp":             {withInteger(der, 6, func(x *big.Int) { x.Sub(x, big.NewInt(2)) }), "do not fit"},
		"wrong qinv":           {withInteger(der, 8, func(x *big.Int) { x.Sub(x, big.NewInt(2)) }), "do not fit"},
	} {
		wantKeyError(t, name, c.b, c.want)
	}
}

// integersOf reads the integers of a PKCS #1 key.
func integersOf(der []byte) []*big.Int {
	var v []*big.Int
	for b := der[4:]; len(b) > 0; {
		n, start := int(b[1]), 2
		switch b[1] {
		case 0x81:
			n, start = int(b[2]), 3
		case 0x82:
			n, start = int(b[2])<<8+int(b[3]), 4
		}
		v = append(v, new(big.Int).SetBytes(b[start:start+n]))
		b = b[start+n:]
	}
	return v
}

// sequence appends a SEQUENCE of integers, with lengths of two bytes.
func sequence(dst []byte, v ...*big.Int) []byte {
	var body []byte
	for _, x := range v {
		n := x.BitLen()/8 + 1
		body = append(body, 2, 0x82, byte(n>>8), byte(n))
		body = append(body, x.FillBytes(make([]byte, n))...)
	}
	return append(append(dst, 0x30, 0x82, byte(len(body)>>8), byte(len(body))), body...)
}

// withInteger changes one integer of a PKCS #1 key.
func withInteger(der []byte, i int, change func(*big.Int)) []byte {
	v := integersOf(der)
	change(v[i])
	return sequence(nil, v...)
}

func TestAKeyIsFoundAmongOtherBlocks(t *testing.T) {
	k := deviceKey(t)
	stranger := pemOf("PGP MESSAGE", []byte("x"))
	pub, priv := MarshalPublicPEM(&k.PublicKey), MarshalPrivatePEM(k)
	windows := bytes.ReplaceAll(priv, []byte("\n"), []byte("\r\n"))
	for name, c := range map[string]struct {
		b       []byte
		private bool
	}{
		"private after public":   {slices.Concat(pub, priv), true},
		"private after stranger": {slices.Concat(stranger, priv), true},
		"public after stranger":  {slices.Concat(stranger, pub), false},
		"text around":            {slices.Concat([]byte("# my key\nBag Attributes\n"), priv, []byte("the end")), true},
		"CRLF":                   {windows, true},
		"byte order mark":        {slices.Concat([]byte("\xef\xbb\xbf"), priv), true},
	} {
		got, err := ParseKey(c.b)
		if err != nil || !got.Public.Equal(&k.PublicKey) || (got.Private != nil) != c.private {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestRolesFollowTheSize(t *testing.T) {
	for want, k := range map[Role]Key{
		ServerRole: private(serverKey(t)),
		DeviceRole: private(deviceKey(t)),
		AnyRole:    {},
	} {
		if got := k.Role(); got != want {
			t.Errorf("%v has role %q, want %q", k, got, want)
		}
	}
	for role, want := range map[Role]string{AnyRole: "", ServerRole: "server", DeviceRole: "device", ImpersonationRole: "impersonation"} {
		if role.String() != want {
			t.Errorf("role %d is %q, want %q", role, role, want)
		}
	}
}

func TestAKeyPrintsItsKindAndFingerprint(t *testing.T) {
	k, _ := ParseKey(MarshalPrivatePEM(deviceKey(t)))
	want := "RSA 1024 private key " + Fingerprint(k.Public) + " (PEM, PKCS #1)"
	if k.String() != want || (Key{}).String() != "no key" {
		t.Errorf("%q and %q, want %q", k, Key{}, want)
	}
	k, _ = ParseKey(MarshalPublicDER(&serverKey(t).PublicKey))
	if !strings.HasPrefix(k.String(), "RSA 2048 public key ") {
		t.Errorf("%q", k)
	}
}

func TestCheckDeviceKeyNamesWhatNoPhotonCanUse(t *testing.T) {
	if err := CheckDeviceKey(serverKey(t)); err == nil || !strings.Contains(err.Error(), "2048") {
		t.Errorf("2048 bits: %v", err)
	}
	k := *deviceKey(t)
	k.E = 3
	if err := CheckDeviceKey(&k); err == nil || !strings.Contains(err.Error(), "exponent") {
		t.Errorf("exponent 3: %v", err)
	}
	k = *deviceKey(t)
	k.D = new(big.Int).Add(k.D, big.NewInt(2))
	if err := CheckDeviceKey(&k); err == nil {
		t.Error("a damaged key passed")
	}
}
