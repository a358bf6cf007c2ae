package filter

import (
	"fmt"
	"strings"
)

// parser turns one expression into a tree: a Pratt parser over not, and, xor
// and or; comparisons, which do not chain, are its terms. What a macro or a
// named filter stands for is parsed by a parser of its own.
type parser struct {
	src   string
	at    int // behind the token at hand
	tok   token
	err   *Error
	names map[string]string

	alone   string // the field that the last test asks for alone,
	aloneTo int    // and the token behind it

	want   want // what is expected next
	hungry bool // the fault is that the expression ends here

	shared *shared
}

// shared is what a parser has in common with those of the macros and named
// filters within its expression.
type shared struct {
	depth int
	nodes int
	short bool
	notes bool // a field that people change
	later bool
	wire  bool
	open  []string // the named filters that are being written out

	regexCost int
}

func newParser(expr string, names map[string]string) *parser {
	p := &parser{src: expr, names: names, shared: new(shared)}
	if len(expr) > MaxLen {
		p.failAt(MaxLen, len(expr), fmt.Sprintf("the expression has %d bytes, at most %d are allowed", len(expr), MaxLen))
	}
	return p
}

// parse parses the whole expression. It returns nil if p.err is set.
func (p *parser) parse() node {
	p.advance()
	n := p.expr(loosest)
	if p.err == nil && p.tok.kind != endToken {
		p.fail(p.unexpected())
	}
	if p.err != nil {
		return nil
	}
	return n
}

// unexpected says what to do about a token behind a complete test.
func (p *parser) unexpected() string {
	switch {
	case p.sign(")"):
		return "there is no opening parenthesis to this one"
	case p.sign("[") || p.sign("=", "==", "!=", ">", "<", ">=", "<=", "===", "!==", "~="):
		return "a comparison has one operator; join two with and"
	}
	return p.notJoined("the end")
}

// notJoined says what to do about a token that does not join tests: behind a field
// alone it may be the value that was meant.
func (p *parser) notJoined(end string) string {
	text := "expected and, or or " + end
	value := p.tok.kind == stringToken || p.tok.kind == rawToken || p.tok.kind == wordToken && lookup(p.tok.text) == nil
	if value && p.alone != "" && p.aloneTo == p.tok.start {
		text += "; did you mean " + p.alone + " == " + p.src[p.tok.start:p.tok.end] + "?"
	}
	return text
}

// binding is how tightly an operator binds; the higher the tighter.
type binding int

const (
	loosest binding = iota
	orBinding
	xorBinding
	andBinding
	notBinding
)

// infix returns the logical operator at hand.
func (p *parser) infix(afterMacro bool) (b binding, adjacent bool) {
	switch {
	case p.sign("||") || p.word("or"):
		return orBinding, false
	case p.sign("^^") || p.word("xor"):
		return xorBinding, false
	case p.sign("&&") || p.word("and"):
		return andBinding, false
	case afterMacro && p.atMacro():
		return andBinding, true
	}
	return loosest, false
}

// atMacro reports whether a macro, or the negation of one, is at hand.
func (p *parser) atMacro() bool {
	if p.sign("~") {
		return true
	}
	if !p.sign("!") && !p.word("not") {
		return false
	}
	return strings.HasPrefix(strings.TrimLeft(p.src[p.at:], " \t\r\n!"), "~")
}

// expr parses operators that bind more tightly than the given one.
func (p *parser) expr(above binding) node {
	afterMacro := p.atMacro()
	left := p.term()
	for p.err == nil {
		if p.tok.kind != endToken || p.want.what != wantOperator {
			p.want = want{what: wantConnective, afterMacro: afterMacro}
		}
		b, adjacent := p.infix(afterMacro)
		if b <= above {
			break
		}
		if !adjacent {
			p.advance()
		}
		afterMacro = p.atMacro()
		left = p.join(b, left, p.expr(b))
	}
	return left
}

// join makes one node of two; and, or and xor are associative, so those of one
// kind become one list.
func (p *parser) join(b binding, left, right node) node {
	if p.err != nil || !p.count() {
		return nil
	}
	l, ok := left.(*list)
	if !ok || l.by != b {
		l = &list{by: b, parts: []node{left}}
	}
	if r, ok := right.(*list); ok && r.by == b {
		l.parts = append(l.parts, r.parts...)
	} else {
		l.parts = append(l.parts, right)
	}
	return l
}

// count bounds the size of what an expression stands for.
func (p *parser) count() bool {
	p.shared.nodes++
	if p.shared.nodes > maxNodes {
		p.fail(fmt.Sprintf("the expression stands for more than %d tests", maxNodes))
		return false
	}
	return true
}

// enter begins something that nests. leave must follow.
func (p *parser) enter() bool {
	p.shared.depth++
	if p.shared.depth > MaxDepth {
		p.fail(fmt.Sprintf("nested more than %d deep", MaxDepth))
		return false
	}
	return true
}

func (p *parser) leave() { p.shared.depth-- }

// term parses a negation, a group, a macro, a named filter or a test.
func (p *parser) term() node {
	p.want = want{what: wantTerm}
	switch {
	case p.sign("!") || p.word("not"):
		return p.negation()
	case p.sign("("):
		return p.group()
	case p.sign("~"):
		return p.macro()
	case p.sign("@"):
		return p.named()
	case p.tok.kind == wordToken:
		return p.test()
	case p.tok.kind == endToken:
		p.fail("a test is missing, such as photon.msg == \"event\"")
	case p.tok.kind == stringToken || p.tok.kind == rawToken:
		p.fail("a test begins with a field, such as photon.msg == \"event\"")
	default:
		p.fail("expected a field or a test")
	}
	return nil
}

func (p *parser) negation() node {
	defer p.leave()
	if !p.enter() || !p.count() {
		return nil
	}
	p.advance()
	n := p.term()
	if p.err != nil {
		return nil
	}
	return &not{n}
}

func (p *parser) group() node {
	defer p.leave()
	if !p.enter() {
		return nil
	}
	opening := p.tok
	p.advance()
	n := p.expr(loosest)
	switch {
	case p.err != nil:
		return nil
	case p.tok.kind == endToken:
		p.failAt(opening.start, opening.end, "this parenthesis is never closed")
		return nil
	case !p.sign(")"):
		p.fail(p.notJoined("a closing parenthesis"))
		return nil
	}
	p.advance()
	return n
}
