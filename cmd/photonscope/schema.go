package main

import (
	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode"
)

// withSchema gives a command that prints NDJSON the flag --schema, which prints
// the contract of that instead and needs no arguments.
func withSchema(a *app, cmd *cobra.Command) *cobra.Command {
	wanted := cmd.Flags().Bool("schema", false, "print the JSON Schema of a line of -T ndjson, and nothing else")
	args, run := cmd.Args, cmd.RunE
	cmd.Args = func(cmd *cobra.Command, given []string) error {
		if *wanted {
			return takes(0, 0, "no argument with --schema")(cmd, given)
		}
		return args(cmd, given)
	}
	cmd.RunE = func(cmd *cobra.Command, given []string) error {
		if *wanted {
			_, err := a.stdout.Write(decode.JSONSchema())
			return err
		}
		return run(cmd, given)
	}
	return cmd
}
