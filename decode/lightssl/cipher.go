package lightssl

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
)

// BlockLen is the AES block length, the unit of a frame's ciphertext.
const BlockLen = aes.BlockSize

// Cipher opens or seals the frames of one direction of one session. Its whole
// state between frames is the next IV. It is not safe for concurrent use.
type Cipher struct {
	key  [BlockLen]byte
	iv   [BlockLen]byte
	open Opener // zero until it is needed: each holds the expanded key
	seal ivSetter
}

// ivSetter is what crypto/cipher's CBC modes offer beyond BlockMode: one
// object serves every frame, without garbage.
type ivSetter interface {
	cipher.BlockMode
	SetIV([]byte)
}

// NewCipher returns the cipher of either direction as the session starts.
func NewCipher(c Credentials) *Cipher {
	return &Cipher{key: [BlockLen]byte(c.Key()), iv: [BlockLen]byte(c.IV())}
}

// SetHead tells the cipher the first ciphertext block of the frame before the
// next one: all it takes to start in the middle of a session or after a gap.
// It takes the first 16 bytes of head, and panics if there are fewer.
func (c *Cipher) SetHead(head []byte) { c.iv = [BlockLen]byte(head[:BlockLen]) }

// IV returns the initialisation vector of the next frame.
func (c *Cipher) IV() [BlockLen]byte { return c.iv }

// Open appends the message inside ciphertext to dst and moves on to the next
// frame. If the padding is wrong, which no device checks, it appends all of the
// decrypted bytes and returns [ErrPadding]. If the ciphertext is no multiple of
// the block length it appends nothing, keeps its state and returns [ErrLength].
// ciphertext and dst must not overlap.
func (c *Cipher) Open(dst, ciphertext []byte) ([]byte, error) {
	if c.open.mode == nil {
		c.open.mode = newMode(c.key[:], c.iv[:], cipher.NewCBCDecrypter)
	}
	dst, err := c.open.Open(dst, c.iv[:], ciphertext)
	if err != ErrLength {
		copy(c.iv[:], ciphertext)
	}
	return dst, err
}

// Opener opens frames of a session in any order, and of both directions: who
// calls it knows the IVs. It is an expanded key, and small beside it, for those
// who hold thousands. It is not safe for concurrent use. The zero value opens
// nothing: use [NewOpener].
type Opener struct{ mode ivSetter }

// NewOpener expands the key.
func NewOpener(c *Credentials) Opener {
	return Opener{newMode(c.Key(), c.IV(), cipher.NewCBCDecrypter)}
}

// Open is like [Cipher.Open] with the given IV, of 16 bytes.
func (o Opener) Open(dst, iv, ciphertext []byte) ([]byte, error) {
	if len(ciphertext) == 0 || len(ciphertext)%BlockLen != 0 {
		return dst, ErrLength
	}
	o.mode.SetIV(iv)
	dst, plain := extend(dst, len(ciphertext))
	o.mode.CryptBlocks(plain, ciphertext)
	pad, err := padding(plain)
	return dst[:len(dst)-pad], err
}

// Seal appends the ciphertext of a padded plaintext to dst and moves on to the
// next frame. plaintext and dst must not overlap.
func (c *Cipher) Seal(dst, plaintext []byte) []byte {
	pad := BlockLen - len(plaintext)%BlockLen
	dst, out := extend(dst, len(plaintext)+pad)
	n := copy(out, plaintext)
	for i := n; i < len(out); i++ {
		out[i] = byte(pad)
	}
	return c.sealBlocks(dst, out)
}

// SealRaw is Seal for bytes that are padded already, or padded wrongly on
// purpose. It panics if they are no positive multiple of the block length.
func (c *Cipher) SealRaw(dst, padded []byte) []byte {
	if len(padded) == 0 || len(padded)%BlockLen != 0 {
		panic(fmt.Sprintf("lightssl: SealRaw of %d bytes", len(padded)))
	}
	dst, out := extend(dst, len(padded))
	copy(out, padded)
	return c.sealBlocks(dst, out)
}

func (c *Cipher) sealBlocks(dst, out []byte) []byte {
	if c.seal != nil {
		c.seal.SetIV(c.iv[:])
	} else {
		c.seal = newMode(c.key[:], c.iv[:], cipher.NewCBCEncrypter)
	}
	c.seal.CryptBlocks(out, out)
	copy(c.iv[:], out)
	return dst
}

// newMode returns a CBC mode. It works without its block, of which it has a copy,
// except where the standard library's object cannot be reset.
func newMode(key, iv []byte, make func(cipher.Block, []byte) cipher.BlockMode) ivSetter {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // a key of 16 bytes is always accepted
	}
	fresh := make(block, iv)
	if s, ok := fresh.(ivSetter); ok {
		return s
	}
	return &rebuilder{fresh, block, make}
}

// rebuilder gives SetIV to a BlockMode that lacks it.
type rebuilder struct {
	cipher.BlockMode
	block cipher.Block
	make  func(cipher.Block, []byte) cipher.BlockMode
}

func (r *rebuilder) SetIV(iv []byte) { r.BlockMode = r.make(r.block, iv) }

// padding returns the length of the PKCS #7 padding at the end of plain.
func padding(plain []byte) (int, error) {
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > BlockLen {
		return 0, ErrPadding
	}
	for _, b := range plain[len(plain)-pad:] {
		if int(b) != pad {
			return 0, ErrPadding
		}
	}
	return pad, nil
}

// extend lengthens b by n bytes and returns it and the new part.
func extend(b []byte, n int) (whole, tail []byte) {
	start := len(b)
	if cap(b)-start < n {
		grown := make([]byte, start, max(2*cap(b), start+n))
		copy(grown, b)
		b = grown
	}
	whole = b[:start+n]
	return whole, whole[start:]
}
