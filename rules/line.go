package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// Error says what is wrong with a rule, and where.
type Error struct {
	File   string
	Line   int    // from 1
	Column int    // in bytes, from 1
	Text   string // the line
	Width  int    // bytes that are wrong, at least 1
	Reason string
}

// Error implements error: file, line, column and reason.
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Reason)
}

// Place returns where in the line it is wrong, in bytes from 0, and why.
func (e *Error) Place() (from, to int, reason string) {
	return e.Column - 1, e.Column - 1 + max(e.Width, 1), e.Reason
}

// Caret returns the line, cut to what surrounds the place, and a second one that
// marks it. Both are safe to print.
func (e *Error) Caret() string {
	const around = 60
	at := min(e.Column-1, len(e.Text))
	start, end := max(0, at-around), min(len(e.Text), at+around)
	shown := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return '.'
			}
			return r
		}, s)
	}
	before := shown(e.Text[start:at])
	marks := "^" + strings.Repeat("~", max(0, min(e.Width, end-at)-1))
	return before + shown(e.Text[at:end]) + "\n" + strings.Repeat(" ", len(before)) + marks
}

// word is one word of a line: NAME, or NAME=VALUE.
type word struct {
	name, value string
	assigned    bool // there is an equals sign
	at, end     int  // byte offsets in the line
	valueAt     int
}

// split cuts a line into words, up to the word "when", behind which the filter
// begins. A # outside of quotes begins a comment, but not in a filter, where it may
// mean something.
func split(line string) (words []word, filter string, filterAt int, err *Error) {
	for at := 0; ; {
		for at < len(line) && (line[at] == ' ' || line[at] == '\t') {
			at++
		}
		if at == len(line) || line[at] == '#' {
			return words, "", 0, nil
		}
		w, next, reason := cut(line, at)
		if n := w.bytes(); reason == "" && n > lightssl.MaxFrameBody {
			reason = fmt.Sprintf("%d bytes, and a frame has room for %d", n, lightssl.MaxFrameBody)
		}
		if reason != "" {
			return nil, "", 0, &Error{Column: at + 1, Width: len(line) - at, Reason: reason}
		}
		if !w.assigned && w.name == "when" && line[at] != '"' {
			return words, strings.TrimSpace(line[next:]), next + len(line[next:]) - len(strings.TrimLeft(line[next:], " \t")), nil
		}
		words, at = append(words, w), next
	}
}

// cut reads the word at an offset.
func cut(line string, at int) (w word, next int, reason string) {
	w = word{at: at, valueAt: at}
	if line[at] == '"' {
		w.name, next, reason = quoted(line, at)
		w.end = next
		return w, next, reason
	}
	end := at
	for end < len(line) && line[end] != ' ' && line[end] != '\t' && line[end] != '=' {
		end++
	}
	w.name, w.end = line[at:end], end
	if end == len(line) || line[end] != '=' {
		return w, end, ""
	}
	w.assigned, w.valueAt = true, end+1
	if end+1 < len(line) && line[end+1] == '"' {
		w.value, next, reason = quoted(line, end+1)
	} else {
		for next = end + 1; next < len(line) && line[next] != ' ' && line[next] != '\t'; next++ {
		}
		w.value = line[end+1 : next]
	}
	w.end = next
	return w, next, reason
}

// bytes is how many bytes a word would be in a message.
func (w word) bytes() int {
	if digits, ok := strings.CutPrefix(w.value, "hex:"); ok || w.name == "hex" {
		return len(digits) / 2
	}
	return max(len(w.name), len(w.value))
}

// quoted reads a text between quotes, with Go's escapes.
func quoted(line string, at int) (text string, next int, reason string) {
	for next = at + 1; next < len(line) && line[next] != '"'; next++ {
		if line[next] == '\\' {
			next++
		}
	}
	if next >= len(line) {
		return "", next, "the closing quote is missing"
	}
	text, err := strconv.Unquote(line[at : next+1])
	if err != nil {
		return "", next, `what stands between the quotes is no text: write \" for a quote, \\ for a backslash, \xNN for a byte`
	}
	return text, next + 1, ""
}

// bad is an error at a word.
func (w word) bad(format string, args ...any) *Error {
	return &Error{Column: w.at + 1, Width: w.end - w.at, Reason: fmt.Sprintf(format, args...)}
}

// badValue is an error at the value of a word.
func (w word) badValue(format string, args ...any) *Error {
	return &Error{Column: w.valueAt + 1, Width: max(1, w.end-w.valueAt), Reason: fmt.Sprintf(format, args...)}
}
