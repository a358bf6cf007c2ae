package main

import "github.com/spf13/cobra"

// newKeysCommand returns `photonscope keys` and what is below it.
func newKeysCommand(a *app) *cobra.Command {
	return &cobra.Command{Use: "keys", Short: "Make, register, restore and export keys"}
}
