package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// Bounds of what one reader can hold in mind.
const (
	maxFileLines  = 400
	maxFuncLines  = 60
	maxParameters = 4 // outside tests
)

func TestFilesAndFunctionsAreShort(t *testing.T) {
	for _, file := range goFiles(t) {
		for _, fault := range unreadable(file.fset, file.File, file.test) {
			t.Errorf("%s:%s", file.name, fault)
		}
	}
}

// unreadable returns where a file breaks the bounds: "LINE: what".
func unreadable(fset *token.FileSet, file *ast.File, test bool) (faults []string) {
	line := func(p token.Pos) int { return fset.Position(p).Line }
	complain := func(at ast.Node, format string, args ...any) {
		faults = append(faults, fmt.Sprintf("%d: %s", line(at.Pos()), fmt.Sprintf(format, args...)))
	}
	if n := line(file.FileEnd); n > maxFileLines && !ast.IsGenerated(file) {
		complain(file, "the file has %d lines, at most %d", n, maxFileLines)
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if n := line(f.End()) - line(f.Pos()) + 1; n > maxFuncLines {
			complain(f, "%s has %d lines, at most %d", f.Name.Name, n, maxFuncLines)
		}
		if n := f.Type.Params.NumFields(); n > maxParameters && !test {
			complain(f, "%s has %d parameters, at most %d", f.Name.Name, n, maxParameters)
		}
	}
	return faults
}

func TestWhatIsHardToReadIsFound(t *testing.T) {
	long := strings.Repeat("\n", maxFuncLines)
	for _, test := range []struct {
		name, code string
		test       bool
		want       string
	}{
		{"short", "func f(a, b, c, d int) {}", false, ""},
		{"a long function", "func f() {" + long + "}", true, "f has 61 lines"},
		{"a long file", strings.Repeat("\n", maxFileLines), true, "the file has 401 lines"},
		{"five parameters", "func f(a, b int, c, d, e string) {}", false, "f has 5 parameters"},
		{"five parameters of a test", "func f(a, b, c, d, e int) {}", true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, "", "package p\n"+test.code, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			got := unreadable(fset, file, test.test)
			if test.want == "" && len(got) > 0 || test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
