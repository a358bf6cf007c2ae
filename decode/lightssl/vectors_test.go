package lightssl_test

import (
	"bytes"
	"crypto/rsa"
	"encoding/hex"
	"slices"
	"testing"

	. "github.com/photonscope/photonscope/decode/lightssl"
)

// knownHandshakes are all handshakes of the known answers with the device key
// that each was made with.
func knownHandshakes(tb testing.TB) map[string]struct {
	v      *handshakeVector
	device *rsa.PrivateKey
} {
	mitm := load[mitmVector](tb, "mitm.json")
	own, proxy := deviceKey(tb), proxyKey(tb)
	return map[string]struct {
		v      *handshakeVector
		device *rsa.PrivateKey
	}{
		"LightSSL stack":    {&load[sessionVector](tb, "session_lightssl.json").Handshake, own},
		"legacy stack":      {&load[sessionVector](tb, "session_legacy.json").Handshake, own},
		"Core of 52 bytes":  {&load[sessionVector](tb, "handshake_core52.json").Handshake, own},
		"spliced, device":   {&mitm.DeviceLeg, own},
		"spliced, upstream": {&mitm.UpstreamLeg, proxy},
	}
}

func TestKnownHandshakesOpenAndVerify(t *testing.T) {
	server := serverKey(t)
	for name, h := range knownHandshakes(t) {
		t.Run(name, func(t *testing.T) {
			checkKnownIdentity(t, h.v, server)
			checkKnownCredentials(t, h.v, server, h.device)
		})
	}
}

func checkKnownIdentity(t *testing.T, v *handshakeVector, server *rsa.PrivateKey) {
	id, err := OpenIdentity(v.Identity, server)
	if err != nil {
		t.Fatal(err)
	}
	if id.Nonce != Nonce(v.Nonce) || id.Device.String() != v.DeviceID {
		t.Errorf("opened %s of device %s, want %x of %s", id.Nonce, id.Device, v.Nonce, v.DeviceID)
	}
	if got := AppendIdentity(nil, id); !bytes.Equal(got, v.IdentityPlain) {
		t.Errorf("appends as\n%x, want\n%x", got, v.IdentityPlain)
	}
	if core := len(v.IdentityPlain) == CoreIdentityPlainLen; core != (id.Key == nil) {
		t.Errorf("identity of %d bytes has a key of %d", len(v.IdentityPlain), len(id.Key))
	}
}

func checkKnownCredentials(t *testing.T, v *handshakeVector, server, device *rsa.PrivateKey) {
	c, err := OpenCredentials(v.Record, device, &server.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if c != v.credentials() || !bytes.Equal(c.Key(), v.AESKey) || !bytes.Equal(c.IV(), v.IV) || !bytes.Equal(c.Salt(), v.Salt) {
		t.Error("opened other credentials")
	}
	legacy, light := c.FirstMessageIDs()
	if legacy != v.FirstID.Legacy || light != v.FirstID.Light {
		t.Errorf("first message IDs %d and %d, want %d and %d", legacy, light, v.FirstID.Legacy, v.FirstID.Light)
	}
	sig, err := SignCredentials(c, v.Sealed, server)
	if err != nil || !bytes.Equal(sig, v.Signature) {
		t.Errorf("signs as %x, %v, want %x", sig, err, v.Signature)
	}
	if got := raise(v.Record[SealedCredentialsLen:], &server.PublicKey); !bytes.Equal(got, v.SignatureEncoded) {
		t.Errorf("signature holds\n%x, want\n%x", got, v.SignatureEncoded)
	}
	if !bytes.Equal(v.SignatureEncoded[IdentityLen-20:], v.MAC) {
		t.Error("the signature does not hold the bare MAC")
	}
}

func TestKnownFramesOpenAndSealByteForByte(t *testing.T) {
	for _, name := range []string{"session_lightssl.json", "session_legacy.json"} {
		v := load[sessionVector](t, name)
		if len(v.Messages) < 10 {
			t.Fatalf("%s has %d messages", name, len(v.Messages))
		}
		open, seal := map[string]*Cipher{}, map[string]*Cipher{}
		for _, from := range []string{"device_to_server", "server_to_device"} {
			open[from], seal[from] = NewCipher(v.Handshake.credentials()), NewCipher(v.Handshake.credentials())
		}
		for _, m := range v.Messages {
			t.Run(name+"/"+m.Name, func(t *testing.T) { checkFrame(t, m, open[m.Direction], seal[m.Direction]) })
		}
	}
}

func TestKnownHelloOfEachSplicedLeg(t *testing.T) {
	v := load[mitmVector](t, "mitm.json")
	device, upstream := v.DeviceLeg.credentials(), v.UpstreamLeg.credentials()
	checkFrame(t, v.HelloDevice, NewCipher(device), NewCipher(device))
	checkFrame(t, v.HelloUpstream, NewCipher(upstream), NewCipher(upstream))
}

func checkFrame(t *testing.T, m messageVector, open, seal *Cipher) {
	t.Helper()
	if iv := open.IV(); !bytes.Equal(iv[:], m.IV) {
		t.Errorf("IV %x, want %x", iv, m.IV)
	}
	body, rest, ok := CutFrame(m.Frame)
	if !ok || len(rest) != 0 {
		t.Fatalf("cuts to %d bytes with %d left, %t", len(body), len(rest), ok)
	}
	if got, err := open.Open(nil, body); err != nil || !bytes.Equal(got, m.Coap) {
		t.Errorf("opens to %x, %v, want %x", got, err, m.Coap)
	}
	raw := *seal
	if got := seal.AppendSealedFrame(nil, m.Coap); !bytes.Equal(got, m.Frame) {
		t.Errorf("seals to %x, want %x", got, m.Frame)
	}
	if got := AppendFrame(nil, raw.SealRaw(nil, m.Padded)); !bytes.Equal(got, m.Frame) {
		t.Errorf("seals padded bytes to %x, want %x", got, m.Frame)
	}
	for _, c := range []*Cipher{open, seal, &raw} {
		if iv := c.IV(); !bytes.Equal(iv[:], m.NextIV) {
			t.Errorf("next IV %x, want %x", iv, m.NextIV)
		}
	}
}

// badFrame is what we say of each damaged frame of the known answers.
var badFrame = map[string]struct {
	whole bool
	err   error
	plain string
}{
	"zero length":                            {true, ErrLength, ""},
	"length not a multiple of 16":            {true, ErrLength, ""},
	"length larger than any device buffer":   {whole: false},
	"pad byte 0":                             {true, ErrPadding, "40000102000000000000000000000000"},
	"pad byte 17":                            {true, ErrPadding, "40000102111111111111111111111111"},
	"inconsistent pad bytes":                 {true, ErrPadding, "4000010200000000000000000000000c"},
	"wrong initial IV (first block damaged)": {true, ErrPadding, "*"},
	"truncated":                              {whole: false},
	"plaintext CoAP without encryption":      {true, ErrLength, ""},
	"HTTP request seen as a frame":           {whole: false},
	"TLS ClientHello seen as a frame":        {whole: false},
}

func TestKnownBadFramesGetTheirVerdict(t *testing.T) {
	v := load[struct {
		Material hexBytes `json:"session_material"`
		Cases    []struct {
			Name  string
			Frame hexBytes
		}
	}](t, "bad_frames.json")
	if len(v.Cases) != len(badFrame) {
		t.Errorf("%d cases, %d verdicts", len(v.Cases), len(badFrame))
	}
	for _, c := range v.Cases {
		want, ok := badFrame[c.Name]
		if !ok {
			t.Errorf("%s: no verdict", c.Name)
			continue
		}
		body, _, whole := CutFrame(c.Frame)
		if whole != want.whole {
			t.Errorf("%s: whole %t, want %t", c.Name, whole, want.whole)
		}
		if !whole {
			continue
		}
		plain, err := NewCipher(Credentials(v.Material)).Open(nil, body)
		if err != want.err || want.plain != "*" && hex.EncodeToString(plain) != want.plain {
			t.Errorf("%s: %x, %v, want %s, %v", c.Name, plain, err, want.plain, want.err)
		}
	}
}

// keyVectors is keys.json.
type keyVectors struct {
	ServerPublic  hexBytes   `json:"server_public_spki_der"`
	ServerModulus hexBytes   `json:"server_modulus"`
	DevicePublic  hexBytes   `json:"device_public_spki_der"`
	DeviceModulus hexBytes   `json:"device_public_modulus"`
	Minimal       derVector  `json:"device_private_minimal"`
	Firmware      derVector  `json:"device_private_firmware"`
	PKCS8         derVector  `json:"device_private_pkcs8"`
	Unusable      derVector  `json:"device_private_unusable"`
	BlobIP        blobVector `json:"server_blob_ip"`
	BlobDomain    blobVector `json:"server_blob_domain"`
	BlobDefault   blobVector `json:"server_blob_default_port"`
}

type derVector struct {
	DER      hexBytes
	Announce hexBytes `json:"public_key_the_device_will_announce"`
	Misread  []string `json:"misread_fields"`
}

type blobVector struct{ Bytes hexBytes }

func TestKnownKeysParseFromEveryContainer(t *testing.T) {
	v := load[keyVectors](t, "keys.json")
	device, server := deviceKey(t), serverKey(t)
	slot := func(der []byte, n int) []byte { return append(slices.Clone(der), bytes.Repeat([]byte{0xff}, n)...) }
	leftovers := append(slices.Clone([]byte(v.Minimal.DER)), "\x30\x82leftovers"...)
	for _, c := range []struct {
		name      string
		b         []byte
		private   bool
		want      *rsa.PrivateKey
		container string
	}{
		{"minimal", v.Minimal.DER, true, device, "DER, PKCS #1"},
		{"firmware", v.Firmware.DER, true, device, "DER, PKCS #1 as the firmware writes it"},
		{"slot of 612", slot(v.Minimal.DER, 612-len(v.Minimal.DER)), true, device, "device key slot of 612 bytes: DER, PKCS #1"},
		{"firmware slot of 612", slot(v.Firmware.DER, 1), true, device, "device key slot of 612 bytes: DER, PKCS #1 as the firmware writes it"},
		{"whole slot of 1216", slot(v.Firmware.DER, 1216-611), true, device, "device key slot of 1216 bytes: DER, PKCS #1 as the firmware writes it"},
		{"slot with leftovers", leftovers, true, device, "device key slot of 619 bytes: DER, PKCS #1"},
		{"PKCS #8", v.PKCS8.DER, true, device, "DER, PKCS #8"},
		{"announced", v.DevicePublic, false, device, "DER, SubjectPublicKeyInfo"},
		{"server public", v.ServerPublic, false, server, "DER, SubjectPublicKeyInfo"},
		{"area, IP", v.BlobIP.Bytes, false, server, "key area of 512 bytes: DER, SubjectPublicKeyInfo"},
		{"area, domain", v.BlobDomain.Bytes, false, server, "key area of 512 bytes: DER, SubjectPublicKeyInfo"},
		{"area, default port", v.BlobDefault.Bytes, false, server, "key area of 512 bytes: DER, SubjectPublicKeyInfo"},
		{"private PEM", readVector(t, "keys/device_private.pem"), true, device, "PEM, PKCS #1"},
		{"public PEM", readVector(t, "keys/server_private.pub.pem"), false, server, "PEM, SubjectPublicKeyInfo"},
	} {
		k, err := ParseKey(c.b)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !k.Public.Equal(&c.want.PublicKey) || (k.Private != nil) != c.private || k.Container != c.container {
			t.Errorf("%s: got %v", c.name, k)
		}
		if c.private && !k.Private.Equal(c.want) {
			t.Errorf("%s: another private key", c.name)
		}
	}
}

func TestKnownKeysMarshalByteForByte(t *testing.T) {
	v := load[keyVectors](t, "keys.json")
	device, server := deviceKey(t), serverKey(t)
	for name, pair := range map[string][2][]byte{
		"private DER":   {MarshalPrivateDER(device), v.Minimal.DER},
		"private PEM":   {MarshalPrivatePEM(device), readVector(t, "keys/device_private.pem")},
		"server PEM":    {MarshalPrivatePEM(server), readVector(t, "keys/server_private.pem")},
		"public DER":    {MarshalPublicDER(&device.PublicKey), v.DevicePublic},
		"server public": {MarshalPublicDER(&server.PublicKey), v.ServerPublic},
		"public PEM":    {MarshalPublicPEM(&device.PublicKey), readVector(t, "keys/device_private.pub.pem")},
	} {
		if !bytes.Equal(pair[0], pair[1]) {
			t.Errorf("%s: %x, want %x", name, pair[0], pair[1])
		}
	}
	announced, err := AnnouncedKey(&device.PublicKey)
	if err != nil || !bytes.Equal(announced, v.DevicePublic) || len(announced) != DeviceKeyLen {
		t.Errorf("announces %x, %v", announced, err)
	}
	id := Identity{Key: announced}
	if !bytes.Equal(id.Modulus(), v.DeviceModulus) {
		t.Errorf("modulus %x", id.Modulus())
	}
}

func TestAnAnnouncedPKCS8SlotIsNoKeyButShowsItsBytes(t *testing.T) {
	v := load[keyVectors](t, "keys.json")
	id := Identity{Key: v.PKCS8.Announce}
	if _, err := id.PublicKey(); err == nil {
		t.Error("parsed as a key")
	}
	if !bytes.Equal(id.Modulus(), v.PKCS8.DER[11:139]) {
		t.Errorf("modulus %x", id.Modulus())
	}
	if k, err := ParseKey(v.PKCS8.Announce); err == nil {
		t.Errorf("parsed as %v", k)
	}
}

func TestTheUnusableDeviceKeyIsNamedWithItsInteger(t *testing.T) {
	v := load[keyVectors](t, "keys.json")
	k, err := ParseKey(v.Unusable.DER)
	if err != nil {
		t.Fatal(err)
	}
	err = CheckDeviceKey(k.Private)
	want := "integer " + v.Unusable.Misread[0] + " has 63 bytes instead of 64"
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte(want)) {
		t.Errorf("got %v, want %q in it", err, want)
	}
	for _, good := range []*rsa.PrivateKey{deviceKey(t), proxyKey(t)} {
		if err := CheckDeviceKey(good); err != nil {
			t.Error(err)
		}
	}
}
