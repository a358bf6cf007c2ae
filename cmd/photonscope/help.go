package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// helpWidth is how wide help may be: a terminal has at least 80 columns.
const helpWidth = 80

// finishCommands gives a tree of commands what is the same for all: descriptions
// of flags that fit a terminal, and of commands that only hold others, help
// instead of silence, and a refusal of words that are none of them.
func finishCommands(root *cobra.Command) {
	wrapped := fmt.Sprintf(".FlagUsagesWrapped %d", helpWidth)
	narrower := strings.NewReplacer(".FlagUsages", wrapped, " for more information about a command.", " says more of a command.")
	root.SetUsageTemplate(narrower.Replace(root.UsageTemplate()))
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if !cmd.Runnable() {
			cmd.Args = cobra.NoArgs
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
}

// takes checks the number of arguments; what names them in the sentence for a
// person who gave others.
func takes(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if least <= len(args) && len(args) <= most {
			return nil
		}
		return usageError(cmd.CommandPath()+" --help", "%s takes %s; here are %s", strings.TrimPrefix(cmd.CommandPath(), "photonscope "), what, count(len(args), "argument"))
	}
}

// manyArgs is for takes: no upper bound.
const manyArgs = 1 << 20
