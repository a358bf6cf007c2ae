package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// Every name that another package may use says what it is.
func TestEveryExportedNameHasAComment(t *testing.T) {
	for _, file := range goFiles(t) {
		if file.test {
			continue
		}
		for _, n := range uncommented(file.File) {
			t.Errorf("%s: %s has no comment that begins with its name", file.fset.Position(n.Pos()), n.Name)
		}
	}
}

// uncommented returns the exported names that a file declares without a comment.
func uncommented(file *ast.File) (names []*ast.Ident) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && exportedReceiver(d) && !explains(d.Doc, d.Name) {
				names = append(names, d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				names = append(names, uncommentedIn(d, spec)...)
			}
		}
	}
	return names
}

// uncommentedIn looks into one row of a declaration. A comment over a group of
// values explains all of them.
func uncommentedIn(d *ast.GenDecl, spec ast.Spec) (names []*ast.Ident) {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if spec.Name.IsExported() && !explains(spec.Doc, spec.Name) && !explains(d.Doc, spec.Name) {
			names = append(names, spec.Name)
		}
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			if name.IsExported() && spec.Doc == nil && spec.Comment == nil && d.Doc == nil {
				names = append(names, name)
			}
		}
	}
	return names
}

// explains reports whether a comment is about a name, as go doc expects it.
func explains(doc *ast.CommentGroup, name *ast.Ident) bool {
	for _, begin := range []string{"", "A ", "An ", "The "} {
		if strings.HasPrefix(doc.Text(), begin+name.Name+" ") {
			return true
		}
	}
	return false
}

// exportedReceiver reports whether a function is none of a type that only its own
// package can name.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if generic, ok := typ.(*ast.IndexExpr); ok {
		typ = generic.X
	}
	name, ok := typ.(*ast.Ident)
	return !ok || name.IsExported()
}

func TestMissingCommentsAreFound(t *testing.T) {
	for code, want := range map[string]string{
		"func F() {}":                                     "F",
		"// F does.\nfunc F() {}":                         "",
		"// Does it.\nfunc F() {}":                        "F",
		"func f() {}":                                     "",
		"// T is.\ntype T int\nfunc (T) M() {}":           "M",
		"type t int\nfunc (t) M() {}":                     "",
		"type T struct{}":                                 "T",
		"// A T is one.\ntype T struct{}":                 "",
		"// T is.\ntype T[V any] int\nfunc (*T[V]) M(){}": "M",
		"var V int":                                       "V",
		"// These are.\nvar (\n V int\n W int\n)":         "",
		"const (\n A = 1 // one\n B = 2\n)":               "B",
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+code, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range uncommented(file) {
			got = append(got, n.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: found %q, want %q", code, got, want)
		}
	}
}
