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

// valueFlags returns the command's own flags that take a value, and for each its
// usage.
func valueFlags(cmd *cobra.Command) map[string]string {
	flags := map[string]string{}
	for line := range strings.Lines(cmd.LocalFlags().FlagUsages()) {
		_, after, _ := strings.Cut(line, "--")
		name, rest, _ := strings.Cut(after, " ")
		if rest != "" && !strings.HasPrefix(rest, " ") {
			flags[name] = rest
		}
	}
	return flags
}
