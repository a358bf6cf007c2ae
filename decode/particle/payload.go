package particle

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
)

// payload cuts a message's payload into fields from front to back, so that they
// partition it. A method that asks for more bytes than there are appends nothing
// and leaves them to rest.
type payload struct {
	dst []field.Field
	m   *coap.Message
	at  int // offset in the payload of what is left
}

// left returns what is not cut yet.
func (p *payload) left() []byte { return p.m.Payload[p.at:] }

// take cuts n bytes and appends their field.
func (p *payload) take(def *field.Def, n int, v field.Value) {
	start := p.m.PayloadStart + p.at
	p.dst = append(p.dst, field.Field{Def: def, Value: v, Start: start, End: start + n})
	p.at += n
}

// uint cuts an integer of n bytes, big endian.
func (p *payload) uint(def *field.Def, n int) bool {
	if len(p.left()) < n {
		return false
	}
	p.take(def, n, field.UintOf(bigEndian(p.left()[:n])))
	return true
}

// littleUint cuts an integer of two bytes, little endian.
func (p *payload) littleUint(def *field.Def) bool {
	if len(p.left()) < 2 {
		return false
	}
	p.take(def, 2, field.UintOf(uint64(binary.LittleEndian.Uint16(p.left()))))
	return true
}

// signed cuts a signed integer of four bytes, big endian.
func (p *payload) signed(def *field.Def) {
	if len(p.left()) >= 4 {
		p.take(def, 4, field.IntOf(int64(int32(binary.BigEndian.Uint32(p.left())))))
	}
}

// bytes cuts n opaque bytes, if there are any.
func (p *payload) bytes(def *field.Def, n int) {
	if n > 0 && n <= len(p.left()) {
		p.take(def, n, field.BytesOf(p.left()[:n]))
	}
}

// text cuts all that is left as text, even if that is nothing.
func (p *payload) text(def *field.Def) { p.take(def, len(p.left()), field.TextOf(p.left())) }

// note puts words to the field that was cut last.
func (p *payload) note(s string) {
	if n := len(p.dst); n > 0 && p.at > 0 {
		p.dst[n-1].Note = s
	}
}

// compute appends a field that rests on no byte.
func (p *payload) compute(def *field.Def, v field.Value) {
	p.dst = append(p.dst, computed(def, v, p.m))
}

// rest cuts what is left as not decoded.
func (p *payload) rest() { p.bytes(&defRest, len(p.left())) }

// time cuts the seconds since 1970.
func (p *payload) time() {
	if p.uint(&defTimeValue, 4) {
		p.note(timeOf(p.m.Payload).Format(time.RFC3339))
	}
}

func timeOf(b []byte) time.Time { return time.Unix(int64(binary.BigEndian.Uint32(b)), 0).UTC() }

// variable cuts a variable's value of the given type. If that is unknown or does
// not fit, every reading of the bytes that fits their number is given beside them.
func (p *payload) variable(t VarType) {
	b := p.left()
	p.compute(&defVarType, field.WordOf(t.String()))
	if v, ok := readVariable(t, b); ok {
		p.take(&defVarValue, len(b), v)
		return
	}
	p.bytes(&defVarRaw, len(b))
	for i, reading := range [...]VarType{Bool, Int, Double, String} {
		if v, ok := readVariable(reading, b); ok {
			p.compute([...]*field.Def{&defVarAsBool, &defVarAsInt, &defVarAsDbl, &defVarAsText}[i], v)
		}
	}
}

// readVariable reads a value of the given type, if its length allows that.
func readVariable(t VarType, b []byte) (v field.Value, ok bool) {
	switch {
	case t == Bool && len(b) == 1:
		return field.BoolOf(b[0] != 0), true
	case t == Int && len(b) == 4:
		return field.IntOf(int64(int32(binary.BigEndian.Uint32(b)))), true
	case t == Double && len(b) == 8:
		return field.FloatOf(math.Float64frombits(binary.LittleEndian.Uint64(b))), true
	case t == String:
		return field.TextOf(b), true
	}
	return field.Value{}, false
}

// metricsHead marks binary metrics: 00 for binary, and the type 4, 2 bytes
// little endian (particle-iot/device-os@v2.3.1:communication/src/protocol.cpp).
var metricsHead = []byte{0, 4, 0}

// metrics cuts diagnostic figures.
func (p *payload) metrics() {
	if len(p.left()) < len(metricsHead) {
		return
	}
	p.bytes(&defMetricsHead, len(metricsHead))
	sizes := p.left()
	if !p.littleUint(&defMetricsIDLen) || !p.littleUint(&defMetricsValLen) || string(sizes[:4]) != "\x02\x00\x04\x00" {
		return
	}
	for len(p.left()) >= 6 {
		b, start := p.left(), p.m.PayloadStart+p.at
		p.take(&defMetric, 6, field.Value{})
		metric := &p.dst[len(p.dst)-1]
		metric.Fields = []field.Field{
			{Def: &defMetricID, Value: field.UintOf(uint64(binary.LittleEndian.Uint16(b))), Start: start, End: start + 2},
			{Def: &defMetricValue, Value: field.IntOf(int64(int32(binary.LittleEndian.Uint32(b[2:])))), Start: start + 2, End: start + 6},
		}
		if b[1]&0x80 != 0 {
			metric.Note = "an error code"
		}
	}
}
