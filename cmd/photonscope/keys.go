package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/lightssl"
)

// keysCommand is one run of `photonscope keys …`.
type keysCommand struct {
	*app
	folder string // what --folder says
}

// newKeysCommand returns `photonscope keys` and what is below it.
func newKeysCommand(a *app) *cobra.Command {
	k := &keysCommand{app: a}
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Make, register, restore, export and inspect keys",
		Long: `Keys live in a folder, by default ~/.local/share/photonscope/keys (XDG_DATA_HOME
is obeyed): the public keys that devices announce, and the impersonation keys by
which the proxy stands for a device at its server.

Alone, it lists which keys are here, what each mode lacks, and what to do next.`,
		Example: `  photonscope keys inspect ~/.local/share/photonscope/keys
  photonscope keys register 3a14210004473432333230bd --server-keys core_keys`,
		Args: onlyCommands,
		RunE: func(*cobra.Command, []string) error { return k.checklist() },
	}
	cmd.PersistentFlags().StringVarP(&k.folder, "folder", "k", "", "`folder` the keys are kept in")
	cmd.AddCommand(newGenerateCommand(k), newRegisterCommand(k), newRestoreCommand(k), newKeyExportCommand(k), newInspectCommand(k), newPreloadCommand(k))
	return cmd
}

// print writes one line to standard output. Its arguments may hold foreign text.
func (a *app) print(format string, args ...any) {
	line := field.AppendPrintable(nil, fmt.Sprintf(format, args...))
	a.stdout.Write(append(line, '\n'))
}

// keyFolder opens the key folder, and makes it if need be.
func (k *keysCommand) keyFolder() (*keyDir, error) {
	path := k.folder
	if path == "" {
		path = defaultKeyFolder(k.getenv)
	}
	if path == "" {
		return nil, usageError("--folder FOLDER", "no key folder: neither XDG_DATA_HOME nor HOME is set")
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	dir, err := makeDir(path)
	if err != nil {
		return nil, fileError("key folder "+path, err, "name another: --folder FOLDER")
	}
	return dir, nil
}

// parseIDs reads device IDs as users write them.
func parseIDs(args []string) ([]lightssl.DeviceID, error) {
	ids := make([]lightssl.DeviceID, len(args))
	for i, arg := range args {
		id, err := lightssl.ParseDeviceID(arg)
		if err != nil {
			return nil, usageError("an ID looks like 3a14210004473432333230bd", "%q is no device ID: those are 24 hex digits", arg)
		}
		ids[i] = id
	}
	return ids, nil
}

// forEach does something for each device, tells what went wrong for one and
// goes on with the next. Its error has the exit code of the first that failed,
// and the last one's text.
func (k *keysCommand) forEach(ids []lightssl.DeviceID, do func(lightssl.DeviceID) error) error {
	var failed []error
	for _, id := range ids {
		if err := do(id); err != nil {
			failed = append(failed, fmt.Errorf("device %s: %w", id, err))
		}
	}
	if len(failed) == 0 {
		return nil
	}
	for _, err := range failed[:len(failed)-1] {
		k.say("photonscope: %v", err)
		if hint := hintOf(err); hint != "" {
			k.say("hint: %s", hint)
		}
	}
	last := failed[len(failed)-1]
	return &exitError{codeOf(failed[0]), last, hintOf(last)}
}

func hintOf(err error) string {
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.hint
	}
	return ""
}

func codeOf(err error) int {
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	return exitFailure
}

// failure returns an error that ends the program with exit code 1.
func failure(hint, format string, args ...any) error {
	return &exitError{exitFailure, fmt.Errorf(format, args...), hint}
}

// fileError says what went wrong with a file or folder that what names.
func fileError(what string, err error, hint string) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return usageError("run this as the owner of that folder, or "+hint, "%s: you have no right to do that", what)
	case errors.Is(err, syscall.ENOTDIR):
		return usageError(hint, "%s: a part of this path is a file, not a folder", what)
	case errors.Is(err, syscall.EROFS):
		return usageError(hint, "%s: this file system is read-only", what)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return failure("make room, then do it again: nothing was changed by halves", "%s: the disk is full", what)
	case errors.Is(err, fs.ErrNotExist):
		return usageError(hint, "%s: does not exist", what)
	}
	return failure(hint, "%s: %w", what, bareError(err))
}
