package lightssl

import (
	"bytes"
	"crypto/rsa"
	"encoding/pem"
	"fmt"
	"regexp"
)

// Limits on files that hold secrets, for whoever opens them: checked on the
// open file, before it is read.
const (
	MaxKeyFileLen = 64 << 10
	MaxKeyLogLen  = 16 << 20
)

// Role says what a key is for.
type Role uint8

const (
	AnyRole           Role = iota // not known
	ServerRole                    // the cloud's: RSA 2048, opens identities, signs credentials
	DeviceRole                    // a device's own: RSA 1024, opens credentials
	ImpersonationRole             // ours, registered with the cloud in a device's name: RSA 1024
)

// String returns the word that the command line uses, "" for [AnyRole].
func (r Role) String() string {
	switch r {
	case ServerRole:
		return "server"
	case DeviceRole:
		return "device"
	case ImpersonationRole:
		return "impersonation"
	}
	return ""
}

// The two sizes of the protocol, in bits, and the one exponent: the firmware
// reads none and takes this one (Device OS v2.3.1, handshake.cpp:117-133).
const (
	serverKeyBits = IdentityLen * 8
	deviceKeyBits = SealedCredentialsLen * 8
	exponent      = 65537
)

// Key is an RSA key as read from a file, and where it was found in there. It
// never prints: of the key only its kind and its public fingerprint show.
type Key struct {
	Private   *rsa.PrivateKey // nil: only the public half is known; else precomputed
	Public    *rsa.PublicKey
	Container string // "PEM, PKCS #1" and the like, for people
}

// Role guesses from the size what the key is for: a server has 2048 bits, a
// device 1024. Nothing in a key tells a device's own from an impersonation key.
func (k Key) Role() Role {
	switch {
	case k.Public == nil:
		return AnyRole
	case k.Public.N.BitLen() == serverKeyBits:
		return ServerRole
	case k.Public.N.BitLen() == deviceKeyBits:
		return DeviceRole
	}
	return AnyRole
}

// String describes the key without its secret.
func (k Key) String() string {
	if k.Public == nil {
		return "no key"
	}
	half := "public"
	if k.Private != nil {
		half = "private"
	}
	return fmt.Sprintf("RSA %d %s key %s (%s)", k.Public.N.BitLen(), half, Fingerprint(k.Public), k.Container)
}

// Format prints the same for every verb.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, k.String()) }

// MarshalText gives the same to encoders and structured logs.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// KeyError says why bytes are no key of this protocol, without showing any of
// them.
type KeyError struct {
	What string // what the bytes are
	Do   string // what a person can do about it
}

// Error says what the bytes are and what to do.
func (e *KeyError) Error() string { return "lightssl: " + e.What + "; " + e.Do }

// ParseKey reads a key of this protocol, which is RSA of 2048 bits for a server
// and 1024 for a device, from the bytes of a file of any kind that holds one:
//
//   - PEM and DER: PKCS #1 and PKCS #8 private keys, PKCS #1 and
//     SubjectPublicKeyInfo public keys. A PEM file may hold text and other
//     blocks besides; a private key is preferred to a public one.
//   - a device's key slot: PKCS #1 followed by FF or leftovers, its integers of
//     fixed width where the firmware made the key (Device OS v2.3.1,
//     dsakeygen.cpp:131-175)
//   - the server key area of a device: a public key, FF, and an address
//   - the 162 bytes by which a device announces its key
//
// A private key that is returned is consistent and precomputed. The error is
// always a [*KeyError].
func ParseKey(b []byte) (Key, error) {
	b = bytes.TrimPrefix(b, byteOrderMark)
	switch {
	case len(b) > MaxKeyFileLen:
		return Key{}, &KeyError{fmt.Sprintf("%d bytes are too many for a key", len(b)), "give the key file itself"}
	case len(bytes.TrimSpace(b)) == 0:
		return Key{}, &KeyError{"the key file is empty", "write the key anew"}
	case bytes.Contains(b, []byte("-----BEGIN ")):
		return parsePEM(b)
	case IsKeyLog(b):
		return Key{}, &KeyError{"this is a key log, not a key", "read it as a key log"}
	case b[0] == tagSequence:
		return parseDER(b, "DER, ")
	}
	return Key{}, notAKey(b)
}

// notAKey tells some well-known strangers apart.
func notAKey(b []byte) error {
	switch {
	case len(bytes.Trim(b, "\xff")) == 0:
		return &KeyError{"erased flash, every byte FF", "the slot holds no key: write one to the device, or read the right offset"}
	case bytes.HasPrefix(b, []byte("ssh-")), bytes.HasPrefix(b, []byte("ecdsa-")), bytes.HasPrefix(b, []byte("---- BEGIN SSH2")):
		return errOpenSSH
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		return &KeyError{"text in UTF-16", "save it as plain ASCII or UTF-8"}
	}
	return &KeyError{"neither PEM nor DER", "give a private or public RSA key file"}
}

// What a key file may hold instead.
var (
	errPassword = &KeyError{"a private key protected by a password", "take the password off: openssl rsa -in FILE -traditional -out NEW.pem"}
	errEC       = &KeyError{"an elliptic curve key, as devices that speak UDP have: it opens no TCP session", "give the device's RSA key of 1024 bits or the session's key log; for the identity alone, the server's RSA key of 2048 bits"}
	errDSA      = &KeyError{"a DSA key", "this protocol uses RSA: give the RSA key"}
	errEdwards  = &KeyError{"an Ed25519 or similar key", "this protocol uses RSA: give the RSA key"}
	errOther    = &KeyError{"a key of another algorithm", "this protocol uses RSA: give the RSA key"}
	errCert     = &KeyError{"a certificate or certificate request", "this protocol has none: give the private key, or the public key alone"}
	errPKCS12   = &KeyError{"a PKCS #12 archive", "take the key out: openssl pkcs12 -in FILE -nocerts -nodes -out NEW.pem"}
	errOpenSSH  = &KeyError{"an OpenSSH key", "convert a copy of it: ssh-keygen -p -m PEM -f COPY (public keys: ssh-keygen -e -m PKCS8 -f FILE)"}
	errCutPEM   = &KeyError{"a PEM file that is cut off or damaged", "copy it whole, from -----BEGIN to -----END"}
)

func parsePEM(b []byte) (Key, error) {
	var public Key
	var first error
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		k, err := parseBlock(block)
		switch {
		case err == nil && k.Private != nil:
			return k, nil
		case err == nil && public.Public == nil:
			public = k
		case err != nil && first == nil:
			first = err
		}
	}
	switch {
	case public.Public != nil:
		return public, nil
	case first != nil:
		return Key{}, first
	}
	return Key{}, errCutPEM
}

// plainLabel is a PEM label that may be shown.
var plainLabel = regexp.MustCompile(`^[A-Z0-9 .]{1,40}$`)

func parseBlock(block *pem.Block) (Key, error) {
	label := []byte(block.Type)
	switch {
	case len(block.Bytes) == 0:
		return Key{}, errCutPEM
	case block.Headers["DEK-Info"] != "" || block.Type == "ENCRYPTED PRIVATE KEY":
		return Key{}, errPassword
	case bytes.HasPrefix(label, []byte("EC ")):
		return Key{}, errEC
	case bytes.HasPrefix(label, []byte("DSA ")):
		return Key{}, errDSA
	case bytes.HasPrefix(label, []byte("OPENSSH ")):
		return Key{}, errOpenSSH
	case bytes.Contains(label, []byte("CERTIFICATE")):
		return Key{}, errCert
	case bytes.HasSuffix(label, []byte("PRIVATE KEY")), bytes.HasSuffix(label, []byte("PUBLIC KEY")):
		return parseDER(block.Bytes, "PEM, ")
	case plainLabel.Match(label):
		return Key{}, &KeyError{"a PEM file holding " + block.Type, "give a PRIVATE KEY or PUBLIC KEY"}
	}
	return Key{}, &KeyError{"a PEM file holding something else", "give a PRIVATE KEY or PUBLIC KEY"}
}
