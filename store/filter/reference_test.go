package filter

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
)

// The reference evaluates an expression slowly and by other means than the
// filter: it looks at the event's line of NDJSON, and never at an expression's
// text, which is made from the reference's tree.

// notANumber is a number that is equal to none and has no order.
type notANumber struct{}

// row is the line of an event: every field with its values.
type row map[string][]any

// rowOf reads an event's line. Fields that NDJSON lacks are computed from it.
func rowOf(t testing.TB, e *decode.Event) row {
	t.Helper()
	var p decode.Printer
	d := json.NewDecoder(bytes.NewReader(p.AppendJSON(nil, e)))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	r := row{}
	for key, v := range m {
		if f := lookup(key); v == "NaN" && (f.Type == Float || key == "photon.var.value" && m["photon.var.type"] == "double") {
			v = notANumber{}
		}
		if list, ok := v.([]any); ok {
			r[key] = list
		} else {
			r[key] = []any{v}
		}
	}
	if v := r["coap.payload"]; v != nil {
		r["coap.payload_length"] = []any{json.Number(strconv.Itoa(len(v[0].(string)) / 2))}
	}
	if v := r["photon.rtt"]; v != nil {
		r["coap.response_time"] = v
	}
	if v := r["coap.opt.uri_path"]; v != nil {
		whole := ""
		for _, part := range v {
			whole += "/" + part.(string)
		}
		r["coap.opt.uri_path_recon"] = []any{whole}
	}
	return r
}

// model is a part of an expression.
type model interface {
	text() string
	holds(r row) bool
}

type modelNot struct{ m model }

func (n modelNot) text() string     { return "!(" + n.m.text() + ")" }
func (n modelNot) holds(r row) bool { return !n.m.holds(r) }

type modelList struct {
	word  string
	parts []model
}

func (l modelList) text() string {
	var parts []string
	for _, m := range l.parts {
		parts = append(parts, "("+m.text()+")")
	}
	return strings.Join(parts, " "+l.word+" ")
}

func (l modelList) holds(r row) bool {
	n := 0
	for _, m := range l.parts {
		if m.holds(r) {
			n++
		}
	}
	switch l.word {
	case "and", "&&":
		return n == len(l.parts)
	case "or", "||":
		return n > 0
	}
	return n%2 == 1
}

// modelTest is a field, an operator and literals as the language writes them.
type modelTest struct {
	field    *Field
	name     string // how the field is called
	from, n  int    // n > 0: cut
	op       string // "" presence
	quantity string // "", "any" or "all"
	values   []any  // two for a range of "in"
	literals []string
}

func (m modelTest) text() string {
	s := m.name
	if m.n > 0 {
		s += "[" + strconv.Itoa(m.from) + ":" + strconv.Itoa(m.n) + "]"
	}
	switch {
	case m.op == "":
		return s
	case m.quantity != "":
		s = m.quantity + " " + s
	}
	if m.op != "in" {
		return s + " " + m.op + " " + m.literals[0]
	}
	return s + " in {" + m.literals[0] + ".." + m.literals[1] + ", " + m.literals[2] + "}"
}

func (m modelTest) holds(r row) bool {
	values := r[m.field.Key]
	if m.n > 0 {
		values = m.cut(values)
	}
	if len(values) == 0 {
		return false
	}
	all := m.op == "!=" || m.op == "==="
	if m.quantity != "" {
		all = m.quantity == "all"
	}
	for _, v := range values {
		if m.op == "" {
			return true
		}
		if m.one(v) != all {
			return !all
		}
	}
	return all
}

// piece is bytes that were cut from a value.
type piece string

// cut cuts values.
func (m modelTest) cut(values []any) (parts []any) {
	for _, v := range values {
		b := m.content(v)
		if from := m.from; from >= 0 && from+m.n <= len(b) {
			parts = append(parts, piece(b[from:from+m.n]))
		} else if from < 0 && from+len(b) >= 0 && from+m.n <= 0 {
			parts = append(parts, piece(b[from+len(b):from+len(b)+m.n]))
		}
	}
	return parts
}

var escapedByte = regexp.MustCompile(`\\x[0-9a-f]{2}`)

// content is the bytes of a text, or of a hexadecimal string.
func (m modelTest) content(v any) string {
	if p, ok := v.(piece); ok {
		return string(p)
	}
	s := v.(string)
	switch {
	case m.field.Type == Bytes:
		b, _ := hex.DecodeString(s)
		return string(b)
	case m.field.Type == Text || m.field.Type == Any:
		return escapedByte.ReplaceAllStringFunc(s, func(e string) string {
			b, _ := hex.DecodeString(e[2:])
			return string(b)
		})
	}
	return s
}

func isText(v any) bool {
	switch v.(type) {
	case string, piece:
		return true
	}
	return false
}

func (m modelTest) one(v any) bool {
	switch m.op {
	case "contains":
		return isText(v) && strings.Contains(m.content(v), m.values[0].(string))
	case "matches", "~":
		return isText(v) && regexp.MustCompile("(?i)"+m.values[0].(string)).MatchString(m.content(v))
	case "in":
		low, ok := m.compare(v, m.values[0])
		high, ok2 := m.compare(v, m.values[1])
		same, ok3 := m.compare(v, m.values[2])
		return ok && ok2 && low >= 0 && high <= 0 || ok3 && same == 0
	}
	c, ok := m.compare(v, m.values[0])
	switch m.op {
	case "==", "===", "eq":
		return ok && c == 0
	case "!=", "!==", "~=":
		return !ok || c != 0
	case ">":
		return ok && c > 0
	case ">=":
		return ok && c >= 0
	case "<":
		return ok && c < 0
	case "<=":
		return ok && c <= 0
	}
	panic(m.op)
}

// compare compares a value of the line with a literal: exactly, as fractions,
// where both are numbers.
func (m modelTest) compare(v, literal any) (int, bool) {
	switch v := v.(type) {
	case bool:
		b, ok := literal.(bool)
		if ok && b == v {
			return 0, true
		}
		return 1, ok
	case json.Number:
		l, ok := literal.(*big.Rat)
		if !ok {
			return 0, false
		}
		x, _ := new(big.Rat).SetString(v.String())
		return x.Cmp(l), true
	}
	if at, ok := literal.(time.Time); ok {
		x, _ := time.Parse(time.RFC3339Nano, v.(string))
		return x.Compare(at), true
	}
	s, ok := literal.(string)
	if !ok || !isText(v) {
		return 0, false
	}
	return strings.Compare(m.content(v), s), true
}

// maker makes expressions about what some events hold.
type maker struct {
	rnd    *rand.Rand
	fields []*Field         // that the events have
	pool   map[string][]any // their values
}

func newMaker(t testing.TB, seed uint64, rows []row) *maker {
	mk := &maker{rnd: rand.New(rand.NewPCG(seed, 1)), pool: map[string][]any{}}
	for _, r := range rows {
		for key, values := range r {
			if f := lookup(key); f != nil && f.Type != Secret {
				mk.pool[key] = append(mk.pool[key], values...)
			}
		}
	}
	table, _ := fieldTable()
	for _, f := range table {
		if mk.pool[f.Key] != nil {
			mk.fields = append(mk.fields, f)
		}
	}
	if len(mk.fields) < 150 {
		t.Fatalf("the events have only %d fields", len(mk.fields))
	}
	return mk
}

func pick[T any](rnd *rand.Rand, list ...T) T { return list[rnd.IntN(len(list))] }

// expression makes an expression of about this depth.
func (mk *maker) expression(depth int) model {
	if depth > 0 {
		switch mk.rnd.IntN(6) {
		case 0:
			return modelNot{mk.expression(depth - 1)}
		case 1, 2, 3:
			l := modelList{word: pick(mk.rnd, "and", "&&", "or", "||", "xor", "^^")}
			for range 2 + mk.rnd.IntN(2) {
				l.parts = append(l.parts, mk.expression(depth-1))
			}
			return l
		}
	}
	return mk.test()
}

func (mk *maker) test() model {
	m := modelTest{field: pick(mk.rnd, mk.fields...)}
	m.name = pick(mk.rnd, append(slices.Clone(m.field.Aliases), m.field.Key)...)
	if (m.field.Type == Bytes || m.field.Type == Text) && mk.rnd.IntN(3) == 0 {
		m.from, m.n = mk.rnd.IntN(9)-4, 1+mk.rnd.IntN(4)
	}
	ops := []string{"==", "!=", "===", "!==", "~=", "in"}
	if m.field.Type != Bool {
		ops = append(ops, ">", ">=", "<", "<=")
	}
	if t := m.field.Type; m.n > 0 || t == Word || t == Text || t == Bytes || t == Any {
		ops = append(ops, "contains", "matches", "~", "contains", "matches")
	}
	if m.n == 0 && mk.rnd.IntN(8) == 0 {
		return m
	}
	m.op = pick(mk.rnd, ops...)
	if m.op == "in" && m.field.Type == Bool {
		m.op = "=="
	}
	m.quantity = pick(mk.rnd, "", "", "any", "all")
	for range 3 {
		v, literal := mk.literal(&m)
		m.values, m.literals = append(m.values, v), append(m.literals, literal)
	}
	return m
}

// literal makes a value that some event has, or one near to it.
func (mk *maker) literal(m *modelTest) (value any, literal string) {
	v := pick(mk.rnd, mk.pool[m.field.Key]...)
	switch m.op {
	case "contains":
		return mk.part(m, v)
	case "matches", "~":
		s := pick(mk.rnd, "^.", "[a-e]", "e$", `\d`, "TEMP", "(?-i)TEMP", `\"`, `[^\x00-\x7f]`, "")
		return s, `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
	}
	switch v := v.(type) {
	case notANumber:
		return new(big.Rat), "0"
	case bool:
		return v, strconv.FormatBool(v)
	case json.Number:
		x, _ := new(big.Rat).SetString(v.String())
		if x.IsInt() && mk.rnd.IntN(4) == 0 && x.Sign() > 0 {
			return x, "0x" + x.Num().Text(16)
		}
		f, _ := x.Float64()
		if !x.IsInt() {
			return x, strconv.FormatFloat(f, 'f', -1, 64)
		}
		return x, x.Num().String()
	}
	if m.field.Type == Time {
		at, _ := time.Parse(time.RFC3339Nano, v.(string))
		return at, pick(mk.rnd, at.Format(time.RFC3339Nano), quote(at.Format(time.RFC3339Nano)))
	}
	s := m.content(v)
	if m.n > 0 {
		if parts := m.cut([]any{v}); len(parts) > 0 {
			s = m.content(parts[0])
		}
	}
	if (m.field.Type == Bytes || m.n > 0) && s != "" && mk.rnd.IntN(2) == 0 {
		return s, hex.EncodeToString([]byte(s))
	}
	return s, quote(s)
}

// part makes a part of a text.
func (mk *maker) part(m *modelTest, v any) (any, string) {
	s := "x"
	if isText(v) {
		s = m.content(v)
	}
	from := mk.rnd.IntN(len(s) + 1)
	s = s[from : from+mk.rnd.IntN(min(len(s)-from, 5)+1)]
	return s, quote(s)
}
