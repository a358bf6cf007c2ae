package main

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/proxy"
	"github.com/photonscope/photonscope/sim"
	"github.com/photonscope/photonscope/ui"
)

// serverFlags are those of `photonscope server`.
type serverFlags struct {
	proxyFlags
	script string
	style  string
	once   bool
}

// cloudStyles are the values of --style, in the order of sim.Styles.
var cloudStyles = []string{"plain", "spark", "brewskey"}

func newServerCommand(a *app) *cobra.Command {
	var f serverFlags
	cmd := &cobra.Command{
		Use:   "server [flags] [ADDR]",
		Short: "Be a cloud to devices",
		Long: `Listens on ADDR (127.0.0.1:5683 unless given) and answers every device as a
cloud until Ctrl-C: photonscope proxy without an upstream, with a script.

-k gives the server's private key. Without one the built-in key is used, which
everybody has; photonscope device uses it too.

A script (docs/scripts.md) says what the cloud does of itself once a device has
said Hello, in each session from its beginning. If what it expects does not come
that session ends, and the exit code is 3 in the end.`,
		Example: `  photonscope server
  photonscope server -k default_key.pem --script check.txt 192.168.1.20:5683`,
		Args: takes(0, 1, "one address to listen on, host:port, or none"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.listen = "127.0.0.1:5683"
			if len(args) == 1 {
				f.listen = args[0]
			}
			return a.server(cmd.Context(), &f)
		},
	}
	f.output.register(cmd)
	f.live.register(cmd)
	f.registerClients(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.script, "script", "", "`file` that says what the cloud does of itself (docs/scripts.md)")
	flags.StringVar(&f.style, "style", cloudStyles[0], "answer as RFC 7252 wants it (plain), or like one of the Node servers, with its defects: spark or brewskey")
	flags.BoolVar(&f.once, "once", false, "end after the first session")
	return cmd
}

// server serves devices until ctx ends.
func (a *app) server(ctx context.Context, f *serverFlags) error {
	if err := f.output.check(a); err != nil {
		return err
	}
	style := slices.Index(cloudStyles, f.style)
	if style < 0 {
		return usageError("one of: "+strings.Join(cloudStyles, ", "), "--style %s means nothing", f.style)
	}
	script, err := a.readScript(f.script)
	if err != nil {
		return err
	}
	if f.output.choose(a); f.output.onScreen() {
		opt := ui.Options{Title: "server " + f.listen, Live: true}
		return a.show(ctx, &f.output, opt, func(ctx context.Context, a *app) error { return a.server(ctx, f) })
	}
	keys, err := loadKeys(a, withKeyFolder(a, f.live.keys))
	if err != nil {
		return err
	}
	keys.sayRivals(a)
	builtIn, err := keys.serverKeyOrBuiltIn()
	if err != nil {
		return err
	}
	f.mode = proxy.Terminate.String()
	l, err := a.listen(&f.proxyFlags, keys, "", "")
	if err != nil {
		return err
	}
	defer l.ln.Close()
	served := &servedCloud{Cloud: l.cloud(keys.ServerKey), live: l.live}
	served.Style = sim.Styles[style]
	if script != nil {
		served.Handle = script.Cloud
	}
	l.srv.Terminate = served.ServeConn
	if builtIn {
		l.inform("no server key is given: the built-in one, which everybody has")
	}
	l.inform("listening on %s; photonscope answers devices as the cloud", l.ln.Addr())
	return l.serve(ctx, func(ctx context.Context) error { return served.serve(ctx, l, f.once) }, "server "+l.ln.Addr().String())
}

// serverKeyOrBuiltIn makes sure that there is a private server key.
func (s *keySet) serverKeyOrBuiltIn() (builtIn bool, err error) {
	switch {
	case s.ServerKey != nil:
		return false, nil
	case len(s.rivals) > 0:
		return false, usageError("-k server:FILE", "%d different private server keys, and a server has one", len(s.rivals))
	case s.CloudPublic != nil:
		return false, usageError("-k server:default_key.pem", "only the public half of a server key is given: a server needs the private one")
	}
	key := sim.ServerKey()
	s.ServerKey, s.CloudPublic = key, &key.PublicKey
	s.Ring.AddKey(lightssl.Key{Private: key, Public: &key.PublicKey}, lightssl.ServerRole)
	s.forget = true // the devices that take this key for a server's are nobody's
	return true, nil
}

// servedCloud is the cloud that devices reach, and how its sessions went.
type servedCloud struct {
	*sim.Cloud
	live *live
	end  context.CancelFunc // after a session; nil: never

	mu     sync.Mutex
	failed error // of the first script that was not met
}

// serve serves devices, or one if once.
func (c *servedCloud) serve(ctx context.Context, l *listening, once bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if once {
		c.end = cancel
	}
	if err := l.srv.Serve(ctx, l.ln); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

// ServeConn is one session.
func (c *servedCloud) ServeConn(ctx context.Context, conn net.Conn) error {
	err := c.Cloud.ServeConn(ctx, conn)
	if errors.Is(err, sim.ErrExpected) && ctx.Err() == nil {
		text := inWords(err)
		c.live.say("%s", text)
		c.mu.Lock()
		if c.failed == nil {
			c.failed = &exitError{exitSession, errors.New(text), ""}
		}
		c.mu.Unlock()
	}
	if c.end != nil && !errors.Is(err, sim.ErrRefused) {
		c.end()
	}
	return err
}
