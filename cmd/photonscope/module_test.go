package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// goFile is a file of this module with its comments.
type goFile struct {
	name string // its path within the module, with slashes
	test bool
	fset *token.FileSet
	*ast.File
}

// goFiles returns all files of this module, whatever the system that they are for.
// Nested modules are left out.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	files, err := parsed()
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return files
}

var parsed = sync.OnceValues(func() (files []goFile, err error) {
	const root = "../.."
	fset := token.NewFileSet()
	err = filepath.WalkDir(root, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, at)
		name = filepath.ToSlash(name)
		switch {
		case d.IsDir() && holdsNothing(at, name):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		file, err := parser.ParseFile(fset, at, nil, parser.ParseComments|parser.SkipObjectResolution)
		files = append(files, goFile{name, strings.HasSuffix(name, "_test.go"), fset, file})
		return err
	})
	return files, err
})

// holdsNothing reports whether a folder has no package of this module.
func holdsNothing(at, name string) bool {
	if name == "." {
		return false
	}
	_, err := os.Stat(filepath.Join(at, "go.mod"))
	base := filepath.Base(at)
	return err == nil || base == "testdata" || base == "node_modules" || strings.HasPrefix(base, ".")
}
