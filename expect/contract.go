package expect

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/store/filter"
)

// Bounds of a contract.
const (
	MaxLen   = 256 << 10 // bytes
	MaxRules = 1000
)

// Contract is what is demanded of every session.
type Contract struct {
	Rules []*Rule
}

// Verb is what a rule demands.
type Verb uint8

// The verbs.
const (
	Some   Verb = iota // an event matches
	Then               // one does, behind the one that the rule above found
	Every              // each that matches is answered or followed
	Never              // none matches
	Number             // so many match
)

// Rule is one line of a contract.
type Rule struct {
	Line int
	Text string // the line without comment
	Verb Verb

	Match  *filter.Filter
	By     *filter.Filter // of Every: what must follow; nil: the answer
	Within time.Duration  // 0: no limit
	Least  int            // of Number
	Most   int            // of Number; -1: no limit

	after *Rule // of Then: the rule above
}

// Error says what is wrong with a contract, and where.
type Error struct {
	Line   int    // from 1
	Column int    // in characters, from 1
	Length int    // of what is wrong, in characters
	Text   string // the line
	Reason string // in words
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

// Caret returns the line and one below it that marks the place, safe to print.
func (e *Error) Caret() string {
	runes := []rune(e.Text)
	before := field.AppendPrintable(nil, string(runes[:e.Column-1]))
	line := field.AppendPrintable(nil, e.Text)
	return string(line) + "\n" + strings.Repeat(" ", utf8.RuneCount(before)) + "^" + strings.Repeat("~", max(0, e.Length-1))
}

// Parse reads a contract. names are the user's own named filters, and may be nil.
// An error is an [*Error].
func Parse(text string, names map[string]string) (*Contract, error) {
	c := new(Contract)
	if len(text) > MaxLen {
		return nil, &Error{Line: 1, Column: 1, Reason: fmt.Sprintf("a contract has at most %d bytes, not %d", MaxLen, len(text))}
	}
	n := 0
	for line := range strings.Lines(text) {
		n++
		l := &reader{text: strings.TrimRight(line, "\r\n"), names: names}
		l.cutComment()
		if l.blank() {
			continue
		}
		rule, err := l.rule()
		if err == nil && rule.Verb == Then {
			err = l.follows(rule, c.last())
		}
		if err == nil && len(c.Rules) == MaxRules {
			err = l.fault(0, 1, fmt.Sprintf("more than %d rules", MaxRules))
		}
		if err != nil {
			err.Line = n
			return nil, err
		}
		rule.Line = n
		c.Rules = append(c.Rules, rule)
	}
	if len(c.Rules) == 0 {
		return nil, &Error{Line: max(n, 1), Column: 1, Length: 1, Reason: "the contract has no rule"}
	}
	return c, nil
}

func (c *Contract) last() *Rule {
	if len(c.Rules) == 0 {
		return nil
	}
	return c.Rules[len(c.Rules)-1]
}

// reader is a line that is being read.
type reader struct {
	text  string
	at    int // offset of what is not read yet
	names map[string]string
}

// cutComment cuts a # outside quotes and what is behind it.
func (l *reader) cutComment() {
	if i := outside(l.text, func(rest string) bool { return rest[0] == '#' }); i >= 0 {
		l.text = l.text[:i]
	}
	l.text = strings.TrimRight(l.text, " \t")
}

// outside returns the first offset outside quotes at which match holds, or -1.
func outside(s string, match func(rest string) bool) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case !quoted && match(s[i:]):
			return i
		}
	}
	return -1
}

func (l *reader) blank() bool {
	l.space()
	return l.at == len(l.text)
}

func (l *reader) space() {
	for l.at < len(l.text) && (l.text[l.at] == ' ' || l.text[l.at] == '\t') {
		l.at++
	}
}

// fault makes an error of length bytes at an offset.
func (l *reader) fault(at, length int, reason string) *Error {
	at = min(at, len(l.text))
	end := min(at+length, len(l.text))
	return &Error{
		Column: utf8.RuneCountInString(l.text[:at]) + 1, Length: utf8.RuneCountInString(l.text[at:end]),
		Text: l.text, Reason: reason,
	}
}

// word reads the next word.
func (l *reader) word() (word string, at int) {
	l.space()
	at = l.at
	for l.at < len(l.text) && l.text[l.at] != ' ' && l.text[l.at] != '\t' {
		l.at++
	}
	return l.text[at:l.at], at
}

// next reads the next word if it is the one given.
func (l *reader) next(want string) bool {
	before := l.at
	if word, _ := l.word(); word == want {
		return true
	}
	l.at = before
	return false
}

// verbs lists what a rule may begin with.
const verbs = "a rule begins with within, some, then, every, never, at least, at most or exactly"

// rule reads the line.
func (l *reader) rule() (*Rule, *Error) {
	r := &Rule{Text: strings.TrimSpace(l.text), Most: -1}
	verb, at := l.word()
	var err *Error
	switch verb {
	case "within":
		l.at = at
		err = l.limited(r)
	case "some":
		err = l.limited(r)
	case "then":
		r.Verb = Then
		err = l.limited(r)
	case "every":
		r.Verb = Every
		err = l.every(r)
	case "never":
		r.Verb = Never
		r.Match, err = l.expression(len(l.text))
	case "at", "exactly":
		r.Verb = Number
		err = l.number(r, verb, at)
	default:
		err = l.fault(at, len(verb), verbs)
	}
	return r, err
}

// follows joins a rule that begins with then to the one above.
func (l *reader) follows(r, above *Rule) *Error {
	if above == nil || above.Verb != Some && above.Verb != Then {
		return l.fault(strings.Index(l.text, "then"), len("then"), "then stands below a rule with within, some or then")
	}
	r.after = above
	return nil
}

// limited reads a limit, if there is one, and an expression.
func (l *reader) limited(r *Rule) (err *Error) {
	if r.Within, err = l.limit(); err != nil {
		return err
	}
	r.Match, err = l.expression(len(l.text))
	return err
}

// limit reads "within 2s", if that comes next.
func (l *reader) limit() (time.Duration, *Error) {
	if !l.next("within") {
		return 0, nil
	}
	word, at := l.word()
	d, err := time.ParseDuration(word)
	if err != nil || d <= 0 {
		return 0, l.fault(at, max(1, len(word)), "behind within stands a time, such as 500ms, 2s or 1m30s")
	}
	return d, nil
}

// number reads "at least N", "at most N" or "exactly N", and an expression.
func (l *reader) number(r *Rule, verb string, at int) (err *Error) {
	how := verb
	if verb == "at" {
		how, _ = l.word()
		if how != "least" && how != "most" {
			return l.fault(at, l.at-at, verbs)
		}
	}
	word, at := l.word()
	n, bad := strconv.Atoi(word)
	if bad != nil || n < 0 {
		return l.fault(at, max(1, len(word)), "here stands how many, such as 3")
	}
	switch how {
	case "least":
		r.Least = n
	case "most":
		r.Most = n
	default:
		r.Least, r.Most = n, n
	}
	r.Match, err = l.expression(len(l.text))
	return err
}

// every reads "EXPRESSION answered [within D]" or "EXPRESSION followed [within D]
// by EXPRESSION".
func (l *reader) every(r *Rule) (err *Error) {
	end := outside(l.text, func(rest string) bool {
		for _, word := range []string{" answered", " followed"} {
			if behind, ok := strings.CutPrefix(rest, word); ok && (behind == "" || behind[0] == ' ' || behind[0] == '\t') {
				return true
			}
		}
		return false
	})
	if end < l.at {
		return l.fault(len(l.text), 1, "every EXPRESSION is followed by answered, or by followed by EXPRESSION")
	}
	if r.Match, err = l.expression(end); err != nil {
		return err
	}
	how, _ := l.word()
	if r.Within, err = l.limit(); err != nil {
		return err
	}
	if how == "followed" {
		if !l.next("by") {
			l.space()
			return l.fault(l.at, 1, "behind followed stands by and an expression")
		}
		r.By, err = l.expression(len(l.text))
		return err
	}
	if !l.blank() {
		return l.fault(l.at, len(l.text)-l.at, "behind answered stands within and a time, or nothing")
	}
	return nil
}

// expression reads an expression that goes as far as end.
func (l *reader) expression(end int) (*filter.Filter, *Error) {
	l.space()
	at := l.at
	if at >= end {
		return nil, l.fault(at, 1, "here stands an expression of the filter language")
	}
	l.at = end
	f, err := filter.Parse(l.text[at:end], l.names)
	var fault *filter.Error
	switch {
	case errors.As(err, &fault) && fault.Expr == l.text[at:end]:
		return nil, l.fault(at+fault.Offset, fault.End-fault.Offset, fault.Reason)
	case err != nil:
		return nil, l.fault(at, end-at, err.Error())
	case f.NeedsLater():
		return nil, l.fault(at, end-at, "whether a message is answered is what every … answered asks")
	}
	return f, nil
}
