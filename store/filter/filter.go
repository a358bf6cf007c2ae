package filter

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
)

// Bounds of an expression, also of what it stands for once macros and named
// filters are written out.
const (
	MaxLen   = 4 << 10 // bytes
	MaxDepth = 64      // parentheses, negations, macros and named filters within each other
	maxNodes = 4 << 10
	maxRegex = 1 << 10 // bytes of a regular expression
)

// Filter is a compiled expression. It is made by [Parse], and is not safe for
// concurrent use: matching reuses its memory.
type Filter struct {
	root  node
	text  string
	short bool // the source has a macro or the name of a filter
	notes bool
	later bool
	wire  bool
	s     scratch
}

// Parse compiles an expression. names are the user's own named filters, name to
// expression, and may be nil; the built-in ones ([Names]) are always known. An
// error is an [*Error].
func Parse(expr string, names map[string]string) (*Filter, error) {
	p := newParser(expr, names)
	root := p.parse()
	if p.err != nil {
		return nil, p.err
	}
	f := &Filter{root: root, text: string(root.print(nil, loosest)), short: p.shared.short, notes: p.shared.notes, later: p.shared.later, wire: p.shared.wire}
	if len(f.text) > MaxLen {
		return nil, &Error{Expr: expr, End: len(expr), Reason: fmt.Sprintf("the expression has %d bytes once all short forms are written out, at most %d are allowed", len(f.text), MaxLen)}
	}
	f.s.init()
	return f, nil
}

// Match reports whether the expression holds for an event, as far as the event
// itself tells: a field of its [Relation] counts as absent. It costs some tens of
// nanoseconds, and a microsecond if it asks for one of the many fields of a kind of
// message; it allocates only for fields that the event's tree is made for, and for
// those of long descriptions.
func (f *Filter) Match(e *decode.Event) bool { return f.MatchWith(e, Relation{}) }

// MatchWith is Match for an event of which the relation is known.
func (f *Filter) MatchWith(e *decode.Event, r Relation) bool {
	f.s.begin(e, r)
	return f.root.match(&f.s)
}

// NeedsLater reports whether the expression asks for what only later events
// tell, so that a stream needs a [Holder].
func (f *Filter) NeedsLater() bool { return f.later }

// String returns the expression in the canonical form: Wireshark's syntax,
// fields by their full names, macros and named filters written out. Parsing it
// gives the same filter and the same form.
func (f *Filter) String() string { return f.text }

// Expansion returns the canonical form if the source has a macro or names a
// filter, so that the user can be shown what that stands for, and "" otherwise.
func (f *Filter) Expansion() string {
	if !f.short {
		return ""
	}
	return f.text
}

// Error says what is wrong with an expression, and where.
type Error struct {
	Expr   string // the expression
	Offset int    // of the first byte that is wrong
	End    int    // behind the last one
	Reason string // in words
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("filter: %s at offset %d", e.Reason, e.Offset) }

// caretMargin is how many columns Caret shows before and behind the place.
const caretMargin = 60

// Caret returns three lines, without a newline at the end: the expression, or
// the part of a long one around the place, a line with ^~~ below the place, and
// the reason. All of it is safe to print on a terminal.
func (e *Error) Caret() string {
	before := printable(e.Expr[:e.Offset])
	place := printable(e.Expr[e.Offset:e.End])
	after := printable(e.Expr[e.End:])
	if n := utf8.RuneCountInString(before); n > caretMargin {
		before = "…" + string([]rune(before)[n-caretMargin:])
	}
	if utf8.RuneCountInString(place) > caretMargin {
		place, after = string([]rune(place)[:caretMargin])+"…", ""
	}
	if utf8.RuneCountInString(after) > caretMargin {
		after = string([]rune(after)[:caretMargin]) + "…"
	}
	line := strings.Repeat(" ", utf8.RuneCountInString(before)) + "^" + strings.Repeat("~", max(0, utf8.RuneCountInString(place)-1))
	return before + place + after + "\n" + line + "\n" + printable(e.Reason)
}

// printable is text through the sanitiser, but with single backslashes: it is
// read by people, below a caret.
func printable(s string) string {
	var b []byte
	for part := range strings.SplitAfterSeq(s, `\`) {
		if head, ok := strings.CutSuffix(part, `\`); ok {
			b = append(field.AppendPrintable(b, head), '\\')
		} else {
			b = field.AppendPrintable(b, part)
		}
	}
	return string(b)
}

// NeedsWire reports whether the filter looks at the bytes on the wire or at the
// padding of a message, which a holder of events may have to compute.
func (f *Filter) NeedsWire() bool { return f.wire }

// NeedsNotes reports whether the filter looks at what people write at events,
// which may change at any time.
func (f *Filter) NeedsNotes() bool { return f.notes }

// noteFields are those fields.
var noteFields = []string{"photon.mark", "frame.comment"}

// wireFields are those fields.
var wireFields = []string{"frame.wire", "frame.block", "frame.padding", "frame.rest"}
