package store

import (
	"hash/maphash"
	"slices"
	"sync/atomic"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/stream"
)

// The two legs of a proxied session mostly carry the same messages in the same
// order, one write apart. What one leg has shown waits for its twin; once a later
// one found its own, what came before will find none.

const maxWaiting = 256 // events of a leg and direction that wait for their twin

// twins pairs the events of a session's legs.
type twins struct {
	waiting [2][2][]unpaired // by leg, by sender
	over    [2][2]bool       // by leg, by sender: nothing more comes
}

type unpaired struct {
	seq     Seq
	content uint64 // hash of what twins have in common
	bare    uint64 // hash of a message without its ID, 0 for others
	id      uint32 // a message's type, code and ID, 0 for others
}

var seed = maphash.MakeSeed()

// contentOf tells by what a twin is known: a message by its plaintext, because the
// ciphertext changes with the frame before; the records that are sealed for each
// leg by what they are.
func contentOf(seq Seq, e *decode.Event) unpaired {
	u := unpaired{seq: seq}
	switch b := e.Body.(type) {
	case *decode.Message:
		if len(b.Plain) >= coap.HeaderLen {
			u.id = uint32(b.Plain[0]&0x30)<<24 | 1<<16 | uint32(b.Plain[2])<<8 | uint32(b.Plain[3])
			u.bare = maphash.Bytes(seed, b.Plain[coap.HeaderLen:]) ^ uint64(b.Plain[0])<<8 ^ uint64(b.Plain[1])
		}
		u.content = maphash.Bytes(seed, b.Plain)
	case *decode.Identity:
		u.content = 1
	case *decode.Credentials:
		u.content = 2
	default:
		u.content = maphash.Bytes(seed, e.Raw)
	}
	return u
}

// pair links an event to its twin, or has it wait for it.
func (t *twins) pair(c *content, conn *connection, seq Seq, e *decode.Event) {
	from := e.From & 1
	if e.Conn.Leg == stream.Tapped {
		return
	}
	if b, closed := e.Body.(*decode.Closed); closed {
		t.close(c, conn, from)
		if b.How == stream.Reset {
			t.close(c, conn, from^1)
		}
	}
	if e.Raw == nil {
		return
	}
	mine, other := &t.waiting[conn.leg][from], &t.waiting[conn.leg^1][from]
	this := contentOf(seq, e)
	at := slices.IndexFunc(*other, func(u unpaired) bool { return u.content == this.content })
	passedOn := (conn.leg == 1) == (e.From == stream.FromDevice) // seen where it arrives
	if at < 0 && this.id != 0 && passedOn {                      // counted anew, because something was dropped or added
		at = slices.IndexFunc(*other, func(u unpaired) bool { return u.bare == this.bare && u.id != 0 })
	}
	var differs bool
	if at < 0 && this.id != 0 {
		at = slices.IndexFunc(*other, func(u unpaired) bool { return u.id == this.id })
		differs = at >= 0
	}
	if at < 0 {
		*mine = append(*mine, this)
		if t.over[conn.leg^1][from] {
			t.release(c, conn, mine, 1)
		} else if len(*mine) == maxWaiting {
			t.release(c, conn, mine, maxWaiting/2)
		}
		return
	}
	c.twin((*other)[at].seq, seq, differs)
	t.alone(c, conn, (*other)[:at])
	t.alone(c, conn, *mine)
	*mine = (*mine)[:0]
	*other = (*other)[:copy(*other, (*other)[at+1:])]
}

// close notes that a leg carries nothing more from a sender.
func (t *twins) close(c *content, conn *connection, from stream.Direction) {
	t.over[conn.leg][from] = true
	other := &t.waiting[conn.leg^1][from]
	t.release(c, conn, other, len(*other))
}

// release lets the first n events of a list wait no more.
func (t *twins) release(c *content, conn *connection, list *[]unpaired, n int) {
	t.alone(c, conn, (*list)[:n])
	if *list = (*list)[:copy(*list, (*list)[n:])]; len(*list) == 0 {
		*list = nil
	}
}

// alone flags events whose twin will not come, if there is another leg.
func (t *twins) alone(c *content, conn *connection, list []unpaired) {
	if !conn.session.Legs[0].Seen || !conn.session.Legs[1].Seen {
		return
	}
	for _, u := range list {
		if c.has(u.seq) && c.record(u.seq).set(Lone) {
			c.touch(u.seq)
		}
	}
}

// twin links two events.
func (c *content) twin(earlier, later Seq, differs bool) {
	if !c.has(earlier) || later-earlier > 1<<30 {
		return
	}
	a, b := c.record(earlier), c.record(later)
	atomic.StoreInt32(&a.twin, int32(later-earlier))
	atomic.StoreInt32(&b.twin, -int32(later-earlier))
	if differs {
		a.set(Differs)
		b.set(Differs)
		c.touch(earlier)
	}
}
