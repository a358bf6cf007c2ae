package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/sim"
	"github.com/photonscope/photonscope/ui"
)

// deviceFlags are those of `photonscope device`.
type deviceFlags struct {
	output    outputFlags
	live      liveFlags
	id        string
	firmware  string
	script    string
	functions []string
	variables []string
}

func newDeviceCommand(a *app) *cobra.Command {
	var f deviceFlags
	cmd := &cobra.Command{
		Use:   "device [flags] HOST:PORT",
		Short: "Be a Photon to a server",
		Long: `Connects to a server as a simulated Photon, which answers as its firmware does
until Ctrl-C, until the server hangs up or until its script ends the session.

The device is --id, with the private key that -k has for it; the server's public
key must be among the keys too. Without any key the built-in ones are used,
which everybody has; photonscope server uses them too.

A script (docs/scripts.md) says what the device does of itself. If what it
expects does not come, or the session ends as it would not with a Photon, the
exit code is 3.`,
		Example: `  photonscope device 127.0.0.1:5683
  photonscope device -k keys/ --id 54026f066678574931551269 192.168.1.10:5683
  photonscope device --variable cups=7 --script publish.txt 127.0.0.1:5683`,
		Args: takes(1, 1, "one server, HOST:PORT"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.device(cmd.Context(), &f, args[0]) },
	}
	f.output.register(cmd)
	f.live.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.id, "id", "", "device `ID`, 24 hex digits (default: the only device that a private key is known of)")
	flags.StringVar(&f.firmware, "firmware", sim.LightSSL231.Name, "`version` of Device OS: "+firmwareNames())
	flags.StringVar(&f.script, "script", "", "`file` that says what the device does of itself (docs/scripts.md)")
	flags.StringArrayVar(&f.functions, "function", nil, "`NAME=RESULT`, a function that returns this number, repeatable")
	flags.StringArrayVar(&f.variables, "variable", nil, "`NAME=VALUE`, a variable: int, double, true or false, or text, repeatable")
	return cmd
}

func firmwareNames() string {
	var names []string
	for _, p := range sim.Profiles {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

// device plays one session.
func (a *app) device(ctx context.Context, f *deviceFlags, target string) error {
	if err := f.output.check(a); err != nil {
		return err
	}
	if err := checkTarget("photonscope device ", target); err != nil {
		return err
	}
	if f.output.choose(a); f.output.onScreen() {
		opt := ui.Options{Title: "device → " + target, Live: true}
		return a.show(ctx, &f.output, opt, func(ctx context.Context, a *app) error { return a.device(ctx, f, target) })
	}
	d, err := f.simulated(a)
	if err != nil {
		return err
	}
	keys, err := loadKeys(a, withKeyFolder(a, f.live.keys))
	if err != nil {
		return err
	}
	who, err := keys.deviceFor(f.id)
	if err != nil {
		return err
	}
	d.ID, d.Key, d.CloudKey = who.id, who.key, who.cloud
	run, err := a.newLive(&f.live, &f.output, keys)
	if err != nil {
		return err
	}
	if who.builtIn {
		run.inform("no key of a device is given: the built-in device %s, whose key everybody has", who.id)
	}
	return run.serve(ctx, func(ctx context.Context) error { return run.beDevice(ctx, d, target) }, "device "+target)
}

// beDevice connects and plays the device's session to its end.
func (l *live) beDevice(ctx context.Context, d *sim.Device, target string) error {
	c, err := dialServer(ctx, target)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	l.inform("connected to %s as device %s with Device OS %s", target, d.ID, d.Profile.Name)
	err = unlessStopped(ctx, d.Run(ctx, newEndConn(c, stream.FromDevice, 1, l.pipe.tap)))
	if err == nil {
		return nil
	}
	return &exitError{exitSession, errors.New(inWords(err)), hintForDevice(err)}
}

// hintForDevice says what to look at when a session as a device fails.
func hintForDevice(err error) string {
	var known *sim.DeviceError
	switch {
	case !errors.As(err, &known):
		return ""
	case known.Code == 26:
		return "the server did not accept the identity: does it know this device's public key, and is -k server: the server's own?"
	case known.Code == 8:
		return "the server signs with another key than -k server:"
	case known.Code == 6:
		return "the server has another public key for this device"
	}
	return ""
}

// unlessStopped returns no error once ctx has ended: a user's Ctrl-C.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// simulated makes the device that the flags describe, without its keys.
func (f *deviceFlags) simulated(a *app) (*sim.Device, error) {
	i := slices.IndexFunc(sim.Profiles, func(p sim.Profile) bool { return p.Name == f.firmware })
	if i < 0 {
		return nil, usageError("one of: "+firmwareNames(), "--firmware %s is no version that is simulated", f.firmware)
	}
	d := &sim.Device{Profile: &sim.Profiles[i], Functions: make(map[string]func(string) int32), Variables: make(map[string]sim.Variable)}
	for _, arg := range f.functions {
		name, value, _ := strings.Cut(arg, "=")
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil || name == "" {
			return nil, usageError("--function brew=1", "--function %s is no NAME=NUMBER", arg)
		}
		d.Functions[name] = func(string) int32 { return int32(n) }
	}
	for _, arg := range f.variables {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || name == "" {
			return nil, usageError("--variable cups=7", "--variable %s is no NAME=VALUE", arg)
		}
		d.Variables[name] = constant(value)
	}
	script, err := a.readScript(f.script)
	if err == nil && script != nil {
		d.Handle = script.Device
	}
	return d, err
}

// constant is a variable with a value of the type that its text has.
func constant(text string) sim.Variable {
	if n, err := strconv.ParseInt(text, 10, 32); err == nil {
		return sim.Int(func() int32 { return int32(n) })
	}
	if x, err := strconv.ParseFloat(text, 64); err == nil {
		return sim.Double(func() float64 { return x })
	}
	if text == "true" || text == "false" {
		return sim.Bool(func() bool { return text == "true" })
	}
	return sim.String(func() string { return text })
}

// maxScript bounds the length of a script, in bytes.
const maxScript = 1 << 20

// readScript reads a script; there is none if path is empty.
func (a *app) readScript(path string) (sim.Script, error) {
	if path == "" {
		return nil, nil
	}
	text, _, err := readBounded(path, maxScript)
	if err != nil {
		return nil, usageError("", "script %s %v", path, err)
	}
	script, err := sim.ParseScript(string(text))
	if err != nil {
		return nil, usageError("docs/scripts.md says what a script may hold", "%s: %s", path, strings.TrimPrefix(err.Error(), "sim: script "))
	}
	return script, nil
}

// checkTarget refuses what is no address of a server.
func checkTarget(command, target string) error {
	if err := checkUpstream(target); err != nil {
		return usageError(command+"127.0.0.1:5683", "%s is no HOST:PORT of a server", target)
	}
	return nil
}
