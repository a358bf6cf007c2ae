package filter

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode"
)

// maxRegexCost bounds the compiled size of the regular expressions of one filter,
// whose memory their repetitions choose.
const maxRegexCost = 5_000

// regex parses a regular expression. Case is ignored, as Wireshark does.
func (p *parser) regex(t *test) {
	src, ok := p.tok.text, true
	switch p.tok.kind {
	case stringToken:
		src = unescapeRegex(src)
	case rawToken, wordToken:
	default:
		ok = false
	}
	if !ok {
		p.fail("expected a regular expression, such as \"^temp\"")
		return
	}
	if reason := p.compile(t, src); reason != "" {
		p.fail(reason)
		return
	}
	p.advance()
}

func (p *parser) compile(t *test, src string) (reason string) {
	if len(src) > maxRegex {
		return fmt.Sprintf("the regular expression has %d bytes, at most %d are allowed", len(src), maxRegex)
	}
	for _, r := range src {
		if !unicode.IsPrint(r) {
			return `the regular expression holds a sign that cannot be seen; write it as \x{` + strconv.FormatInt(int64(r), 16) + "}"
		}
	}
	tree, err := syntax.Parse(src, syntax.Perl)
	var fault *syntax.Error
	if errors.As(err, &fault) {
		return fmt.Sprintf("not a regular expression: %s: %s", fault.Code, fault.Expr)
	}
	if p.shared.regexCost += regexCost(tree); p.shared.regexCost > maxRegexCost {
		return "the regular expression repeats too much"
	}
	t.regex, err = regexp.Compile("(?i)" + src)
	if err != nil {
		return "not a regular expression: " + err.Error()
	}
	t.value.text = src
	return ""
}

// unescapeRegex reads a regular expression in quotes: a doubled backslash is
// one, and one before a quote goes. Any other is left to the expression, which
// knows \d, \x and so on itself.
func unescapeRegex(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(s)
}

// regexCost estimates the number of instructions that an expression compiles to.
func regexCost(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)/2
	for _, sub := range re.Sub {
		n = min(n+regexCost(sub), maxRegexCost+1)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, maxRegexCost+1)
}
