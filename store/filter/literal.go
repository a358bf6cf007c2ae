package filter

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/photonscope/photonscope/decode/field"
)

// literal is a value in an expression, typed by the field it is compared with.
type literal struct {
	v      field.Value  // a time in nanoseconds since 1970; of an address none
	text   string       // of a word, text, bytes or a regular expression
	prefix netip.Prefix // of an address
	form   string       // as the canonical form writes it
}

// span is a member of a list: one value, or those from low to high.
type span struct {
	low, high literal
	isRange   bool
}

// literal reads the value at hand for the left side of t.
func (p *parser) literal(t *test) literal {
	if p.want.what = wantValue; t.op == oneOf {
		p.want.op = equal // inside of the list
	}
	if k := p.tok.kind; k != wordToken && k != stringToken && k != rawToken {
		p.fail("expected " + t.left.class().article() + t.left.example())
		return literal{}
	}
	l, reason := readLiteral(t, p.tok)
	if reason != "" {
		p.fail(reason)
		return literal{}
	}
	p.advance()
	return l
}

// readLiteral types a token, or says why it is not of the type.
func readLiteral(t *test, tok token) (l literal, reason string) {
	f, class := t.left.field, t.left.class()
	if tok.kind == stringToken {
		text, fault := unescape(tok.text)
		if fault != "" {
			return l, fault
		}
		tok.text = text
	}
	bare := tok.kind == wordToken
	switch class {
	case Text:
		return textLiteral(tok.text), ""
	case Word:
		return wordLiteral(t, tok.text)
	case Bytes:
		return bytesLiteral(tok.text, bare)
	case Any:
		return anyLiteral(tok.text, bare), ""
	case Bool:
		return boolLiteral(f, tok.text)
	case Time:
		return timeLiteral(tok.text)
	case Address:
		return addressLiteral(t, tok.text)
	}
	return numberLiteral(f, tok.text)
}

func textLiteral(s string) literal {
	return literal{v: field.TextOf([]byte(s)), text: s, form: quote(s)}
}

// wordLiteral reads text of ours. Where the words are known, another one is a
// mistake.
func wordLiteral(t *test, s string) (literal, string) {
	f := t.left.field
	if t.op == contains || len(f.Values) == 0 || slices.Contains(f.Values, s) {
		return textLiteral(s), ""
	}
	reason := fmt.Sprintf("%s is never %q", f.Key, s)
	if guess := nearest(s, f.Values); guess != "" {
		return literal{}, reason + "; did you mean " + guess + "?"
	}
	if len(f.Values) <= 6 {
		reason += "; it is one of " + strings.Join(f.Values, ", ")
	}
	return literal{}, reason
}

// bytesLiteral reads bytes as hexadecimal digits, with colons between them or
// not, or as text in quotes.
func bytesLiteral(s string, bare bool) (literal, string) {
	if !bare {
		return textLiteral(s), ""
	}
	digits := strings.NewReplacer(":", "", "-", "", ".", "").Replace(strings.TrimPrefix(s, "0x"))
	if len(digits) == 1 {
		digits = "0" + digits
	}
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) == 0 {
		return literal{}, fmt.Sprintf("%q is not bytes, such as 0a:ff; text is put into quotes", s)
	}
	form := field.AppendHex(nil, b[:1])
	for i := range b[1:] {
		form = field.AppendHex(append(form, ':'), b[i+1:i+2])
	}
	return literal{v: field.BytesOf(b), text: string(b), form: string(form)}, ""
}

func boolLiteral(f *Field, s string) (literal, string) {
	switch s {
	case "true", "1":
		return literal{v: field.BoolOf(true), form: "true"}, ""
	case "false", "0":
		return literal{v: field.BoolOf(false), form: "false"}, ""
	}
	return literal{}, f.Key + " is true or false"
}

// anyLiteral reads a value of whatever type: what is written bare is a number or
// a truth value if it looks so, otherwise text.
func anyLiteral(s string, bare bool) literal {
	if !bare {
		return textLiteral(s)
	}
	if s == "true" || s == "false" {
		return literal{v: field.BoolOf(s == "true"), form: s}
	}
	if v, ok := number(s); ok {
		return literal{v: v, form: numberForm(v)}
	}
	return textLiteral(s)
}

func timeLiteral(s string) (literal, string) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1700 || t.Year() > 2200 {
		return literal{}, fmt.Sprintf("%q is no time; write it as 2026-11-24T02:54:47.5Z", s)
	}
	return literal{v: field.IntOf(t.UnixNano()), form: quote(t.UTC().Format(time.RFC3339Nano))}, ""
}

// addressLiteral reads an address or, where equality is asked, a network.
func addressLiteral(t *test, s string) (literal, string) {
	prefix, err := netip.ParsePrefix(s)
	network := err == nil
	if !network {
		var a netip.Addr
		if a, err = netip.ParseAddr(s); err == nil && a.Zone() == "" {
			prefix = netip.PrefixFrom(a, a.BitLen())
		} else {
			return literal{}, fmt.Sprintf("%q is no address, such as %s", s, t.left.field.exampleAddress())
		}
	}
	prefix = prefix.Masked()
	if prefix.Addr().Is4() == t.left.field.v6() {
		return literal{}, fmt.Sprintf("%s holds addresses such as %s", t.left.field.Key, t.left.field.exampleAddress())
	}
	if network && t.op != equal && t.op != unequal && t.op != oneOf {
		return literal{}, "a network has no order; use == or in"
	}
	form := prefix.Addr().String()
	if !prefix.IsSingleIP() {
		form = prefix.String()
	}
	return literal{prefix: prefix, form: form}, ""
}

// numberLiteral reads a number for a field of numbers, by its name if it has
// one, a code as 2.05, seconds also as 500ms.
func numberLiteral(f *Field, s string) (literal, string) {
	v, ok := number(s)
	if n, named := f.numbers[s]; named {
		v, ok = field.UintOf(n), true
	} else if f.Key == codeKey && strings.Contains(s, ".") {
		v, ok = code(s)
	} else if !ok && f.Seconds {
		v, ok = seconds(s)
	}
	switch {
	case !ok:
		return literal{}, fmt.Sprintf("%q is no number%s", s, f.numberHint())
	case f.Type == Float:
	case v.Type() == field.Float:
		return literal{}, f.Key + " is a whole number"
	case f.Type == Uint && v.Type() == field.Int:
		return literal{}, f.Key + " is never negative"
	}
	return literal{v: v, form: numberForm(v)}, ""
}

// number reads a decimal number or a hexadecimal one with 0x. A leading zero is
// refused: Wireshark takes it for octal.
func number(s string) (field.Value, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	base := 10
	if rest, ok := strings.CutPrefix(digits, "0x"); ok {
		digits, base = rest, 16
	} else if digits == "" || digits[0] < '0' || digits[0] > '9' || len(digits) > 1 && digits[0] == '0' && digits[1] != '.' {
		return field.Value{}, false
	}
	if n, err := strconv.ParseUint(digits, base, 64); err == nil {
		switch {
		case !negative || n == 0:
			return field.UintOf(n), true
		case n <= 1<<63:
			return field.IntOf(-int64(n)), true
		}
		return field.Value{}, false
	}
	x, err := strconv.ParseFloat(s, 64)
	if x == 0 {
		x = 0 // without a sign, which no comparison sees
	}
	return field.FloatOf(x), err == nil && base == 10 && strings.Trim(digits, "0123456789.") == ""
}

func numberForm(v field.Value) string {
	if v.Type() == field.Float {
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	}
	return string(v.AppendText(nil, false))
}

// seconds reads a duration such as 500ms.
func seconds(s string) (field.Value, bool) {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return field.Value{}, false
	case d%time.Second == 0 && d >= 0:
		return field.UintOf(uint64(d / time.Second)), true
	}
	return field.FloatOf(d.Seconds()), true
}

// code reads a CoAP code as RFC 7252 writes it, class and detail.
func code(s string) (field.Value, bool) {
	class, detail, _ := strings.Cut(s, ".")
	c, err := strconv.ParseUint(class, 10, 3)
	d, err2 := strconv.ParseUint(detail, 10, 5)
	return field.UintOf(c<<5 | d), err == nil && err2 == nil && len(class) == 1 && len(detail) == 2
}

// quote writes text as a string that [unescape] reads back.
func quote(s string) string {
	safe := field.AppendPrintable(nil, s)
	return `"` + strings.ReplaceAll(string(safe), `"`, `\"`) + `"`
}

// escapes are the escapes of one letter.
var escapes = map[byte]byte{'\\': '\\', '"': '"', '\'': '\'', 'a': 7, 'b': 8, 'f': 12, 'n': 10, 'r': 13, 't': 9, 'v': 11, '0': 0}

// escapeDigits are the escapes by number of hexadecimal digits.
var escapeDigits = map[byte]int{'x': 2, 'u': 4, 'U': 8}

// unescape reads the text between quotes. \xNN is a byte, \uNNNN and \UNNNNNNNN
// are characters.
func unescape(s string) (text, fault string) {
	if !strings.Contains(s, `\`) {
		return s, ""
	}
	var b []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		i++
		if c, ok := escapes[s[i]]; ok {
			b = append(b, c)
			continue
		}
		n := escapeDigits[s[i]]
		if n == 0 || i+n >= len(s) {
			return "", fmt.Sprintf(`\%c is no escape; a backslash is written \\`, firstRune(s[i:]))
		}
		v, err := strconv.ParseUint(s[i+1:i+1+n], 16, 32)
		switch {
		case err != nil || n > 2 && !utf8.ValidRune(rune(v)):
			return "", fmt.Sprintf(`\%s is no character`, s[i:i+1+n])
		case n == 2:
			b = append(b, byte(v))
		default:
			b = utf8.AppendRune(b, rune(v))
		}
		i += n
	}
	return string(b), ""
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}
