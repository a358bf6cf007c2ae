package lightssl

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
)

// MarshalPrivateDER returns a private key as a device's slot takes it: PKCS #1
// DER with minimal integers, 605 to 610 bytes for 1024 bits.
func MarshalPrivateDER(k *rsa.PrivateKey) []byte { return x509.MarshalPKCS1PrivateKey(k) }

// MarshalPrivatePEM returns a private key as both Node servers read it: PKCS #1
// in PEM.
func MarshalPrivatePEM(k *rsa.PrivateKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: MarshalPrivateDER(k)})
}

// MarshalPublicDER returns a public key as SubjectPublicKeyInfo: the form that
// devices announce (162 bytes) and hold of the server (294 bytes).
func MarshalPublicDER(k *rsa.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		panic(err) // RSA keys always have this form
	}
	return der
}

// MarshalPublicPEM returns a public key as both Node servers keep those of
// devices: SubjectPublicKeyInfo in PEM.
func MarshalPublicPEM(k *rsa.PublicKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: MarshalPublicDER(k)})
}

// Fingerprint names a key by the first 8 bytes of the SHA-256 of its
// SubjectPublicKeyInfo, as 16 lower-case hex digits. Private and public half
// have the same.
func Fingerprint(k *rsa.PublicKey) string {
	sum := sha256.Sum256(MarshalPublicDER(k))
	return hex.EncodeToString(sum[:8])
}

// CheckDeviceKey says whether a Photon could use a private key, and if not, why.
// The firmware walks the DER with fixed strides, so a key of which any integer
// is a byte shorter than usual, as one in 200 is, announces itself well and
// then can open no credentials, for ever (Device OS v2.3.1, handshake.cpp:141-226).
func CheckDeviceKey(k *rsa.PrivateKey) error {
	if k.N.BitLen() != deviceKeyBits {
		return fmt.Errorf("lightssl: a device key has 1024 bits, not %d", k.N.BitLen())
	}
	if k.E != exponent {
		return fmt.Errorf("lightssl: a device key has the exponent 65537, not %d", k.E)
	}
	whole := rsa.PrivateKey{PublicKey: k.PublicKey, D: k.D, Primes: k.Primes}
	whole.Precompute()
	if len(k.Primes) != 2 || whole.Validate() != nil {
		return fmt.Errorf("lightssl: the numbers of the device key do not fit together")
	}
	crt := &whole.Precomputed
	for _, x := range []struct {
		name string
		v    *big.Int
		want int
	}{
		{"d", k.D, 128},
		{"p", k.Primes[0], 64}, {"q", k.Primes[1], 64},
		{"dp", crt.Dp, 64}, {"dq", crt.Dq, 64}, {"qinv", crt.Qinv, 64},
	} {
		if n := (x.v.BitLen() + 7) / 8; n != x.want {
			return fmt.Errorf("lightssl: a Photon misreads this key, because its integer %s has %d bytes instead of %d: make another", x.name, n, x.want)
		}
	}
	return nil
}

// GenerateDeviceKey returns a new RSA key of 1024 bits that passes
// [CheckDeviceKey]. The protocol knows no larger one.
func GenerateDeviceKey() (*rsa.PrivateKey, error) {
	for {
		k, err := rsa.GenerateKey(rand.Reader, deviceKeyBits)
		if err != nil {
			return nil, fmt.Errorf("lightssl: generate device key: %w", err)
		}
		if CheckDeviceKey(k) == nil {
			return k, nil
		}
	}
}
