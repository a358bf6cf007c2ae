package store

import (
	"bytes"
	"reflect"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// Redecode decodes again the sessions that keys can open by now and could not
// when they came, and puts what they say in the place of what was sealed. Then
// findings are made again as well, by a doctor that again returns (nil: findings
// stay), as they are when private keys came that open nothing: it is fed all events
// that are held, and after them knows what any event that is appended later needs.
// What it is to know of sessions that are evicted is lost. It is for the goroutine that appends, when
// lightssl.Keyring.Generation has risen; readers see the store as it was until
// all is done. For a moment it takes the memory of the store twice.
//
// What is held is then what it would be had the keys been there from the start.
// Where a capture lost bytes, the two directions may alternate otherwise, and the
// time of a frame is that of the bytes it was taken for. Of a session whose
// beginning was evicted, the first frame of each direction keeps 16 unreadable
// bytes: its IV is gone with the frame before.
//
// Events mostly keep their numbers. Where bytes after a gap turn out to be other
// frames than they seemed, or a key was noted where it came late, what follows
// moves; [Store.Moved] says where to, and marks and comments have moved already.
// Every [View] begins anew.
func (s *Store) Redecode(keys *lightssl.Keyring, again func() Doctor) (done Redecoded) {
	r := redecoding{from: s.snapshot(), old: &s.writer.sessions, keys: keys}
	opens := r.choose() && r.differs()
	if counts := private(keys); counts == s.diagnosed && !opens || again == nil && !opens {
		return Redecoded{}
	} else if again != nil {
		s.diagnosed, r.doctor = counts, again()
	}
	if !opens {
		r.chosen = nil
	}
	fresh, moves, findings := r.rebuild(s.writer.budget)
	done.Withdrawn, done.Found = findings.outcome()
	if done.Changed = opens || findings.moved(); !done.Changed {
		return done
	}
	s.mu.Lock()
	fresh.content.epoch = s.content.epoch + 1
	fresh.writer.evicted += s.writer.evicted
	fresh.content.notes = s.content.notes.moved(moves)
	s.content, s.writer = fresh.content, fresh.writer
	s.moved.add(moves)
	s.announce()
	s.mu.Unlock()
	return done
}

// private counts the keys that a finding may rest on though they open nothing.
func private(keys *lightssl.Keyring) lightssl.KeyCounts {
	counts := keys.Counts()
	counts.Sessions, counts.Loose = 0, 0
	return counts
}

// redecoding is the work of Redecode. It only reads what is there.
type redecoding struct {
	from   content
	old    *sessions
	keys   *lightssl.Keyring
	doctor Doctor
	chosen map[stream.ConnID]bool // connections to decode again
}

// choose finds the connections of sessions that some key opens by now, and
// reports whether there are any.
func (r *redecoding) choose() bool {
	opened := make(map[*session]bool)
	for _, conn := range r.old.conns {
		if conn.opensWith(r.keys) {
			opened[conn.session] = true
		}
	}
	r.chosen = make(map[stream.ConnID]bool)
	for id, conn := range r.old.conns {
		if opened[conn.session] {
			r.chosen[id] = true
		}
	}
	return len(r.chosen) > 0
}

// opensWith reports whether a key may open more of a connection than was opened.
func (c *connection) opensWith(keys *lightssl.Keyring) bool {
	if n := len(keys.Servers()); c.handshake[aboutIdentity] != nil && !c.session.Known && n != c.servers {
		c.servers = n // if none opens it, the event says another reason now
		return true
	}
	record := c.handshake[aboutCredentials]
	if c.session.Legs[c.leg].Sealed == 0 && (record == nil || c.credentials != nil) {
		return false
	}
	if c.credentials != nil || len(keys.Loose()) > 0 {
		return true
	}
	var nonce lightssl.Nonce
	known := copy(nonce[:], c.handshake[aboutNonce]) == len(nonce)
	if _, logged := keys.Session(nonce); logged && known {
		return true
	}
	if record == nil {
		return false
	}
	_, err := keys.OpenCredentials(nonce, known, record, nil)
	return err == nil
}

// differs reports whether decoding again gives other events.
func (r *redecoding) differs() bool {
	var was, now []decode.Event // that have no counterpart yet
	same := true
	again := r.again(func(e *decode.Event) {
		now = append(now, *e)
		for len(was) > 0 && len(now) > 0 && same {
			same = equalEvents(&was[0], &now[0])
			was, now = was[1:], now[1:]
		}
	})
	l := loader{content: r.from, wire: true}
	for seq := r.from.first; seq < r.from.end && same; seq++ {
		if !r.isChosen(seq) {
			continue
		}
		var e decode.Event
		l.load(seq, &e)
		was = append(was, e)
		again.feed(&e)
	}
	again.finish()
	return !same || len(was)+len(now) > 0
}

func (r *redecoding) isChosen(seq Seq) bool {
	return r.chosen[r.from.envelope(r.from.record(seq)).conn.ID]
}

func (r *redecoding) again(emit func(*decode.Event)) *again {
	return &again{decoder: decode.NewDecoder(r.keys), old: r.old, emit: emit, replays: make(map[stream.ConnID]*replay)}
}

func equalEvents(a, b *decode.Event) bool {
	return a.Conn.ID == b.Conn.ID && bytes.Equal(a.Raw, b.Raw) && a.Known == b.Known && reflect.DeepEqual(a.Body, b.Body)
}

// rebuild makes a store of what there is, with the chosen connections decoded
// again, and says where events have moved.
func (r *redecoding) rebuild(budget int) (*Store, moves, *rediagnosis) {
	fresh := New(budget)
	c, w := &fresh.content, &fresh.writer
	c.first, c.end = r.from.first, r.from.first
	w.sessions.prime(r.old)
	findings := &rediagnosis{r: r, doctor: r.doctor, add: func(e *decode.Event) { w.add(c, e) }}
	again := r.again(findings.feed)
	again.learn = func(e *decode.Event) { w.sessions.connOf(e).learn(e) }
	var moves moves
	l := loader{content: r.from, wire: true}
	for seq := r.from.first; seq < r.from.end; seq++ {
		var e decode.Event
		l.load(seq, &e)
		now := c.end
		if !r.isChosen(seq) {
			findings.feed(&e)
		} else {
			again.feed(&e)
		}
		if now < c.end && c.has(now) && typeOf(c.record(now).load()) == TypeCredentials && typeOfBody(e.Body) != TypeCredentials {
			now++ // a key was noted before what it opens
		}
		if now == c.end && typeOfBody(e.Body) == TypeFinding {
			now = findings.instead(c.end)
		}
		moves.note(seq, now)
	}
	again.finish()
	w.sessions.inherit(r, moves)
	return fresh, moves, findings
}
