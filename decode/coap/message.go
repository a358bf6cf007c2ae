package coap

import (
	"encoding/binary"
	"fmt"
)

// Type is the message type of RFC 7252 section 3, 0 to 3.
type Type uint8

// The message types.
const (
	Confirmable Type = iota
	NonConfirmable
	Acknowledgement
	ResetMessage
)

// String returns "CON", "NON", "ACK" or "RST".
func (t Type) String() string { return [...]string{"CON", "NON", "ACK", "RST"}[t&3] }

// HeaderLen is the length of the fixed header in bytes.
const HeaderLen = 4

// PayloadMarker stands between the options and a payload.
const PayloadMarker = 0xff

// Message is one CoAP message. Token, Options and Payload share the bytes it
// was parsed from. A Message is made to be reused: [Message.Parse] overwrites
// everything and keeps only the capacity of Options.
type Message struct {
	Type    Type
	Code    Code
	ID      uint16
	Token   []byte
	Options []Option
	Payload []byte

	// Where the parts lie. Parse sets them, Append ignores them.
	OptionsStart int  // offset of the first option, or of what follows the token
	PayloadStart int  // offset of the payload, behind its marker; the length if there is none
	Marker       bool // a payload marker is present, even if no payload follows (devices send that for empty event data)
}

// Option is one option of a message.
type Option struct {
	Number uint16
	Value  []byte
	Start  int // offset of the option's header in the message
	Data   int // offset of the option's value
}

// ParseError says where a message stops being CoAP.
type ParseError struct {
	Offset int    // of the first byte that does not fit
	Reason string // in words
}

// Error implements error.
func (e *ParseError) Error() string { return fmt.Sprintf("coap: %s at offset %d", e.Reason, e.Offset) }

// Parse reads one whole message. It is tolerant where Photons and their servers
// are inventive: an empty message may carry a token, a payload marker may be the
// last byte, any option and any code is accepted. On a [*ParseError] m holds
// what came before the offset.
func (m *Message) Parse(b []byte) error {
	*m = Message{Options: m.Options[:0], OptionsStart: len(b), PayloadStart: len(b)}
	if len(b) < HeaderLen {
		return &ParseError{len(b), "the header is cut off"}
	}
	if version := b[0] >> 6; version != 1 {
		return &ParseError{0, "the version is not 1"}
	}
	m.Type, m.Code, m.ID = Type(b[0]>>4&3), Code(b[1]), binary.BigEndian.Uint16(b[2:])
	tokenLen := int(b[0] & 15)
	if tokenLen > 8 {
		return &ParseError{0, "the token length is reserved"}
	}
	if len(b) < HeaderLen+tokenLen {
		return &ParseError{len(b), "the token is cut off"}
	}
	m.Token = b[HeaderLen : HeaderLen+tokenLen]
	m.OptionsStart = HeaderLen + tokenLen
	return m.parseOptions(b)
}

// parseOptions reads options up to the payload marker or the end. What is common,
// short options, is read in line; widen does the rest. Options are filled in
// place: copying one that was made elsewhere costs as much as all the rest.
func (m *Message) parseOptions(b []byte) error {
	room := m.Options[:cap(m.Options)]
	number, at, n := 0, m.OptionsStart, 0
	for at < len(b) && b[at] != PayloadMarker {
		start := at
		delta, length := int(b[at]>>4), int(b[at]&15)
		at++
		fault := ""
		if delta < 13 && length == 13 && at < len(b) { // a value of 13 to 268 bytes
			length += int(b[at])
			at++
		} else if delta > 12 || length > 12 {
			delta, length, at, fault = widen(b, at, delta, length)
		}
		number += delta
		end := at + length
		if fault != "" || number > 0xffff || end > len(b) || n == MaxOptions {
			m.Options = room[:n]
			return optionError(start, fault, number, end > len(b))
		}
		if n == len(room) {
			room = append(room, Option{})
			room = room[:cap(room)]
		}
		o := &room[n]
		n++
		o.Number, o.Value, o.Start, o.Data = uint16(number), b[at:end], start, at
		at = end
	}
	m.Options = room[:n]
	if at < len(b) {
		m.Marker, m.PayloadStart, m.Payload = true, at+1, b[at+1:]
	}
	return nil
}

// optionError says what is wrong with an option.
func optionError(start int, fault string, number int, cut bool) error {
	switch {
	case fault != "":
	case number > 0xffff:
		fault = "the option number exceeds 65535"
	case cut:
		fault = "the option value is cut off"
	default:
		fault = "more than 256 options"
	}
	return &ParseError{start, fault}
}

// widen resolves the nibbles of an option's header (RFC 7252 section 3.1). It
// returns what is wrong with them, if something is.
func widen(b []byte, at, delta, length int) (d, l, next int, fault string) {
	d, at, ok := extended(b, at, delta)
	if !ok {
		return 0, 0, 0, "the option delta is reserved or cut off"
	}
	l, at, ok = extended(b, at, length)
	if !ok {
		return 0, 0, 0, "the option length is reserved or cut off"
	}
	return d, l, at, ""
}

// extended resolves one nibble, whose extension is at b[at:].
func extended(b []byte, at, nibble int) (value, next int, ok bool) {
	switch {
	case nibble < 13:
		return nibble, at, true
	case nibble == 13 && at < len(b):
		return int(b[at]) + 13, at + 1, true
	case nibble == 14 && at+1 < len(b):
		return int(binary.BigEndian.Uint16(b[at:])) + 269, at + 2, true
	}
	return 0, at, false
}

// Append appends the message to dst: options in the order given, which must be
// that of their numbers, and a payload marker if Marker is set or there is a
// payload. It panics on what cannot be expressed: a token above 8 bytes,
// descending option numbers, a value above 65804 bytes.
func (m *Message) Append(dst []byte) []byte {
	if len(m.Token) > 8 {
		panic("coap: token above 8 bytes")
	}
	dst = append(dst, 1<<6|byte(m.Type&3)<<4|byte(len(m.Token)), byte(m.Code))
	dst = binary.BigEndian.AppendUint16(dst, m.ID)
	dst = append(dst, m.Token...)
	number := uint16(0)
	for _, o := range m.Options {
		if o.Number < number {
			panic("coap: option numbers descend")
		}
		dst = appendOption(dst, int(o.Number-number), o.Value)
		number = o.Number
	}
	if m.Marker || len(m.Payload) > 0 {
		dst = append(dst, PayloadMarker)
	}
	return append(dst, m.Payload...)
}

func appendOption(dst []byte, delta int, value []byte) []byte {
	at := len(dst)
	dst = append(dst, 0)
	d, dst := appendExtended(dst, delta)
	l, dst := appendExtended(dst, len(value))
	dst[at] = d<<4 | l
	return append(dst, value...)
}

// appendExtended appends the extension of a delta or length and returns its nibble.
func appendExtended(dst []byte, v int) (byte, []byte) {
	switch {
	case v < 13:
		return byte(v), dst
	case v < 269:
		return 13, append(dst, byte(v-13))
	case v < 269+1<<16:
		return 14, binary.BigEndian.AppendUint16(dst, uint16(v-269))
	}
	panic("coap: option value too long")
}

// Path returns the value of the first Uri-Path option if it is one byte long,
// the resource letter of every Particle request, or 0.
func (m *Message) Path() byte {
	for i := range m.Options {
		if m.Options[i].Number == URIPath {
			if len(m.Options[i].Value) == 1 {
				return m.Options[i].Value[0]
			}
			break
		}
	}
	return 0
}
