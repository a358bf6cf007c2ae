package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The columns that were chosen are there the next time, and a file that is none does
// no harm.
func TestColumnsLast(t *testing.T) {
	home := t.TempDir()
	var errs strings.Builder
	a := &app{stderr: &errs, getenv: func(name string) string {
		return map[string]string{"XDG_CONFIG_HOME": filepath.Join(home, "config")}[name]
	}}
	if got := a.readColumns(); got != nil {
		t.Errorf("columns %q before any were chosen", got)
	}
	want := []string{"no", "coap.mid", "info"}
	path, err := a.keepColumns(want)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.readColumns(); !slices.Equal(got, want) {
		t.Errorf("columns %q, want %q", got, want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if _, err := a.keepColumns(nil); err != nil || len(a.readColumns()) != 0 {
		t.Errorf("the usual columns are not kept: %v, %q", err, a.readColumns())
	}
	if err := os.WriteFile(path, make([]byte, maxColumns+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := a.readColumns(); got != nil || !strings.Contains(errs.String(), "usual columns") {
		t.Errorf("a huge file gives %d columns, and %q", len(got), errs.String())
	}
}
