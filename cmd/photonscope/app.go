package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode/field"
)

// Exit codes, as the README documents them.
const (
	exitOK          = 0
	exitFailure     = 1 // runtime failure, partial input, not a capture
	exitUsage       = 2 // bad flag or filter, unreadable key, directory, no permission
	exitSession     = 3 // the program worked, but a cause was found, or what it was asked to find is not there
	exitNothing     = 4 // nothing happened in the time given
	exitInterrupted = 130
)

// exitCodes says what they mean, in the README and the manual.
var exitCodes = []struct {
	code  int
	means string
}{
	{exitOK, "done; also: a proxy or `read --follow` ended by Ctrl-C, nothing of ours in the capture, or no key for it (a note says so)"},
	{exitFailure, "something failed while running, the input broke off, or it is no capture"},
	{exitUsage, "used wrongly: flag, filter, no such file, folder instead of file, no permission, unreadable key"},
	{exitSession, "the program worked, the session did not: `diagnose` has a finding, `--require-match` matched nothing, a script's expectation was not met, a server turned the device away, a replay diverged, a contract of `expect` was broken"},
	{exitNothing, "`diagnose --for`: nothing connected in that time"},
	{exitInterrupted, "interrupted before the end of a capture or replay"},
}

// app is one run of the program: what it reads, writes and is told by its
// surroundings, so that tests can run it without a process.
type app struct {
	stdin          *os.File
	stdout, stderr io.Writer
	getenv         func(string) string
}

// exitError is an error that ends the program with a code of its own and may
// say how to repair what is wrong.
type exitError struct {
	code int
	err  error
	hint string // a sentence for a person, "" if there is nothing to advise
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// usageError returns an error that ends the program with exit code 2.
func usageError(hint, format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...), hint}
}

// run executes one command line and returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	root := newRoot(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var exit *exitError
	if !errors.As(err, &exit) {
		exit = &exitError{code: exitUsage, err: err, hint: strings.Join(append(commandPath(root, args), "--help"), " ")}
	}
	if msg := exit.err.Error(); msg != "" {
		a.say("photonscope: %s", msg)
	}
	a.sayBadFilter(exit.err)
	a.sayBadContract(exit.err)
	if exit.hint != "" {
		a.say("hint: %s", exit.hint)
	}
	return exit.code
}

// say prints one line to standard error. Its arguments may hold foreign text:
// the line passes the sanitiser.
func (a *app) say(format string, args ...any) {
	line := field.AppendPrintable(nil, fmt.Sprintf(format, args...))
	a.stderr.Write(append(line, '\n'))
}

// commandPath returns the words that name the command of a command line.
func commandPath(root *cobra.Command, args []string) []string {
	cmd, _, err := root.Find(args)
	if err != nil {
		cmd = root
	}
	return strings.Fields(cmd.CommandPath())
}

// nearCommand is how many letters may be wrong in a command that is guessed.
const nearCommand = 2

// onlyCommands refuses what is no command, and guesses which one was meant.
func onlyCommands(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	guess := ""
	cmd.SuggestionsMinimumDistance = nearCommand
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		guess = "; did you mean " + near[0] + "?"
	} else if _, err := os.Stat(args[0]); err == nil && !cmd.HasParent() {
		return usageError("photonscope read "+args[0], "%s is a file, not a command", args[0])
	}
	return fmt.Errorf("unknown command %q for %q%s", args[0], cmd.CommandPath(), guess)
}

// newRoot returns the command tree.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "photonscope",
		Short: "See what a Particle Photon and its cloud say to each other",
		Long: `photonscope stands between a Particle Photon and its (private) server, opens the
session with the keys you have, and shows every handshake step and message. It
records to pcapng and reads captures back.

  photonscope demo                               a real session, nothing needed
  photonscope proxy -k keys/ 192.168.1.10:5683   between device and server
  photonscope read -k keys/ capture.pcapng       a capture, decoded`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.hasScreen() {
				return a.startPage(cmd.Context())
			}
			return cmd.Help()
		},
	}
	addVersionFlag(root)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.CompletionOptions.DisableDefaultCmd = true // newCompletionCommand has our words
	root.SetHelpCommand(newHelpCommand())
	root.AddCommand(newProxyCommand(a), newReadCommand(a), newDemoCommand(a), newDeviceCommand(a), newServerCommand(a), newReplayCommand(a), newExpectCommand(a), newKeysCommand(a), newDoctorCommand(a), newExportCommand(a), newStatsCommand(a), newDiagnoseCommand(a), newExplainCommand(a), newFilterCommand(a), newVersionCommand(a), newCompletionCommand(a), newManCommand(a))
	finishCommands(root)
	addCompletions(a, root)
	return root
}
