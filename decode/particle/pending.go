package particle

import (
	"time"

	"github.com/photonscope/photonscope/decode/coap"
)

// Bounds of what a conversation remembers for each direction.
const (
	maxPending = 256
	patience   = 5 * time.Minute // longer than any server or device waits for one answer
)

// exchange is a message that may be answered.
type exchange struct {
	token    uint64
	at       int64 // nanoseconds since 1970
	name     *name // of the function, variable or event, if the request has one
	index    uint32
	id       uint16
	kind     Kind
	tokenLen uint8
	acked    bool // an empty acknowledgement came
	answered bool // a response came
}

// pending are the messages of one sender that may still be answered, oldest
// first.
type pending struct {
	list      []exchange
	forgotten int // that were dropped for want of room
}

// add remembers m, sent at the given time.
func (p *pending) add(e exchange, at time.Time, m *coap.Message) {
	e.at, e.id = at.UnixNano(), m.ID
	e.token, e.tokenLen = bigEndian(m.Token), uint8(len(m.Token))
	old := 0
	for old < len(p.list) && e.at-p.list[old].at > int64(patience) {
		old++
	}
	if old == 0 && len(p.list) == maxPending {
		p.forgotten++
		old = 1
	}
	if old > 0 {
		p.list = p.list[:copy(p.list, p.list[old:])]
	}
	p.list = append(p.list, e)
}

// last returns the newest message, which add added.
func (p *pending) last() *exchange { return &p.list[len(p.list)-1] }

// byID returns the newest message with an ID, or nil.
func (p *pending) byID(id uint16) *exchange {
	for i := len(p.list) - 1; i >= 0; i-- {
		if p.list[i].id == id {
			return &p.list[i]
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
	for i := len(p.list) - 1; i >= 0; i-- {
		if p.list[i].token == t && p.list[i].tokenLen == n {
			return &p.list[i]
		}
	}
	return nil
}

// newest returns the newest message of a kind, or nil.
func (p *pending) newest(kind Kind) *exchange {
	for i := len(p.list) - 1; i >= 0; i-- {
		if p.list[i].kind == kind {
			return &p.list[i]
		}
	}
	return nil
}

// oldestUnanswered returns the oldest message of either kind that nothing
// answered yet, or nil.
func (p *pending) oldestUnanswered(a, b Kind) *exchange {
	for i := range p.list {
		if e := &p.list[i]; (e.kind == a || e.kind == b) && !e.acked && !e.answered {
			return e
		}
	}
	return nil
}

// zeroID returns the message with ID 0 if it is unanswered, or nil.
func (p *pending) zeroID() *exchange {
	if e := p.byID(0); e != nil && !e.acked {
		return e
	}
	return nil
}

// settle notes that m answered e, and forgets e if nothing more can come. A
// describe may be answered twice (protocol.md section 8.4), so it stays.
func (p *pending) settle(e *exchange, m *coap.Message) {
	if m.Code == coap.Empty {
		e.acked = true
	} else {
		e.answered = true
	}
	a := answers[e.kind]
	more := e.kind == KindDescribe || e.acked && !e.answered && a.reply != NoKind && a.reply != a.ack
	if more && m.Type != coap.ResetMessage {
		return
	}
	for i := range p.list {
		if &p.list[i] == e {
			p.list = append(p.list[:i], p.list[i+1:]...)
			return
		}
	}
}
