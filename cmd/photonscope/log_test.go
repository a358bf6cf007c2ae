package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestNotesGoWhereTheirLevelBelongs(t *testing.T) {
	for _, test := range []struct {
		level         string
		quiet         bool
		shown, logged string
	}{
		{"info", false, "i w e", "i w e"},
		{"info", true, "w e", "i w e"},
		{"warn", false, "w e", "w e"},
		{"error", true, "e", "e"},
	} {
		var errs bytes.Buffer
		file := filepath.Join(t.TempDir(), "log")
		l, err := (&logFlags{file: file, level: test.level}).open(&app{stderr: &errs}, test.quiet)
		if err != nil {
			t.Fatal(err)
		}
		var n notes
		stop := n.start(l.print)
		n.add(slog.LevelInfo, "i")
		n.add(slog.LevelWarn, "w")
		n.add(slog.LevelError, "e")
		stop()
		l.close()
		if got := strings.Join(strings.Fields(errs.String()), " "); got != test.shown {
			t.Errorf("%+v: on standard error %q", test, got)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var logged []string
		for line := range strings.Lines(string(b)) {
			_, msg, _ := strings.Cut(strings.TrimSpace(line), "msg=")
			logged = append(logged, msg)
		}
		if got := strings.Join(logged, " "); got != test.logged {
			t.Errorf("%+v: in the log %q", test, got)
		}
	}
}

func TestALogLineHasTimeLevelAndHarmlessText(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log")
	l, err := (&logFlags{file: file, level: "info"}).open(&app{stderr: new(bytes.Buffer)}, true)
	if err != nil {
		t.Fatal(err)
	}
	l.print(note{time.Date(2026, 11, 25, 12, 0, 0, 5e6, time.UTC), slog.LevelWarn, "a \x1b[31m b\nlevel=ERROR"})
	l.close()
	b, err := os.ReadFile(file)
	if want := "time=2026-11-25T12:00:00.005Z level=WARN msg=\"a \\\\x1b[31m b\\\\x0alevel=ERROR\"\n"; err != nil || string(b) != want {
		t.Errorf("%q, want %q (%v)", b, want, err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v)", info.Mode(), err)
	}
}

func TestALogThatCannotBeWrittenSaysSoOnce(t *testing.T) {
	var errs bytes.Buffer
	l, err := (&logFlags{file: filepath.Join(t.TempDir(), "log"), level: "info"}).open(&app{stderr: &errs}, true)
	if err != nil {
		t.Fatal(err)
	}
	l.file.Close()
	l.print(note{level: slog.LevelInfo, text: "one"})
	l.print(note{level: slog.LevelInfo, text: "two"})
	if n := strings.Count(errs.String(), "\n"); n != 1 || !strings.Contains(errs.String(), "nothing more is written there") {
		t.Errorf("said %q", errs.String())
	}
}

func TestAProxyLogsThatItListens(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log")
	p := startProxy(t, "--log", file, "127.0.0.1:9")
	p.end()
	b, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(b), `level=INFO msg="listening on 127.0.0.1:`) {
		t.Errorf("the log: %q (%v)", b, err)
	}
}
