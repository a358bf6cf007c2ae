package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fullWriter takes nothing.
type fullWriter struct{ err error }

func (f fullWriter) Write([]byte) (int, error) { return 0, f.err }

// A report that cannot be written is an error, unless nobody reads it.
func TestAReportThatCannotBeWrittenIsAnError(t *testing.T) {
	dir := t.TempDir()
	contract := filepath.Join(dir, "c.txt")
	if err := os.WriteFile(contract, []byte("never type == \"malformed\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	recording := filepath.Join(dir, "x.pcapng")
	if _, errs, code := runApp(t, nil, "demo", "-T", "text", "-q", "-w", recording); code != exitOK {
		t.Fatal(errs)
	}
	for _, args := range [][]string{
		{"expect", contract, recording},
		{"replay", recording, "--to-server", "127.0.0.1:1", "--dry-run"},
	} {
		for _, c := range []struct {
			err  error
			code int
			says string
		}{{syscall.ENOSPC, exitFailure, "standard output: no space left on device"}, {syscall.EPIPE, exitOK, ""}} {
			var errs strings.Builder
			a := &app{stdout: fullWriter{c.err}, stderr: &errs, getenv: func(string) string { return "" }}
			if code := a.run(t.Context(), args); code != c.code || !strings.Contains(errs.String(), c.says) {
				t.Errorf("%s, %v: exit %d\n%s", args[0], c.err, code, errs.String())
			}
		}
	}
}
