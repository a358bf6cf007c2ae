package main

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/proxy"
	"github.com/photonscope/photonscope/sim"
)

// listening is a proxy that devices can reach, and the pipeline that it fills.
type listening struct {
	*live
	srv *proxy.Server
	ln  net.Listener // the caller's to close
}

// listen makes what the flags and keys describe. What can be refused is refused
// before a port is taken, and before any file is made. flag is what stands in
// front of the address on the command line.
func (a *app) listen(f *proxyFlags, keys *keySet, upstream, flag string) (*listening, error) {
	srv, err := f.server(upstream, keys)
	if err != nil {
		return nil, err
	}
	ln, err := f.listener(flag)
	if err != nil {
		return nil, err
	}
	run, err := a.newLive(&f.live, &f.output, keys)
	if err != nil {
		ln.Close()
		return nil, err
	}
	run.attach(srv)
	return &listening{run, srv, ln}, nil
}

// listener opens the listening socket. All addresses at once only if asked for.
func (f *proxyFlags) listener(flag string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(f.listen)
	if err != nil || !isPort(port) {
		return nil, usageError(flag+"127.0.0.1:5683", "%s%s is no address and port", flag, f.listen)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		if !f.listenAny {
			return nil, usageError("name one address of this host, or add --listen-any", "%s%s would accept devices on every address of this host", flag, f.listen)
		}
	}
	ln, err := net.Listen("tcp", f.listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, &exitError{exitFailure, fmt.Errorf("listen on %s: another program has this port", f.listen), "another port: " + flag + net.JoinHostPort(host, "5684")}
	case err != nil:
		return nil, &exitError{exitFailure, fmt.Errorf("listen on %s: %w", f.listen, errors.Unwrap(err)), "it must be an address of this host"}
	}
	return ln, nil
}

// attach connects a proxy to the pipeline and the keys.
func (l *live) attach(srv *proxy.Server) {
	srv.Tap = l.pipe.tap
	srv.KeyLog = l.keys.Ring.AddSession
	srv.OnIdentity = l.keys.Ring.AddOpened
	srv.Notice = func(n proxy.Notice) {
		if n.Kind == proxy.ModeChosen {
			l.inform("%s", n.Text)
		} else {
			l.say("%s", packages.Replace(n.Text))
		}
	}
	if srv.ServerKey != nil {
		srv.Terminate = l.cloud(srv.ServerKey).ServeConn
	}
}

// cloud is the embedded cloud of mode terminate.
func (l *live) cloud(key *rsa.PrivateKey) *sim.Cloud {
	return &sim.Cloud{
		Key:         key,
		CoreKey:     l.keys.corePublic(),
		OnHandshake: func(h lightssl.Handshake) { l.keys.Ring.AddSession(h.Nonce, h.Credentials) },
	}
}
