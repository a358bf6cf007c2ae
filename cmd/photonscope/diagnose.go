package main

import (
	"context"
	"crypto/rsa"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/diagnose"
	"github.com/photonscope/photonscope/store"
)

// diagnoseFlags are those of `photonscope diagnose`.
type diagnoseFlags struct {
	sourceFlags
	listen     string
	listenAny  bool
	serverKeys string
	format     string
	report     string
	quiet      bool
	record     string
	wait       time.Duration
}

func newDiagnoseCommand(a *app) *cobra.Command {
	var f diagnoseFlags
	cmd := &cobra.Command{
		Use:   "diagnose [flags] [FILE...|-]",
		Short: "Say why a device does not get online, and how to repair it",
		Long: `Finds out why a Photon does not get online, or does not stay there: on which
bytes that rests, what was ruled out, what the device shows, and what to do.

With captures: what they hold. Without: photonscope answers devices as their
server, which takes the server's private key alone (-k), and diagnoses whoever
connects, until Ctrl-C or for as long as --for says.

What is wrong with the files of -k themselves comes first. Where a key log grows
while a pipe is read, what its late lines disprove is withdrawn at the end.

A finding is certain only if the bytes prove it. A capture that merely ends
proves nothing: the session is told as unknown. docs/diagnosis.md and
photonscope explain list all causes.

Exit code 0: nothing found; 3: a finding; 4: nothing connected in time.`,
		Example: `  photonscope diagnose -k default_key.pem capture.pcapng
  photonscope diagnose -k keys/ --server-keys core_keys capture.pcapng
  photonscope diagnose -k default_key.pem -l 192.168.1.20:5683 --for 2m`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(args, cmd); err != nil {
				return err
			}
			if len(args) > 0 {
				return a.diagnoseCaptures(cmd.Context(), &f, args)
			}
			return a.diagnoseLive(cmd.Context(), &f)
		},
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&f.listen, "listen", "l", "127.0.0.1:5683", "without captures: `address` to listen on for devices")
	flags.BoolVar(&f.listenAny, "listen-any", false, "allow -l to name all addresses of this host (0.0.0.0 or ::)")
	flags.DurationVar(&f.wait, "for", 0, "without captures: end after this time, with exit code 4 if nothing connected")
	flags.StringVar(&f.serverKeys, "server-keys", "", "`folder` in which the server keeps public keys of devices (ID.pub.pem), to compare with")
	flags.StringVarP(&f.format, "format", "T", "text", "output: text or ndjson")
	flags.StringVar(&f.report, "report", "", "print a report to pass on: md")
	flags.StringVarP(&f.record, "write", "w", "", "without captures: record to a pcapng `file`; the key log is written beside it")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no notes on standard error, only errors")
	return cmd
}

// check refuses values that mean nothing.
func (f *diagnoseFlags) check(args []string, cmd *cobra.Command) error {
	switch {
	case f.format != "text" && f.format != "ndjson":
		return usageError("one of: text, ndjson", "-T %s is no output format of diagnose", f.format)
	case f.report != "" && f.report != "md":
		return usageError("--report md", "--report %s means nothing", f.report)
	case f.report != "" && f.format != "text":
		return usageError("one of both", "--report md and -T ndjson print different things")
	case f.wait < 0:
		return usageError("--for 2m", "--for %v is no time to wait", f.wait)
	}
	for _, name := range []string{"listen", "listen-any", "for", "write"} {
		if len(args) > 0 && cmd.Flags().Changed(name) {
			return usageError("leave it out", "--%s is for devices that connect, and captures are given", name)
		}
	}
	return nil
}

// diagnoseCaptures diagnoses what captures hold.
func (a *app) diagnoseCaptures(ctx context.Context, f *diagnoseFlags, names []string) error {
	d := a.newDiagnosis(f)
	r := &reading{sourceFlags: f.sourceFlags, app: a, names: names, quiet: f.quiet}
	r.doctor = func(keys *keySet) (*diagnose.Diagnoser, error) {
		if keysMayComeLate(names, keys) {
			d.late = &hindsight{keys, store.New(0), keys.Ring.Generation()}
			r.witness = d.late.keep
		}
		return d.begin(f, keys)
	}
	d.source = strings.Join(names, ", ")
	if err := r.into(ctx, d); err != nil {
		d.end(false, errorText(err))
		return err
	}
	return d.end(true, "")
}

// diagnosis is a sink that keeps findings, and prints them.
type diagnosis struct {
	app      *app
	w        io.Writer
	format   string
	markdown bool
	source   string
	opt      diagnose.Options
	printer  decode.Printer
	summary  decode.Summary
	seen     map[string]bool   // findings that were printed whole, by device and cause
	findings []decode.Event    // of a report, in order
	ended    []diagnose.Report // sessions that are over and not told of yet
	reports  []diagnose.Report // of a report, in order
	count    struct{ sessions, online, found, unknown, opened int }
	late     *hindsight // nil: no keys will come
	failed   error
}

func (a *app) newDiagnosis(f *diagnoseFlags) *diagnosis {
	return &diagnosis{app: a, w: a.stdout, format: f.format, markdown: f.report == "md", seen: make(map[string]bool)}
}

// begin makes the diagnoser that works with the keys.
func (d *diagnosis) begin(f *diagnoseFlags, keys *keySet) (*diagnose.Diagnoser, error) {
	d.opt = diagnose.Options{Keys: keys.Ring, Name: keys.nameOf, Report: d.report}
	if f.serverKeys != "" {
		onFile, err := serverStore(f.serverKeys)
		if err != nil {
			return nil, err
		}
		d.opt.OnFile = onFile
	}
	if d.format == "ndjson" {
		d.print(decode.AppendHeader(nil, version(), d.source))
	}
	d.keyFiles(f.keys)
	return diagnose.New(d.opt), nil
}

// event implements sink.
func (d *diagnosis) event(e *decode.Event) {
	switch e.Body.(type) {
	case *decode.Opened:
		d.tell()
		d.count.opened++
	case *decode.Finding:
		d.count.found++
		d.finding(e)
	}
	if d.format == "ndjson" {
		d.summary.Add(e)
	}
}

// holding implements passer: a finding's body belongs to nobody else.
func (d *diagnosis) holding() bool { return d.late != nil }

// flush implements sink.
func (d *diagnosis) flush() { d.tell() }

func (d *diagnosis) finding(e *decode.Event) {
	switch {
	case d.markdown:
		d.findings = append(d.findings, *e)
	case d.format == "ndjson":
		d.print(d.printer.AppendJSON(nil, e))
	default:
		d.print(d.text(e))
	}
}

// report takes the end of a connection.
func (d *diagnosis) report(r diagnose.Report) {
	if r.Conn.Leg.String() == "cloud" {
		return
	}
	d.count.sessions++
	switch {
	case r.Online:
		d.count.online++
	case r.Unknown != "" && r.Found == 0:
		d.count.unknown++
	}
	switch {
	case d.markdown:
		d.reports = append(d.reports, r)
	case d.format == "text":
		d.ended = append(d.ended, r)
	}
}

// tell prints the ends of sessions, behind the findings that came with them.
func (d *diagnosis) tell() {
	for i := range d.ended {
		d.print(appendReport(nil, &d.ended[i]))
	}
	d.ended = d.ended[:0]
}

func (d *diagnosis) print(b []byte) {
	if d.failed == nil {
		_, d.failed = d.w.Write(b)
	}
}

// end prints what comes last and makes the exit code.
func (d *diagnosis) end(complete bool, reason string) error {
	d.reconsider()
	switch {
	case !complete && d.count.opened == 0 && d.count.found == 0 && d.format != "ndjson": // the error says all
	case d.format == "ndjson":
		d.print(d.summary.AppendJSON(nil, complete, reason))
	case d.markdown:
		d.print(d.appendMarkdown(nil))
	default:
		d.tell()
		d.print([]byte(d.totals() + "\n"))
	}
	if err := printError(d.failed); err != nil {
		return err
	}
	if d.count.found > 0 {
		return &exitError{code: exitSession, err: silent{}}
	}
	return nil
}

func (d *diagnosis) totals() string {
	s := fmt.Sprintf("%s: %d online, %d unknown; %s", count(d.count.sessions, "session"), d.count.online, d.count.unknown, count(d.count.found, "finding"))
	if d.count.found == 0 && d.count.sessions > d.count.online+d.count.unknown {
		s += "; what did not get online shows no known cause"
	}
	return s
}

// serverStore reads the public keys that a server keeps of devices.
func serverStore(folder string) (func(lightssl.DeviceID) *rsa.PublicKey, error) {
	stored := make(map[lightssl.DeviceID]*rsa.PublicKey)
	paths, _ := filepath.Glob(filepath.Join(folder, "*.pub.pem"))
	for _, path := range paths {
		id, err := lightssl.ParseDeviceID(strings.TrimSuffix(filepath.Base(path), ".pub.pem"))
		if err != nil {
			continue
		}
		b, _, err := readBounded(path, maxKeyFile)
		if err != nil {
			return nil, usageError("a file that you may read", "%s %v", path, err)
		}
		if key, err := lightssl.ParseKey(b); err == nil {
			stored[id] = key.Public
		}
	}
	if len(stored) == 0 {
		return nil, usageError("the folder with files ID.pub.pem: core_keys of spark-server, data/deviceKeys of Brewskey", "--server-keys %s holds no public key of a device", folder)
	}
	return func(id lightssl.DeviceID) *rsa.PublicKey { return stored[id] }, nil
}

// nameOf names a key by its file, or not at all.
func (s *keySet) nameOf(k *rsa.PublicKey) string {
	i := slices.IndexFunc(s.files, func(f keyFile) bool {
		return f.key.Public != nil && f.key.Public.Equal(k) || f.key.Private != nil && f.key.Private.PublicKey.Equal(k)
	})
	if i < 0 {
		return ""
	}
	return filepath.Base(s.files[i].path)
}
