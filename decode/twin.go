package decode

import (
	"bytes"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// twin is the frame at hand. The other leg of a proxied session mostly carries
// the same one next, which then is neither kept nor opened twice.
type twin struct {
	raw        []byte // as an event has it
	creds      lightssl.Credentials
	iv         [lightssl.BlockLen]byte
	ciphertext []byte // nil: not opened
	plain      []byte
	err        error
}

// keep returns a copy of b that nobody will write to.
func (d *Decoder) keep(b []byte) []byte {
	if len(b) == 0 || !bytes.Equal(b, d.twin.raw) {
		d.twin = twin{raw: d.arena.copy(b)}
	}
	return d.twin.raw
}

// decrypt opens the ciphertext that keep returned last. The result has room for the
// padding.
func (d *Decoder) decrypt(creds *lightssl.Credentials, iv, ciphertext []byte) ([]byte, error) {
	t := &d.twin
	if t.ciphertext != nil && len(t.ciphertext) == len(ciphertext) && bytes.Equal(t.iv[:], iv) && t.creds == *creds {
		return t.plain, t.err
	}
	cipher := d.ciphers.of(creds)
	cipher.SetHead(iv)
	t.creds, t.iv, t.ciphertext = *creds, [lightssl.BlockLen]byte(iv), ciphertext
	t.plain, t.err = cipher.Open(d.arena.take(len(ciphertext))[:0], ciphertext)
	return t.plain, t.err
}
