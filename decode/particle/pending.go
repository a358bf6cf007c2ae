package particle

import (
	"time"

	"github.com/photonscope/photonscope/decode/coap"
)

// Bounds of what a conversation remembers for each direction.
const (
	maxPending = 256             // a power of two
	maxTold    = 24              // of these, not confirmable: who answers such a message does so soon
	patience   = 5 * time.Minute // longer than any server or device waits for one answer
)

// exchange is a message that may be answered. The sessions of a capture may
// have half a million, so it is small and holds no pointers.
type exchange struct {
	token uint64
	at    int64  // nanoseconds since 1970
	ref   uint32 // a chunk's index; else the request's name, as names knows it
	id    uint16
	kind  Kind
	state uint8 // length of the token, and the flags below
}

const (
	tokenLen = 0x0f // of state
	acked    = 0x10 // an empty acknowledgement came
	answered = 0x20 // a response came
	told     = 0x40 // not confirmable
)

func (e *exchange) has(flag uint8) bool { return e.state&flag != 0 }

// pending are the messages of one sender that may still be answered, by age.
type pending struct {
	ring      []exchange // its length is a power of two
	oldest    int64      // when the oldest was sent
	first     uint16     // its index
	n         uint16
	told      uint16 // of these, not confirmable
	forgotten uint32 // that were dropped for want of room
}

// at returns the i-th message, the oldest being 0.
func (p *pending) at(i int) *exchange { return &p.ring[(int(p.first)+i)&(len(p.ring)-1)] }

// add remembers m, sent at the given time.
func (p *pending) add(e exchange, at time.Time, m *coap.Message) {
	e.at, e.id = at.UnixNano(), m.ID
	e.token, e.state = bigEndian(m.Token), uint8(len(m.Token))
	for p.n > 0 && e.at-p.oldest > int64(patience) {
		p.remove(0)
	}
	if p.n == maxPending {
		p.forgotten++
		p.remove(0)
	}
	if m.Type == coap.NonConfirmable {
		e.state |= told
		if p.told == maxTold {
			p.forgetTold()
		}
		p.told++
	}
	if int(p.n) == len(p.ring) {
		p.grow()
	}
	if p.n == 0 {
		p.oldest = e.at
	}
	p.n++
	*p.last() = e
}

// forgetTold forgets the oldest message that is not confirmable.
func (p *pending) forgetTold() {
	i := 0
	for !p.at(i).has(told) {
		i++
	}
	p.remove(i)
}

// grow makes the ring longer: sessions that are silent need room for 2, most
// others for 32.
func (p *pending) grow() {
	size := 2
	if len(p.ring) > 0 {
		size = max(32, 2*len(p.ring))
	}
	ring := make([]exchange, size)
	for i := range int(p.n) {
		ring[i] = *p.at(i)
	}
	p.ring, p.first = ring, 0
}

// last returns the newest message, which add added.
func (p *pending) last() *exchange { return p.at(int(p.n) - 1) }

// byID returns the newest message with an ID, or nil.
func (p *pending) byID(id uint16) *exchange {
	for i := int(p.n) - 1; i >= 0; i-- {
		if e := p.at(i); e.id == id {
			return e
		}
	}
	return nil
}

// byToken returns the newest message with a token, which must not be empty, or nil.
func (p *pending) byToken(token []byte) *exchange {
	if len(token) == 0 {
		return nil
	}
	t, n := bigEndian(token), uint8(len(token))
	for i := int(p.n) - 1; i >= 0; i-- {
		if e := p.at(i); e.token == t && e.state&tokenLen == n {
			return e
		}
	}
	return nil
}

// newest returns the newest message of a kind, or nil.
func (p *pending) newest(kind Kind) *exchange {
	for i := int(p.n) - 1; i >= 0; i-- {
		if e := p.at(i); e.kind == kind {
			return e
		}
	}
	return nil
}

// oldestUnanswered returns the oldest message of either kind that nothing
// answered yet, or nil.
func (p *pending) oldestUnanswered(a, b Kind) *exchange {
	for i := range int(p.n) {
		if e := p.at(i); (e.kind == a || e.kind == b) && !e.has(acked|answered) {
			return e
		}
	}
	return nil
}

// zeroID returns the message with ID 0 if it is unanswered, or nil.
func (p *pending) zeroID() *exchange {
	if e := p.byID(0); e != nil && !e.has(acked) {
		return e
	}
	return nil
}

// settle notes that m answered e, and forgets e if nothing more can come. A
// describe may be answered twice (protocol.md section 8.4), so it stays.
func (p *pending) settle(e *exchange, m *coap.Message) {
	if m.Code == coap.Empty {
		e.state |= acked
	} else {
		e.state |= answered
	}
	a := answers[e.kind]
	more := e.kind == KindDescribe || e.has(acked) && !e.has(answered) && a.reply != NoKind && a.reply != a.ack
	if more && m.Type != coap.ResetMessage {
		return
	}
	for i := int(p.n) - 1; i >= 0; i-- {
		if p.at(i) == e {
			p.remove(i)
			return
		}
	}
}

// remove forgets the i-th message, which mostly is one of the oldest or newest.
func (p *pending) remove(i int) {
	if p.at(i).has(told) {
		p.told--
	}
	if i < int(p.n)/2 {
		for ; i > 0; i-- {
			*p.at(i) = *p.at(i - 1)
		}
		p.first = (p.first + 1) & uint16(len(p.ring)-1)
	} else {
		for ; i < int(p.n)-1; i++ {
			*p.at(i) = *p.at(i + 1)
		}
	}
	if p.n--; p.n > 0 {
		p.oldest = p.at(0).at
	}
}
