package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/photonscope/photonscope/ui"
)

// screenFiles are what the screen has written: exports, which stay, and the text
// that was copied last, which is gone when the program ends.
type screenFiles struct {
	app   *app   // of the terminal
	state string // folder of the text copied last
	kept  string // its name, "" if there is none
}

// actions returns what the screen may ask for.
func (f *screenFiles) actions() ui.Actions {
	return ui.Actions{KeepCopy: f.keepCopy, Save: saveBeside, SaveCapture: f.saveCapture, KeepFilter: f.app.keepFilter, KeepColumns: f.app.keepColumns}
}

// stateFolder is where the program keeps what only it needs (XDG Base Directory).
func (a *app) stateFolder() string {
	if dir := a.getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "photonscope")
	}
	if dir := a.getenv("LocalAppData"); dir != "" {
		return filepath.Join(dir, "photonscope")
	}
	return filepath.Join(a.getenv("HOME"), ".local", "state", "photonscope")
}

// keepCopy keeps the text in a file of its own, because not every terminal takes
// what is sent to its clipboard.
func (f *screenFiles) keepCopy(text []byte) (string, error) {
	if err := os.MkdirAll(f.state, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(f.state, "last-copy")
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return "", err
	}
	f.kept = path
	return path, nil
}

// forget removes the text that was copied.
func (f *screenFiles) forget() {
	if f.kept != "" {
		os.Remove(f.kept)
	}
}

// maxNumbered is how many files of a name an export tries.
const maxNumbered = 1000

// saveBeside creates a file in the current folder, under a number if there is one
// with the name, and has it written. One that could not be written is removed.
func saveBeside(name string, write func(io.Writer) error) (string, error) {
	for path := range numbered(name) {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		if err := errors.Join(write(f), f.Close()); err != nil {
			os.Remove(path)
			return "", err
		}
		return path, nil
	}
	return "", tooMany(name)
}

// numbered yields the names of files to try for an export.
func numbered(name string) iter.Seq[string] {
	ext := filepath.Ext(name)
	stem := "photonscope-" + strings.TrimSuffix(name, ext)
	return func(yield func(string) bool) {
		for n := 1; n <= maxNumbered; n++ {
			path := stem + ext
			if n > 1 {
				path = fmt.Sprintf("%s-%d%s", stem, n, ext)
			}
			if !yield(path) {
				return
			}
		}
	}
}

func tooMany(name string) error {
	return fmt.Errorf("there are %d files named %s already", maxNumbered, name)
}
