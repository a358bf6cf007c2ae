package proxy

import (
	"encoding/binary"
	"slices"
	"sync"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/stream"
)

// numbers keep the message IDs of a session right where hooks drop or add
// messages. Both old servers disconnect a device whose IDs do not rise by exactly
// one (spark-protocol js/clients/SparkCore.js, Brewskey src/clients/Device.js:
// "Bad Counter"), so what follows a dropped message moves down by one, what
// follows an added one moves up, and an acknowledgement is given back the ID that
// its receiver used. Tokens stay. Nothing differs until the first change.
type numbers struct {
	mu      sync.Mutex
	engaged bool         // some message has been dropped or added
	of      [2]numbering // by who counts
}

// numbering is the IDs that one peer gives to its own messages, confirmable and
// non-confirmable ones: on its leg, and on the other one.
type numbering struct {
	shift  uint16   // from an ID on its leg to that on the other
	last   uint16   // that left on the other leg
	any    bool     // one has left
	recent []number // a ring of what left since the numbers differ
	next   int
}

// number is one message: its ID on the leg it came from and where it went.
type number struct {
	came, left uint16
	added      bool // it came from nowhere
}

// remembered is how many messages an acknowledgement may be late by.
const remembered = 512

// pass returns what leaves instead of f, with the IDs that the receiver expects.
// The caller has checked out.
func (n *numbers) pass(f Frame, out []Out, changed bool) ([]Out, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	own := f.Err == nil && counts(f.Plain)
	if !changed {
		if f.Err != nil || len(f.Plain) < coap.HeaderLen {
			return nil, false
		}
		if !n.engaged {
			if own {
				n.of[f.From].note(number{came: id(f.Plain), left: id(f.Plain)}, false)
			}
			return nil, false
		}
		out = []Out{{Form: Message, Bytes: f.Plain}}
	}
	result, kept := n.renumber(f.From, out)
	if own && !kept {
		n.of[f.From].shift--
		n.engaged = true
	}
	same := !changed && len(result) == 1 && id(result[0].Bytes) == id(f.Plain)
	return result, !same
}

// renumber reports also whether a message that counts remained.
func (n *numbers) renumber(from stream.Direction, out []Out) (result []Out, kept bool) {
	mine, theirs := &n.of[from], &n.of[from.Opposite()]
	for _, o := range out {
		switch {
		case o.Form != Message || len(o.Bytes) < coap.HeaderLen:
		case counts(o.Bytes) && o.Added:
			n.engaged = true
			o = o.withID(mine.add(id(o.Bytes)))
		case counts(o.Bytes):
			kept = true
			left := id(o.Bytes) + mine.shift
			mine.note(number{came: id(o.Bytes), left: left}, n.engaged)
			o = o.withID(left)
		case !o.Added:
			asked, known := theirs.find(id(o.Bytes))
			if known && asked.added { // nobody there waits for it
				continue
			}
			if known {
				o = o.withID(asked.came)
			}
		}
		result = append(result, o)
	}
	return result, kept
}

// add returns the ID of a message that is put into the session: the next one,
// or the one it has if it would be the first.
func (c *numbering) add(given uint16) uint16 {
	left := given
	if c.any {
		left = c.last + 1
		c.shift++
	}
	c.note(number{left: left, added: true}, true)
	return left
}

// note remembers a message that leaves.
func (c *numbering) note(m number, keep bool) {
	c.last, c.any = m.left, true
	switch {
	case !keep:
	case len(c.recent) < remembered:
		c.recent = append(c.recent, m)
	default:
		c.recent[c.next] = m
		c.next = (c.next + 1) % remembered
	}
}

// find returns the youngest message that left with an ID.
func (c *numbering) find(left uint16) (number, bool) {
	for i := range c.recent {
		m := c.recent[(c.next+len(c.recent)-1-i)%len(c.recent)]
		if m.left == left {
			return m, true
		}
	}
	return number{}, false
}

// counts reports whether a message has an ID of its sender's, not one that it
// acknowledges or resets.
func counts(message []byte) bool {
	return len(message) >= coap.HeaderLen && coap.Type(message[0]>>4&3) <= coap.NonConfirmable
}

func id(message []byte) uint16 { return binary.BigEndian.Uint16(message[2:]) }

func (o Out) withID(id uint16) Out {
	if binary.BigEndian.Uint16(o.Bytes[2:]) != id {
		o.Bytes = slices.Clone(o.Bytes)
		binary.BigEndian.PutUint16(o.Bytes[2:], id)
	}
	return o
}

// Renumber moves the message IDs of a direction by so much, from the next message
// on: for a peer that has counted what it should not have, or the reverse. It does
// nothing without [Hooks.Renumber].
func (s *Session) Renumber(from stream.Direction, by int) {
	s.numbers.mu.Lock()
	defer s.numbers.mu.Unlock()
	s.numbers.engaged = true
	s.numbers.of[from].shift += uint16(by)
}

// Added reports whether a message that a hook or Inject added to a direction
// left under an ID: what acknowledges it is an answer to us.
func (s *Session) Added(from stream.Direction, id uint16) bool {
	s.numbers.mu.Lock()
	defer s.numbers.mu.Unlock()
	m, known := s.numbers.of[from].find(id)
	return known && m.added
}
