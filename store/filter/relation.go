package filter

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
)

// Relation is what only later events tell of an event. Its zero value says that
// nothing is known.
type Relation struct {
	Answer Answer
}

// Answer says whether a message was answered. Its field is photon.answered.
type Answer uint8

// The answers.
const (
	Undecided  Answer = iota // no answer may come, or it may yet
	Answered                 // the answer came, to the message or to one that repeats it
	Unanswered               // the exchange ended without one
)

// AnsweredKey is the field that a relation holds.
const AnsweredKey = "photon.answered"

// ExchangeLifetime is how long an answer is waited for, in the time of the
// capture: EXCHANGE_LIFETIME of RFC 7252 section 4.8.2.
const ExchangeLifetime = 247 * time.Second

// Asks reports whether a message may have an answer, so that its relation is
// Answered or Unanswered in the end: it is a request, a ping or a hello, but not a
// goodbye.
func Asks(m *decode.Message) bool {
	kind := m.Meaning.Kind
	if kind == particle.KindGoodbye || kind == particle.KindPresence {
		return false
	}
	t := coap.Type(m.Plain[0] >> 4 & 3)
	return (t == coap.Confirmable || t == coap.NonConfirmable) && !coap.Code(m.Plain[1]).IsResponse()
}

// Settles reports whether a message is the answer that the message it answers
// (particle.Meaning.Answers) waits for, not only an acknowledgement before it.
func Settles(m *decode.Message) bool {
	if !m.Meaning.HasRTT {
		return false
	}
	empty := coap.Code(m.Plain[1]) == coap.Empty && coap.Type(m.Plain[0]>>4&3) == coap.Acknowledgement
	return !empty || !m.Meaning.Answers.RepliesLater()
}

// Repeats reports whether a message, sent by the same peer of the same connection
// later than another one, is that one again: RFC 7252 section 4.2. An exchange
// that is open goes on with it, so that what answers either answers both.
func Repeats(e, earlier *decode.Event) bool {
	m, old := e.Body.(*decode.Message), earlier.Body.(*decode.Message)
	return coap.Type(m.Plain[0]>>4&3) == coap.Confirmable && e.At.Sub(earlier.At) <= ExchangeLifetime && bytes.Equal(m.Plain, old.Plain)
}

// messageID returns the ID of a message.
func messageID(m *decode.Message) uint16 { return binary.BigEndian.Uint16(m.Plain[2:]) }
