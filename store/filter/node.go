package filter

import (
	"bytes"
	"net/netip"
	"regexp"
	"strings"

	"github.com/photonscope/photonscope/decode/field"
)

// node is a part of a compiled expression.
type node interface {
	// match reports whether it holds for the event at hand.
	match(s *scratch) bool
	// print appends its canonical form, in parentheses if what is around it
	// binds more tightly.
	print(dst []byte, around binding) []byte
}

// list is nodes joined by and, xor or or.
type list struct {
	by    binding
	parts []node
}

func (l *list) match(s *scratch) bool {
	if l.by == xorBinding {
		odd := false
		for _, n := range l.parts {
			odd = odd != n.match(s)
		}
		return odd
	}
	decides := l.by == orBinding
	for _, n := range l.parts {
		if n.match(s) == decides {
			return decides
		}
	}
	return !decides
}

var listWords = [...]string{orBinding: " or ", xorBinding: " xor ", andBinding: " and "}

func (l *list) print(dst []byte, around binding) []byte {
	if l.by < around {
		dst = append(dst, '(')
	}
	for i, n := range l.parts {
		if i > 0 {
			dst = append(dst, listWords[l.by]...)
		}
		dst = n.print(dst, l.by)
	}
	if l.by < around {
		dst = append(dst, ')')
	}
	return dst
}

// not is a negation.
type not struct{ n node }

func (n *not) match(s *scratch) bool { return !n.n.match(s) }

func (n *not) print(dst []byte, _ binding) []byte {
	return n.n.print(append(dst, "not "...), notBinding)
}

// operand is a field, perhaps cut.
type operand struct {
	field *Field
	cut   *cut
	start int // where it stands in the expression
}

// class is the type that its values have.
func (o *operand) class() Type {
	if o.cut != nil {
		return Bytes
	}
	return o.field.Type
}

func (o *operand) print(dst []byte) []byte {
	dst = append(dst, o.field.Key...)
	if o.cut != nil {
		dst = o.cut.print(dst)
	}
	return dst
}

// test asks something of the values of a field.
type test struct {
	left  operand
	op    comparison
	all   bool // of every value, not of any
	value literal
	set   []span
	regex *regexp.Regexp
	other operand // its field is nil unless two fields are compared

	by    decider
	kinds kindSet  // with kindDecides: those that match
	types eventSet // with typeDecides: those that match
}

// decider says what decides a test.
type decider uint8

const (
	valuesDecide decider = iota
	kindDecides
	typeDecides
)

func (t *test) match(s *scratch) bool {
	switch {
	case s.in&t.left.field.in == 0:
		return false
	case t.by == kindDecides:
		return s.kind&t.kinds != 0
	case t.by == typeDecides:
		return s.in&t.types != 0
	}
	s.left = s.values(s.left[:0], &t.left)
	switch {
	case len(s.left) == 0:
		return false
	case t.op == present:
		return t.left.cut == nil || hasBytes(s.left)
	case t.other.field != nil:
		s.right = s.values(s.right[:0], &t.other)
		return len(s.right) > 0 && t.matchPairs(s)
	}
	for _, v := range s.left {
		if t.holds(v) != t.all {
			return !t.all
		}
	}
	return t.all
}

// hasBytes reports whether any part of a cut is not empty.
func hasBytes(values []field.Value) bool {
	for _, v := range values {
		if len(v.Data()) > 0 {
			return true
		}
	}
	return false
}

// matchPairs compares every value of one field with every one of another.
func (t *test) matchPairs(s *scratch) bool {
	for _, v := range s.left {
		for _, other := range s.right {
			holds := t.op == contains && textual(v) && textual(other) && bytes.Contains(content(v), content(other))
			if t.op != contains {
				holds = t.ordered(order(v, other))
			}
			if holds != t.all {
				return !t.all
			}
		}
	}
	return t.all
}

// content returns the bytes of text and bytes.
func content(v field.Value) []byte {
	if v.Type() == field.Word {
		return []byte(v.Word())
	}
	return v.Data()
}

// holds reports whether one value is as the test asks.
func (t *test) holds(v field.Value) bool {
	switch t.op {
	case contains:
		if v.Type() == field.Word {
			return strings.Contains(v.Word(), t.value.text)
		}
		return textual(v) && bytes.Contains(v.Data(), t.value.v.Data())
	case matches:
		if v.Type() == field.Word {
			return t.regex.MatchString(v.Word())
		}
		return textual(v) && t.regex.Match(v.Data())
	case oneOf:
		for i := range t.set {
			if t.set[i].holds(v) {
				return true
			}
		}
		return false
	}
	return t.ordered(t.value.order(v))
}

// ordered reports whether a comparison's outcome is as the test asks. Without
// one, between a number and text or where one is not a number, two values are
// unequal and nothing else.
func (t *test) ordered(c int, ok bool) bool {
	switch t.op {
	case equal:
		return ok && c == 0
	case unequal:
		return !ok || c != 0
	case greater:
		return ok && c > 0
	case atLeast:
		return ok && c >= 0
	case less:
		return ok && c < 0
	}
	return ok && c <= 0
}

// holds reports whether a value is the member of a list or within it.
func (s *span) holds(v field.Value) bool {
	c, ok := s.low.order(v)
	if !s.isRange {
		return ok && c == 0
	}
	d, okHigh := s.high.order(v)
	return ok && okHigh && c >= 0 && d <= 0
}

// order compares a value with the literal: negative if it is less, 0 if equal.
func (l *literal) order(v field.Value) (c int, ok bool) {
	if !l.prefix.IsValid() {
		return order(v, l.v)
	}
	a, ok := netip.AddrFromSlice(v.Data())
	if ok && l.prefix.Contains(a) {
		return 0, true
	}
	return a.Compare(l.prefix.Addr()), ok
}

// operators are the comparisons as the canonical form writes them: that asks any
// value, and, if it has a sign of its own, every value.
var operators = [...]struct{ any, all string }{
	equal: {"==", "==="}, unequal: {"!==", "!="}, greater: {any: ">"}, atLeast: {any: ">="}, less: {any: "<"}, atMost: {any: "<="},
	contains: {any: "contains"}, matches: {any: "matches"}, oneOf: {any: "in"},
}

func (t *test) print(dst []byte, _ binding) []byte {
	operator := operators[t.op].any
	if t.all {
		operator = operators[t.op].all
		if operator == "" {
			operator = operators[t.op].any
			dst = append(dst, "all "...)
		}
	}
	dst = t.left.print(dst)
	if t.op == present {
		return dst
	}
	dst = append(append(append(dst, ' '), operator...), ' ')
	switch {
	case t.op == oneOf:
		return t.printSet(dst)
	case t.op == matches:
		src := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(t.value.text)
		return append(append(append(dst, '"'), src...), '"')
	case t.other.field != nil:
		return t.other.print(dst)
	}
	return append(dst, t.value.form...)
}

func (t *test) printSet(dst []byte) []byte {
	dst = append(dst, '{')
	for i := range t.set {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, t.set[i].low.form...)
		if t.set[i].isRange {
			dst = append(append(dst, ".."...), t.set[i].high.form...)
		}
	}
	return append(dst, '}')
}
