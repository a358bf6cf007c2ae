package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/store/filter"
)

// The user's own named filters are lines "name = expression" of a text file, which
// people edit by hand. Empty lines and those that begin with # mean nothing.

const (
	filtersName = "filters"
	maxFilters  = 1 << 20 // bytes of the file
)

// configFolder is where the user's settings are (XDG Base Directory).
func (a *app) configFolder() string {
	if dir := a.getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "photonscope")
	}
	if dir := a.getenv("AppData"); dir != "" && runtime.GOOS == "windows" {
		return filepath.Join(dir, "photonscope")
	}
	return filepath.Join(a.getenv("HOME"), ".config", "photonscope")
}

func (a *app) filtersPath() string { return filepath.Join(a.configFolder(), filtersName) }

// ownFilter is a line of the file.
type ownFilter struct {
	line       int // from 1
	text       string
	name, expr string
	column     int // of the expression, in bytes
}

// readFilters returns the user's named filters, none if there is no file. Of each
// line that is wrong it says what and where; the others count.
func (a *app) readFilters() map[string]string {
	path := a.filtersPath()
	if !filepath.IsAbs(path) {
		return nil // nobody's home
	}
	content, _, err := readBounded(path, maxFilters)
	if errors.Is(err, errMissing) {
		return nil
	}
	if err != nil {
		a.say("%s: %v; your own filters are not known", path, err)
		return nil
	}
	names := make(map[string]string)
	var lines []ownFilter
	for _, f := range parseFilters(content) {
		switch _, twice := names[f.name]; {
		case f.name == "":
			a.sayBadLine(path, &f, &filter.Error{Expr: f.text, End: len(f.text), Reason: "a line is name = expression"})
		case twice:
			a.sayBadLine(path, &f, &filter.Error{Expr: f.text, End: len(f.name), Reason: "there is a filter of this name above"})
		default:
			names[f.name] = f.expr
			lines = append(lines, f)
		}
	}
	for wrong := true; wrong; { // one that is wrong makes those wrong that name it
		wrong = false
		lines = slices.DeleteFunc(lines, func(f ownFilter) bool {
			fault := checkNamed(&f, names)
			if fault == nil {
				return false
			}
			a.sayBadLine(path, &f, fault)
			delete(names, f.name)
			wrong = true
			return true
		})
	}
	return names
}

// parseFilters takes the lines of the file apart.
func parseFilters(content []byte) (all []ownFilter) {
	n := 0
	for text := range strings.Lines(string(content)) {
		n++
		text = strings.TrimRight(text, "\r\n")
		if trimmed := strings.TrimSpace(text); trimmed == "" || trimmed[0] == '#' {
			continue
		}
		f := ownFilter{line: n, text: text}
		if name, expr, ok := strings.Cut(text, "="); ok && strings.TrimSpace(name) != "" && strings.TrimSpace(expr) != "" {
			f.name, f.expr = strings.TrimSpace(name), strings.TrimSpace(expr)
			f.column = len(text) - len(strings.TrimLeft(expr, " \t"))
		}
		all = append(all, f)
	}
	return all
}

// checkNamed returns what is wrong with a named filter, placed in its line.
func checkNamed(f *ownFilter, names map[string]string) *filter.Error {
	var fault *filter.Error
	if _, err := filter.Parse("@"+f.name, map[string]string{f.name: "type"}); err != nil {
		return &filter.Error{Expr: f.text, End: len(f.name), Reason: "this cannot be the name of a filter"}
	}
	if _, err := filter.Parse(f.expr, names); errors.As(err, &fault) {
		return &filter.Error{Expr: f.text, Offset: f.column + fault.Offset, End: f.column + fault.End, Reason: fault.Reason}
	}
	return nil
}

// sayBadLine says what is wrong with a line, and shows where.
func (a *app) sayBadLine(path string, f *ownFilter, fault *filter.Error) {
	a.say("%s:%d: no filter; the others are known", path, f.line)
	a.sayLines(fault.Caret())
}

// keepFilter writes a named filter to the file, in the place of one of the same
// name. The rest of the file stays as it is.
func (a *app) keepFilter(name, expr string) (path string, err error) {
	path = a.filtersPath()
	content, _, err := readBounded(path, maxFilters)
	if err != nil && !errors.Is(err, errMissing) {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	dir, err := makeDir(a.configFolder())
	if err != nil {
		return "", fmt.Errorf("%s: %w", a.configFolder(), bareError(err))
	}
	defer dir.close()
	if err := dir.replace(filtersName, withFilter(content, name, expr), owner{}); err != nil {
		return "", fmt.Errorf("%s: %w", path, bareError(err))
	}
	return path, nil
}

// withFilter returns the content of the file with a filter in it.
func withFilter(content []byte, name, expr string) []byte {
	line := name + " = " + expr + "\n"
	lines := slices.Collect(strings.Lines(string(content)))
	if n := len(lines); n > 0 {
		lines[n-1] = strings.TrimSuffix(lines[n-1], "\n") + "\n"
	}
	for _, f := range parseFilters(content) {
		if f.name == name {
			lines[f.line-1] = line
			return []byte(strings.Join(lines, ""))
		}
	}
	return []byte(strings.Join(append(lines, line), ""))
}

// listFilters is the table of all named filters.
func (a *app) listFilters(format string) []byte {
	builtIn, expressions := filter.Names()
	own := a.readFilters()
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	add := func(name, expr, from string) {
		if format == "ndjson" {
			line := field.AppendJSONString([]byte(`{"name":`), name)
			line = field.AppendJSONString(append(line, `,"expression":`...), expr)
			line = field.AppendJSONString(append(line, `,"from":`...), from)
			b.Write(append(line, "}\n"...))
			return
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", name, from, onOneLine(expr))
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		add(name, own[name], a.filtersPath())
	}
	for _, name := range builtIn {
		if _, hidden := own[name]; !hidden {
			add(name, expressions[name], "built in")
		}
	}
	w.Flush() // cannot fail: into memory
	return b.Bytes()
}
