package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/proxy"
	"github.com/photonscope/photonscope/rules"
	"github.com/photonscope/photonscope/ui"
)

// proxyFlags are those of `photonscope proxy`.
type proxyFlags struct {
	output      outputFlags
	live        liveFlags
	rules       ruleFlags
	listen      string
	listenAny   bool
	mode        string
	transparent bool
	allowClient []string
	allowDest   []string
	maxDevices  int
}

func newProxyCommand(a *app) *cobra.Command {
	var f proxyFlags
	cmd := &cobra.Command{
		Use:   "proxy [flags] [UPSTREAM]",
		Short: "Stand between devices and their cloud, and show what they say",
		Long: `Devices connect to photonscope, photonscope connects to UPSTREAM (host:port).

The mode follows from the keys given with -k:
  splice     The server's private key, and a key that the server takes for the
             device's (photonscope keys register): all is shown.
  observe    The device's private key, or a key log: all is shown, and every
             byte passes untouched. Without keys: when devices connect, and how
             the handshake ends.
  terminate  No UPSTREAM, and the server's private key: photonscope answers as
             the cloud.

The key folder (see photonscope keys --help) is read as well, unless -k names
another folder. Ctrl-C ends the proxy.`,
		Example: `  photonscope proxy -k default_key.pem -l 192.168.1.20:5683 192.168.1.10:5683
  photonscope proxy -k default_key.pem -l 192.168.1.20:5683`,
		Args: takes(0, 1, "one UPSTREAM, host:port, or none to answer as the cloud"),
		RunE: func(cmd *cobra.Command, args []string) error {
			upstream := ""
			if len(args) == 1 {
				upstream = args[0]
			}
			return a.proxy(cmd.Context(), &f, upstream)
		},
	}
	f.output.register(cmd)
	f.live.register(cmd)
	f.rules.register(cmd)
	f.registerClients(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&f.listen, "listen", "l", "127.0.0.1:5683", "`address` to listen on for devices")
	flags.StringVar(&f.mode, "mode", "auto", "auto, observe, splice or terminate")
	flags.BoolVar(&f.transparent, "transparent", false, "connect each device to the destination it asked for (Linux REDIRECT) instead of UPSTREAM")
	flags.StringArrayVar(&f.allowDest, "allow-dest", nil, "with --transparent: `destination` that may be reached, such as 203.0.113.0/24 or 203.0.113.7:5683, repeatable")
	return cmd
}

// registerClients gives a command the flags that say who may connect.
func (f *proxyFlags) registerClients(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.listenAny, "listen-any", false, "allow listening on all addresses of this host (0.0.0.0 or ::)")
	flags.StringArrayVar(&f.allowClient, "allow-client", nil, "`network` that may connect, such as 203.0.113.0/24, repeatable (default: loopback and private)")
	flags.IntVar(&f.maxDevices, "max-devices", 0, "devices that may be connected at once (default 512)")
}

// proxy runs the proxy until ctx ends.
func (a *app) proxy(ctx context.Context, f *proxyFlags, upstream string) error {
	o := &f.output
	if err := o.check(a); err != nil {
		return err
	}
	if err := f.rules.check(a); err != nil {
		return err
	}
	if o.choose(a); o.onScreen() {
		return a.show(ctx, o, f.screen(upstream), func(ctx context.Context, a *app) error { return a.proxy(ctx, f, upstream) })
	}
	keys, err := loadKeys(a, withKeyFolder(a, f.live.keys))
	if err != nil {
		return err
	}
	keys.sayRivals(a)
	l, err := a.listen(f, keys, upstream, "-l ")
	if err != nil {
		return err
	}
	defer l.ln.Close()
	engine := f.rules.engine(l.live, l.srv)
	l.inform("listening on %s; %s", l.ln.Addr(), f.policy(l.srv, keys))
	return l.serve(ctx, func(ctx context.Context) error { return l.serveWith(ctx, engine) }, "proxy "+l.ln.Addr().String())
}

// serveWith serves until ctx ends. Then no rule holds anything back any more, so
// that the sessions can end.
func (l *listening) serveWith(ctx context.Context, e *rules.Engine) error {
	if e == nil {
		return l.srv.Serve(ctx, l.ln)
	}
	defer e.Wait()
	defer e.Release()
	stop := context.AfterFunc(ctx, e.Release)
	defer stop()
	return l.srv.Serve(ctx, l.ln)
}

// screen says what the screen shows of a proxy.
func (f *proxyFlags) screen(upstream string) ui.Options {
	opt := ui.Options{Title: f.listen, Live: true}
	if upstream != "" {
		opt.Title += " → " + upstream
	}
	opt.Hint = "Listening on " + f.listen + ". The device must have this address and the server key in its memory: " + pointHere(f.listen)
	return opt
}

// pointHere is the command that points a device at an address that we listen on.
func pointHere(listen string) string {
	host, port, _ := net.SplitHostPort(listen)
	if ip, err := netip.ParseAddr(host); err != nil || ip.IsLoopback() || ip.IsUnspecified() {
		host = "THIS_HOST"
	}
	return "particle keys server default_key.pub.pem --host " + host + " --port " + port
}

// server makes the proxy that the flags and keys describe, or says which key a
// forced mode lacks.
func (f *proxyFlags) server(upstream string, keys *keySet) (*proxy.Server, error) {
	mode, err := proxy.ParseMode(f.mode)
	if err != nil {
		return nil, usageError("one of: auto, observe, splice, terminate", "--mode %s means nothing", f.mode)
	}
	if f.maxDevices < 0 {
		return nil, usageError("--max-devices 2000", "--max-devices %d is no number of devices", f.maxDevices)
	}
	srv := &proxy.Server{
		Mode: mode, Upstream: upstream,
		ServerKey: keys.ServerKey, CloudKey: keys.CloudPublic,
		DeviceKey: keys.spliceKey(mode == proxy.Splice),
		Limits:    proxy.Limits{Conns: f.maxDevices},
	}
	if f.transparent {
		srv.Destination = proxy.OriginalDestination
		if srv.AllowDest, err = destRules(f.allowDest); err != nil {
			return nil, err
		}
	}
	if srv.AllowClient, err = prefixes("--allow-client", f.allowClient); err != nil {
		return nil, err
	}
	if upstream != "" && f.transparent {
		return nil, usageError("leave UPSTREAM out", "--transparent connects each device to the destination it asked for")
	}
	if upstream != "" {
		if err := checkUpstream(upstream); err != nil {
			return nil, err
		}
	}
	if err := f.demand(mode, srv); err != nil {
		return nil, err
	}
	return srv, f.rules.mayAct(srv)
}

// checkUpstream refuses what can be no address of a server.
func checkUpstream(upstream string) error {
	host, port, err := net.SplitHostPort(upstream)
	switch {
	case err != nil:
		return usageError("photonscope proxy "+net.JoinHostPort(upstream, "5683"), "UPSTREAM %s is no host and port", upstream)
	case host == "":
		return usageError("photonscope proxy 127.0.0.1:"+port, "UPSTREAM %s names no host", upstream)
	case !isPort(port) || port == "0":
		return usageError("photonscope proxy "+net.JoinHostPort(host, "5683"), "UPSTREAM %s has no port from 1 to 65535", upstream)
	}
	return nil
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

// demand refuses a mode whose keys are missing.
func (f *proxyFlags) demand(mode proxy.Mode, srv *proxy.Server) error {
	hasUpstream := srv.Upstream != "" || srv.Destination != nil
	switch {
	case mode == proxy.Terminate && hasUpstream:
		return usageError("leave UPSTREAM out", "--mode terminate has no upstream: photonscope itself answers as the cloud")
	case (mode == proxy.Observe || mode == proxy.Splice) && !hasUpstream:
		return usageError("photonscope proxy --mode "+f.mode+" HOST:5683", "--mode %s needs UPSTREAM, the address of the server", f.mode)
	case mode == proxy.Splice && srv.ServerKey == nil:
		return usageError("-k server:default_key.pem (the server's own private key)", "--mode splice needs the server's private key: the device sealed its identity for it")
	case mode == proxy.Splice && srv.DeviceKey == nil:
		return usageError("photonscope keys register DEVICE_ID --server-keys FOLDER", "--mode splice needs an impersonation key that the server knows, or the device's own private key")
	case !hasUpstream && srv.ServerKey == nil:
		return usageError("-k server:default_key.pem, or name UPSTREAM to observe", "without UPSTREAM photonscope answers as the cloud, which needs the server's private key")
	}
	return nil
}

// policy states in one line how sessions will be treated, and why.
func (f *proxyFlags) policy(srv *proxy.Server, keys *keySet) string {
	opens := "the device's private key or a key log (-k) opens the messages"
	if n := keys.Ring.Counts(); n.Devices > 0 || len(keys.logs) > 0 {
		opens = "the device keys and key logs given open the messages"
	}
	switch {
	case srv.Upstream == "" && srv.Destination == nil:
		return "mode terminate, because there is no UPSTREAM: photonscope answers devices as the cloud"
	case srv.Mode == proxy.Splice:
		return "mode splice, because you asked for it: devices without a key for them are refused"
	case srv.Mode == proxy.Observe:
		return "mode observe, because you asked for it: every byte passes untouched; " + opens
	case srv.ServerKey == nil:
		return "mode observe, because there is no server key to use: every byte passes untouched; " + opens
	case srv.DeviceKey == nil:
		return "mode observe, because no impersonation key is given (photonscope keys register makes one): the server key shows who connects, " + opens
	}
	return "mode splice for devices with an impersonation key, because it and the server key are given; observe for all others"
}

// prefixes reads the networks of a flag.
func prefixes(flag string, values []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, v := range values {
		p, err := prefix(v)
		if err != nil {
			return nil, usageError(flag+" 192.0.2.0/24", "%s %s is no network", flag, v)
		}
		out = append(out, p)
	}
	return out, nil
}

// prefix reads a network, or an address as a network of one.
func prefix(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

// destRules reads NETWORK, NETWORK:PORT or [NETWORK]:PORT.
func destRules(values []string) ([]proxy.DestRule, error) {
	var rules []proxy.DestRule
	for _, v := range values {
		rule, err := destRule(v)
		if err != nil {
			return nil, usageError("--allow-dest 192.0.2.0/24:5683", "--allow-dest %s is no network, with or without a port", v)
		}
		rules = append(rules, rule)
	}
	if len(rules) == 0 {
		return nil, usageError("--allow-dest 192.0.2.7:5683", "--transparent needs --allow-dest: where may devices be connected to?")
	}
	return rules, nil
}

func destRule(v string) (proxy.DestRule, error) {
	if p, err := prefix(v); err == nil {
		return proxy.DestRule{Prefix: p}, nil
	}
	at := strings.LastIndexByte(v, ':')
	if at < 0 {
		return proxy.DestRule{}, errors.New("no port")
	}
	port, err := strconv.ParseUint(v[at+1:], 10, 16)
	if err != nil {
		return proxy.DestRule{}, err
	}
	p, err := prefix(strings.Trim(v[:at], "[]"))
	return proxy.DestRule{Prefix: p, Port: uint16(port)}, err
}
