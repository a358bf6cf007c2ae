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
	narrower := strings.NewReplacer(".FlagUsages", wrapped,
		`Use "{{.CommandPath}} [command] --help" for more information about a command.`, "{{.CommandPath}} [command] --help says more of a command.")
	root.SetUsageTemplate(narrower.Replace(root.UsageTemplate()))
	for _, cmd := range root.Commands() {
		if !cmd.Runnable() {
			cmd.Args = onlyCommands
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
		return usageError(cmd.CommandPath()+" --help", "%s takes %s, and got %s", strings.TrimPrefix(cmd.CommandPath(), "photonscope "), what, count(len(args), "argument"))
	}
}

// manyArgs is for takes: no upper bound.
const manyArgs = 1 << 20

// newHelpCommand returns `photonscope help`, which refuses what is no command.
func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Say how a command is used",
		Example: "  photonscope help keys register",
		RunE: func(cmd *cobra.Command, args []string) error {
			topic, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usageError("photonscope --help lists the commands", "help: there is no command %s", strings.Join(args, " "))
			}
			topic.InitDefaultHelpFlag()
			return topic.Help()
		},
		ValidArgsFunction: completeCommand,
	}
}
