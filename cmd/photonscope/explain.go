package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/diagnose"
)

func newExplainCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [ID]",
		Short: "Explain a cause of failure, such as PH-01; without ID: list them",
		Long: `Prints what is known of a cause of failure that diagnose finds: what it means,
what the device shows, what servers write into their logs, and what to do.
docs/diagnosis.md has all of them on one page.`,
		Example: `  photonscope explain PH-01
  photonscope explain | grep -i key`,
		Args:              takes(0, 1, "the ID of one cause"),
		ValidArgsFunction: completeCauses,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.listCauses()
			}
			c := diagnose.Find(args[0])
			if c == nil {
				return usageError("photonscope explain lists them", "there is no cause %s", args[0])
			}
			_, err := a.stdout.Write(appendCause(nil, c))
			return err
		},
	}
}

func completeCauses(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var ids []cobra.Completion
	for _, c := range diagnose.Causes() {
		if len(args) == 0 {
			ids = append(ids, cobra.CompletionWithDesc(c.ID, c.Title))
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) listCauses() error {
	var b strings.Builder
	for _, c := range diagnose.Causes() {
		fmt.Fprintf(&b, "%s  %-5s  %-11s  %s\n", c.ID, c.Seen, c.Stage, c.Title)
	}
	_, err := a.stdout.Write([]byte(b.String()))
	return err
}

// nowhere is the place of an explanation that is about no session.
var nowhere diagnose.Place

// appendCause appends all that the catalogue says of a cause.
func appendCause(b []byte, c *diagnose.Cause) []byte {
	b = appendWrapped(b, c.ID, c.Title)
	b = appendWrapped(b, "means", nowhere.Fill(c.Means))
	b = appendWrapped(b, "seen", map[diagnose.Seen]string{
		diagnose.OnWire: "on the wire", diagnose.InFiles: "in the key files themselves", diagnose.OnHost: "on the host or in the network, not on the wire",
	}[c.Seen]+"; stage "+c.Stage.String())
	b = appendWrapped(b, "on device", nowhere.Fill(c.Device))
	b = appendWrapped(b, "servers", nowhere.Fill(c.Servers))
	label := "remedy"
	for _, step := range c.Remedy {
		b = appendWrapped(b, label, nowhere.Fill(step))
		label = ""
	}
	if c.Repair != "" {
		b = appendWrapped(b, "repair", "such sessions live with photonscope proxy --repair "+c.Repair)
	}
	label = "read"
	if c.Rows != "" {
		b = appendWrapped(b, label, "docs/protocol.md section 7, "+c.Rows)
		label = ""
	}
	for _, address := range c.Read {
		b = appendWrapped(b, label, address)
		label = ""
	}
	return b
}
