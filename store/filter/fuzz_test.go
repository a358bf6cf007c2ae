package filter

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/photonscope/photonscope/internal/golden"
)

// FuzzFilter holds the language to its promises on any text (F-11): parsing and
// matching never fail, what an expression costs is bounded, a fault lies within it
// and is printed safely, and the algebra of I-13 holds over events of every type.
func FuzzFilter(f *testing.F) {
	events, _ := sampled(f, odd())
	names := map[string]string{"mine": "~d 01 or theirs", "theirs": "not mine", "x": "type"}
	f.Fuzz(func(t *testing.T, expr string) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		x, err := Parse(expr, names)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
			t.Fatalf("%d bytes cost %d", len(expr), used)
		}
		for _, c := range Complete(expr, len(expr), names) {
			if c.Start < 0 || c.Start > len(expr) {
				t.Fatalf("%q is to be put at %d", c.Text, c.Start)
			}
		}
		if err != nil {
			checkFault(t, expr, err)
			return
		}
		half := expr[:len(expr)/2]
		if _, err := Parse(half, nil); err != nil {
			half = "photon.rtt"
		}
		law := newLaws(t, x, half)
		for i := range events {
			law.check(t, &events[i])
			for a := range Unanswered + 1 {
				x.MatchWith(&events[i], Relation{a})
			}
		}
	})
}

func checkFault(t *testing.T, expr string, err error) {
	fault, ok := err.(*Error)
	if !ok || fault.Expr != expr || fault.Offset < 0 || fault.End < fault.Offset || fault.End > len(expr) || fault.Reason == "" {
		t.Fatalf("%q: %#v", expr, err)
	}
	lines := strings.Split(fault.Caret(), "\n")
	if len(lines) != 3 || strings.Trim(strings.TrimLeft(lines[1], " "), "~") != "^" {
		t.Fatalf("%q:\n%s", expr, fault.Caret())
	}
	if !utf8.ValidString(fault.Caret()) {
		t.Fatalf("%q prints what is not UTF-8", expr)
	}
	for _, r := range fault.Caret() {
		if r != '\n' && (r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e) {
			t.Fatalf("%q prints %U", expr, r)
		}
	}
}

// Every production of the grammar, and every fault, is a seed.
func TestEveryProductionIsASeed(t *testing.T) {
	var exprs []string
	for _, c := range canonical {
		exprs = append(exprs, c.expr)
	}
	for _, c := range carets {
		expr, _, _ := strings.Cut(c[1:], "\n")
		exprs = append(exprs, expr)
	}
	for _, expr := range exprs {
		path := filepath.Join("testdata", "fuzz", "FuzzFilter", fmt.Sprintf("%x", sha256.Sum256([]byte(expr)))[:16])
		golden.Check(t, path, fmt.Appendf(nil, "go test fuzz v1\nstring(%q)\n", expr))
	}
}
