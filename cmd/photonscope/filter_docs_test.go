package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/internal/golden"
	"github.com/photonscope/photonscope/store/filter"
)

// The tables of filter.md are made from those in the code; the rest is written by
// hand.
func TestFilterReferenceIsCurrent(t *testing.T) {
	path := filepath.Join(docsFolder, "filter.md")
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for head, rows := range map[string]string{
		"| macro | stands for | matches |\n|---|---|---|\n": macroRows(),
		"| named filter | stands for |\n|---|---|\n":        nameRows(),
		"| short name | field |\n|---|---|\n":               aliasRows(),
		"| name | type | meaning |\n|---|---|---|\n":        furtherFieldRows(),
	} {
		before, after, ok := bytes.Cut(doc, []byte(head))
		if !ok {
			t.Fatalf("filter.md has no table %s", head)
		}
		_, rest, _ := bytes.Cut(after, []byte("\n\n"))
		doc = slices.Concat(before, []byte(head), []byte(rows), []byte("\n"), rest)
	}
	golden.Check(t, path, doc)
}

func macroRows() string {
	var b strings.Builder
	for _, m := range filter.Macros() {
		name := strings.TrimSpace("~" + m.Name + " " + m.Argument)
		stands := m.Stands(m.Argument)
		for _, named := range []string{"handshake", "problems"} {
			if _, expressions := filter.Names(); expressions[named] == stands {
				stands = named
			}
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", name, cell(stands), cell(m.Help))
	}
	return b.String()
}

func nameRows() string {
	var b strings.Builder
	names, expressions := filter.Names()
	for _, name := range names {
		fmt.Fprintf(&b, "| `%s` | `%s` |\n", name, cell(expressions[name]))
	}
	return b.String()
}

func aliasRows() string {
	var b strings.Builder
	for _, f := range filter.Fields() {
		if len(f.Aliases) > 0 {
			fmt.Fprintf(&b, "| `%s` | `%s` |\n", strings.Join(f.Aliases, "`, `"), f.Key)
		}
	}
	return b.String()
}

// furtherFieldRows are the fields that NDJSON lacks.
func furtherFieldRows() string {
	var b strings.Builder
	for _, f := range filter.Fields() {
		if !slices.ContainsFunc(decode.Fields(), func(d *field.Def) bool { return d.Key == f.Key }) {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Key, fieldType(&f), cell(f.Help))
		}
	}
	return b.String()
}

// What the page shows of the command line works.
func TestExamplesOfFiltersWork(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join(docsFolder, "filter.md"))
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for line := range strings.Lines(string(doc)) {
		if _, after, ok := strings.Cut(line, " -Y '"); ok && strings.HasPrefix(line, "photonscope ") {
			expr, _, _ := strings.Cut(after, "'")
			if _, err := filter.Parse(expr, nil); err != nil {
				t.Errorf("%s: %v", expr, err)
			}
			examples++
		}
	}
	if examples < 5 {
		t.Errorf("only %d examples", examples)
	}
	_, shown, _ := strings.Cut(string(doc), "photonscope: -Y is no filter\n")
	shown, _, _ = strings.Cut(shown, "```")
	if _, errs, _ := runApp(t, nil, "read", "-Y", "photon.msg == pong", "none.pcapng"); !strings.HasPrefix(errs, "photonscope: -Y is no filter\n"+shown) {
		t.Errorf("the page shows\n%s\nand the program says\n%s", shown, errs)
	}
}
