package lightssl

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
)

// Sizes of the handshake's records and their parts, in bytes.
const (
	NonceLen             = 40
	DeviceIDLen          = 12
	DeviceKeyLen         = 162 // the device public key as the device announces it, DER
	IdentityLen          = 256 // on the wire
	IdentityPlainLen     = NonceLen + DeviceIDLen + DeviceKeyLen
	CoreIdentityPlainLen = NonceLen + DeviceIDLen // Spark Core before 0.4.0
	CredentialsLen       = 40
	SealedCredentialsLen = 128 // the part of the record that only the device can open
	SignatureLen         = 256
	CredentialsRecordLen = SealedCredentialsLen + SignatureLen
	modulusOffset        = 29 // of the modulus within the announced key
	modulusLen           = 128
)

// What callers tell apart.
var (
	ErrDecrypt   = errors.New("lightssl: not sealed for this key")
	ErrNoKey     = errors.New("lightssl: no key to try")
	ErrSignature = errors.New("lightssl: signature does not fit")
	ErrNonce     = errors.New("lightssl: nonce differs from the one sent")
	ErrPadding   = errors.New("lightssl: bad padding")
	ErrLength    = errors.New("lightssl: ciphertext is not a positive multiple of 16 bytes")
)

// Nonce is what the cloud sends first, in clear.
type Nonce [NonceLen]byte

// String returns the nonce in lower-case hex.
func (n Nonce) String() string { return hex.EncodeToString(n[:]) }

// NewNonce returns a fresh random nonce.
func NewNonce() Nonce {
	var n Nonce
	rand.Read(n[:])
	return n
}

// DeviceID is the unique ID of the device's microcontroller in memory order.
type DeviceID [DeviceIDLen]byte

// String returns the ID as users know it: 24 lower-case hex digits.
func (d DeviceID) String() string { return hex.EncodeToString(d[:]) }

// ParseDeviceID reads 24 hex digits of either case.
func ParseDeviceID(s string) (DeviceID, error) {
	var d DeviceID
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != DeviceIDLen {
		return d, fmt.Errorf("lightssl: device ID %q is not 24 hex digits", s)
	}
	return DeviceID(b), nil
}

// Credentials are the 40 secret bytes of one session. They never print.
type Credentials [CredentialsLen]byte

// NewCredentials returns fresh random credentials.
func NewCredentials() Credentials {
	var c Credentials
	rand.Read(c[:])
	return c
}

// Key returns the AES-128 key of both directions.
func (c *Credentials) Key() []byte { return c[0:16] }

// IV returns the initialisation vector of the first frame of both directions.
func (c *Credentials) IV() []byte { return c[16:32] }

// Salt returns the eight bytes that seed the device's counters.
func (c *Credentials) Salt() []byte { return c[32:40] }

// HasSalt reports whether the salt is known. A key log may name key and IV
// only; the salt is zero then, as a random one is once in 2^64 sessions.
func (c *Credentials) HasSalt() bool { return [8]byte(c.Salt()) != [8]byte{} }

// FirstMessageIDs returns the message ID of the device's Hello as each of the
// two firmware stacks derives it: SparkProtocol (up to 0.7.0) and LightSSL.
func (c *Credentials) FirstMessageIDs() (legacy, light uint16) {
	s := c.Salt()
	return uint16(s[0])<<8 + uint16(s[1]) + 1, uint16(s[1])<<8 + uint16(s[0]) + 1
}

// Format prints the same placeholder for every verb. (What fmt does with %p,
// and with %w outside Errorf, no method can change; go vet reports both. Nor can
// a method help a value in an unexported field.)
func (c Credentials) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[secret]") }

// MarshalText gives the placeholder to encoders and structured logs.
func (c Credentials) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// Identity is what a device says of itself in its first record. Device and Key
// are claims until the first frame decrypts.
type Identity struct {
	Nonce  Nonce
	Device DeviceID
	Key    []byte // the announced public key, DER, raw as sent; nil from a Spark Core before 0.4.0
}

// PublicKey parses the announced key. A device announces 128 unexamined bytes
// of its flash in a fixed wrapper, so the error of a damaged key is a finding,
// not a fault of the record; [Identity.Modulus] has the bytes.
func (id *Identity) PublicKey() (*rsa.PublicKey, error) {
	if len(id.Key) == 0 {
		return nil, errors.New("lightssl: the device announced no key")
	}
	k, err := x509.ParsePKIXPublicKey(id.Key)
	if err != nil {
		return nil, fmt.Errorf("lightssl: announced device key: %w", err)
	}
	pub, ok := k.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("lightssl: announced device key is %T, not RSA", k)
	}
	return pub, nil
}

// Modulus returns the 128 bytes at the place of the modulus in the announced
// key, whatever they are, or nil if the key is too short to have any.
func (id *Identity) Modulus() []byte {
	if len(id.Key) < modulusOffset+modulusLen {
		return nil
	}
	return id.Key[modulusOffset : modulusOffset+modulusLen]
}

// AppendIdentity appends the plaintext of an identity record: 214 bytes, or 52
// without a key.
func AppendIdentity(dst []byte, id Identity) []byte {
	dst = append(dst, id.Nonce[:]...)
	dst = append(dst, id.Device[:]...)
	return append(dst, id.Key...)
}

// ParseIdentity reads the plaintext of an identity record. Everything from
// offset 52 is taken for the key, as the servers do. The result shares nothing
// with b.
func ParseIdentity(b []byte) (Identity, error) {
	if len(b) < CoreIdentityPlainLen {
		return Identity{}, fmt.Errorf("lightssl: identity of %d bytes, at least %d expected", len(b), CoreIdentityPlainLen)
	}
	id := Identity{Nonce: Nonce(b[:NonceLen]), Device: DeviceID(b[NonceLen:CoreIdentityPlainLen])}
	if len(b) > CoreIdentityPlainLen {
		id.Key = bytes.Clone(b[CoreIdentityPlainLen:])
	}
	return id, nil
}

// SealIdentity returns the 256-byte identity record, sealed for the cloud.
func SealIdentity(id Identity, cloud *rsa.PublicKey) ([]byte, error) {
	//lint:ignore SA1019 the protocol is PKCS #1 v1.5 and nothing else
	record, err := rsa.EncryptPKCS1v15(rand.Reader, cloud, AppendIdentity(nil, id))
	if err != nil {
		return nil, fmt.Errorf("lightssl: seal identity: %w", err)
	}
	if len(record) != IdentityLen {
		return nil, fmt.Errorf("lightssl: seal identity: the cloud's key has %d bits, not 2048", len(record)*8)
	}
	return record, nil
}

// OpenIdentity opens a 256-byte identity record. The error is [ErrDecrypt] if
// the record was sealed for another key or is no such record. It says exactly
// what is wrong, so its outcome must never be visible to whoever sent the
// record; an end of a session uses [AdmitIdentity] or [CloudEnd].
func OpenIdentity(record []byte, cloud *rsa.PrivateKey) (Identity, error) {
	if len(record) != IdentityLen {
		return Identity{}, fmt.Errorf("lightssl: identity record of %d bytes, not %d", len(record), IdentityLen)
	}
	//lint:ignore SA1019 the protocol is PKCS #1 v1.5 and nothing else
	plain, err := rsa.DecryptPKCS1v15(rand.Reader, cloud, record)
	if err != nil {
		return Identity{}, ErrDecrypt
	}
	return ParseIdentity(plain)
}

// SealCredentials returns the 384-byte credentials record: sealed for the
// device, signed by the cloud.
func SealCredentials(c Credentials, device *rsa.PublicKey, cloud *rsa.PrivateKey) ([]byte, error) {
	//lint:ignore SA1019 the protocol is PKCS #1 v1.5 and nothing else
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, device, c[:])
	if err != nil {
		return nil, fmt.Errorf("lightssl: seal credentials: %w", err)
	}
	sig, err := SignCredentials(c, sealed, cloud)
	if err != nil {
		return nil, err
	}
	if len(sealed) != SealedCredentialsLen || len(sig) != SignatureLen {
		return nil, fmt.Errorf("lightssl: seal credentials: keys of %d and %d bits, not 1024 and 2048", device.N.BitLen(), cloud.N.BitLen())
	}
	return append(sealed, sig...), nil
}

// SignCredentials returns the cloud's signature over sealed credentials.
func SignCredentials(c Credentials, sealed []byte, cloud *rsa.PrivateKey) ([]byte, error) {
	sig, err := rsa.SignPKCS1v15(nil, cloud, crypto.Hash(0), credentialsMAC(c, sealed))
	if err != nil {
		return nil, fmt.Errorf("lightssl: sign credentials: %w", err)
	}
	return sig, nil
}

// OpenCredentials opens a 384-byte credentials record and checks its signature
// against the cloud's public key. With cloud nil the signature is not checked.
// [ErrDecrypt]: sealed for another device key. [ErrSignature]: opened, but not
// signed by this cloud; the credentials are returned with it.
func OpenCredentials(record []byte, device *rsa.PrivateKey, cloud *rsa.PublicKey) (Credentials, error) {
	if len(record) != CredentialsRecordLen {
		return Credentials{}, fmt.Errorf("lightssl: credentials record of %d bytes, not %d", len(record), CredentialsRecordLen)
	}
	//lint:ignore SA1019 the protocol is PKCS #1 v1.5 and nothing else
	plain, err := rsa.DecryptPKCS1v15(rand.Reader, device, record[:SealedCredentialsLen])
	if err != nil || len(plain) != CredentialsLen {
		return Credentials{}, ErrDecrypt
	}
	c := Credentials(plain)
	if cloud == nil {
		return c, nil
	}
	return c, VerifyCredentials(record, c, cloud)
}

// VerifyCredentials checks the signature of a credentials record whose content
// is known. The error is [ErrSignature].
func VerifyCredentials(record []byte, c Credentials, cloud *rsa.PublicKey) error {
	if len(record) != CredentialsRecordLen {
		return ErrSignature
	}
	mac := credentialsMAC(c, record[:SealedCredentialsLen])
	if rsa.VerifyPKCS1v15(cloud, crypto.Hash(0), mac, record[SealedCredentialsLen:]) != nil {
		return ErrSignature
	}
	return nil
}

// credentialsMAC is the 20 bytes that the cloud signs.
func credentialsMAC(c Credentials, sealed []byte) []byte {
	h := hmac.New(sha1.New, c[:])
	h.Write(sealed)
	return h.Sum(nil)
}
