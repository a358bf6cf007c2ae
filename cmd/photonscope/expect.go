package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/expect"
)

// expectSchema is the version of the lines of -T ndjson (docs/expect.md).
const expectSchema = "photonscope.expect/1"

// expectFlags are those of `photonscope expect`.
type expectFlags struct {
	format string
	stop   bool
	quiet  bool
}

func newExpectCommand(a *app) *cobra.Command {
	r := &reading{app: a}
	var f expectFlags
	cmd := &cobra.Command{
		Use:   "expect [flags] CONTRACT FILE...|-",
		Short: "Judge sessions by a contract: what must be said, and in what time",
		Long: `CONTRACT is a text file with a rule a line (docs/expect.md), in the language of
filters:

  within 10s photon.msg == "hello"
  then within 5s photon.msg == "describe"
  every photon.msg == "ping" answered within 2s
  never type == "malformed"
  at least 3 photon.msg == "event"

Each session of the captures is judged by all rules. Whatever breaks one is
shown with its event and bytes, and the exit code is 3. What cannot be told,
because frames are sealed or the capture breaks off, is said too, exit code 1.

Live sessions: from photonscope proxy -w - or tcpdump down a pipe, or from a
file that grows (-f).`,
		Example: `  photonscope expect online.txt session.pcapng
  photonscope expect -k keys/ online.txt - < capture.pcap
  photonscope proxy -k keys/ -w - 127.0.0.1:5683 2>log |
      photonscope expect -k keys/ online.txt -`,
		Args: takes(2, manyArgs, "a contract, and "+capturesHelp),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.expect(cmd.Context(), r, &f, args)
		},
	}
	r.register(cmd)
	flags := cmd.Flags()
	flags.BoolVarP(&r.follow, "follow", "f", false, "read on as the file grows; Ctrl-C ends it")
	flags.StringVarP(&f.format, "format", "T", "text", "report as text or ndjson")
	flags.BoolVar(&f.stop, "stop", false, "end at the first breach")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print breaches only")
	return cmd
}

// expect judges captures by a contract.
func (a *app) expect(ctx context.Context, r *reading, f *expectFlags, args []string) error {
	if f.format != "text" && f.format != "ndjson" {
		return usageError("one of: text, ndjson", "-T %s is no format of a report", f.format)
	}
	contract, err := a.readContract(args[0])
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away does not change the verdict
	r.names, r.quiet = args[1:], true
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	x := &expectReport{app: a, out: reportWriter{to: a.stdout}, expectFlags: f, name: args[0], judge: expect.NewJudge(contract), contract: contract}
	x.judge.Breach, x.judge.Over = x.breach, x.over
	if f.stop {
		x.end = cancel
	}
	x.line(map[string]any{"type": "header", "schema": expectSchema, "version": version()})
	failed := r.into(ctx, x)
	if x.stopped {
		failed = nil
	}
	x.judge.Finish()
	x.summary()
	return a.unlessPrinted(x.verdict(failed), x.out.failed)
}

// readContract reads a contract, or says in which place it is wrong.
func (a *app) readContract(path string) (*expect.Contract, error) {
	text, _, err := readBounded(path, expect.MaxLen)
	if err != nil {
		return nil, usageError("the contract comes first, then the captures", "contract %s %v", path, err)
	}
	c, err := expect.Parse(string(text), a.readFilters())
	var fault *expect.Error
	if errors.As(err, &fault) {
		return nil, &exitError{exitUsage, &badContract{path, fault}, "docs/expect.md has the rules, photonscope filter --fields the fields"}
	}
	return c, err
}

// badContract is a contract that cannot be understood. The place is shown below
// the message.
type badContract struct {
	path  string
	fault *expect.Error
}

func (b *badContract) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", b.path, b.fault.Line, b.fault.Column, b.fault.Reason)
}

// sayBadContract shows where a contract is wrong, if that is the error.
func (a *app) sayBadContract(err error) {
	var bad *badContract
	if errors.As(err, &bad) {
		a.sayLines(bad.fault.Caret())
	}
}

// expectReport prints what the judge finds. It is the sink of the captures.
type expectReport struct {
	*expectFlags
	app      *app
	name     string // of the contract
	contract *expect.Contract
	judge    *expect.Judge
	end      func() // ends reading at the first breach; nil: go on
	stopped  bool

	out                                   reportWriter
	printer                               decode.Printer
	sessions, breaches, broken, undecided int
	buf                                   []byte
}

func (x *expectReport) event(e *decode.Event) {
	if !x.stopped {
		x.judge.Feed(e)
	}
}

func (x *expectReport) flush() { x.judge.Flush() }

// breach implements expect.Judge's.
func (x *expectReport) breach(b expect.Breach) {
	if x.stopped {
		return
	}
	x.breaches++
	if x.end != nil {
		x.stopped = true
		x.end()
	}
	if x.format == "ndjson" {
		x.line(map[string]any{
			"type": "breach", "line": b.Rule.Line, "rule": b.Rule.Text, "photon.session": b.Session, "why": b.Why,
			"time": b.At.UTC(), "event": json.RawMessage(x.printer.AppendJSON(nil, b.Event)),
		})
		return
	}
	x.text("BROKEN session %d: %s:%d: %s\n", b.Session, onOneLine(x.name), b.Rule.Line, onOneLine(b.Rule.Text))
	x.text("  %s at %s; this event, and its bytes:\n  ", b.Why, b.At.UTC().Format("15:04:05.000"))
	x.buf = x.printer.AppendLine(x.buf[:0], b.Event)
	x.out.Write(x.buf)
	if raw := b.Event.Raw; len(raw) > 0 {
		x.text("  %s\n", hexOf(raw))
	}
}

// hexOf is bytes in hex, the first of many.
func hexOf(b []byte) string {
	const most = 96
	if len(b) > most {
		return hex.EncodeToString(b[:most]) + fmt.Sprintf("… (%d bytes)", len(b))
	}
	return hex.EncodeToString(b)
}

// over implements expect.Judge's.
func (x *expectReport) over(o expect.Outcome) {
	if x.stopped {
		return
	}
	x.sessions++
	if o.Broken > 0 {
		x.broken++
	}
	if len(o.Undecided) > 0 {
		x.undecided++
	}
	kept := len(x.contract.Rules) - o.Broken - len(o.Undecided)
	if x.format == "ndjson" {
		lines := []int{}
		for _, r := range o.Undecided {
			lines = append(lines, r.Line)
		}
		x.line(map[string]any{"type": "session", "photon.session": o.Session, "device": deviceOr(&o.Last, ""), "messages": o.Messages, "sealed": o.Sealed, "kept": kept, "broken": o.Broken, "undecided": lines})
		return
	}
	if x.quiet {
		return
	}
	x.text("session %d, %s: %s, %d of %s kept", o.Session, deviceOr(&o.Last, "device unknown"), count(o.Messages, "message"), kept, count(len(x.contract.Rules), "rule"))
	if n := len(o.Undecided); n > 0 {
		why := "the capture ends first"
		if o.Sealed > 0 {
			why = count(o.Sealed, "frame") + " stay sealed"
		}
		x.text(", %d undecided (line %d …) because %s", n, o.Undecided[0].Line, why)
	}
	x.text("\n")
}

// summary prints how many sessions there were.
func (x *expectReport) summary() {
	if x.format == "ndjson" {
		x.line(map[string]any{"type": "summary", "sessions": x.sessions, "broken": x.broken, "undecided": x.undecided, "breaches": x.breaches})
	}
}

// verdict makes the exit code.
func (x *expectReport) verdict(failed error) error {
	switch {
	case failed != nil && codeOf(failed) != exitFailure:
		return failed
	case x.breaches > 0:
		if failed != nil {
			x.app.say("photonscope: %v", failed)
		}
		return &exitError{exitSession, fmt.Errorf("%s against the contract", count(x.breaches, "fault")), ""}
	case failed != nil:
		return failed
	case x.sessions == 0:
		return failure("", "there is no session in the capture: nothing was judged")
	case x.undecided > 0:
		return failure("-k, the device's private key or a key log, if frames are sealed", "of %s it cannot be told whether they keep the contract", count(x.undecided, "session"))
	}
	return nil
}

func (x *expectReport) text(format string, args ...any) {
	fmt.Fprintf(&x.out, format, args...)
}

// line prints an object, with -T ndjson.
func (x *expectReport) line(object map[string]any) {
	if x.format != "ndjson" {
		return
	}
	b, err := json.Marshal(object)
	if err != nil {
		panic(err) // of strings, numbers and JSON that we made
	}
	x.out.Write(append(b, '\n'))
}

// deviceOr is the device of a session, or what to say where no key tells it.
func deviceOr(e *decode.Event, unknown string) string {
	if e.Known {
		return e.Device.String()
	}
	return unknown
}
