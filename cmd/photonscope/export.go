package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
)

func newExportCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "export", Short: "Take out of a capture what its sessions carried",
		Example: "  photonscope export firmware -k keys/ session.pcapng",
	}
	cmd.AddCommand(newExportKeysCommand(a), newExportFirmwareCommand(a), newExportPayloadsCommand(a), newExportDescribeCommand(a))
	return cmd
}

// export is what the commands have in common that take something out of
// captures. Each session is seen once, on the leg next to the device.
type export struct {
	reading
	folder string // -o; "": standard output
	failed error  // of the first thing that could not be written
}

// register gives a command that takes captures its flags. make makes what takes
// their events.
func (x *export) register(cmd *cobra.Command, folderHelp string, make func() collector) *cobra.Command {
	x.sourceFlags.register(cmd)
	cmd.Flags().StringVarP(&x.folder, "out", "o", x.folder, folderHelp)
	cmd.Args = takes(1, manyArgs, capturesHelp)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return x.take(cmd.Context(), args, make())
	}
	return cmd
}

// line prints one line, with its end, on standard output. Whoever reads it may go
// away.
func (x *export) line(b []byte) {
	if _, err := x.app.stdout.Write(append(b, '\n')); x.failed == nil {
		x.failed = printError(err)
	}
}

// file writes a new file into the folder and reports whether it could.
func (x *export) file(name string, b []byte) (path string, ok bool) {
	path = filepath.Join(x.folder, name)
	err := writeNew(path, b)
	if err != nil && x.failed == nil {
		x.failed = err
	}
	return path, err == nil
}

// nothing says that there was nothing to take out.
func (x *export) nothing(what string) {
	if x.failed == nil {
		x.app.say("%s: no %s in the sessions that could be opened", strings.Join(x.names, ", "), what)
	}
}

// take reads captures and hands their events to a collector.
func (x *export) take(ctx context.Context, names []string, to collector) error {
	if x.folder != "" {
		if info, err := os.Stat(x.folder); err != nil || !info.IsDir() {
			return usageError("-o names a folder that is there", "%s is no folder", x.folder)
		}
	}
	x.names, x.bothLegs = names, true
	if err := x.into(ctx, perDevice{to}); err != nil {
		x.failed = err
	}
	to.done()
	return x.failed
}

// collector takes the events of sessions as devices see them.
type collector interface {
	event(*decode.Event)
	done()
}

// perDevice is the sink of a collector.
type perDevice struct{ to collector }

func (p perDevice) event(e *decode.Event) {
	if e.Conn.Leg != stream.CloudLeg {
		p.to.event(e)
	}
}

func (perDevice) flush() {}

// origin is who a session is with, for the names of files and for sentences:
// the device's ID, or where no key tells it, which session it was. Nothing in it
// is text from the wire.
func origin(e *decode.Event) string {
	return deviceOr(e, fmt.Sprintf("session-%d", e.Session))
}

// inOrder are the sessions of a map, by their numbers.
func inOrder[K cmp.Ordered, V any](m map[K]V) []V {
	var list []V
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, m[k])
	}
	return list
}

// writeNew writes a file that must not be there yet, for the owner alone.
func writeNew(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, privateMode)
	if err != nil {
		return usageError("move it away, or name another folder: -o FOLDER", "write %s: %v", path, unwrapPath(err))
	}
	if _, err := f.Write(b); err != nil {
		f.Close()
		return &exitError{exitFailure, fmt.Errorf("write %s: %w", path, unwrapPath(err)), ""}
	}
	return f.Close()
}
