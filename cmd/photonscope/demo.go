package main

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/proxy"
	"github.com/photonscope/photonscope/sim"
	"github.com/photonscope/photonscope/ui"
)

func newDemoCommand(a *app) *cobra.Command {
	var (
		out   outputFlags
		live  liveFlags
		fault string
	)
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show a real session between an embedded device, proxy and cloud",
		Long: `Starts a simulated Photon, a simulated cloud and the proxy between them, on
loopback ports of this machine, with keys that are part of the program. The
sockets, the encryption and the messages are real. Nothing needs to be set up.

With --fault something goes wrong, and the screen shows it as it would in real
life, in as much time: photonscope demo --fault list lists what can.`,
		Example: `  photonscope demo
  photonscope demo -v | less
  photonscope demo -w demo.pcapng
  photonscope demo --fault wrong-server-key`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if fault == "list" {
				a.listFaults()
				return nil
			}
			play, err := demoPlay(fault)
			if err != nil {
				return err
			}
			return a.demo(cmd.Context(), &live, &out, play)
		},
	}
	out.register(cmd)
	live.register(cmd)
	cmd.Flags().StringVar(&fault, "fault", "", "let this `fault` happen; list lists them")
	return cmd
}

// play is what happens between the demo's device and cloud.
type play func(context.Context, *live) error

// demoPlay returns the story, or what a fault makes of a session.
func demoPlay(fault string) (play, error) {
	if fault == "" {
		return playStory, nil
	}
	d, c, err := cast(fault)
	return func(ctx context.Context, l *live) error { return l.playFault(ctx, d, c) }, err
}

// demo runs a play with the keys of package sim.
func (a *app) demo(ctx context.Context, f *liveFlags, o *outputFlags, p play) error {
	if err := o.check(a); err != nil {
		return err
	}
	if o.choose(a); o.onScreen() {
		return a.show(ctx, o, ui.Options{Title: "demo", Live: true}, func(ctx context.Context, a *app) error { return a.demo(ctx, f, o, p) })
	}
	keys, err := loadKeys(a, f.keys)
	if err != nil {
		return err
	}
	addDemoKeys(keys.Ring)
	keys.forget = true // the demo's device is nobody's: its key is not kept
	l, err := a.newLive(f, o, keys)
	if err != nil {
		return err
	}
	return l.serve(ctx, func(ctx context.Context) error { return p(ctx, l) }, "demo")
}

// addDemoKeys adds the keys that are part of the program.
func addDemoKeys(ring *lightssl.Keyring) {
	add := func(k *rsa.PrivateKey, role lightssl.Role) {
		ring.AddKey(lightssl.Key{Private: k, Public: &k.PublicKey}, role)
	}
	add(sim.ServerKey(), lightssl.ServerRole)
	add(sim.ImpersonationKey(), lightssl.ImpersonationRole)
	add(sim.DeviceKey(0), lightssl.DeviceRole)
}

// playStory lets the device tell the story of package sim, spliced.
func playStory(ctx context.Context, l *live) error {
	srv := &proxy.Server{
		Mode: proxy.Splice, ServerKey: sim.ServerKey(),
		DeviceKey: func(lightssl.DeviceID) *rsa.PrivateKey { return sim.ImpersonationKey() },
	}
	return l.between(ctx, srv, func(ctx context.Context, cloudLn net.Listener, dial dialer) error {
		story := sim.Story{Listener: cloudLn, Dial: dial}
		return story.Run(ctx)
	})
}

// dialer connects a device.
type dialer = func(context.Context) (net.Conn, error)

// between puts the proxy between a cloud's listener and a device, by loopback
// sockets, for as long as run runs.
func (l *live) between(ctx context.Context, srv *proxy.Server, run func(context.Context, net.Listener, dialer) error) error {
	cloudLn, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return &exitError{exitFailure, fmt.Errorf("demo: listen on loopback: %w", err), ""}
	}
	proxyLn, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		cloudLn.Close()
		return &exitError{exitFailure, fmt.Errorf("demo: listen on loopback: %w", err), ""}
	}
	srv.Upstream = cloudLn.Addr().String()
	l.attach(srv)
	ctx, stop := context.WithCancel(ctx)
	proxied := make(chan error, 1)
	go func() { proxied <- srv.Serve(ctx, proxyLn) }()
	err = run(ctx, cloudLn, func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", proxyLn.Addr().String())
	})
	stop()
	if proxyErr := <-proxied; err == nil {
		err = proxyErr
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return &exitError{exitFailure, fmt.Errorf("demo: %w", err), ""}
	}
	return nil
}
