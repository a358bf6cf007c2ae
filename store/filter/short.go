package filter

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Macro is a short form such as "~m ping". It is nothing but another way to
// write an expression.
type Macro struct {
	Name     string // without its tilde
	Argument string // what follows it, "" if nothing does
	Help     string
	stands   func(argument string) string // the expression
}

// macros are mitmproxy's habits, for people who type a lot. ~t and ~err stand for
// the named filters.
var macros = []Macro{
	{"q", "", "what the device sent", constant(`photon.dir == "device"`)},
	{"s", "", "what the cloud sent", constant(`photon.dir == "cloud"`)},
	{"m", "KIND", "messages of a kind", func(a string) string { return "photon.msg == " + quote(a) }},
	{"d", "ID", "what a device sent or received, by digits of its ID", deviceMacro},
	{"e", "NAME", "events by a part of their names", func(a string) string { return "photon.event.name contains " + quote(a) }},
	{"f", "NAME", "calls and results of a function by a part of its name", func(a string) string { return "photon.func.name contains " + quote(a) }},
	{"u", "RE", "paths", func(a string) string { return "coap.opt.uri_path_recon matches " + quoteRegex(a) }},
	{"b", "RE", "payloads", func(a string) string { return "coap.payload matches " + quoteRegex(a) }},
	{"c", "CODE", "CoAP codes, such as 2.05", func(a string) string { return codeKey + " == " + a }},
	{"t", "", "the handshake", func(string) string { return builtin["handshake"] }},
	{"err", "", "problems", func(string) string { return builtin["problems"] }},
	{"marked", "", "what somebody marked", constant("photon.mark")},
	{"comment", "RE", "what somebody commented on", func(a string) string { return "frame.comment matches " + quoteRegex(a) }},
	{"edited", "", "what the legs carry differently", constant("photon.altered == true")},
	{"all", "", "everything", constant("type")},
}

func constant(s string) func(string) string { return func(string) string { return s } }

// deviceMacro looks for bytes of a device's ID, whose end is what people know it by.
func deviceMacro(digits string) string { return "photon.device_id contains " + digits }

// quoteRegex writes a regular expression as a string that matches reads back.
func quoteRegex(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// Macros returns the macros.
func Macros() []Macro { return slices.Clone(macros) }

// Stands returns the expression that the macro stands for.
func (m Macro) Stands(argument string) string { return m.stands(argument) }

// builtin are the named filters that are always known. The store flags as a problem
// what is among problems or unanswered: so 4.00 to an event is none, with which one
// of the servers answers each that it takes. Of unanswered those are left
// out that healthy peers do not answer: the chunks of a fast transfer, and to the
// Node servers an unasked description.
var builtin = map[string]string{
	"handshake": `type in {"opened", "nonce", "identity", "credentials"} or photon.msg in {"hello", "hello-reply", "hello-ack"}`,
	"ota": `photon.msg in {"update-begin", "update-ack", "update-refused", "update-ready", "chunk", "chunk-ack", "chunk-received", ` +
		`"chunk-refused", "update-done", "update-done-ack", "update-done-reply", "update-incomplete", "chunk-missed", "chunk-missed-ack", ` +
		`"update-abort", "save-begin"} or photon.msg matches "^ota3-"`,
	"pings": `photon.msg in {"ping", "ping-ack"}`,
	"problems": `type in {"malformed", "gap", "finding"} or photon.msg in {"describe-refused", "function-refused", "variable-error", "subscribe-refused", ` +
		`"update-refused", "chunk-refused", "update-incomplete", "chunk-missed", "update-abort", "ota3-refused", "reset"} or ` +
		`photon.identity.nonce_ok == false or photon.credentials.signature == "failed" or photon.ota.crc_ok == false or photon.mid_gap or photon.close == "rst"`,
	"slow":       `photon.rtt > 1`,
	"unanswered": `coap.type == 0 and ` + AnsweredKey + ` == false and not photon.msg in {"chunk", "describe-post"}`,
}

// Names returns the names of the built-in filters, sorted, with what they stand
// for.
func Names() (names []string, expressions map[string]string) {
	return slices.Sorted(maps.Keys(builtin)), maps.Clone(builtin)
}

// macro parses a macro and its argument.
func (p *parser) macro() node {
	start := p.tok.start
	name := p.src[p.at : p.at+letters(p.src[p.at:])]
	i := slices.IndexFunc(macros, func(m Macro) bool { return m.Name == name })
	if i < 0 {
		p.want = want{what: wantMacro}
		p.failAt(start, p.at+len(name), fmt.Sprintf("there is no macro ~%s%s", name, didYouMean(name, macroNames())))
		return nil
	}
	p.at += len(name)
	argument, end := "", p.at
	if what := macros[i].Argument; what != "" {
		p.want = want{what: wantArgument, macro: name}
		argument = p.argument()
		if bare := what == "ID" || what == "CODE"; argument == "" || bare && wordLen(argument) < len(argument) {
			p.hungry = p.hungry || argument == "" && p.at == len(p.src)
			p.failAt(start, p.at, fmt.Sprintf("~%s needs its argument, %s", name, what))
			return nil
		}
		end = p.at
	}
	return p.stands(start, end, macros[i].stands(argument), "~"+name)
}

func macroNames() (names []string) {
	for _, m := range macros {
		names = append(names, m.Name)
	}
	return names
}

func letters(s string) int {
	n := 0
	for n < len(s) && s[n] >= 'a' && s[n] <= 'z' {
		n++
	}
	return n
}

// argument reads a macro's argument: text in quotes, or what comes before the
// next space or closing parenthesis.
func (p *parser) argument() string {
	rest := p.src[p.at:]
	p.at += len(rest) - len(strings.TrimLeft(rest, " \t\r\n"))
	rest = p.src[p.at:]
	if !strings.HasPrefix(rest, `"`) && !strings.HasPrefix(rest, `r"`) {
		n := strings.IndexAny(rest, " \t\r\n)")
		if n < 0 {
			n = len(rest)
		}
		p.at += n
		return rest[:n]
	}
	p.advance()
	text := p.tok.text
	if p.tok.kind == stringToken {
		var fault string
		if text, fault = unescape(text); fault != "" {
			p.fail(fault)
		}
	}
	return text
}

// named parses the name of a filter, with or without an @ before it.
func (p *parser) named() node {
	start, at := p.tok.start, p.sign("@")
	if at {
		p.want = want{what: wantName}
		p.advance()
	}
	name := p.tok.text
	expr, ok := p.names[name]
	if !ok {
		expr, ok = builtin[name]
	}
	switch {
	case p.tok.kind != wordToken:
		p.failAt(start, p.tok.end, "@ stands before the name of a filter")
		return nil
	case !ok && at:
		p.failAt(start, p.tok.end, fmt.Sprintf("there is no filter named %s%s", name, didYouMean(name, p.filterNames())))
		return nil
	case !ok:
		p.fail(fmt.Sprintf("there is no field or filter named %s%s", name, didYouMean(name, slices.Concat(p.filterNames(), fieldNames()))))
		return nil
	case slices.Contains(p.shared.open, name):
		p.failAt(start, p.tok.end, fmt.Sprintf("the filter %s stands for itself", name))
		return nil
	}
	p.shared.open = append(p.shared.open, name)
	n := p.stands(start, p.tok.end, expr, name)
	p.shared.open = p.shared.open[:len(p.shared.open)-1]
	return n
}

func (p *parser) filterNames() []string {
	names := slices.Concat(slices.Collect(maps.Keys(p.names)), slices.Collect(maps.Keys(builtin)))
	slices.Sort(names)
	return slices.Compact(names)
}

// stands parses what the short form at [start, end) stands for.
func (p *parser) stands(start, end int, expr, name string) node {
	defer p.leave()
	if !p.enter() {
		return nil
	}
	inner := &parser{src: expr, names: p.names, shared: p.shared}
	var n node
	if len(expr) > MaxLen {
		inner.failAt(0, len(expr), fmt.Sprintf("it has more than %d bytes", MaxLen))
	} else {
		n = inner.parse()
	}
	if inner.err != nil {
		p.failAt(start, end, name+": "+inner.err.Reason)
		return nil
	}
	p.shared.short = true
	p.advance()
	return n
}

func didYouMean(s string, known []string) string {
	if guess := nearest(s, known); guess != "" {
		return "; did you mean " + guess + "?"
	}
	return ""
}

// nearest returns the known word that s most likely means, or "": one that ends
// in it, or one that differs by two letters at most.
func nearest(s string, known []string) string {
	best, bestDistance := "", 3
	for _, k := range known {
		if s != "" && (strings.HasSuffix(k, "."+s) || strings.HasSuffix(k, "_"+s)) {
			return k
		}
		if d := distance(s, k); d < bestDistance && d < len(s) {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance is the number of letters to insert, remove or replace that make b of
// a (Levenshtein), or more than 2 if it is more.
func distance(a, b string) int {
	if n := len(a) - len(b); n > 2 || n < -2 || len(a) > 64 {
		return 3
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
