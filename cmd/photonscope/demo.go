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
		out  outputFlags
		live liveFlags
	)
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show a real session between an embedded device, proxy and cloud",
		Long: `Starts a simulated Photon, a simulated cloud and the proxy between them, on
loopback ports of this machine, with keys that are part of the program. The
sockets, the encryption and the messages are real. Nothing needs to be set up.`,
		Example: `  photonscope demo
  photonscope demo -v | less
  photonscope demo -w demo.pcapng`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), &live, &out) },
	}
	out.register(cmd)
	live.register(cmd)
	return cmd
}

// demo plays the story of package sim through the proxy, spliced.
func (a *app) demo(ctx context.Context, f *liveFlags, o *outputFlags) error {
	if err := o.check(a); err != nil {
		return err
	}
	if o.choose(a); o.onScreen() {
		return a.show(ctx, o, ui.Options{Title: "demo", Live: true}, func(ctx context.Context, a *app) error { return a.demo(ctx, f, o) })
	}
	keys, err := loadKeys(a, f.keys)
	if err != nil {
		return err
	}
	serverKey, impersonation := sim.ServerKey(), sim.ImpersonationKey()
	keys.Ring.AddKey(lightssl.Key{Private: serverKey, Public: &serverKey.PublicKey}, lightssl.ServerRole)
	keys.Ring.AddKey(lightssl.Key{Private: impersonation, Public: &impersonation.PublicKey}, lightssl.ImpersonationRole)
	keys.forget = true // the demo's device is nobody's: its key is not kept
	l, err := a.newLive(f, o, keys)
	if err != nil {
		return err
	}
	return l.serve(ctx, func(ctx context.Context) error { return l.playStory(ctx) }, "demo")
}

// playStory connects device, proxy and cloud by loopback sockets and lets the
// device tell the story.
func (l *live) playStory(ctx context.Context) error {
	cloudLn, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return &exitError{exitFailure, fmt.Errorf("demo: listen on loopback: %w", err), ""}
	}
	proxyLn, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		cloudLn.Close()
		return &exitError{exitFailure, fmt.Errorf("demo: listen on loopback: %w", err), ""}
	}
	srv := &proxy.Server{
		Mode: proxy.Splice, Upstream: cloudLn.Addr().String(), ServerKey: sim.ServerKey(),
		DeviceKey: func(lightssl.DeviceID) *rsa.PrivateKey { return sim.ImpersonationKey() },
	}
	l.attach(srv)
	ctx, stop := context.WithCancel(ctx)
	proxied := make(chan error, 1)
	go func() { proxied <- srv.Serve(ctx, proxyLn) }()
	story := sim.Story{Listener: cloudLn, Dial: func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", proxyLn.Addr().String())
	}}
	err = story.Run(ctx)
	stop()
	if proxyErr := <-proxied; err == nil {
		err = proxyErr
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return &exitError{exitFailure, fmt.Errorf("demo: %w", err), ""}
	}
	return nil
}
