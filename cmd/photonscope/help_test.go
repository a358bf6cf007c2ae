package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

func TestEveryHelpFitsATerminal(t *testing.T) {
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		for _, below := range cmd.Commands() {
			visit(below)
		}
		if strings.Contains(cmd.CommandPath(), "completion ") {
			return // not our words
		}
		args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
		out, errs, code := runApp(t, nil, args...)
		if code != exitOK || errs != "" || out == "" {
			t.Errorf("%s: exit %d, said %q", cmd.CommandPath(), code, errs)
		}
		for line := range strings.Lines(out) {
			if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > helpWidth {
				t.Errorf("%s: wider than %d columns: %s", cmd.CommandPath(), helpWidth, line)
			}
		}
	}
	visit(newRoot(new(app)))
}
