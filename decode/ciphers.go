package decode

import "github.com/photonscope/photonscope/decode/lightssl"

// ciphers bounds how many sessions keep an expanded key: those that got theirs
// last. One takes half a kilobyte and most of a thousand live sessions are silent,
// while in a capture thousands may speak by turns. So there are few until many had
// to be made again. The zero value is ready.
type ciphers struct {
	holders []*session // a ring
	next    int
	again   int // keys expanded again since the ring grew
}

const (
	fewCiphers  = 64
	manyCiphers = 8192
)

// of returns what opens the frames of a session whose credentials are known.
func (c *ciphers) of(s *session) lightssl.Opener {
	if !s.expanded {
		c.add(s)
	}
	return s.opener
}

func (c *ciphers) add(s *session) {
	if s.ciphered {
		c.again++
	}
	switch n := len(c.holders); {
	case n < fewCiphers, n < manyCiphers && c.again > n/4:
		c.grow(max(2*n, fewCiphers))
	case c.holders[c.next] != nil:
		c.drop(c.holders[c.next])
	}
	s.opener, s.expanded, s.ciphered = lightssl.NewOpener(s.creds), true, true
	c.holders[c.next], s.place = s, c.next
	c.next = (c.next + 1) % len(c.holders)
}

// grow makes room for n, with the free places next.
func (c *ciphers) grow(n int) {
	old := c.holders
	c.holders = make([]*session, n)
	copy(c.holders, old)
	c.next, c.again = len(old), 0
}

// drop takes the expanded key from a session, if it has one.
func (c *ciphers) drop(s *session) {
	if s.expanded {
		c.holders[s.place], s.opener, s.expanded = nil, lightssl.Opener{}, false
	}
}
