package decode

import (
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// Silent sessions keep no expanded key, sessions that speak by turns keep theirs,
// and at no time more sessions have one than the ring holds.
func TestExpandedKeysAreFewUntilManySessionsSpeakByTurns(t *testing.T) {
	const crowd = 500
	var c ciphers
	sessions := make([]*session, crowd)
	for i := range sessions {
		sessions[i] = &session{creds: &lightssl.Credentials{byte(i), byte(i >> 8)}}
	}
	expanded := func() (n int) {
		for _, s := range sessions {
			if s.expanded {
				n++
			}
		}
		return n
	}
	for _, s := range sessions {
		c.of(s)
		c.of(s)
	}
	if n := expanded(); n != fewCiphers {
		t.Errorf("%d sessions that spoke once have an expanded key, want %d", n, fewCiphers)
	}
	for range 20 {
		for _, s := range sessions {
			c.of(s)
		}
	}
	if n := expanded(); n != crowd {
		t.Errorf("%d of %d sessions that speak by turns have an expanded key", n, crowd)
	}
	for _, s := range sessions {
		c.drop(s)
	}
	for _, s := range c.holders {
		if s != nil {
			t.Fatal("a session that is over is kept")
		}
	}
}
