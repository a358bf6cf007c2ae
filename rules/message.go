package rules

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
)

// change is what is to become of a message: settings, each of a part, or bytes.
type change struct {
	settings []word
	whole    []byte // instead of settings
}

// Part is a part of a message that can be set.
type Part struct{ Name, Means string }

// Parts returns all of them, with what their values are.
func Parts() []Part { return slices.Clone(parts) }

var parts = []Part{
	{"type", "CON, NON, ACK or RST"},
	{"code", "GET, POST, PUT, DELETE, empty, or a number such as 2.05"},
	{"mid", "the message ID, 0 to 65535; what follows is not renumbered for it"},
	{"token", "hex digits, at most 16"},
	{"path", "one Uri-Path option; repeated for each"},
	{"query", "one Uri-Query option; repeated for each"},
	{"max-age", "seconds"},
	{"option.N", "option number N; repeated for each"},
	{"payload", `text or hex:BYTES; "" for a payload marker alone, none for no payload`},
	{"hex", "the whole message, instead of all others"},
}

// newChange checks settings, so that they can be applied to any message.
func newChange(settings []word) (change, *Error) {
	for _, w := range settings {
		if !w.assigned {
			return change{}, w.bad("%q stands alone: NAME=VALUE expected", w.name)
		}
		if w.name != "hex" {
			var m coap.Message
			if err := set(&m, w); err != nil {
				return change{}, err
			}
			continue
		}
		whole, ok := unhex(w.value)
		if !ok || len(settings) > 1 {
			return change{}, w.badValue("hex= takes the bytes of a whole message, and no other setting beside it")
		}
		return change{whole: whole}, nil
	}
	return change{settings: settings}, nil
}

// apply returns a changed message. What is no CoAP can only be replaced whole.
func (c change) apply(message []byte) ([]byte, error) {
	if c.settings == nil {
		return c.whole, nil
	}
	var m coap.Message
	if err := m.Parse(message); err != nil {
		return nil, err
	}
	c.edit(&m)
	return m.Append(nil), nil
}

// edit applies settings. The first one of an option replaces all that the message
// has of it. The CRC of a chunk of firmware follows its payload, unless a query is
// set.
func (c change) edit(m *coap.Message) {
	m.Options = slices.Clone(m.Options)
	replaced := map[uint16]bool{}
	chunk := m.Code == coap.POST && m.Path() == 'c' && len(m.Options) > 1
	payload := false
	for _, w := range c.settings {
		if number, ok := optionOf(w.name); ok && !replaced[number] {
			replaced[number] = true
			m.Options = slices.DeleteFunc(m.Options, func(o coap.Option) bool { return o.Number == number })
		}
		payload = payload || w.name == "payload"
		set(m, w)
	}
	slices.SortStableFunc(m.Options, func(a, b coap.Option) int { return int(a.Number) - int(b.Number) })
	if chunk && payload && !replaced[coap.URIQuery] {
		mendCRC(m)
	}
}

// mendCRC makes the CRC of a chunk that of its payload.
func mendCRC(m *coap.Message) {
	for i := range m.Options {
		if o := &m.Options[i]; o.Number == coap.URIQuery && len(o.Value) == 4 {
			o.Value = binary.BigEndian.AppendUint32(nil, particle.ChunkCRC(m.Payload))
			return
		}
	}
}

// Mend returns a message that was made of another one as a whole, with the CRC of its
// payload if both are chunks of firmware and only the payload is new.
func Mend(before, after []byte) []byte {
	var was, is coap.Message
	if was.Parse(before) != nil || is.Parse(after) != nil || is.Code != coap.POST || is.Path() != 'c' || bytes.Equal(was.Payload, is.Payload) {
		return after
	}
	is.Options = slices.Clone(is.Options)
	if !slices.EqualFunc(was.Options, is.Options, func(a, b coap.Option) bool { return a.Number == b.Number && bytes.Equal(a.Value, b.Value) }) {
		return after
	}
	mendCRC(&is)
	return is.Append(nil)
}

func optionOf(name string) (uint16, bool) {
	switch name {
	case "path":
		return coap.URIPath, true
	case "query":
		return coap.URIQuery, true
	case "max-age":
		return coap.MaxAge, true
	}
	digits, ok := strings.CutPrefix(name, "option.")
	n, err := strconv.ParseUint(digits, 10, 16)
	return uint16(n), ok && err == nil
}

// set applies one setting. Options are added.
func set(m *coap.Message, w word) *Error {
	switch w.name {
	case "type":
		i := slices.Index(typeNames, strings.ToUpper(w.value))
		if i < 0 {
			return w.badValue("a type is CON, NON, ACK or RST")
		}
		m.Type = coap.Type(i)
	case "code":
		code, ok := parseCode(w.value)
		if !ok {
			return w.badValue("a code is GET, POST, PUT, DELETE, empty, or a number such as 2.05")
		}
		m.Code = code
	case "mid":
		id, err := strconv.ParseUint(w.value, 0, 16)
		if err != nil {
			return w.badValue("a message ID is a number from 0 to 65535, or 0x0000 to 0xffff")
		}
		m.ID = uint16(id)
	case "token":
		token, err := hex.DecodeString(w.value)
		if err != nil || len(token) > 8 {
			return w.badValue("a token is at most 16 hex digits")
		}
		m.Token = token
	case "payload":
		return setPayload(m, w)
	default:
		return setOption(m, w)
	}
	return nil
}

func setPayload(m *coap.Message, w word) *Error {
	if w.value == "none" {
		m.Payload, m.Marker = nil, false
		return nil
	}
	b, ok := value(w.value)
	if !ok {
		return w.badValue("hex: is followed by pairs of hex digits")
	}
	m.Payload, m.Marker = b, true
	return nil
}

func setOption(m *coap.Message, w word) *Error {
	number, ok := optionOf(w.name)
	if !ok {
		return w.bad("%q is no part of a message: %s", w.name, strings.Join(partNames(), ", "))
	}
	b, ok := value(w.value)
	if w.name == "max-age" {
		seconds, err := strconv.ParseUint(w.value, 10, 32)
		if err != nil {
			return w.badValue("max-age is a number of seconds")
		}
		b, ok = bytes.TrimLeft(binary.BigEndian.AppendUint32(nil, uint32(seconds)), "\x00"), true
	}
	if !ok {
		return w.badValue("hex: is followed by pairs of hex digits")
	}
	m.Options = append(m.Options, coap.Option{Number: number, Value: b})
	return nil
}

var typeNames = []string{"CON", "NON", "ACK", "RST"}

func partNames() (names []string) {
	for _, p := range parts {
		names = append(names, p.Name)
	}
	return names
}

var codeNames = map[string]coap.Code{"GET": coap.GET, "POST": coap.POST, "PUT": coap.PUT, "DELETE": coap.DELETE, "EMPTY": coap.Empty}

func parseCode(s string) (coap.Code, bool) {
	if c, ok := codeNames[strings.ToUpper(s)]; ok {
		return c, true
	}
	class, detail, dotted := strings.Cut(s, ".")
	c, err := strconv.ParseUint(class, 10, 3)
	d, errToo := strconv.ParseUint(detail, 10, 5)
	return coap.Code(c<<5 | d), dotted && len(detail) == 2 && err == nil && errToo == nil
}

// value is text, or bytes behind "hex:".
func value(s string) ([]byte, bool) {
	if digits, ok := strings.CutPrefix(s, "hex:"); ok {
		return unhex(digits)
	}
	return []byte(s), true
}

// unhex reads pairs of digits, with spaces or colons between them or not.
func unhex(s string) ([]byte, bool) {
	b, err := hex.DecodeString(strings.NewReplacer(" ", "", ":", "", "\n", "", "\t", "").Replace(s))
	return b, err == nil
}

// Format writes a message as settings, separated by sep, from which [Compose]
// makes the same bytes. A message that is no CoAP is hex=BYTES.
func Format(message []byte, sep string) string {
	var m coap.Message
	if err := m.Parse(message); err != nil || !bytes.Equal(m.Append(nil), message) {
		return "hex=" + hex.EncodeToString(message)
	}
	code := m.Code.String()
	for name, c := range codeNames {
		if c == m.Code {
			code = strings.Replace(name, "EMPTY", "empty", 1)
		}
	}
	words := []string{"type=" + m.Type.String(), "code=" + code, fmt.Sprintf("mid=0x%04x", m.ID)}
	if len(m.Token) > 0 {
		words = append(words, "token="+hex.EncodeToString(m.Token))
	}
	for _, o := range m.Options {
		name := fmt.Sprintf("option.%d", o.Number)
		switch o.Number {
		case coap.URIPath:
			name = "path"
		case coap.URIQuery:
			name = "query"
		}
		words = append(words, name+"="+format(o.Value))
	}
	if m.Marker {
		words = append(words, "payload="+format(m.Payload))
	}
	return strings.Join(words, sep)
}

// format writes a value so that it is read back, and safe to print.
func format(b []byte) string {
	text := string(b)
	for _, c := range b {
		if c < ' ' || c > '~' {
			return "hex:" + hex.EncodeToString(b)
		}
	}
	if text == "" || text == "none" || strings.ContainsAny(text, " \"\\#") {
		if text == "none" || strings.HasPrefix(text, "hex:") {
			return "hex:" + hex.EncodeToString(b)
		}
		return strconv.Quote(text)
	}
	if strings.HasPrefix(text, "hex:") {
		return "hex:" + hex.EncodeToString(b)
	}
	return text
}

// Compose makes a message from settings, separated by spaces or newlines, or from
// hex=BYTES. An error is an [*Error], whose line counts in text.
func Compose(text string) ([]byte, error) {
	c, err := parseChange(text)
	switch {
	case err != nil:
		return nil, err
	case c.whole != nil:
		return c.whole, nil
	case len(c.settings) == 0:
		return nil, &Error{File: "message", Line: 1, Column: 1, Width: 1, Text: text, Reason: "there is no message"}
	}
	var m coap.Message
	c.edit(&m)
	return m.Append(nil), nil
}

// parseChange reads settings, separated by spaces or newlines.
func parseChange(text string) (change, error) {
	var all []word
	for i, line := range strings.Split(text, "\n") {
		words, _, when, err := split(strings.TrimSuffix(line, "\r"))
		if err == nil && when > 0 {
			err = &Error{Column: max(1, when-len("when")), Width: len("when"), Reason: `a filter belongs to a rule, not to a message`}
		}
		if err == nil {
			_, err = newChange(words)
		}
		if err != nil {
			err.File, err.Line, err.Text = "message", i+1, line
			return change{}, err
		}
		all = append(all, words...)
	}
	c, err := newChange(all)
	if err != nil {
		err.File, err.Line, err.Text = "message", 1, text
		return change{}, err
	}
	return c, nil
}
