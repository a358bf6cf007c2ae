package decode

import (
	"maps"
	"slices"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// Decoder turns stream items into events. The same items and the same keys
// give the same events, always: it has no clock, no I/O and no goroutine. It is
// not safe for concurrent use; the keyring may grow while it works.
type Decoder struct {
	keys     *lightssl.Keyring
	sessions map[stream.ConnID]*session
	at       []*session                  // some of them, by the low bits of their numbers
	unpaired map[lightssl.Nonce]*session // legs whose other one is not known
	last     uint32                      // session number
	memory   *Memory
	message  coap.Message // the one at hand
	ciphers  ciphers
	twin     twin
	spare    *room // of the half that was busy last
	scratch  [lightssl.BlockLen]byte
}

// NewDecoder returns a decoder that opens what keys can open. A nil keyring
// opens nothing.
func NewDecoder(keys *lightssl.Keyring) *Decoder {
	if keys == nil {
		keys = new(lightssl.Keyring)
	}
	return &Decoder{keys: keys, sessions: make(map[stream.ConnID]*session), memory: new(Memory)}
}

// Feed appends to dst the events that the item gives rise to. The item's bytes
// are copied where an event needs them. Items of a connection that was never
// opened, or is over, are ignored.
func (d *Decoder) Feed(dst []Event, it stream.Item) []Event {
	switch it := it.(type) {
	case *stream.Opened:
		return d.open(dst, it)
	case *stream.Segment:
		if s := d.session(it.Conn); s != nil {
			return s.segment(dst, it)
		}
	case *stream.Gap:
		if s := d.session(it.Conn); s != nil {
			return s.gap(dst, it)
		}
	case *stream.Closed:
		if s := d.session(it.Conn); s != nil {
			dst = s.close(dst, it)
			if s.over() {
				d.forget(s)
			}
		}
	}
	return dst
}

// session returns the session of a connection, or nil.
func (d *Decoder) session(id stream.ConnID) *session {
	place := d.near(id)
	if s := *place; s != nil && s.id == id {
		return s
	}
	s := d.sessions[id]
	if s != nil {
		*place = s
	}
	return s
}

// near returns the place at which a session is found without asking the map.
// There are as many as had to be looked for in the map at once.
func (d *Decoder) near(id stream.ConnID) **session {
	if len(d.at) < len(d.sessions) || d.at == nil {
		d.at = make([]*session, max(8, 2*len(d.at)))
	}
	return &d.at[int(id)&(len(d.at)-1)]
}

// Finish ends, as cut off, the connections that the source left open, in the
// order of their numbers. Sources close what they open, so this is for one that
// broke off.
func (d *Decoder) Finish(dst []Event) []Event {
	for _, id := range slices.Sorted(maps.Keys(d.sessions)) {
		dst = d.sessions[id].finish(dst)
	}
	clear(d.sessions)
	clear(d.unpaired)
	clear(d.at)
	return dst
}

func (d *Decoder) open(dst []Event, it *stream.Opened) []Event {
	s := newSession(d, it)
	if pair := d.sessions[it.Conn.Pair]; pair != nil && it.Conn.Pair != 0 {
		s.number = pair.number
		pair.pairWith(it.Conn.ID) // a recording names it at the later leg only
		s.take(pair.creds)
	} else {
		d.last++
		s.number = d.last
	}
	d.sessions[it.Conn.ID] = s
	dst = s.event(dst, origin{at: it.At, from: stream.FromDevice}, &Opened{Joined: it.Joined})
	dst[len(dst)-1].Note = it.Note
	return dst
}

func (d *Decoder) forget(s *session) {
	delete(d.sessions, s.id)
	if place := d.near(s.id); *place == s {
		*place = nil
	}
	d.ciphers.drop(s)
	if d.unpaired[s.nonce] == s {
		delete(d.unpaired, s.nonce)
	}
}

// pairByNonce joins a leg with the other one by the nonce that both share, and
// gives it that one's number. Our recordings name the pair; this serves those that
// lost it.
func (d *Decoder) pairByNonce(s *session) {
	if s.conn.Leg == stream.Tapped || s.conn.Pair != 0 {
		return
	}
	other := d.unpaired[s.nonce]
	if other == nil || other.conn.Leg == s.conn.Leg {
		if d.unpaired == nil {
			d.unpaired = make(map[lightssl.Nonce]*session)
		}
		d.unpaired[s.nonce] = s
		return
	}
	delete(d.unpaired, s.nonce)
	s.number = other.number
	s.pairWith(other.id)
	other.pairWith(s.id)
	s.take(other.creds)
	other.take(s.creds)
}

// pairWith notes the other leg. Events that were returned keep what they say.
func (s *session) pairWith(other stream.ConnID) {
	if s.paired = true; s.conn.Pair == other {
		return
	}
	conn := *s.conn
	conn.Pair = other
	s.conn = &conn
}
