package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Bounds of what one reader can hold in mind.
const (
	maxFileLines  = 400
	maxFuncLines  = 60
	maxParameters = 4 // outside tests
)

// undocumented are the methods whose meaning is that of a standard interface.
var undocumented = []string{"Error", "Unwrap", "Is", "String", "Len", "Less", "Swap", "Push", "Pop", "Read", "ReadByte", "Write", "Close"}

func TestFilesAndFunctionsAreShortAndDocumented(t *testing.T) {
	seen := 0
	err := filepath.WalkDir("../..", func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel("../..", at)
		if d.IsDir() {
			return skipped(at, filepath.ToSlash(name), d)
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		seen++
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, at, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, fault := range unreadable(fset, file, strings.HasSuffix(name, "_test.go")) {
			t.Errorf("%s:%s", filepath.ToSlash(name), fault)
		}
		return nil
	})
	if err != nil || seen < 100 {
		t.Fatalf("%d files, %v", seen, err)
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
		switch d := d.(type) {
		case *ast.FuncDecl:
			if n := line(d.End()) - line(d.Pos()) + 1; n > maxFuncLines {
				complain(d, "%s has %d lines, at most %d", d.Name.Name, n, maxFuncLines)
			}
			if n := d.Type.Params.NumFields(); n > maxParameters && !test {
				complain(d, "%s has %d parameters, at most %d", d.Name.Name, n, maxParameters)
			}
			if !test && d.Doc == nil && d.Name.IsExported() && isPublic(d) {
				complain(d, "%s has no comment", d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if name := bare(d, s); name != "" && !test {
					complain(s, "%s has no comment", name)
				}
			}
		}
	}
	return faults
}

// isPublic reports whether a function can be called from outside under a meaning
// of its own.
func isPublic(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	receiver := d.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	if generic, ok := receiver.(*ast.IndexExpr); ok {
		receiver = generic.X
	}
	name, ok := receiver.(*ast.Ident)
	return ok && name.IsExported() && !slices.Contains(undocumented, d.Name.Name)
}

// bare returns the exported name of a declaration that no comment stands at,
// neither at the name nor at its group.
func bare(d *ast.GenDecl, s ast.Spec) string {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
			return s.Name.Name
		}
	case *ast.ValueSpec:
		if s.Names[0].IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
			return s.Names[0].Name
		}
	}
	return ""
}

func TestWhatIsHardToReadIsFound(t *testing.T) {
	long := strings.Repeat("\n", maxFuncLines)
	for _, test := range []struct {
		name, code string
		test       bool
		want       string
	}{
		{"short", "// F does.\nfunc F(a, b, c, d int) {}", false, ""},
		{"a long function", "func f() {" + long + "}", true, "f has 61 lines"},
		{"a long file", strings.Repeat("\n", maxFileLines), true, "the file has 401 lines"},
		{"five parameters", "func f(a, b int, c, d, e string) {}", false, "f has 5 parameters"},
		{"five parameters of a test", "func f(a, b, c, d, e int) {}", true, ""},
		{"a bare function", "func F() {}", false, "F has no comment"},
		{"a bare method", "type t int\n// T is.\ntype T struct{}\nfunc (*T) M() {}\nfunc (t) M() {}\nfunc (T) String() string { return `` }", false, "M has no comment"},
		{"a bare type", "type T int", false, "T has no comment"},
		{"a bare constant", "const C = 1", false, "C has no comment"},
		{"a group with a comment", "// The words.\nconst (\n\tA = 1\n\tB = 2\n)", false, ""},
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
