package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/photonscope/photonscope/proxy"
)

// checklistAfter is how long nothing connects before the checklist is told.
const checklistAfter = 10 * time.Second

// diagnoseLive answers devices as their server and diagnoses whoever connects.
func (a *app) diagnoseLive(ctx context.Context, f *diagnoseFlags) error {
	keys, err := loadKeys(a, withKeyFolder(a, f.keys))
	if err != nil {
		return err
	}
	if keys.ServerKey == nil {
		return usageError("-k server:default_key.pem; or name a capture", "without a capture photonscope answers as the server, which needs the server's private key, and one only")
	}
	p := proxyFlags{listen: f.listen, listenAny: f.listenAny, mode: proxy.Terminate.String()}
	p.live.record, p.live.log.level = f.record, "info"
	p.output = outputFlags{format: "text", legs: "device", color: "never", quiet: f.quiet}
	l, err := a.listen(&p, keys, "", "-l ")
	if err != nil {
		return err
	}
	defer l.ln.Close()
	d := a.newDiagnosis(f)
	d.source = l.ln.Addr().String()
	l.pipe.sink = d
	if l.pipe.doctor, err = d.begin(f, keys); err != nil {
		return err
	}
	l.inform("waiting for a device on %s; Ctrl-C ends it", d.source)
	stopTelling := time.AfterFunc(checklistAfter, func() {
		if l.pipe.queue.untouched() {
			l.tellChecklist(l.ln.Addr())
		}
	})
	defer stopTelling.Stop()
	if f.wait > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, f.wait)
		defer stop()
	}
	if err := l.serve(ctx, func(ctx context.Context) error { return l.srv.Serve(ctx, l.ln) }, d.source); err != nil {
		d.end(false, errorText(err))
		return err
	}
	if err := d.end(true, ""); err != nil {
		return err
	}
	if f.wait > 0 && d.count.opened == 0 {
		return &exitError{exitNothing, fmt.Errorf("nothing connected to %s in %v", d.source, f.wait), "photonscope explain PH-16 (also PH-15 and PH-13)"}
	}
	return nil
}

// tellChecklist says what to look at when no device connects.
func (l *live) tellChecklist(at net.Addr) {
	for _, line := range checklist(at, ownAddresses()) {
		l.notes.add(slog.LevelInfo, line)
	}
}

// checklist is what to look at when no device connects.
func checklist(at net.Addr, own []netip.Addr) []string {
	host, port, _ := net.SplitHostPort(at.String())
	ip, _ := netip.ParseAddr(host)
	lines := []string{"nothing has connected yet. A checklist:"}
	var reachable []string
	for _, a := range own {
		reachable = append(reachable, a.String())
	}
	if len(reachable) == 0 {
		lines = append(lines, "1. this host has no address in a network: no device can reach it")
	} else {
		lines = append(lines, "1. this host is "+strings.Join(reachable, ", ")+" (PH-15: the device must have one of these, as a number)")
	}
	if ip.IsLoopback() {
		lines = append(lines, fmt.Sprintf("2. photonscope listens on %s, which only this host reaches: -l %s (PH-16)", at, net.JoinHostPort(first(reachable, "THIS_HOST"), port)))
		host = first(reachable, "THIS_HOST")
	} else if ip.IsUnspecified() {
		host = first(reachable, "THIS_HOST")
	}
	return append(lines,
		"3. the device in DFU mode: what address has it, and give it this one (PH-13, PH-05):",
		"     particle keys address",
		"     particle keys server default_key.pub.pem --host "+host+" --port "+port,
		"4. does a firewall let TCP "+port+" in? (PH-16)",
		"     from another computer in the device's network: nc -v "+host+" "+port,
		"     sudo ufw allow "+port+"/tcp",
		"5. in a container or virtual machine: is the port published? docker run -p "+port+":"+port,
		"6. after half an hour of failures a device tries every 128 s only: tap RESET")
}

func first(list []string, otherwise string) string {
	if len(list) == 0 {
		return otherwise
	}
	return list[0]
}

// ownAddresses returns the addresses under which a device in the same network may
// reach this host, IPv4 alone: a Photon speaks nothing else.
func ownAddresses() []netip.Addr {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var own []netip.Addr
	for _, a := range all {
		prefix, err := netip.ParsePrefix(a.String())
		if ip := prefix.Addr(); err == nil && ip.Is4() && !ip.IsLoopback() {
			own = append(own, ip)
		}
	}
	return own
}
