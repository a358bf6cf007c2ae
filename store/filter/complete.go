package filter

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/photonscope/photonscope/decode/coap"
)

// Candidate is something that may stand at a place of an expression.
type Candidate struct {
	Text  string // what to write
	Help  string // what it means, in words
	Start int    // Text replaces the expression from here to the place
}

// want is what a parser expects next. At the end of an expression it says what
// may follow.
type want struct {
	what       wantKind
	field      *Field
	op         comparison
	macro      string
	afterMacro bool // another macro may follow without an operator
	compared   bool // the field must be compared
}

type wantKind uint8

const (
	wantTerm wantKind = iota
	wantField
	wantOperator
	wantValue
	wantConnective
	wantMacro
	wantArgument
	wantName
	wantIn
)

// Complete returns what may stand at a byte offset of an expression: what is
// there of the word before it counts as its beginning. What follows the place
// does not matter. Where what comes before is wrong, there is nothing to say.
// names are the filters that the user has named; nil: none.
func Complete(expr string, pos int, names map[string]string) []Candidate {
	pos = min(max(pos, 0), len(expr))
	start := pos
	for start > 0 && (isWordByte(expr[start-1]) || expr[start-1] == '"') && !strings.HasSuffix(expr[:start], "..") {
		start--
	}
	begun := expr[start:pos]
	p := begin(expr[:start], names)
	if before, ok := strings.CutSuffix(expr[:start], "~"); ok {
		if q := begin(before, names); q.want.what != wantOperator {
			p, start, begun = q, start-1, "~"+begun
		}
	}
	if p.err != nil && !p.hungry {
		return nil
	}
	var list []Candidate
	for _, c := range p.candidates() {
		if strings.HasPrefix(c.Text, begun) && c.Text != begun {
			c.Start = start
			list = append(list, c)
		}
	}
	return list
}

// begin parses the beginning of an expression.
func begin(expr string, names map[string]string) *parser {
	p := newParser(expr, names)
	p.parse()
	return p
}

// candidates returns all that may follow where the expression ended.
func (p *parser) candidates() []Candidate {
	w := p.want
	switch w.what {
	case wantOperator:
		list := operatorCandidates(w.field)
		if !w.compared {
			list = append(list, connectives...)
		}
		return list
	case wantValue:
		return w.values()
	case wantConnective:
		if w.afterMacro {
			return slices.Concat(connectives, macroCandidates())
		}
		return connectives
	case wantField:
		return slices.Concat(usual, fieldCandidates())
	case wantArgument:
		return macroArguments(w.macro)
	case wantMacro:
		return macroCandidates()
	case wantName:
		return p.nameCandidates()
	case wantIn:
		return []Candidate{{Text: "in", Help: "none of a list"}}
	}
	list := slices.Concat(usual, fieldCandidates(), p.nameCandidates(), macroCandidates())
	return append(list, Candidate{Text: "not", Help: "what does not match"}, Candidate{Text: "any", Help: "any value of a field"}, Candidate{Text: "all", Help: "every value of a field"})
}

var connectives = []Candidate{{Text: "and", Help: "both"}, {Text: "or", Help: "either"}, {Text: "xor", Help: "one of both"}}

func fieldCandidates() (list []Candidate) {
	for _, name := range fieldNames() {
		if isUsual(name) {
			continue
		}
		f := lookup(name)
		help := f.Help
		if name != f.Key {
			help = "short for " + f.Key
		}
		list = append(list, Candidate{Text: name, Help: help})
	}
	return list
}

// usual are the fields that most expressions name. They are offered first.
var usual = []Candidate{
	{Text: "kind", Help: "what it is: event, ping, function-call …"},
	{Text: "event", Help: "name of an event"},
	{Text: "func", Help: "name of a function"},
	{Text: "var", Help: "name of a variable"},
	{Text: "device", Help: "device ID, 24 hex digits"},
	{Text: "dir", Help: "who sent it: device or cloud"},
	{Text: "rtt", Help: "how long the answer took: 0.2, 200ms"},
	{Text: "code", Help: "CoAP code: GET, POST, 2.05, 4.04 …"},
	{Text: "path", Help: "a segment of the CoAP path"},
	{Text: "payload", Help: "the bytes that a message carries"},
	{Text: "session", Help: "number of a session"},
}

// isUsual reports whether a field is among the usual ones.
func isUsual(name string) bool {
	return slices.ContainsFunc(usual, func(c Candidate) bool { return c.Text == name })
}

func (p *parser) nameCandidates() (list []Candidate) {
	for _, name := range p.filterNames() {
		expr, ok := p.names[name]
		if !ok {
			expr = builtin[name]
		}
		list = append(list, Candidate{Text: name, Help: expr})
	}
	return list
}

func macroCandidates() (list []Candidate) {
	for _, m := range macros {
		list = append(list, Candidate{Text: "~" + m.Name, Help: strings.TrimSpace(m.Argument + " " + m.Help)})
	}
	return list
}

func macroArguments(name string) []Candidate {
	switch name {
	case "m":
		return wordCandidates(kindNames(), "")
	case "c":
		return codeCandidates()
	}
	return nil
}

// operatorCandidates returns the operators that a field takes.
func operatorCandidates(f *Field) (list []Candidate) {
	o := operand{field: f}
	for op, help := range map[comparison]string{
		equal: "equal", unequal: "not equal", greater: "greater", atLeast: "greater or equal", less: "less", atMost: "less or equal",
		contains: "has these bytes or this text in it", matches: "a regular expression, without regard to case", oneOf: "one of a list, such as {1..9, 12}",
	} {
		if o.refuses(op) != "" {
			continue
		}
		sign := operators[op].any
		if op == unequal {
			sign = "!="
		}
		list = append(list, Candidate{Text: sign, Help: help})
	}
	slices.SortFunc(list, func(a, b Candidate) int { return strings.Compare(a.Text, b.Text) })
	return list
}

// values returns the values that a field is known to have.
func (w want) values() []Candidate {
	quoted := `"`
	switch {
	case w.op == matches || w.op == contains:
		return nil
	case w.op == oneOf:
		return []Candidate{{Text: "{", Help: "a list, such as {1..9, 12}"}}
	case w.field.Key == codeKey:
		return codeCandidates()
	case w.field.Type == Bool:
		return wordCandidates([]string{"true", "false"}, "")
	case w.field.numbers != nil:
		return wordCandidates(slices.Sorted(maps.Keys(w.field.numbers)), "")
	}
	return wordCandidates(w.field.Values, quoted)
}

func wordCandidates(words []string, quote string) (list []Candidate) {
	for _, w := range words {
		list = append(list, Candidate{Text: quote + w + quote})
	}
	return list
}

func codeCandidates() (list []Candidate) {
	for n := range 256 {
		if c := coap.Code(n); c.Name() != "" && c.Class() < 7 {
			text := c.String()
			if c.IsRequest() {
				text = strconv.Itoa(n)
			}
			list = append(list, Candidate{Text: text, Help: c.Name()})
		}
	}
	return list
}
