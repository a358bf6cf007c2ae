package main

import (
	"crypto/rsa"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/proxy"
	"github.com/photonscope/photonscope/sim"
)

// The screen offers to hold messages only where some session may be spliced, and
// says elsewhere what is in the way.
func TestTheScreenHoldsMessagesOnlyWhereAProxyMaySplice(t *testing.T) {
	key := func(lightssl.DeviceID) *rsa.PrivateKey { return sim.DeviceKey(0) }
	for want, all := range map[string][]*proxy.Server{
		"": {
			{Upstream: "a:1", ServerKey: sim.ServerKey(), DeviceKey: key},
			{Upstream: "a:1", ServerKey: sim.ServerKey(), DeviceKey: key, Mode: proxy.Splice},
			{Destination: proxy.OriginalDestination, ServerKey: sim.ServerKey(), DeviceKey: key},
		},
		"This proxy can only observe; holding needs mode splice (see keys register).": {
			{Upstream: "a:1"},
			{Upstream: "a:1", ServerKey: sim.ServerKey()},
			{Upstream: "a:1", ServerKey: sim.ServerKey(), DeviceKey: key, Mode: proxy.Observe},
		},
		"This proxy is the cloud itself; holding needs an UPSTREAM and mode splice.": {
			{ServerKey: sim.ServerKey(), DeviceKey: key},
			{Upstream: "a:1", ServerKey: sim.ServerKey(), DeviceKey: key, Mode: proxy.Terminate},
		},
	} {
		for i, srv := range all {
			l := &live{app: new(app), screen: new(tui)}
			new(ruleFlags).engine(l, srv)
			if got := l.screen.noMeddling; got != want || (l.screen.meddle == nil) != (want != "") {
				t.Errorf("%q, server %d: %q, and holding is there: %v", want, i, got, l.screen.meddle != nil)
			}
		}
	}
}
