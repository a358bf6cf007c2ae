package lightssl_test

import (
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	. "github.com/photonscope/photonscope/decode/lightssl"
)

// hexBytes is a byte string that JSON holds in hex.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(b []byte) error {
	d, err := hex.DecodeString(string(b))
	*h = d
	return err
}

// handshakeVector is one handshake of the known answers.
type handshakeVector struct {
	DeviceID         string   `json:"device_id"`
	Nonce            hexBytes `json:"step1_nonce"`
	IdentityPlain    hexBytes `json:"step2_plaintext"`
	Identity         hexBytes `json:"step2_ciphertext"`
	Material         hexBytes `json:"session_material"`
	AESKey           hexBytes `json:"aes_key"`
	IV               hexBytes `json:"iv_both_directions"`
	Salt             hexBytes `json:"salt"`
	Sealed           hexBytes `json:"step3_ciphertext"`
	MAC              hexBytes `json:"hmac_sha1"`
	SignatureEncoded hexBytes `json:"signature_encoded_message"`
	Signature        hexBytes `json:"signature"`
	Record           hexBytes `json:"step3_wire"`
	FirstID          struct {
		Legacy uint16 `json:"legacy_big_endian"`
		Light  uint16 `json:"lightssl_little_endian"`
	} `json:"first_message_id"`
}

func (v *handshakeVector) credentials() Credentials { return Credentials(v.Material) }

// messageVector is one frame of the known answers.
type messageVector struct {
	Name      string
	Direction string
	Coap      hexBytes
	Padded    hexBytes `json:"plaintext_padded"`
	IV        hexBytes
	NextIV    hexBytes `json:"next_iv"`
	Frame     hexBytes
}

type sessionVector struct {
	Handshake handshakeVector
	Messages  []messageVector
}

type mitmVector struct {
	DeviceLeg     handshakeVector `json:"device_leg"`
	UpstreamLeg   handshakeVector `json:"upstream_leg"`
	HelloDevice   messageVector   `json:"hello_device_leg"`
	HelloUpstream messageVector   `json:"hello_upstream_leg"`
}

// load reads a file of the known answers.
func load[T any](tb testing.TB, name string) *T {
	tb.Helper()
	v := new(T)
	if err := json.Unmarshal(readVector(tb, name), v); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return v
}

// readTestdata reads a file of this package's own.
func readTestdata(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func readVector(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "vectors", name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// vectorKey reads a private key of the known answers.
func vectorKey(tb testing.TB, name string) *rsa.PrivateKey {
	tb.Helper()
	k, err := ParseKey(readVector(tb, "keys/"+name+".pem"))
	if err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	if k.Private == nil {
		tb.Fatalf("%s: no private key", name)
	}
	return k.Private
}

func serverKey(tb testing.TB) *rsa.PrivateKey { return vectorKey(tb, "server_private") }
func deviceKey(tb testing.TB) *rsa.PrivateKey { return vectorKey(tb, "device_private") }
func proxyKey(tb testing.TB) *rsa.PrivateKey  { return vectorKey(tb, "proxy_device_private") }

// private and public make ring entries of keys.
func private(k *rsa.PrivateKey) Key { return Key{Private: k, Public: &k.PublicKey} }
func public(k *rsa.PublicKey) Key   { return Key{Public: k} }

// testCredentials are 40 bytes that differ from each other.
func testCredentials(seed byte) Credentials {
	var c Credentials
	for i := range c {
		c[i] = seed + byte(i)*7
	}
	return c
}

// raise does the bare RSA public key operation, with math/big alone.
func raise(b []byte, k *rsa.PublicKey) []byte {
	x := new(big.Int).SetBytes(b)
	x.Exp(x, big.NewInt(int64(k.E)), k.N)
	return x.FillBytes(make([]byte, k.Size()))
}
