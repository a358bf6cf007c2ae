package decode

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// FuzzRender is F-14: whatever a message holds, no form in which it is shown can
// steer a terminal, hide or reorder text, or break the form itself (I-9). Each
// message of the input is two bytes, who sends it and how long it is, and its
// bytes.
func FuzzRender(f *testing.F) {
	for _, text := range hostileText {
		f.Add(conversationOf(text))
	}
	v := loadVectors(f, "session_lightssl.json")
	var whole []byte
	for i := range v.Messages {
		m := unhex(f, v.Messages[i].Coap)
		if len(m) < 256 {
			whole = append(append(whole, byte(direction(v.Messages[i].Direction)), byte(len(m))), m...)
		}
	}
	f.Add(whole)
	f.Fuzz(func(t *testing.T, input []byte) {
		var c particle.Conversation
		var p Printer
		for n := 0; len(input) >= 2 && n < 8; n++ {
			from, size := stream.Direction(input[0]&1), int(input[1])
			b := input[2:min(len(input), 2+size)]
			input = input[2+len(b):]
			e := Event{At: time.Unix(int64(n), 0), Conn: new(stream.Conn), Session: 1, From: from, Raw: b}
			var m coap.Message
			if err := m.Parse(b); err != nil {
				e.Body = &Malformed{Layer: Plain, Reason: err.Error(), Plain: b, Padded: b}
			} else {
				e.Body = &Message{Plain: b, Padded: b, Meaning: c.Next(from, e.At, &m)}
			}
			checkForms(t, &p, &e)
		}
	})
}

// hostileText is what names and values might hold.
var hostileText = []string{
	"plain", "\x1b]0;title\x07", "\x1b]52;c;aGk=\x1b\\", "\x1b[2J\x1b[H", "\x9b31m", "\u009b31m", "\x1bP+q544e\x1b\\", "\r\n\x08\x7f", "a\u202eb\u2066c\u2069",
	"\u200b\u2028\ufeff\U000e0041", "\xff\xc3\x28", `\x1b\`, `","type":"header`, "</script>&lt;", "[red]x[-]", "=1+1", "tab\there", "😀\u0301", strings.Repeat("\x1b[A", 80),
}

// conversationOf puts a text into every place that takes one: the name and the
// value of an event, a function's name and argument, a variable's name, a
// description, and a hello's identifier.
func conversationOf(text string) (input []byte) {
	if len(text) > 200 {
		text = text[:200]
	}
	option := func(delta byte) []byte {
		n := len(text)
		if n < 13 {
			return append([]byte{delta<<4 | byte(n)}, text...)
		}
		return append([]byte{delta<<4 | 13, byte(n - 13)}, text...)
	}
	say := func(from stream.Direction, parts ...[]byte) {
		m := bytes.Join(parts, nil)
		if len(m) < 256 {
			input = append(append(input, byte(from), byte(len(m))), m...)
		}
	}
	say(stream.FromDevice, []byte{0x50, 2, 0, 1, 0xb1, 'e'}, option(0), []byte{0xff}, []byte(text)[:min(len(text), 40)])
	say(stream.FromCloud, []byte{0x41, 2, 0, 2, 7, 0xb1, 'f'}, option(0), option(4))
	say(stream.FromCloud, []byte{0x41, 1, 0, 3, 8, 0xb1, 'v'}, option(0))
	say(stream.FromDevice, []byte{0x61, 0x45, 0, 3, 8, 0xff}, []byte(text))
	say(stream.FromCloud, []byte{0x41, 1, 0, 4, 9, 0xb1, 'd'})
	say(stream.FromDevice, []byte{0x61, 0x45, 0, 4, 9, 0xff}, []byte(`{"f":["`+text+`"],"v":{"`+text+`":2}}`))
	say(stream.FromDevice, []byte{0x40, 2, 0, 5, 0xb1, 'h', 0xff, 0, 1, 0, 2, 0, 0, 0, 6, 0, byte(len(text))}, []byte(text))
	return input
}

// checkForms checks every form of an event.
func checkForms(t *testing.T, p *Printer, e *Event) {
	t.Helper()
	line := p.AppendLine(nil, e)
	checkHarmless(t, "line", bytes.TrimSuffix(line, []byte("\n")))
	for l := range bytes.Lines(p.AppendTree(nil, e)) {
		checkHarmless(t, "tree", bytes.TrimSuffix(l, []byte("\n")))
	}
	checkHarmless(t, "comment", p.AppendComment(nil, e))
	text := p.AppendJSON(nil, e)
	wantTableLine(t, p, e)
	checkHarmless(t, "JSON", bytes.TrimSuffix(text, []byte("\n")))
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if object["type"] != e.Body.Name() {
		t.Fatalf("the type became %v: %s", object["type"], text)
	}
	p.Each(e, func(def *field.Def, v field.Value) {
		checkHarmless(t, def.Key, v.AppendText(nil, false))
	})
}

func checkHarmless(t *testing.T, form string, b []byte) {
	t.Helper()
	if !utf8.Valid(b) {
		t.Fatalf("%s: not UTF-8: %q", form, b)
	}
	for _, r := range string(b) {
		if !unicode.IsPrint(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) {
			t.Fatalf("%s: %U in %q", form, r, b)
		}
	}
}
