package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/diagnose"
	"github.com/photonscope/photonscope/ui"
)

func newReadCommand(a *app) *cobra.Command {
	r := &reading{app: a}
	var out outputFlags
	cmd := &cobra.Command{
		Use:   "read [flags] FILE...|-",
		Short: "Decode captures: pcap or pcapng, files or standard input",
		Long: `Reads a capture, puts its TCP streams together, opens the sessions that the keys
given with -k can open, and prints what was said. A key log beside the file
(FILE.keylog) is read with it, and so is what is appended to a key log
meanwhile. Several captures, of a rotation or of several computers, are put
together in order of time.

Which side is the device is found by who says what: no port is needed. --port
only leaves out the rest.

With -w what is read is written as a recording like those of photonscope proxy,
which Wireshark decodes; the secrets of the sessions that were opened go to
FILE.keylog beside it. Events are then printed only if -T, -e, -v or -Y asks for
it. --only keeps the sessions in which some event matches: their packets whole,
or nothing in them could be opened, and of their decrypted messages those that
match. Captures are read twice for that.

With --follow a file is read on as it grows, until Ctrl-C, or until it is
removed, renamed or replaced.

What opens what: the device's private key or the session's key log line opens
the session; the server's private key opens the identity record, nothing after
it.`,
		Example: `  photonscope read -k keys/ session.pcapng
  photonscope read -T ndjson session.pcapng | jq 'select(.type == "message")'
  photonscope read -T fields -e time -e photon.msg -e photon.rtt session.pcapng
  photonscope read -k keys/ -w ours.pcapng customer.pcap
  photonscope read -f -k device.der /var/log/router.pcap
  ssh gateway tcpdump -U -w - port 5683 | photonscope read -k keys/ -`,
		Args: takes(1, manyArgs, capturesHelp),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.names = args
			return r.command(cmd, &out)
		},
	}
	r.register(cmd)
	out.register(cmd)
	cmd.Flags().BoolVarP(&r.follow, "follow", "f", false, "read on as the file grows; Ctrl-C ends it")
	cmd.Flags().StringVarP(&r.write, "write", "w", "", "write what is read as a recording to a pcapng `file`, or - for standard output")
	cmd.Flags().StringVar(&r.only.expr, "only", "", "with -w: of sessions in which nothing matches this `expression` keep nothing, of the others the packets, and the messages that match")
	return withSchema(a, cmd)
}

// command does what the flags of read ask for.
func (r *reading) command(cmd *cobra.Command, out *outputFlags) error {
	if err := cmp.Or(out.check(r.app), r.checkOnly()); err != nil {
		return err
	}
	ctx := cmd.Context()
	if r.only.filter != nil {
		defer r.forgetSpooled()
		if err := r.choose(ctx); err != nil {
			return err
		}
	}
	r.quiet, r.bothLegs = out.quiet, out.legs == "both"
	if r.write != "" && !asksForOutput(cmd) {
		if r.only.filter == nil {
			r.doctor = noDoctor
		}
		return r.into(ctx, nobody{})
	}
	if out.choose(r.app); out.onScreen() {
		r.stays = true
		return r.app.show(ctx, out, ui.Options{Title: strings.Join(r.names, ", "), Progress: r.progress.now}, func(ctx context.Context, a *app) error {
			r.app, r.bothLegs = a, true
			return r.into(ctx, out.screen)
		})
	}
	r.out = r.app.newOutput(r.printTo(), out)
	return r.into(ctx, r.out)
}

// reading is one run over captures.
type reading struct {
	sourceFlags
	app    *app
	names  []string
	follow bool
	stays  bool        // on the screen, beyond its end
	write  string      // -w; "": not converted
	only   filterFlags // what of it
	quiet  bool

	out      *output // nil: the events go elsewhere
	bothLegs bool
	keySet   *keySet
	witness  func(*decode.Event)                        // told of every event of either leg; may be nil
	doctor   func(*keySet) (*diagnose.Diagnoser, error) // nil: the findings are shown among the events
	pipe     *pipeline
	made     *conversion         // nil: none
	choice   *choice             // of made; nil: everything
	spooled  map[string]*os.File // copies of pipes, by their names
	stats    captures.Stats
	progress progress
	seen     seen
	one      [1]stream.Item
}

// printTo is where events are printed.
func (r *reading) printTo() io.Writer {
	if r.write == "-" {
		return r.app.stderr // the recording has standard output
	}
	return r.app.stdout
}

// into decodes captures to their end and hands their events to a sink.
func (r *reading) into(ctx context.Context, to sink) error {
	signal.Ignore(syscall.SIGPIPE) // whoever reads our output may go away
	in, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer in.close()
	if err := r.loadKeys(); err != nil {
		return err
	}
	r.pipe = newPipeline(r.keySet.Ring, to)
	r.pipe.bothLegs = r.bothLegs
	if err := r.diagnoses(to); err != nil {
		return err
	}
	r.pipe.alarm = func(text string) { r.app.say("%s", text) }
	r.pipe.onEvent = r.note
	if r.write != "" {
		if r.made, err = newConversion(r.app, r.write); err != nil {
			return err
		}
		r.pipe.record, r.made.choice = r.made, r.choice
		r.pipe.only = r.app.newMatching(&r.only, true)
	}
	return r.run(ctx, in)
}

// diagnoses has the pipeline look for causes of failures, or the screen.
func (r *reading) diagnoses(to sink) (err error) {
	if screen, ok := to.(*tui); ok {
		screen.expect(r.keySet, func() { r.keySet.readMore(r.app.say) })
		return nil
	}
	if r.doctor == nil {
		r.pipe.doctor = r.keySet.doctor()
		return nil
	}
	r.pipe.doctor, err = r.doctor(r.keySet)
	return err
}

// noDoctor is for those who do not look at findings.
func noDoctor(*keySet) (*diagnose.Diagnoser, error) { return nil, nil }

// loadKeys reads the keys, those beside the captures included, once.
func (r *reading) loadKeys() (err error) {
	if r.keySet != nil {
		return nil
	}
	there, awaited := r.besideKeyLogs()
	if r.keySet, err = loadKeys(r.app, append(r.keys, there...)); err != nil {
		return err
	}
	for _, path := range awaited {
		r.keySet.await(path)
	}
	return nil
}

// note takes from an event of any leg what outlives it.
func (r *reading) note(e *decode.Event) {
	r.seen.add(e)
	if r.witness != nil {
		r.witness(e)
	}
	if r.choice != nil && r.made == nil {
		r.choice.sessions[e.Conn.ID] = e.Session
	}
	if r.made != nil {
		r.made.secrets(e)
	}
}

// beforeWait prints what is known before more input is waited for.
func (r *reading) beforeWait() {
	r.pipe.sink.flush()
	if r.made != nil {
		r.made.flush()
	}
}

// newKeys looks at the key logs again: a line that was there before the bytes
// opens them.
func (r *reading) newKeys() { r.keySet.readMore(r.app.say) }

func (r *reading) run(ctx context.Context, in *inputs) error {
	if r.out != nil {
		r.out.header(strings.Join(r.names, ", "))
	}
	least := leastGarbage
	if r.stays {
		least = keptGarbage
	}
	pace := newPacing(least)
	a := in.ahead
	a.pipe, a.newKeys, a.record = r.pipe, r.newKeys, r.made != nil
	r.keySet.settle = a.settle
	go a.read(in.list, r.port)
	var failed error
	for p := range a.parcels(r.beforeWait, r.holding) {
		if r.unheard() {
			a.stop()
			continue
		}
		if failed == nil {
			if failed = cmp.Or(p.err, r.interrupted(ctx, in)); failed != nil {
				a.stop()
			}
		}
		r.take(p)
		pace.after(p.stats.Bytes)
	}
	r.keySet.settle = nil
	if failed != nil && r.endedByHand(ctx, in) && isCutOff(failed) {
		r.app.say("%s ends inside a packet that was still being written", r.names[0])
		failed = nil
	}
	r.pipe.passRest()
	if r.out != nil {
		r.out.close(failed == nil, errorText(failed))
	}
	if r.made != nil {
		if err := r.endConversion(failed); err != nil {
			return err
		}
	}
	if r.out != nil && r.out.failed != nil {
		return printError(r.out.failed)
	}
	if !r.quiet && (failed == nil || r.stats.Packets > 0) {
		r.notes()
	}
	return r.verdict(failed)
}

// take records what was read and shows what it means.
func (r *reading) take(p *parcel) {
	r.stats = p.stats
	shown := 0
	for i, upTo := range p.upTo {
		r.one[0] = p.items.items[i].item()
		r.made.Items(r.one[:])
		r.pipe.pass(p.events[shown:upTo])
		r.pipe.keepMessages()
		shown = upTo
	}
	r.pipe.pass(p.events[shown:])
}

// holding reports whether somebody still needs events that were shown.
func (r *reading) holding() bool {
	if r.pipe.passer != nil && r.pipe.passer.holding() {
		r.pipe.sink.flush()
	}
	return r.pipe.holding()
}

// endConversion ends the recording of -w and says what it holds. Of an input
// that is no capture none is left.
func (r *reading) endConversion(failed error) error {
	if failed != nil && r.made.connections == 0 {
		r.made.discard()
		return nil
	}
	if err := r.made.close(); err != nil {
		return err
	}
	if !r.quiet {
		r.app.say("%s", r.made.summary())
	}
	return nil
}

// interrupted returns why reading must stop, nil if it goes on. What is followed
// has no end of its own: once all of it was read, an interrupt ends it in order.
func (r *reading) interrupted(ctx context.Context, in *inputs) error {
	if ctx.Err() == nil || r.endedByHand(ctx, in) {
		return nil
	}
	return ctx.Err()
}

// endedByHand reports whether the user ended an input that has no end.
func (r *reading) endedByHand(ctx context.Context, in *inputs) bool {
	return ctx.Err() != nil && r.follow && (in.follow == nil || r.progress.caughtUp.Load())
}

// isCutOff reports whether a capture ends inside one of its parts.
func isCutOff(err error) bool {
	var format *captures.FormatError
	return errors.As(err, &format) && strings.HasPrefix(format.What, "cut off")
}

// unheard reports whether nobody takes what is made of the capture any more.
func (r *reading) unheard() bool {
	if r.made != nil {
		return r.made.failed != nil
	}
	return r.out != nil && r.out.failed != nil
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}

// verdict makes the exit code.
func (r *reading) verdict(failed error) error {
	switch {
	case failed == nil && r.out != nil:
		return r.out.show.unmatched()
	case failed == nil:
		return nil
	case errors.Is(failed, context.Canceled):
		return &exitError{exitInterrupted, errors.New("interrupted before the end of the capture"), ""}
	}
	all := each(failed)
	last := len(all) - 1
	for _, err := range all[:last] {
		r.app.say("photonscope: %v", err)
	}
	return &exitError{exitFailure, all[last], hintFor(all[last])}
}

// each returns what was joined into an error, in order.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// hintFor says what to do about a capture that cannot be read to its end.
func hintFor(err error) string {
	var format *captures.FormatError
	if errors.As(err, &format) && format.Offset == 0 {
		return "photonscope reads pcap and pcapng, as tcpdump, Wireshark and photonscope -w write them"
	}
	return ""
}

// notes says on standard error what the events cannot.
func (r *reading) notes() {
	for _, line := range r.seen.lines(&r.stats) {
		r.app.say("%s", line)
	}
}
