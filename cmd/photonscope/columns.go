package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

const (
	columnsName = "columns" // the file in the user's configuration
	maxColumns  = 16 << 10  // bytes of it
)

func (a *app) columnsPath() string { return filepath.Join(a.configFolder(), columnsName) }

// readColumns returns the columns that the list of messages has on the screen, nil
// for the usual ones.
func (a *app) readColumns() []string {
	path := a.columnsPath()
	if !filepath.IsAbs(path) {
		return nil // nobody's home
	}
	content, _, err := readBounded(path, maxColumns)
	if errors.Is(err, errMissing) {
		return nil
	}
	if err != nil {
		a.say("%s: %v; the list has its usual columns", path, err)
		return nil
	}
	return strings.FieldsFunc(string(content), func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
}

// keepColumns writes the names of the columns for the next time, none for the usual
// ones.
func (a *app) keepColumns(names []string) (path string, err error) {
	path = a.columnsPath()
	dir, err := makeDir(a.configFolder())
	if err != nil {
		return "", fmt.Errorf("%s: %w", a.configFolder(), bareError(err))
	}
	defer dir.close()
	if err := dir.replace(columnsName, []byte(strings.Join(names, ",")+"\n"), owner{}); err != nil {
		return "", fmt.Errorf("%s: %w", path, bareError(err))
	}
	return path, nil
}
