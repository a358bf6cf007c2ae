package explain

import (
	"fmt"
	"strings"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
)

// Subject is what is to be explained.
type Subject struct {
	Event  *decode.Event
	Layers []decode.Layer // of the event, as decode.Dissect returns them
	Layer  int            // the one that Field and Offset belong to
	Field  *field.Field   // nil: the event as a whole
	Offset int            // a byte of the layer that is pointed at, -1: none

	Credentials *lightssl.Credentials // of the session; nil if they are not known
	ShowSecrets bool                  // show keys, IVs and salts instead of "[secret]"
}

// Line is a line of an explanation. Foreign text in it has passed the sanitiser.
type Line struct {
	Word    string // what the line is about, "" if it goes on with that of the line before
	Text    string // "" separates parts
	Command bool   // the text is to be run in a shell
}

// explanation is being written, always in the same order: what the bytes are, what
// they mean, why they are there, how they are computed, how they were sealed, where
// that is written.
type explanation struct {
	Subject
	lines []Line
}

// Explain explains the subject. It also says how to reproduce without photonscope
// what was sealed.
func Explain(s Subject) []Line {
	x := &explanation{Subject: s}
	if s.Field != nil {
		x.bytes()
		x.field()
	}
	x.event()
	x.gap()
	x.origin()
	x.commands()
	x.gap()
	x.sources()
	if n := len(x.lines); n > 0 && x.lines[n-1] == (Line{}) {
		x.lines = x.lines[:n-1]
	}
	return x.lines
}

func (x *explanation) say(word, text string) {
	if text != "" {
		x.lines = append(x.lines, Line{Word: word, Text: text})
	}
}

func (x *explanation) sayf(word, format string, args ...any) {
	x.say(word, fmt.Sprintf(format, args...))
}

func (x *explanation) gap() {
	if n := len(x.lines); n > 0 && x.lines[n-1] != (Line{}) {
		x.lines = append(x.lines, Line{})
	}
}

// maxShown is how many bytes of a field are written out.
const maxShown = 64

// bytes says where the field lies and what its bytes are.
func (x *explanation) bytes() {
	f, l := x.Field, &x.Layers[x.Layer]
	if f.End <= f.Start {
		x.say("bytes", "none of its own: it is computed from others")
		return
	}
	where := fmt.Sprintf("%d to %d", f.Start, f.End-1)
	if f.End == f.Start+1 {
		where = fmt.Sprint(f.Start)
	}
	x.sayf("bytes", "%s of the %s layer, %d in all", where, l.Name, f.End-f.Start)
	if x.hidden(l) {
		x.say("", field.Masked)
		return
	}
	b := l.Bytes[f.Start:f.End]
	more := ""
	if len(b) > maxShown {
		more = fmt.Sprintf(" … and %d more", len(b)-maxShown)
	}
	x.say("", spaced(b[:min(len(b), maxShown)])+more)
	if at := x.Offset; at >= f.Start && at < f.End {
		c := l.Bytes[at]
		x.sayf("byte", "%d is 0x%02x: bits %s, as a number %d", at, c, bits(c), c)
	}
}

// hidden reports whether the field's bytes are keys that are not to be shown.
func (x *explanation) hidden(l *decode.Layer) bool {
	return !x.ShowSecrets && (l.Secret || x.Field.Value.Type() == field.Secret)
}

// field says what the field is.
func (x *explanation) field() {
	f := x.Field
	text := Of(f.Def)
	x.gap()
	x.say("field", x.value())
	x.say("means", f.Help)
	x.say("why", text.Why)
	x.say("how", text.How)
	if l := &x.Layers[x.Layer]; !x.hidden(l) {
		x.say("here", x.worked())
	}
	switch {
	case printed[f.Key] || strings.HasPrefix(f.Key, unknownOption):
		x.sayf("name", "%s, in filters, in -e and in NDJSON", f.Key)
	case f.Key != "":
		x.sayf("name", "%s, in filters", f.Key)
	}
}

// printed has the names of the fields of NDJSON.
var printed = func() map[string]bool {
	names := make(map[string]bool)
	for _, name := range decode.EventTypes {
		always, sometimes := decode.EventFields(name)
		for _, d := range append(always, sometimes...) {
			names[d.Key] = true
		}
	}
	return names
}()

// value is the field's label, value and note.
func (x *explanation) value() string {
	f := x.Field
	s := f.Label
	if f.Value.Type() != field.None {
		v := Usual(f)
		if v == "" {
			v = string(f.Value.AppendText(nil, x.ShowSecrets))
		}
		if f.Value.Type() == field.Bytes && len(v) > 2*maxShown {
			v = v[:2*maxShown] + "…"
		}
		if f.Value.Type() == field.Text {
			v = `"` + v + `"`
		}
		s += ": " + v
	}
	if f.Note != "" {
		s += " (" + f.Note + ")"
	}
	return s
}

// event says what the event is.
func (x *explanation) event() {
	x.gap()
	if x.Field == nil && x.Event.Body != nil {
		x.say("event", eventTexts[x.Event.Body.Name()].what)
	}
	switch b := x.Event.Body.(type) {
	case *decode.Message:
		x.sayf("message", "%s: %s", b.Meaning.Kind, b.Meaning.Kind.Means())
	case *decode.Identity:
		x.say("sealed", b.Reason)
	case *decode.Credentials:
		x.say("sealed", b.Reason)
	case *decode.Sealed:
		x.say("sealed", b.Reason)
	case *decode.Malformed:
		x.sayf("fault", "%s; at offset %d of the %s layer", b.Reason, b.Offset, b.Layer)
	case *decode.Finding:
		x.sayf("finding", "%s: %s", b.ID, b.Title)
	}
}

// commands says how to get the same without photonscope.
func (x *explanation) commands() {
	list := Commands(x.Event, x.Credentials, x.ShowSecrets)
	if len(list) == 0 {
		return
	}
	x.gap()
	for _, c := range list {
		x.say("again", c.Does)
		x.lines = append(x.lines, Line{Text: c.Line, Command: true})
	}
	if text := needs(list); text != "" {
		x.say("with", text)
	}
}

// sources says where all this is written.
func (x *explanation) sources() {
	var all []string
	if x.Field != nil {
		all = strings.Split(Of(x.Field.Def).Source, "; ")
	} else if x.Event.Body != nil {
		all = strings.Split(eventTexts[x.Event.Body.Name()].source, "; ")
	}
	if m, ok := x.Event.Body.(*decode.Message); ok {
		all = append(all, kindSource(m.Meaning.Kind))
	}
	word := "source"
	told := make(map[string]bool)
	for _, s := range all {
		if s != "" && !told[s] {
			told[s] = true
			x.say(word, s)
			word = ""
		}
	}
}

func kindSource(k particle.Kind) string {
	for _, row := range particle.Kinds() {
		if row.Kind == k {
			return row.Source
		}
	}
	return ""
}

// eventTexts say what the types of events are, and where that is written.
var eventTexts = map[string]struct{ what, source string }{
	"opened":      {"A connection begins. The device opened it; now it waits for the cloud to speak first.", here + "1.1"},
	"nonce":       {"The first step of the handshake: 40 random bytes in clear, from the cloud.", here + "2.2; " + spark + "lib/Handshake.js"},
	"identity":    {"The second step of the handshake: the device says who it is, 256 bytes that only the cloud can read.", here + "2.3; RFC 8017 §7.2.1; " + fwChannel},
	"credentials": {"The third step of the handshake: the session's keys for the device, 128 bytes that only it can read and 256 of signature.", here + "2.4; RFC 8017 §7.2.1; RFC 8017 §8.2.1; RFC 2104 §2; " + fwShake},
	"message":     {"A frame that was opened: a CoAP message under AES.", here + "1.4; RFC 7252 §3"},
	"sealed":      {"A frame that no key at hand opens. Its size, time and sender are known all the same.", here + "2.9"},
	"malformed":   {"Bytes that are not what the protocol has at their place. They are shown as they are, and what follows is read on.", here + "1.6"},
	"gap":         {"Bytes that the capture does not have. The peers had them.", here + "1.4"},
	"closed":      {"The end of a direction. When the other one has ended too, the connection is over.", here + "1.3"},
	"finding":     {"A conclusion that was drawn from several events.", here + "7.5"},
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// spaced writes bytes as pairs of hex digits.
func spaced(b []byte) string { return fmt.Sprintf("% x", b) }

// bits writes a byte as two groups of four bits.
func bits(c byte) string { return fmt.Sprintf("%04b %04b", c>>4, c&15) }

// hexOf writes bytes as hex digits.
func hexOf(b []byte) string { return string(field.AppendHex(nil, b)) }
