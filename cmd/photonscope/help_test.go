package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

func TestEveryHelpFitsATerminal(t *testing.T) {
	everyCommand(newRoot(new(app)), func(cmd *cobra.Command) {
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
		if cmd.HasAvailableSubCommands() && !strings.HasSuffix(out, "\n"+cmd.CommandPath()+" [command] --help says more of a command.\n") {
			t.Errorf("%s: its help does not end with where more is said:\n%s", cmd.CommandPath(), out)
		}
	})
}

func TestEveryCommandHasAnExampleOfItself(t *testing.T) {
	everyCommand(newRoot(new(app)), func(cmd *cobra.Command) {
		if !strings.Contains(cmd.Long+cmd.Example, "  "+cmd.CommandPath()) {
			t.Errorf("%s: its help shows no example", cmd.CommandPath())
		}
	})
}

func TestHelpOfACommandIsThatOfItsFlag(t *testing.T) {
	everyCommand(newRoot(new(app)), func(cmd *cobra.Command) {
		words := strings.Fields(cmd.CommandPath())[1:]
		flag, _, _ := runApp(t, nil, append(words, "--help")...)
		command, errs, code := runApp(t, nil, append([]string{"help"}, words...)...)
		if code != exitOK || errs != "" || command != flag {
			t.Errorf("help %s: exit %d, said %q, other text than with --help:\n%s", cmd.CommandPath(), code, errs, command)
		}
	})
}

// valueFlags returns the names of the command's own flags that take a value.
func valueFlags(cmd *cobra.Command) (names []string) {
	for _, f := range flagLines(cmd.LocalFlags().FlagUsages()) {
		_, spelling, _ := strings.Cut(f.spelling, "--")
		if name, value, _ := strings.Cut(spelling, " "); value != "" {
			names = append(names, name)
		}
	}
	return names
}
