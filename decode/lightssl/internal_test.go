package lightssl

import (
	"bytes"
	"crypto/cipher"
	"testing"
)

// plainMode hides all but the two methods of cipher.BlockMode, as a BlockMode
// of another provider may.
type plainMode struct{ cipher.BlockMode }

func TestACipherWithoutSetIVWorksTheSame(t *testing.T) {
	var creds Credentials
	hiding := func(b cipher.Block, iv []byte) cipher.BlockMode { return plainMode{cipher.NewCBCEncrypter(b, iv)} }
	plain, usual := new(Cipher), NewCipher(creds)
	for i := range 3 {
		message := bytes.Repeat([]byte{byte(i)}, 16)
		if plain.seal == nil {
			plain.seal = newMode(plain.key[:], plain.iv[:], hiding)
		} else {
			plain.seal.SetIV(plain.iv[:])
		}
		got := make([]byte, 16)
		plain.seal.CryptBlocks(got, message)
		copy(plain.iv[:], got)
		if want := usual.SealRaw(nil, message); !bytes.Equal(got, want) {
			t.Fatalf("frame %d: %x, want %x", i, got, want)
		}
	}
}

func TestRecentForgetsTheOldest(t *testing.T) {
	var r recent[int, string]
	for i := range 10 {
		r.put(i, "x", 4)
		r.put(i, "y", 4)
	}
	if len(r.values) != 4 || len(r.order) != 4 {
		t.Errorf("%d values, %d in order", len(r.values), len(r.order))
	}
	for i := range 10 {
		if v, ok := r.get(i); ok != (i >= 6) || ok && v != "y" {
			t.Errorf("%d: %q, %t", i, v, ok)
		}
	}
}
