package main

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/proxy"
	"github.com/photonscope/photonscope/replay"
	"github.com/photonscope/photonscope/sim"
)

// replayFlags are those of `photonscope replay`.
type replayFlags struct {
	proxyFlags // of to-device: where to listen, and for whom
	choose     recordingFlags

	toServer  string
	toDevice  bool
	id        string
	speed     float64
	wait      time.Duration
	diverge   string
	ignore    []string
	actuate   bool
	dryRun    bool
	dryRunSet bool
	report    string // -T
	quiet     bool
}

// divergenceChoices are the values of --on-divergence.
var divergenceChoices = []string{"stop", "go-on"}

func newReplayCommand(a *app) *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay [flags] FILE|-",
		Short: "Play a recorded session to a live server or device",
		Long: `Makes a new handshake with fresh keys, and then says what one end said in the
recording, message by message, waiting for the live peer where the recording has
a message of it. Message IDs and tokens are those of the new session. Pings are
left out, the time told is the present one. What differs is reported field by
field, and the exit code is 3 (docs/replay.md).

  --to-server HOST:PORT  be the recorded device. Its private key must be among
                         the keys, and the server's public one.
  --to-device            be the cloud to the device that connects to -l. The
                         server's private key must be among the keys.

Nothing is sent anywhere but there. Targets that are neither loopback nor
private need --allow-dest or --allow-client. What makes a device do something
(function calls, updates, signals, key changes) needs --actuate. A capture that
photonscope did not record is shown, as with --dry-run; --dry-run=false plays
it.`,
		Example: `  photonscope replay session.pcapng --to-server 127.0.0.1:5683 --dry-run
  photonscope replay session.pcapng -k keys/ --to-server 192.168.1.10:5683
  photonscope replay session.pcapng -k default_key.pem --to-device \
      -l 192.168.1.20:5683 --on-divergence go-on`,
		Args: takes(1, 1, "one recording, a file or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.dryRunSet = cmd.Flags().Changed("dry-run")
			return a.replay(cmd.Context(), &f, args[0])
		},
	}
	f.register(cmd)
	return cmd
}

func (f *replayFlags) register(cmd *cobra.Command) {
	f.live.register(cmd)
	f.choose.register(cmd)
	f.registerClients(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.toServer, "to-server", "", "be the device to the server at `HOST:PORT`")
	flags.BoolVar(&f.toDevice, "to-device", false, "be the cloud to the device that connects to -l")
	flags.StringVarP(&f.listen, "listen", "l", "127.0.0.1:5683", "with --to-device: `address` to listen on")
	flags.StringArrayVar(&f.allowDest, "allow-dest", nil, "with --to-server: `network` that may be reached besides loopback and private ones, repeatable")
	flags.StringVar(&f.id, "id", "", "device `ID` to be, or to play to (default: the recorded one)")
	flags.Float64Var(&f.speed, "speed", 1, "divide the recorded time between messages by this; 0: no time passes")
	flags.DurationVar(&f.wait, "wait", 10*time.Second, "how long beyond its time a message is waited for")
	flags.StringVar(&f.diverge, "on-divergence", divergenceChoices[0], "stop, or go-on to the end")
	flags.StringArrayVar(&f.ignore, "ignore", nil, "`field` that is not compared, repeatable; with a dot at the end all that begin so")
	flags.BoolVar(&f.actuate, "actuate", false, "send what makes a device do something")
	flags.BoolVarP(&f.dryRun, "dry-run", "n", false, "print what would be sent and waited for, and connect to nobody")
	flags.StringVarP(&f.report, "format", "T", "text", "report as text or ndjson")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print divergences only")
}

// check refuses flags that mean nothing, or not together.
func (f *replayFlags) check() error {
	switch {
	case f.toServer == "" && !f.toDevice:
		return usageError("--to-server HOST:PORT or --to-device", "replay needs a target")
	case f.toServer != "" && f.toDevice:
		return usageError("one of them", "--to-server and --to-device exclude each other")
	case !slices.Contains(divergenceChoices, f.diverge):
		return usageError("one of: "+strings.Join(divergenceChoices, ", "), "--on-divergence %s means nothing", f.diverge)
	case f.report != "text" && f.report != "ndjson":
		return usageError("one of: text, ndjson", "-T %s is no format of a report", f.report)
	case f.speed < 0:
		return usageError("--speed 2 is twice as fast", "--speed %v is negative", f.speed)
	case f.wait <= 0:
		return usageError("--wait 10s", "--wait %v is no time to wait", f.wait)
	case f.toDevice && len(f.allowDest) > 0:
		return usageError("--allow-client", "--allow-dest belongs to --to-server")
	case f.toServer != "" && len(f.allowClient) > 0:
		return usageError("--allow-dest", "--allow-client belongs to --to-device")
	}
	for _, key := range f.ignore {
		if !strings.HasSuffix(key, ".") && !decode.IsField(key) {
			return usageError("docs/fields.md lists all fields", "--ignore %s: no field has this name", key)
		}
	}
	if f.toServer != "" {
		return checkTarget("--to-server ", f.toServer)
	}
	return nil
}

// as is whose part is played.
func (f *replayFlags) as() stream.Direction {
	if f.toDevice {
		return stream.FromCloud
	}
	return stream.FromDevice
}

// replaying is one run of replay.
type replaying struct {
	*replayFlags
	app       *app
	keys      *keySet
	recording *replay.Recording
	plan      *replay.Plan
	report    *replayReport

	mu     sync.Mutex
	played bool
	failed error
}

func (a *app) replay(ctx context.Context, f *replayFlags, name string) error {
	if err := f.check(); err != nil {
		return err
	}
	r := &replaying{replayFlags: f, app: a}
	if err := r.read(ctx, name); err != nil {
		return err
	}
	if f.id != "" {
		id, err := lightssl.ParseDeviceID(f.id)
		if err != nil {
			return usageError("24 hex digits", "--id %s is no device ID", f.id)
		}
		r.recording.Device, r.recording.Known = id, true
	}
	if r.recording.Foreign && !f.dryRunSet {
		a.say("%s was not recorded by photonscope, so this is a dry run; --dry-run=false plays it", name)
		f.dryRun = true
	}
	r.report = newReplayReport(a, f)
	r.output = outputFlags{format: "text", legs: "device", color: "never", silent: true, quiet: r.quiet} // the report tells instead
	if f.dryRun {
		return r.report.plan(r.plan, name)
	}
	if steps := r.plan.Actuating(); len(steps) > 0 && !f.actuate {
		return usageError("add --actuate, or leave them out with -Y, --from or --to; --dry-run shows them",
			"%s would make the device do something, the first is message %d, %s", count(len(steps), "message"), steps[0].Number, steps[0].Meaning.Kind)
	}
	if f.toDevice {
		return r.toTheDevice(ctx)
	}
	return r.toTheServer(ctx)
}

// config is what both directions have in common.
func (r *replaying) config() replay.Config {
	return replay.Config{
		Plan: r.plan, Pace: replay.Pace{Speed: r.speed, Wait: r.wait}, Ignore: r.ignore, Stop: r.diverge == "stop",
		Report: r.report.add,
	}
}

// toTheServer plays the device's part.
func (r *replaying) toTheServer(ctx context.Context) error {
	if !r.recording.Known {
		return usageError("-k server:FILE, the server's private key, tells it; or --id ID", "which device was recorded is not known")
	}
	who, err := r.keys.asDevice(r.recording.Device)
	if err != nil {
		return err
	}
	l, err := r.app.newLive(&r.live, &r.output, r.keys)
	if err != nil {
		return err
	}
	end := r.report.begin(r.toServer)
	err = l.serve(ctx, func(ctx context.Context) error {
		conn, err := r.dial(ctx)
		if err != nil {
			return unlessStopped(ctx, err)
		}
		c := r.config()
		c.Device = lightssl.DeviceEnd{ID: who.id, Key: who.key, CloudKey: who.cloud}
		return r.verdict(replay.Run(ctx, newEndConn(conn, stream.FromDevice, 1, l.pipe.tap), c))
	}, "replay")
	return end(err)
}

// verdict makes an error of how a session went.
func (r *replaying) verdict(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return &exitError{exitInterrupted, errors.New("interrupted before the end of the replay"), ""}
	case errors.Is(err, replay.ErrHandshake):
		return &exitError{exitSession, errors.New(inWords(err)), "do both sides have each other's keys?"}
	case err != nil:
		return failure("", "replay: %w", err)
	case r.report.divergences > 0:
		return &exitError{exitSession, fmt.Errorf("%s from the recording", count(r.report.divergences, "divergence")), ""}
	}
	return nil
}

// dial connects to an address that may be played to. The name is looked up once:
// what was allowed is what is connected to.
func (r *replaying) dial(ctx context.Context) (net.Conn, error) {
	allowed, err := prefixes("--allow-dest", r.allowDest)
	if err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(r.toServer)
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, failure("", "look up %s: %w", host, bareNetError(err))
	}
	for _, addr := range addrs {
		addr = addr.Unmap()
		if !addr.IsLoopback() && !addr.IsPrivate() && !slices.ContainsFunc(allowed, func(p netip.Prefix) bool { return p.Contains(addr) }) {
			return nil, usageError("--allow-dest "+addr.String(), "%s is neither loopback nor a private address: nothing is played there unasked", addr)
		}
	}
	return dialServer(ctx, net.JoinHostPort(addrs[0].Unmap().String(), port))
}

// toTheDevice plays the cloud's part to the first device that comes and is the
// recorded one.
func (r *replaying) toTheDevice(ctx context.Context) error {
	if !r.recording.Known {
		return usageError("--id ID of the device to play to", "which device was recorded is not known")
	}
	switch builtIn, err := r.keys.serverKeyOrBuiltIn(); {
	case err != nil:
		return err
	case builtIn && r.recording.Device != sim.DeviceID(0):
		return usageError("-k server:default_key.pem", "the server's private key is missing: devices seal their identity for it")
	}
	r.mode = proxy.Terminate.String()
	l, err := r.app.listen(&r.proxyFlags, r.keys, "", "-l ")
	if err != nil {
		return err
	}
	defer l.ln.Close()
	l.srv.Notice = func(n proxy.Notice) {
		if n.Kind != proxy.ModeChosen && n.Kind != proxy.IdentityRefused { // playTo says why
			l.say("%s", n.Text)
		}
	}
	end := r.report.begin(l.ln.Addr().String())
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	l.srv.Terminate = func(ctx context.Context, conn net.Conn) error {
		done, err := r.playTo(ctx, conn, l.live, r.keys.ServerKey)
		if done {
			cancel(errPlayed)
		}
		return err
	}
	l.inform("listening on %s for device %s", l.ln.Addr(), r.recording.Device)
	err = l.serve(ctx, func(ctx context.Context) error {
		if err := l.srv.Serve(ctx, l.ln); err != nil {
			return err
		}
		return r.result(ctx)
	}, "replay")
	return end(err)
}

// errPlayed ends the server once a session was played.
var errPlayed = errors.New("played")

// result is how the session with the device went.
func (r *replaying) result(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.played || !errors.Is(context.Cause(ctx), errPlayed) {
		return &exitError{exitInterrupted, errors.New("interrupted before the end of the replay"), ""}
	}
	return r.failed
}

// playTo plays to one connection and reports whether the replay is over. While one
// device is played to, others are turned away.
func (r *replaying) playTo(ctx context.Context, conn net.Conn, l *live, key *rsa.PrivateKey) (done bool, err error) {
	r.mu.Lock()
	busy := r.played
	r.played = true
	r.mu.Unlock()
	if busy {
		return false, errors.New("one session is played, and another device has come")
	}
	nonce, credentials := lightssl.NewNonce(), lightssl.NewCredentials()
	l.keys.Ring.AddSession(nonce, credentials) // before the recording needs them
	c := r.config()
	c.Cloud = lightssl.CloudEnd{Key: key, Nonce: &nonce, Credentials: &credentials, DeviceKey: r.onlyTheRecorded(l)}
	err = replay.Run(ctx, conn, c)
	r.mu.Lock()
	defer r.mu.Unlock()
	if errors.Is(err, replay.ErrHandshake) && ctx.Err() == nil {
		l.say("%s", inWords(err))
		r.played = false
		return false, err
	}
	r.failed = r.verdict(err)
	return true, nil
}

// onlyTheRecorded admits the recorded device, with the key it announces.
func (r *replaying) onlyTheRecorded(l *live) func(lightssl.Identity) (*rsa.PublicKey, error) {
	core := l.keys.corePublic()
	return func(id lightssl.Identity) (*rsa.PublicKey, error) {
		switch {
		case id.Device != r.recording.Device:
			return nil, fmt.Errorf("device %s is not the recorded one, %s; --id %s plays to it", id.Device, r.recording.Device, id.Device)
		case len(id.Key) == 0 && core != nil && core(id.Device) != nil:
			return core(id.Device), nil
		}
		return id.PublicKey()
	}
}
