package main

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode/field"
)

// logFlags say which notes a live command gives, and where.
type logFlags struct {
	file  string
	level string
}

var (
	logLevels     = []slog.Level{slog.LevelInfo, slog.LevelWarn, slog.LevelError}
	logLevelNames = []string{"info", "warn", "error"}
)

func (f *logFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "log", "", "append the notes of standard error to this `file` as well, each with its time")
	cmd.Flags().StringVar(&f.level, "log-level", "info", "least `level` of a note: info (how it goes on), warn (look at it) or error (something is lost)")
}

// log gives notes to standard error and to a file. A note never holds a secret:
// what is secret has no way into a sentence.
type log struct {
	app     *app
	shown   slog.Level // least level on standard error
	least   slog.Level // least level in the file
	file    *os.File   // nil: none
	handler slog.Handler
}

// open opens the log. quiet keeps information off standard error.
func (f *logFlags) open(a *app, quiet bool) (*log, error) {
	at := slices.Index(logLevelNames, f.level)
	if at < 0 {
		return nil, usageError("one of: "+strings.Join(logLevelNames, ", "), "--log-level %s means nothing", f.level)
	}
	l := &log{app: a, shown: logLevels[at], least: logLevels[at]}
	if quiet {
		l.shown = max(l.shown, slog.LevelWarn)
	}
	if f.file == "" {
		return l, nil
	}
	file, err := os.OpenFile(f.file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, usageError("--log names a file in a folder that you may write to", "--log %s: %v", f.file, unwrapPath(err))
	}
	l.file, l.handler = file, slog.NewTextHandler(file, nil)
	return l, nil
}

// print gives one note. A log that cannot be written to any more says so once.
func (l *log) print(n note) {
	if n.level >= l.shown {
		l.app.say("%s", n.text)
	}
	if l.handler == nil || n.level < l.least {
		return
	}
	record := slog.NewRecord(n.at, n.level, string(field.AppendPrintable(nil, n.text)), 0)
	if err := l.handler.Handle(context.Background(), record); err != nil {
		l.app.say("--log %s: %v; nothing more is written there", l.file.Name(), unwrapPath(err))
		l.handler = nil
	}
}

func (l *log) close() {
	if l.file != nil {
		l.file.Close()
	}
}
