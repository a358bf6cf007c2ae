package main

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/ui"
)

// sourceFlags say which captures a command reads, and with which keys.
type sourceFlags struct {
	keys []string
	port uint16
}

// capturesHelp names the arguments of commands that read captures.
const capturesHelp = "captures, files or - for standard input"

func (f *sourceFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&f.keys, "key", "k", nil, keyFlagHelp)
	cmd.Flags().Uint16Var(&f.port, "port", 0, "only connections with this `port` at either end")
}

// keyLogBeside is what a key log's name has behind that of its capture.
const keyLogBeside = ".keylog"

// inputs are the captures of one run, in the order of the command line.
type inputs struct {
	list   []captures.Input
	files  []*os.File
	follow *follower // nil: nothing is followed as a file
	ahead  *ahead
}

// open opens captures, and all of them before any is read. Nothing here reads:
// a file may be a pipe.
func (r *reading) open(ctx context.Context) (*inputs, error) {
	if err := r.checkNames(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	in := &inputs{ahead: newAhead(cancel)}
	r.progress.total.Store(r.size())
	for _, name := range r.names {
		f, err := r.openOne(ctx, in, name)
		if err != nil {
			in.close()
			return nil, err
		}
		in.list = append(in.list, captures.Input{Name: sourceName(name), R: &countedInput{f, &r.progress, in.ahead}})
	}
	return in, nil
}

// size returns the bytes of all captures on the disk, 0 if they have no end yet.
func (r *reading) size() (total int64) {
	for _, name := range r.names {
		info, err := os.Stat(name)
		if r.follow || name == "-" || err != nil || !info.Mode().IsRegular() {
			return 0
		}
		total += info.Size()
	}
	return total
}

// checkNames refuses lists of captures that cannot be read.
func (r *reading) checkNames() error {
	switch fromStdin := times(r.names, "-"); {
	case fromStdin > 1:
		return usageError("name it once", "standard input is named %d times, and can be read once", fromStdin)
	case fromStdin > 0 && slices.ContainsFunc(r.keys, fromStandardInput):
		return usageError("put the key into a file: -k FILE", "-k - and the capture - both want standard input")
	case fromStdin > 0 && r.app.stdin == nil:
		return usageError("name a file", "there is no standard input")
	case r.follow && len(r.names) > 1:
		return usageError("follow one of them", "--follow takes one capture; here are %d", len(r.names))
	}
	return nil
}

// openOne opens one capture.
func (r *reading) openOne(ctx context.Context, in *inputs, name string) (io.Reader, error) {
	end, caughtUp := context.Canceled, (*atomic.Bool)(nil)
	if r.follow {
		end, caughtUp = io.EOF, &r.progress.caughtUp // an input without an end ends when the user says so
	}
	if f := r.spooled[name]; f != nil {
		_, err := f.Seek(0, io.SeekStart)
		return f, err
	}
	if name == "-" {
		return newInterruptible(ctx, r.app.stdin, end, caughtUp), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, usageError("", "%s: %v", name, unwrapPath(err))
	}
	in.files = append(in.files, f)
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, usageError("", "%s: %v", name, unwrapPath(err))
	case info.IsDir():
		return nil, usageError("photonscope read "+name+"/CAPTURE.pcapng", "%s is a folder, not a capture", name)
	case !info.Mode().IsRegular():
		return newInterruptible(ctx, f, end, caughtUp), nil
	case r.follow:
		in.follow = &follower{ctx: ctx, file: f, name: name, say: r.app.say, caughtUp: caughtUp}
		return in.follow, nil
	}
	return f, nil
}

func (in *inputs) close() {
	if in.ahead != nil {
		in.ahead.stop()
	}
	for _, f := range in.files {
		f.Close()
	}
}

// progress is how much of the captures was read, as they lie on the disk: packed
// ones in packed bytes.
type progress struct {
	read, total atomic.Int64
	caughtUp    atomic.Bool // with a capture that is followed
}

// now returns it, with the total 0 if that is not known.
func (p *progress) now() ui.Progress {
	return ui.Progress{Read: p.read.Load(), Total: p.total.Load(), Following: p.caughtUp.Load()}
}

// countedInput is an input that is read ahead and counts what it got. It may have to
// wait for bytes: what came before is handed over first.
type countedInput struct {
	r        io.Reader
	progress *progress
	ahead    *ahead
}

// Read implements io.Reader.
func (c *countedInput) Read(b []byte) (int, error) {
	c.ahead.send() // be it nothing: whoever takes it can see how far reading is, and stop it
	if c.ahead.isStopped() {
		return 0, context.Canceled
	}
	n, err := c.r.Read(b)
	c.progress.read.Add(int64(n))
	c.ahead.newKeys()
	return n, err
}

// besideKeyLogs returns the key logs that lie beside captures. One that is
// followed may come later.
func (r *reading) besideKeyLogs() (there, awaited []string) {
	for _, name := range r.names {
		beside := name + keyLogBeside
		switch {
		case name == "-":
		case fileExists(beside):
			there = append(there, beside)
		case r.follow, r.stays:
			awaited = append(awaited, beside)
		}
	}
	return there, awaited
}

// sourceName is what sentences call a capture.
func sourceName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

func fromStandardInput(keyArg string) bool { return keyArg == "-" || strings.HasSuffix(keyArg, ":-") }

func times(list []string, what string) (n int) {
	for _, s := range list {
		if s == what {
			n++
		}
	}
	return n
}

// fileExists reports whether a regular file has this name.
func fileExists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// unwrapPath takes the operation and path off an error that a caller's sentence
// names already.
func unwrapPath(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
