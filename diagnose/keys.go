package diagnose

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"math/big"
	"sync"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// keyHead is how the announced key begins: SubjectPublicKeyInfo of an RSA key of
// 1024 bits, in front of the modulus (docs/protocol.md section 2.6).
var keyHead, _ = hex.DecodeString("30819f300d06092a864886f70d010101050003818d0030818902818100")

const (
	modulusLen = 128
	keyAt      = lightssl.CoreIdentityPlainLen // of the announced key within the plaintext
	modulusAt  = keyAt + 29
)

// What stands at byte 11 of other things than PKCS #1 (docs/protocol.md section
// 3.3).
var (
	pkcs8Middle, _ = hex.DecodeString("2a864886f70d010101")
	ecIdentifier   = [][]byte{{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01}}
)

// flaw is what is wrong with an announced key: which cause that is, the bytes of
// the opened identity that show it, and how sure that is.
type flaw struct {
	id, sure, shows string
	start, end      int
}

// examine looks at the key that a device announces: 128 unexamined bytes of its
// memory in a fixed wrapper. It returns false if they may be a modulus.
func examine(plain []byte) (flaw, bool) {
	key := plain[keyAt:]
	whole := flaw{id: "PH-12", sure: Certain, start: keyAt, end: len(plain)}
	if len(key) != lightssl.DeviceKeyLen || !bytes.HasPrefix(key, keyHead) {
		whole.shows = fmt.Sprintf("%d bytes that are no RSA key of 1024 bits in SubjectPublicKeyInfo form", len(key))
		return whole, true
	}
	m := key[len(keyHead):][:modulusLen]
	at := func(id string, start, n int, shows string) (flaw, bool) {
		return flaw{id, Certain, shows, modulusAt + start, modulusAt + start + n}, true
	}
	if bytes.HasPrefix(m, pkcs8Middle) {
		return at("PH-10", 0, len(pkcs8Middle), "the modulus begins with the object identifier rsaEncryption, which is at byte 11 of a PKCS #8 file")
	}
	for _, oid := range ecIdentifier {
		if i := bytes.Index(m, oid); i >= 0 {
			return at("PH-11", i, len(oid), "the object identifier of an elliptic curve key inside the modulus")
		}
	}
	if i, n := longestFF(m); n >= 16 {
		return at("PH-12", i, n, fmt.Sprintf("%d bytes FF in the modulus: erased flash", n))
	}
	if isText(m) {
		return at("PH-12", 0, modulusLen, "text in place of the modulus: a PEM file was loaded, where DER belongs")
	}
	return examineNumber(m)
}

// examineNumber looks for what no product of two large primes has.
func examineNumber(m []byte) (flaw, bool) {
	at := func(sure string, start, n int, shows string) (flaw, bool) {
		return flaw{"PH-12", sure, shows, modulusAt + start, modulusAt + start + n}, true
	}
	if zeros := modulusLen - len(bytes.TrimLeft(m, "\x00")); zeros >= 8 {
		return at(Certain, 0, zeros, fmt.Sprintf("the modulus begins with %d zero bytes: far too small", zeros))
	}
	if m[modulusLen-1]&1 == 0 {
		return at(Certain, modulusLen-1, 1, "the modulus is even")
	}
	if p := smallFactor(m); p > 0 {
		return at(Certain, 0, modulusLen, fmt.Sprintf("the modulus is divisible by %d", p))
	}
	if m[0] < 0x80 {
		return at(Likely, 0, 1, "the modulus has fewer than 1024 bits")
	}
	return flaw{}, false
}

// longestFF returns where the longest run of FF begins, and its length.
func longestFF(b []byte) (start, n int) {
	run := 0
	for i, c := range b {
		if run++; c != 0xff {
			run = 0
		}
		if run > n {
			start, n = i+1-run, run
		}
	}
	return start, n
}

// smallFactor returns a prime below 2000 that divides a number, or 0. The factors
// of an RSA modulus have hundreds of bits.
func smallFactor(m []byte) int64 {
	n := new(big.Int).SetBytes(m)
	if common := new(big.Int).GCD(nil, nil, n, smallPrimes()); common.Cmp(big.NewInt(1)) == 0 {
		return 0
	}
	p, rest := new(big.Int), new(big.Int)
	for f := int64(3); f < smallLimit; f += 2 {
		if p.SetInt64(f); rest.Mod(n, p).Sign() == 0 {
			return f
		}
	}
	return 0
}

const smallLimit = 2000

// smallPrimes returns the product of the odd primes below the limit: one greatest
// common divisor takes a tenth of the time of as many divisions.
var smallPrimes = sync.OnceValue(func() *big.Int {
	product := big.NewInt(1)
	for f := int64(3); f < smallLimit; f += 2 {
		if p := big.NewInt(f); p.ProbablyPrime(0) { // exact for small numbers
			product.Mul(product, p)
		}
	}
	return product
})

// trial is what came of opening a record with a private key.
type trial struct {
	tooLarge bool   // the number is not below the modulus: not sealed for this key, for certain
	plain    []byte // opened; nil: the padding is not that of PKCS #1 v1.5
}

// try opens a sealed record. It tells a wrong key from a wrong length, which is
// for the person in front of the screen alone.
func try(sealed []byte, k *rsa.PrivateKey) trial {
	if new(big.Int).SetBytes(sealed).Cmp(k.N) >= 0 {
		return trial{tooLarge: true}
	}
	//lint:ignore SA1019 the protocol is PKCS #1 v1.5 and nothing else
	plain, err := rsa.DecryptPKCS1v15(rand.Reader, k, sealed)
	if err != nil {
		return trial{}
	}
	return trial{plain: plain}
}

// signedBy says what a signature of credentials is under a server's public key.
type signedBy uint8

const (
	byAnother   signedBy = iota // it is no block of this key
	byThisKey                   // 20 bytes, as it should be
	withAnother                 // a block of this key that holds something else
)

// signer looks into a signature: 00 01 FF … FF 00 and the bare 20 bytes of the
// HMAC (docs/protocol.md section 2.4). It returns what it holds.
func signer(signature []byte, k *rsa.PublicKey) (signedBy, []byte) {
	s := new(big.Int).SetBytes(signature)
	if s.Cmp(k.N) >= 0 {
		return byAnother, nil
	}
	block := new(big.Int).Exp(s, big.NewInt(int64(k.E)), k.N).FillBytes(make([]byte, k.Size()))
	rest, ok := bytes.CutPrefix(block, []byte{0, 1})
	if !ok {
		return byAnother, nil
	}
	held := bytes.TrimLeft(rest, "\xff")
	if len(rest)-len(held) < 8 || len(held) == 0 || held[0] != 0 {
		return byAnother, nil
	}
	if held = held[1:]; len(held) != sha1.Size {
		return withAnother, held
	}
	return byThisKey, held
}

// keyPrint stands for an announced modulus. The zero value stands for none.
type keyPrint [sha1.Size]byte

func printOf(modulus []byte) (p keyPrint) {
	if len(modulus) > 0 {
		p = sha1.Sum(modulus)
	}
	return p
}
