package filter

import (
	"strings"
	"unicode/utf8"
)

// token is a piece of an expression.
type token struct {
	kind  tokenKind
	text  string // as it stands there; of a string what is between the quotes
	start int
	end   int
}

type tokenKind uint8

const (
	endToken    tokenKind = iota
	wordToken             // a name, a number, an address, a time: what needs no quotes
	stringToken           // "…", its escapes untouched
	rawToken              // r"…", which has no escapes
	signToken             // an operator, a parenthesis
)

// signs are the tokens that are not words, longest first.
var signs = []string{"===", "!==", "==", "!=", "~=", ">=", "<=", "&&", "||", "^^", "..", ">", "<", "!", "~", "(", ")", "{", "}", "[", "]", ",", "@"}

// advice says what to write instead of signs of other languages.
var advice = map[byte]string{'=': "a comparison is written ==", '&': "and is written && or and", '|': "or is written || or or", '\'': `text is put into "double quotes"`}

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("_.:/+-", c) >= 0
}

// advance reads the next token. At a fault the expression ends.
func (p *parser) advance() {
	for p.at < len(p.src) && strings.IndexByte(" \t\r\n", p.src[p.at]) >= 0 {
		p.at++
	}
	p.tok = token{start: p.at, end: p.at}
	if p.err != nil || p.at == len(p.src) {
		return
	}
	rest := p.src[p.at:]
	switch {
	case rest[0] == '"':
		p.quoted(stringToken, 1)
		return
	case strings.HasPrefix(rest, `r"`):
		p.quoted(rawToken, 2)
		return
	}
	for _, s := range signs {
		if strings.HasPrefix(rest, s) {
			p.accept(signToken, len(s))
			return
		}
	}
	if n := wordLen(rest); n > 0 {
		p.accept(wordToken, n)
		return
	}
	reason := advice[rest[0]]
	_, n := utf8.DecodeRuneInString(rest)
	if reason == "" {
		reason = "this sign means nothing here; text is put into \"double quotes\""
	}
	p.failAt(p.at, p.at+n, reason)
}

func (p *parser) accept(kind tokenKind, n int) {
	p.tok = token{kind, p.src[p.at : p.at+n], p.at, p.at + n}
	p.at += n
}

// wordLen returns the length of the word that s begins with. Two dots end it.
func wordLen(s string) int {
	n := 0
	for n < len(s) && isWordByte(s[n]) && !strings.HasPrefix(s[n:], "..") {
		n++
	}
	return n
}

// quoted reads a string whose opening takes some bytes. A quote behind a
// backslash does not end it.
func (p *parser) quoted(kind tokenKind, opening int) {
	for i := p.at + opening; i < len(p.src); i++ {
		switch p.src[i] {
		case '\\':
			i++
		case '"':
			p.tok = token{kind, p.src[p.at+opening : i], p.at, i + 1}
			p.at = i + 1
			return
		}
	}
	p.failAt(p.at, len(p.src), "the text has no closing quote")
}

// sign reports whether the token at hand is one of the signs.
func (p *parser) sign(any ...string) bool {
	if p.tok.kind != signToken {
		return false
	}
	for _, s := range any {
		if p.tok.text == s {
			return true
		}
	}
	return false
}

// word reports whether the token at hand is a certain word.
func (p *parser) word(s string) bool { return p.tok.kind == wordToken && p.tok.text == s }

// failAt notes a fault, if none was noted before, and ends the expression.
func (p *parser) failAt(start, end int, reason string) {
	if p.err == nil {
		p.hungry = p.hungry || p.tok.kind == endToken && p.at == len(p.src)
		p.err = &Error{Expr: p.src, Offset: start, End: end, Reason: reason}
	}
	p.at = len(p.src)
	p.tok = token{start: p.at, end: p.at}
}

// fail notes that the token at hand is wrong.
func (p *parser) fail(reason string) { p.failAt(p.tok.start, p.tok.end, reason) }
