package decode

import (
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// Decoder turns stream items into events. The same items and the same keys
// give the same events, always: it has no clock, no I/O and no goroutine. It is
// not safe for concurrent use; the keyring may grow while it works.
type Decoder struct {
	keys     *lightssl.Keyring
	sessions map[stream.ConnID]*session
	last     uint32 // session number
	arena    arena
	messages slab[Message]
}

// NewDecoder returns a decoder that opens what keys can open. A nil keyring
// opens nothing.
func NewDecoder(keys *lightssl.Keyring) *Decoder {
	if keys == nil {
		keys = new(lightssl.Keyring)
	}
	return &Decoder{keys: keys, sessions: make(map[stream.ConnID]*session)}
}

// Feed appends to dst the events that the item gives rise to. The item's bytes
// are copied where an event needs them. Items of a connection that was never
// opened, or is over, are ignored.
func (d *Decoder) Feed(dst []Event, it stream.Item) []Event {
	switch it := it.(type) {
	case stream.Opened:
		return d.open(dst, it)
	case stream.Segment:
		if s := d.sessions[it.Conn]; s != nil {
			return s.segment(dst, it)
		}
	case stream.Gap:
		if s := d.sessions[it.Conn]; s != nil {
			return s.gap(dst, it)
		}
	case stream.Closed:
		if s := d.sessions[it.Conn]; s != nil {
			dst = s.close(dst, it)
			if s.over() {
				delete(d.sessions, it.Conn)
			}
		}
	}
	return dst
}

// Finish appends what is still pending when the source ends without closing
// its connections. Sources close them, so this is for a source that broke off.
func (d *Decoder) Finish(dst []Event) []Event {
	for _, s := range d.sessions {
		dst = s.flush(dst, stream.FromDevice)
		dst = s.flush(dst, stream.FromCloud)
	}
	clear(d.sessions)
	return dst
}

func (d *Decoder) open(dst []Event, it stream.Opened) []Event {
	s := newSession(d, it.Conn)
	if pair := d.sessions[it.Conn.Pair]; pair != nil && it.Conn.Pair != 0 {
		s.number = pair.number
	} else {
		d.last++
		s.number = d.last
	}
	d.sessions[it.Conn.ID] = s
	return append(dst, s.event(it.At, stream.FromDevice, nil, &Opened{}))
}

// pairByNonce gives a session the number of its other leg, found by the nonce
// that both legs share. Recordings name the pair; this serves those that lost it.
func (d *Decoder) pairByNonce(s *session) {
	if s.conn.Leg == stream.Tapped || s.conn.Pair != 0 {
		return
	}
	for _, other := range d.sessions {
		if other != s && other.haveNonce && other.nonce == s.nonce && other.conn.Leg != s.conn.Leg && other.conn.Leg != stream.Tapped {
			s.number = min(s.number, other.number)
			other.number = s.number
		}
	}
}
