package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/decode"
)

func newReadCommand(a *app) *cobra.Command {
	var (
		out  outputFlags
		keys []string
	)
	cmd := &cobra.Command{
		Use:   "read [flags] FILE|-",
		Short: "Decode a capture: pcap or pcapng, a file or standard input",
		Long: `Reads a capture, puts its TCP streams together, opens the sessions that the keys
given with -k can open, and prints what was said. A key log beside the file
(FILE.keylog) is read with it.

What opens what: the device's private key or the session's key log line opens
the session; the server's private key opens the identity record, nothing after
it.`,
		Example: `  photonscope read -k keys/ session.pcapng
  photonscope read -T ndjson session.pcapng | jq 'select(.type == "message")'
  photonscope read -T fields -e time -e photon.msg -e photon.rtt session.pcapng
  ssh gateway tcpdump -U -w - port 5683 | photonscope read -k keys/ -`,
		Args: takes(1, 1, "one capture, a file or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.read(cmd.Context(), &out, keys, args[0])
		},
	}
	out.register(cmd)
	cmd.Flags().StringArrayVarP(&keys, "key", "k", nil, keyFlagHelp)
	return withSchema(a, cmd)
}

// read decodes one capture to its end and prints it.
func (a *app) read(ctx context.Context, flags *outputFlags, keyArgs []string, name string) error {
	if err := flags.check(); err != nil {
		return err
	}
	r := &reading{app: a, name: name, quiet: flags.quiet, out: newOutput(a.stdout, flags)}
	return r.read(ctx, keyArgs, r.out, flags.legs == "both")
}

// readInto decodes one capture to its end and hands its events, of both legs,
// to a sink.
func (a *app) readInto(ctx context.Context, name string, keyArgs []string, to *imageCollector) error {
	r := &reading{app: a, name: name}
	err := r.read(ctx, keyArgs, to, true)
	to.done()
	return err
}

// open opens the capture to read.
func (a *app) open(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(a.stdin), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, usageError("", "%s: %v", name, unwrapPath(err))
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, usageError("photonscope read "+name+"/CAPTURE.pcapng", "%s is a folder, not a capture", name)
	}
	return f, nil
}

// reading is one run over a capture.
type reading struct {
	app      *app
	name     string
	out      *output // nil: the events go elsewhere
	quiet    bool
	pipe     *pipeline
	stats    captures.Stats
	sealed   map[uint32]string // sessions that stayed closed, and why
	sessions map[uint32]bool
}

// read opens the capture and its keys and decodes it.
func (r *reading) read(ctx context.Context, keyArgs []string, to sink, bothLegs bool) error {
	in, err := r.app.open(r.name)
	if err != nil {
		return err
	}
	defer in.Close()
	if beside := r.name + ".keylog"; r.name != "-" && fileExists(beside) {
		keyArgs = append(keyArgs, beside)
	}
	keys, err := loadKeys(r.app, keyArgs)
	if err != nil {
		return err
	}
	r.sealed, r.sessions = make(map[uint32]string), make(map[uint32]bool)
	r.pipe = newPipeline(keys.Ring, to)
	r.pipe.bothLegs = bothLegs
	r.pipe.alarm = func(text string) { r.app.say("%s", text) }
	r.pipe.onEvent = r.note
	return r.run(ctx, in)
}

// note remembers why sessions stay closed.
func (r *reading) note(e *decode.Event) {
	r.sessions[e.Session] = true
	if c, ok := e.Body.(*decode.Credentials); ok && c.Opened {
		delete(r.sealed, e.Session)
	} else if ok {
		r.sealed[e.Session] = c.Reason
	}
}

// flushFirst prints what is decoded before it waits for more input.
type flushFirst struct {
	r     io.Reader
	flush func()
}

func (f flushFirst) Read(b []byte) (int, error) {
	f.flush()
	return f.r.Read(b)
}

func (r *reading) run(ctx context.Context, in io.Reader) error {
	if r.out != nil {
		r.out.header(r.name)
	}
	var failed error
	for it, err := range captures.Read(flushFirst{in, r.pipe.sink.flush}, captures.ReadOptions{Stats: &r.stats}) {
		if failed = err; failed == nil {
			failed = ctx.Err()
		}
		if failed != nil {
			break
		}
		r.pipe.feed(it)
	}
	r.pipe.finish()
	if r.out != nil {
		r.out.close(failed == nil, errorText(failed))
	}
	if !r.quiet {
		r.notes()
	}
	return r.verdict(failed)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// verdict makes the exit code.
func (r *reading) verdict(failed error) error {
	switch {
	case failed == nil:
		return nil
	case errors.Is(failed, context.Canceled):
		return &exitError{exitInterrupted, errors.New("interrupted before the end of the capture"), ""}
	}
	name := r.name
	if name == "-" {
		name = "standard input"
	}
	return &exitError{exitFailure, fmt.Errorf("%s: %w", name, failed), hintFor(failed)}
}

// notes says on standard error what the events cannot.
func (r *reading) notes() {
	if len(r.sessions) == 0 && r.stats.Packets > 0 {
		r.app.say("no TCP connection with data in this capture (%d packets)", r.stats.Packets)
	}
	for _, reason := range r.sealed {
		r.app.say("%d of %d sessions stayed sealed: %s", len(r.sealed), len(r.sessions), strings.TrimPrefix(reason, "sealed: "))
		return
	}
}

// hintFor says what to do about a capture that cannot be read to its end.
func hintFor(err error) string {
	var format *captures.FormatError
	if errors.As(err, &format) && format.Offset == 0 {
		return "photonscope reads pcap and pcapng, as tcpdump, Wireshark and photonscope -w write them"
	}
	return ""
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
