package lightssl

import (
	"bytes"
	"crypto/rsa"
	"fmt"
	"math/big"
)

// A reader of the few ASN.1 structures that hold RSA keys. It is our own
// because the firmware's key generator writes integers with more leading zeros
// than DER allows, and because whatever the flash held follows a key in its
// slot; encoding/asn1 refuses both.

const (
	tagInteger     = 0x02
	tagBitString   = 0x03
	tagOctetString = 0x04
	tagOID         = 0x06
	tagSequence    = 0x30
)

// Algorithms of PKCS #8 and SubjectPublicKeyInfo, and the type of PKCS #12.
const (
	oidRSA     = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
	oidEC      = "\x2a\x86\x48\xce\x3d\x02\x01"
	oidDSA     = "\x2a\x86\x48\xce\x38\x04\x01"
	oidEdwards = "\x2b\x65" // X25519, X448, Ed25519 and Ed448 have one byte more
	oidPKCS12  = "\x2a\x86\x48\x86\xf7\x0d\x01\x07"
)

// cut takes the first element off b. ok is false if b does not hold all of it.
func cut(b []byte) (tag byte, content, rest []byte, ok bool) {
	start, n := header(b)
	if start == 0 || len(b)-start < n {
		return 0, nil, nil, false
	}
	return b[0], b[start : start+n], b[start+n:], true
}

// header reads the tag and length in front of an element: where its content
// starts and how long it is. start is 0 if b does not begin with a definite
// length below 16 MiB.
func header(b []byte) (start, n int) {
	if len(b) < 2 {
		return 0, 0
	}
	if b[1] < 0x80 {
		return 2, int(b[1])
	}
	start = 2 + int(b[1]&0x7f)
	if start == 2 || start > 5 || len(b) < start {
		return 0, 0
	}
	for _, c := range b[2:start] {
		n = n<<8 | int(c)
	}
	return start, n
}

// inside returns the content of the first element of b if it has this tag.
func inside(b []byte, want byte) ([]byte, bool) {
	tag, content, _, ok := cut(b)
	return content, ok && tag == want
}

// parseDER reads the key in the SEQUENCE at the front of b. prefix begins the
// description of the container.
func parseDER(b []byte, prefix string) (Key, error) {
	start, n := header(b)
	size := start + n
	if start == 0 || n == 0 || b[0] != tagSequence {
		return Key{}, notAKey(b)
	}
	if len(b) < size {
		return Key{}, cutOff(b, start, size)
	}
	k, err := parseSequence(b[start:size], prefix)
	if err == nil && len(b) > size {
		k.Container = slot(k, len(b))
	}
	return k, err
}

// slot describes a key that other bytes follow.
func slot(k Key, size int) string {
	place := "device key slot"
	if k.Private == nil {
		place = "key area"
	}
	return fmt.Sprintf("%s of %d bytes: %s", place, size, k.Container)
}

// cutOff tells a key that ends too early from bytes that only begin like one.
func cutOff(b []byte, start, size int) error {
	inner := b[start:]
	if start < 3 || len(inner) == 0 || inner[0] != tagInteger && inner[0] != tagSequence {
		return notAKey(b)
	}
	what := fmt.Sprintf("a key in DER that is cut off: %d of %d bytes", len(b), size)
	return &KeyError{what, "copy the whole file, or read the whole slot"}
}

// parseSequence recognises a structure by its first two elements.
func parseSequence(body []byte, prefix string) (Key, error) {
	tag1, first, rest, ok1 := cut(body)
	tag2, second, after, ok2 := cut(rest)
	switch {
	case !ok1 || !ok2:
		return Key{}, notAKey(body)
	case tag1 == tagInteger && tag2 == tagInteger:
		return parsePKCS1(body, prefix)
	case tag1 == tagInteger && tag2 == tagOctetString:
		return Key{}, errEC // SEC 1
	case tag1 == tagInteger && tag2 == tagSequence:
		return parsePKCS8(second, after, prefix)
	case tag1 == tagSequence && len(first) > 0 && first[0] != tagOID:
		return Key{}, errCert
	case tag1 == tagSequence && tag2 == tagOctetString:
		return Key{}, errPassword
	case tag1 == tagSequence && tag2 == tagBitString:
		return parseSPKI(first, second, prefix)
	}
	return Key{}, notAKey(body)
}

// algorithm returns nil for RSA.
func algorithm(identifier []byte) error {
	oid, ok := inside(identifier, tagOID)
	switch {
	case !ok:
		return notAKey(identifier)
	case string(oid) == oidRSA:
		return nil
	case string(oid) == oidEC:
		return errEC
	case string(oid) == oidDSA:
		return errDSA
	case len(oid) == 3 && bytes.HasPrefix(oid, []byte(oidEdwards)):
		return errEdwards
	case bytes.HasPrefix(oid, []byte(oidPKCS12)):
		return errPKCS12
	}
	return errOther
}

func parsePKCS8(identifier, rest []byte, prefix string) (Key, error) {
	if err := algorithm(identifier); err != nil {
		return Key{}, err
	}
	octets, ok := inside(rest, tagOctetString)
	if !ok {
		return Key{}, damaged("its parts are not those of PKCS #8")
	}
	body, ok := inside(octets, tagSequence)
	if !ok {
		return Key{}, damaged("its parts are not those of PKCS #8")
	}
	k, err := parsePKCS1(body, prefix)
	if err == nil {
		k.Container = prefix + "PKCS #8"
	}
	return k, err
}

func parseSPKI(identifier, bits []byte, prefix string) (Key, error) {
	if err := algorithm(identifier); err != nil {
		return Key{}, err
	}
	if len(bits) == 0 || bits[0] != 0 {
		return Key{}, damaged("its parts are not those of a public key")
	}
	body, ok := inside(bits[1:], tagSequence)
	if !ok {
		return Key{}, damaged("its parts are not those of a public key")
	}
	v, _ := integers(body)
	if len(v) != 2 {
		return Key{}, damaged("its parts are not those of a public key")
	}
	return public(v, prefix+"SubjectPublicKeyInfo")
}

// parsePKCS1 reads the integers of a private or a public key, or recognises
// those of a DSA key.
func parsePKCS1(body []byte, prefix string) (Key, error) {
	v, fixed := integers(body)
	switch len(v) {
	case 2:
		return public(v, prefix+"PKCS #1 public")
	case 6:
		return Key{}, errDSA
	case 9:
		container := prefix + "PKCS #1"
		if fixed {
			container += " as the firmware writes it"
		}
		return private(v, container)
	}
	return Key{}, damaged(fmt.Sprintf("%d integers where an RSA key has 9 or 2", len(v)))
}

// integers reads the integers at the front of b, ten at most, without sign:
// keys have no negative ones, and the firmware looks at the bytes alone. fixed
// reports that some have more leading zeros than DER allows.
func integers(b []byte) (v []*big.Int, fixed bool) {
	for len(v) < 10 {
		tag, content, rest, ok := cut(b)
		if !ok || tag != tagInteger {
			break
		}
		if len(content) > 1 && content[0] == 0 && content[1] < 0x80 {
			fixed = true
		}
		v = append(v, new(big.Int).SetBytes(content))
		b = rest
	}
	return v, fixed
}

func damaged(how string) error {
	return &KeyError{"a damaged RSA key: " + how, "copy it again, or make a new one"}
}

// public checks a modulus and an exponent.
func public(v []*big.Int, container string) (Key, error) {
	n, e := v[0], v[1]
	bits := n.BitLen()
	switch {
	case bits != serverKeyBits && bits != deviceKeyBits:
		return Key{}, &KeyError{fmt.Sprintf("an RSA key of %d bits", bits), "this protocol has keys of 2048 bits (server) and 1024 bits (device)"}
	case n.Bit(0) == 0:
		return Key{}, damaged("its modulus is even")
	case !e.IsInt64() || e.Int64() != exponent:
		return Key{}, &KeyError{"an RSA key whose exponent is not 65537", "devices know no other: make a new key"}
	}
	return Key{Public: &rsa.PublicKey{N: n, E: exponent}, Container: container}, nil
}

// private checks the nine integers of PKCS #1 and makes a key of them.
func private(v []*big.Int, container string) (Key, error) {
	k, err := public(v[1:3], container)
	if err != nil {
		return Key{}, err
	}
	for _, x := range v[3:] {
		if x.Sign() == 0 || x.Cmp(k.Public.N) >= 0 {
			return Key{}, damaged("its numbers do not fit together")
		}
	}
	priv := &rsa.PrivateKey{PublicKey: *k.Public, D: v[3], Primes: v[4:6]}
	priv.Precomputed.Dp, priv.Precomputed.Dq, priv.Precomputed.Qinv = v[6], v[7], v[8]
	priv.Precompute()
	if priv.Validate() != nil {
		return Key{}, damaged("its numbers do not fit together")
	}
	k.Private, k.Public = priv, &priv.PublicKey
	return k, nil
}
