package filter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
)

// comparison is an operator between a field and what it is compared with.
type comparison uint8

const (
	present comparison = iota
	equal
	unequal
	greater
	atLeast
	less
	atMost
	contains
	matches
	oneOf
)

// comparisons are the operators by what is written. Where it says all, the
// operator asks every value of a field by itself.
var comparisons = map[string]struct {
	op  comparison
	all bool
}{
	"==": {equal, false}, "eq": {equal, false}, "any_eq": {equal, false},
	"===": {equal, true}, "all_eq": {equal, true},
	"!=": {unequal, true}, "ne": {unequal, true}, "all_ne": {unequal, true},
	"!==": {unequal, false}, "~=": {unequal, false}, "any_ne": {unequal, false},
	">": {greater, false}, "gt": {greater, false},
	">=": {atLeast, false}, "ge": {atLeast, false},
	"<": {less, false}, "lt": {less, false},
	"<=": {atMost, false}, "le": {atMost, false},
	"contains": {contains, false},
	"matches":  {matches, false}, "~": {matches, false},
	"in": {oneOf, false},
}

// test parses a quantifier, a field and what is asked of it.
func (p *parser) test() node {
	quantifier := ""
	if p.word("any") || p.word("all") {
		quantifier = p.tok.text
		p.advance()
		p.want = want{what: wantField}
		if p.tok.kind != wordToken || lookup(p.tok.text) == nil {
			p.fail(quantifier + " stands before a field")
			return nil
		}
	}
	if quantifier == "" && lookup(p.tok.text) == nil {
		return p.named()
	}
	if !p.count() {
		return nil
	}
	start := p.tok.start
	t := &test{left: p.operand()}
	p.alone, p.aloneTo = strings.TrimSpace(p.src[start:p.tok.start]), p.tok.start
	p.want = want{what: wantOperator, field: t.left.field, compared: quantifier != ""}
	return p.asked(t, quantifier)
}

// asked parses the operator and the right side of a test.
func (p *parser) asked(t *test, quantifier string) node {
	negated := p.word("not")
	if negated {
		p.advance()
		p.want.what = wantIn
		if !p.word("in") {
			p.fail("expected in: not stands before a test, or in \"not in\"")
			return nil
		}
	}
	c, ok := comparisons[p.tok.text]
	if !ok || p.tok.kind != wordToken && p.tok.kind != signToken {
		if quantifier != "" {
			p.fail(quantifier + " belongs to a comparison")
			return nil
		}
		return t
	}
	operator := p.tok
	t.op, t.all = c.op, c.all
	if quantifier != "" {
		t.all = quantifier == "all"
	}
	if reason := t.left.refuses(t.op); reason != "" {
		p.failAt(operator.start, operator.end, reason)
		return nil
	}
	p.want = want{what: wantValue, field: t.left.field, op: t.op}
	p.advance()
	p.right(t)
	if p.err != nil {
		return nil
	}
	t.foresee()
	if negated {
		return &not{t}
	}
	return t
}

// foresee asks a test about every kind of message, or type of event, if it is
// about nothing else, so that matching is looking up what it said.
func (t *test) foresee() {
	switch {
	case t.other.field != nil:
	case t.left.field.Key == "photon.msg":
		for _, k := range particle.Kinds() {
			if t.holds(field.WordOf(k.Name)) {
				t.kinds |= 1 << k.Kind
			}
		}
		t.by = kindDecides
	case t.left.field.Key == "type":
		for i, name := range decode.EventTypes {
			if t.holds(field.WordOf(name)) {
				t.types |= 1 << i
			}
		}
		t.by = typeDecides
	}
}

// right parses what a field is compared with.
func (p *parser) right(t *test) {
	switch {
	case t.op == oneOf:
		p.set(t)
	case t.op == matches:
		p.regex(t)
	case p.otherField(t):
		t.other = p.operand()
		if !p.count() || p.err != nil {
			return
		}
		if a, b := t.left.class(), t.other.class(); !comparable(a, b) {
			p.failAt(t.other.start, p.tok.start, fmt.Sprintf("%s is %s, %s is %s", t.left.field.Key, a.article(), t.other.field.Key, b.article()))
		}
	default:
		t.value = p.literal(t)
	}
}

// otherField reports whether the token at hand is a field to compare with. A
// short name is none there: photon.msg == event asks for the kind.
func (p *parser) otherField(t *test) bool {
	return p.tok.kind == wordToken && strings.Contains(p.tok.text, ".") && lookup(p.tok.text) != nil
}

// set parses {a, b..c}.
func (p *parser) set(t *test) {
	if !p.sign("{") {
		p.fail("expected a list in braces, such as {1..9, 12}")
		return
	}
	p.advance()
	for p.err == nil {
		if !p.count() {
			return
		}
		item := span{low: p.literal(t)}
		if p.sign("..") {
			p.advance()
			from := p.tok.start
			item.high, item.isRange = p.literal(t), true
			if p.err == nil && t.left.class() == Bool {
				p.failAt(from, p.tok.start, "true and false have no order")
			}
		}
		t.set = append(t.set, item)
		if p.sign("}") {
			p.advance()
			return
		}
		if !p.sign(",") {
			p.fail("expected a comma or a closing brace")
			return
		}
		p.advance()
	}
}

// operand parses a field, perhaps cut.
func (p *parser) operand() operand {
	o := operand{field: lookup(p.tok.text), start: p.tok.start}
	p.shared.later = p.shared.later || o.field.Key == AnsweredKey
	p.shared.notes = p.shared.notes || slices.Contains(noteFields, o.field.Key)
	p.shared.wire = p.shared.wire || slices.Contains(wireFields, o.field.Key)
	p.advance()
	if !p.sign("[") {
		return o
	}
	if c := o.field.Type; c != Bytes && c != Text {
		p.fail(fmt.Sprintf("only bytes and text can be cut, %s is %s", o.field.Key, c.article()))
		return o
	}
	end := strings.IndexByte(p.src[p.at:], ']')
	if end < 0 {
		p.fail("this bracket is never closed")
		return o
	}
	inside := p.src[p.at : p.at+end]
	cut, ok := parseCut(strings.Trim(inside, " \t\r\n"))
	if !ok {
		p.failAt(p.tok.start, p.at+end+1, "expected [offset], [offset:length], [first-last], [offset:] or [:length]; a negative offset counts from the end")
		return o
	}
	o.cut = cut
	p.at += end + 1
	p.advance()
	return o
}
