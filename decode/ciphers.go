package decode

import "github.com/photonscope/photonscope/decode/lightssl"

// ciphers keeps the ciphers of the sessions that spoke last. One takes a
// kilobyte and most of a thousand sessions are silent, while a new one costs
// less than what a message costs besides. The frame before tells each frame's
// IV, so one cipher serves both directions, and both legs of a session. The zero
// value is ready.
type ciphers [64]struct {
	creds  lightssl.Credentials
	cipher *lightssl.Cipher
}

// of returns the cipher of a session, whose next IV the caller must set. A
// place is found by the key's first byte, which is random.
func (c *ciphers) of(creds *lightssl.Credentials) *lightssl.Cipher {
	place := &c[int(creds[0])%len(c)]
	if place.cipher == nil || place.creds != *creds {
		place.creds, place.cipher = *creds, lightssl.NewCipher(*creds)
	}
	return place.cipher
}
