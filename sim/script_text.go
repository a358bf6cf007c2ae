package sim

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
)

// The text of a script has one step a line:
//
//	send CON GET /t token 07
//	send NON POST /e/temperature payload "21.5"
//	send ACK 2.05 payload "\x00"
//	plain 40001234         a message in hex
//	blocks 4000…           padded bytes in hex
//	wire 0000              what goes on the wire, in hex
//	expect ACK 2.05 within 2s
//	expect POST /e/*
//	wait 500ms
//	drop, reset or half-close
//
// What a message is made of may stand in any order: a type (CON NON ACK RST), a
// code (a method, EMPTY, or c.dd), a path, query "…", token hex, payload "…".
// Quoted text is quoted as in Go. A # begins a comment.

// codeWords are the codes that have a word.
var codeWords = []struct {
	word string
	code coap.Code
}{{"EMPTY", coap.Empty}, {"GET", coap.GET}, {"POST", coap.POST}, {"PUT", coap.PUT}, {"DELETE", coap.DELETE}}

// endWords are the ways to end, in the order of EndKind.
var endWords = []string{"drop", "reset", "half-close"}

// formWords are the forms of bytes, in the order of Form.
var formWords = []string{"plain", "blocks", "wire"}

// ParseScript reads a script. Its error says in which line what is wrong.
func ParseScript(text string) (Script, error) {
	var s Script
	n := 0
	for line := range strings.Lines(text) {
		n++
		words, err := splitWords(line)
		if err == nil && len(words) > 0 {
			var step Step
			step, err = parseStep(words[0], words[1:])
			s = append(s, step)
		}
		if err != nil {
			return nil, fmt.Errorf("sim: script line %d: %w", n, err)
		}
	}
	return s, nil
}

// splitWords splits a line at spaces, but for quoted text, and leaves out the
// comment.
func splitWords(line string) (words []string, err error) {
	for {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			return words, nil
		}
		end := strings.IndexAny(line, " \t")
		if line[0] == '"' {
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, fmt.Errorf("a quotation without an end: %s", line)
			}
			end = len(quoted)
		}
		if end < 0 {
			end = len(line)
		}
		words = append(words, line[:end])
		line = line[end:]
	}
}

func parseStep(verb string, words []string) (Step, error) {
	for i, w := range endWords {
		if verb == w {
			return End{EndKind(i)}, noMore(words)
		}
	}
	for i, w := range formWords {
		if verb == w {
			b, err := hex.DecodeString(strings.Join(words, ""))
			step := SendBytes{Form(i), b}
			if err == nil {
				err = step.check()
			}
			return step, err
		}
	}
	switch verb {
	case "wait":
		if len(words) != 1 {
			return nil, fmt.Errorf("wait needs a duration")
		}
		d, err := time.ParseDuration(words[0])
		return Wait{d}, err
	case "send":
		return parseSend(words)
	case "expect":
		return parseExpect(words)
	}
	return nil, fmt.Errorf("there is no step %q", verb)
}

func noMore(words []string) error {
	if len(words) > 0 {
		return fmt.Errorf("%q is too much", strings.Join(words, " "))
	}
	return nil
}

func parseSend(words []string) (Step, error) {
	x, err := parseParts(words)
	if err != nil {
		return nil, err
	}
	if x.code == nil || x.within != 0 {
		return nil, fmt.Errorf("a message to send needs a code and no time")
	}
	m := coap.Message{Code: *x.code, Token: x.token}
	if x.typ != nil {
		m.Type = *x.typ
	}
	if x.path != "" {
		for part := range strings.SplitSeq(x.path, "/") {
			m.Options = append(m.Options, coap.Option{Number: coap.URIPath, Value: []byte(part)})
		}
	}
	for _, q := range x.queries {
		m.Options = append(m.Options, coap.Option{Number: coap.URIQuery, Value: []byte(q)})
	}
	if x.payload != nil {
		m.Payload, m.Marker = []byte(*x.payload), true
	}
	return Send{m}, x.fit()
}

// maxToken is the length of the longest token of CoAP, in bytes.
const maxToken = 8

// aroundOption is more than the number and length of an option take, and
// aroundMessage more than header and payload marker; in bytes.
const aroundOption, aroundMessage = 5, 8

// fit refuses what no message or no frame has room for.
func (x *parts) fit() error {
	n := aroundMessage + maxToken + len(x.path) + aroundOption*(1+strings.Count(x.path, "/"))
	for _, q := range x.queries {
		n += aroundOption + len(q)
	}
	if x.payload != nil {
		n += len(*x.payload)
	}
	switch {
	case len(x.token) > maxToken:
		return fmt.Errorf("a token of %d bytes, and CoAP has room for %d", len(x.token), maxToken)
	case n > lightssl.MaxMessageLen:
		return fmt.Errorf("a message of about %d bytes, and a frame has room for %d", n, lightssl.MaxMessageLen)
	}
	return nil
}

func parseExpect(words []string) (Step, error) {
	x, err := parseParts(words)
	if err != nil {
		return nil, err
	}
	if x.token != nil || x.queries != nil {
		return nil, fmt.Errorf("a token or query cannot be expected")
	}
	return Expect{Match{x.typ, x.code, x.path, x.payload}, x.within}, nil
}

// parts are what a line says about a message.
type parts struct {
	typ     *coap.Type
	code    *coap.Code
	path    string
	queries []string
	token   []byte
	payload *string
	within  time.Duration
}

func parseParts(words []string) (x parts, err error) {
	for len(words) > 0 && err == nil {
		var used int
		used, err = x.take(words)
		words = words[used:]
	}
	return x, err
}

// take reads one part and says of how many words.
func (x *parts) take(words []string) (used int, err error) {
	word := words[0]
	for t := coap.Confirmable; t <= coap.ResetMessage; t++ {
		if word == t.String() {
			x.typ = &t
			return 1, nil
		}
	}
	if code, ok := parseCode(word); ok {
		x.code = &code
		return 1, nil
	}
	if path, ok := strings.CutPrefix(word, "/"); ok && path != "" {
		x.path = path
		return 1, nil
	}
	if len(words) < 2 {
		return 0, fmt.Errorf("%q is not understood", word)
	}
	return 2, x.takePair(word, words[1])
}

func (x *parts) takePair(word, value string) (err error) {
	switch word {
	case "token":
		x.token, err = hex.DecodeString(value)
	case "within":
		x.within, err = time.ParseDuration(value)
	case "query":
		value, err = strconv.Unquote(value)
		x.queries = append(x.queries, value)
	case "payload":
		value, err = strconv.Unquote(value)
		x.payload = &value
	default:
		return fmt.Errorf("%q is not understood", word)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", word, value, err)
	}
	return nil
}

func parseCode(word string) (coap.Code, bool) {
	for _, w := range codeWords {
		if word == w.word {
			return w.code, true
		}
	}
	class, detail, ok := strings.Cut(word, ".")
	c, err1 := strconv.ParseUint(class, 10, 3)
	d, err2 := strconv.ParseUint(detail, 10, 5)
	return coap.Code(c<<5 | d), ok && err1 == nil && err2 == nil && len(detail) == 2
}

// String returns the step as a line.
func (s Send) String() string {
	m := &s.Message
	x := parts{typ: &m.Type, code: &m.Code, token: m.Token}
	var path []string
	for _, o := range m.Options {
		switch o.Number {
		case coap.URIPath:
			path = append(path, string(o.Value))
		case coap.URIQuery:
			x.queries = append(x.queries, string(o.Value))
		}
	}
	x.path = strings.Join(path, "/")
	if m.Marker || len(m.Payload) > 0 {
		payload := string(m.Payload)
		x.payload = &payload
	}
	return "send" + x.String()
}

// String returns the step as a line.
func (s SendBytes) String() string { return formWords[s.Form] + " " + hex.EncodeToString(s.Bytes) }

// String returns the step as a line.
func (e Expect) String() string {
	x := parts{typ: e.Match.Type, code: e.Match.Code, path: e.Match.Path, payload: e.Match.Payload, within: e.Within}
	return "expect" + x.String()
}

// String returns the step as a line.
func (w Wait) String() string { return "wait " + w.For.String() }

// String returns the step as a line.
func (e End) String() string { return endWords[e.How] }

// String returns the parts as they are read, with a space before each.
func (x *parts) String() string {
	var b strings.Builder
	if x.typ != nil {
		b.WriteString(" " + x.typ.String())
	}
	if x.code != nil {
		b.WriteString(" " + codeWord(*x.code))
	}
	if x.path != "" {
		b.WriteString(" /" + x.path)
	}
	for _, q := range x.queries {
		b.WriteString(" query " + strconv.Quote(q))
	}
	if x.token != nil {
		b.WriteString(" token " + hex.EncodeToString(x.token))
	}
	if x.payload != nil {
		b.WriteString(" payload " + strconv.Quote(*x.payload))
	}
	if x.within != 0 {
		b.WriteString(" within " + x.within.String())
	}
	return b.String()
}

func codeWord(c coap.Code) string {
	for _, w := range codeWords {
		if c == w.code {
			return w.word
		}
	}
	return c.String()
}
