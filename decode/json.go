package decode

import (
	"time"

	"github.com/photonscope/photonscope/decode/field"
)

// Schema is the version of the NDJSON contract (docs/ndjson.md).
const Schema = "photonscope.event/1"

// AppendJSON appends the event as one line of NDJSON, newline included.
func (p *Printer) AppendJSON(dst []byte, e *Event) []byte {
	if p.json.add == nil {
		p.json.add = p.json.value
	}
	if m, ok := e.Body.(*Message); ok && e.Note == nil && !p.Private {
		return p.appendMessage(dst, e, m)
	}
	return p.appendAny(dst, e)
}

// appendAny is AppendJSON for every type of event.
func (p *Printer) appendAny(dst []byte, e *Event) []byte {
	dst = append(dst, `{"type":"`...)
	dst = append(dst, e.Body.Name()...)
	dst = append(dst, `","time":"`...)
	dst = p.clock.append(dst, e.At)
	dst = append(dst, '"')
	p.json.begin(dst, p.ShowSecrets)
	p.Each(e, p.json.add)
	return p.json.end()
}

// jsonLine is a JSON object that is being written.
type jsonLine struct {
	b           []byte
	many        *field.Def // whose array is open
	showSecrets bool
	outer       field.Value // the last bytes that were no part of others; their digits are at outerAt
	outerAt     int
	add         func(*field.Def, field.Value) // value as a function, made once
}

// begin goes on with an object of which dst has the front.
func (j *jsonLine) begin(dst []byte, showSecrets bool) {
	j.b, j.many, j.showSecrets, j.outer = dst, nil, showSecrets, field.Value{}
}

// end completes the line.
func (j *jsonLine) end() []byte {
	j.closeArray()
	dst := j.b
	j.b = nil
	return append(dst, "}\n"...)
}

func (j *jsonLine) value(def *field.Def, v field.Value) {
	if j.many != nil {
		if def == j.many || def.Key == j.many.Key {
			j.b = v.AppendJSON(append(j.b, ','), j.showSecrets)
			return
		}
		j.closeArray()
	}
	b := append(append(append(j.b, `,"`...), def.Key...), `":`...)
	if def.Many {
		j.many = def
		b = append(b, '[')
	}
	if v.Type() == field.Bytes {
		j.b = j.bytes(b, v)
		return
	}
	j.b = v.AppendJSON(b, j.showSecrets)
}

// bytes appends a value of bytes. The payload is a part of the message, which
// has just been written: its digits are copied.
func (j *jsonLine) bytes(dst []byte, v field.Value) []byte {
	if start, ok := v.Inside(j.outer); ok {
		digits := dst[j.outerAt+2*start:][:2*len(v.Data())]
		return append(append(append(dst, '"'), digits...), '"')
	}
	j.outer, j.outerAt = v, len(dst)+1
	return v.AppendJSON(dst, j.showSecrets)
}

func (j *jsonLine) closeArray() {
	if j.many != nil {
		j.b = append(j.b, ']')
		j.many = nil
	}
}

// clock formats times, fast for times that share a second.
type clock struct {
	second int64
	text   []byte // up to and without the fraction
}

// append appends t as RFC 3339 in UTC with nanoseconds.
func (c *clock) append(dst []byte, t time.Time) []byte {
	if s := t.Unix(); s != c.second || c.text == nil {
		c.second = s
		c.text = t.UTC().AppendFormat(c.text[:0], "2006-01-02T15:04:05.")
	}
	dst = append(dst, c.text...)
	return append(appendNanos(dst, t.Nanosecond()), 'Z')
}
