package decode

import (
	"strconv"
	"time"

	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/stream"
)

// appendMessage appends the line of a message, of which a capture has a hundred
// times as many as of all other events. What every message has is written
// directly, to the same text as Each and jsonLine make of the table of fields,
// which a test compares.
func (p *Printer) appendMessage(dst []byte, e *Event, m *Message) []byte {
	dst = append(dst, `{"type":"message","time":"`...)
	dst = p.clock.append(dst, e.At)
	dst = append(dst, `","photon.session":`...)
	dst = strconv.AppendUint(dst, uint64(e.Session), 10)
	dst = append(dst, placeText[e.Conn.Leg%3][e.From&1]...)
	if e.Altered {
		dst = append(dst, `,"photon.altered":true`...)
	}
	if e.Known {
		dst = field.AppendHex(append(dst, `,"photon.device_id":"`...), e.Device[:])
		dst = append(dst, '"')
	}
	if e.Raw != nil {
		dst = field.AppendHex(append(dst, `,"frame.wire":"`...), e.Raw)
		dst = append(dst, '"')
	}
	dst = append(dst, `,"frame.plain":"`...)
	plain := len(dst)
	dst = field.AppendHex(dst, m.Plain)
	dst = append(dst, `","photon.msg":"`...)
	dst = append(dst, m.Meaning.Kind.String()...)
	dst = append(dst, '"')
	if m.Meaning.HasRTT {
		dst = appendSeconds(append(dst, `,"photon.rtt":`...), m.Meaning.RTT)
	}
	p.msg.Parse(m.Plain) // was parsed once, so it parses
	dst = p.appendCoAP(dst, plain)
	p.kind = m.Meaning.AppendFields(p.kind[:0], &p.msg)
	p.json.begin(dst, p.ShowSecrets)
	p.json.outer, p.json.outerAt = field.BytesOf(m.Plain), plain
	p.visit = p.json.add
	p.kindFields(p.kind)
	return p.json.end()
}

// placeText has the leg and the direction of every event about bytes.
var placeText = func() (text [3][2]string) {
	for leg := range text {
		for from := range text[leg] {
			text[leg][from] = `,"photon.leg":"` + stream.Leg(leg).String() + `","photon.dir":"` + stream.Direction(from).String() + `"`
		}
	}
	return text
}()

// appendCoAP appends the CoAP fields of the message that was parsed, the digits
// of whose bytes begin at plain.
func (p *Printer) appendCoAP(dst []byte, plain int) []byte {
	m := &p.msg
	dst = append(dst, `,"coap.type":0,"coap.code":`...)
	dst[len(dst)-len(`0,"coap.code":`)] += byte(m.Type)
	dst = strconv.AppendUint(dst, uint64(m.Code), 10)
	dst = append(dst, `,"coap.mid":`...)
	dst = strconv.AppendUint(dst, uint64(m.ID), 10)
	if n := len(m.Token); n > 0 {
		at := plain + 2*(m.OptionsStart-n)
		dst = append(dst, `,"coap.token":"`...)
		dst = append(append(dst, dst[at:at+2*n]...), '"')
	}
	if len(m.Options) > 0 {
		p.json.begin(dst, p.ShowSecrets)
		p.visit = p.json.add
		p.options(m)
		p.json.closeArray()
		dst = p.json.b
	}
	if n := len(m.Payload); n > 0 {
		at := plain + 2*m.PayloadStart
		dst = append(dst, `,"coap.payload":"`...)
		dst = append(append(dst, dst[at:at+2*n]...), '"')
	}
	return dst
}

// appendSeconds appends a duration as strconv writes the number of its seconds.
// From 100 µs to a second that has nine digits at most, which need no search for
// the shortest.
func appendSeconds(dst []byte, d time.Duration) []byte {
	if d < 100*time.Microsecond || d >= time.Second {
		return strconv.AppendFloat(dst, d.Seconds(), 'g', -1, 64)
	}
	dst = append(dst, '0', '.')
	dst = appendNanos(dst, int(d))
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// appendNanos appends nine digits.
func appendNanos(dst []byte, ns int) []byte {
	var digits [9]byte
	for i := 8; i > 0; i -= 2 {
		pair := ns % 100
		ns /= 100
		digits[i-1], digits[i] = byte('0'+pair/10), byte('0'+pair%10)
	}
	digits[0] = byte('0' + ns)
	return append(dst, digits[:]...)
}
