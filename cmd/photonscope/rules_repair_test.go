package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/interop"
	"github.com/photonscope/photonscope/sim"
)

// repaired starts a visit through a proxy with a repair, or without if it is "".
func repaired(t *testing.T, kind realServer, server *interop.Server, p *sim.Profile, repair string) *visit {
	t.Helper()
	args := slices.Concat(spliceKeys(t, kind.name, server), []string{"--legs", "both", server.Addr})
	if repair != "" {
		args = append(args, "--repair", repair)
	}
	proxy := startProxy(t, args...)
	if repair != "" && !strings.Contains(proxy.errs.String(), "repair "+repair+" is active") {
		t.Errorf("the repair is not announced: %s", proxy.errs)
	}
	return newVisit(t, kind, server, proxy, p)
}

// A server's ping, which firmware since 0.8.0 acknowledges under an ID of its own,
// ends the session with the next message of the device.
func TestRepairAckIDKeepsASessionAliveAfterAPing(t *testing.T) {
	everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
		v := repaired(t, kind, server, &sim.LightSSL231, "")
		v.pinged()
		v.publish("test/after", "one")
		v.waitFor("close")
	})
	everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
		v := repaired(t, kind, server, &sim.LightSSL231, "ack-id")
		for range 3 {
			v.pinged()
			v.liveOn(8)
		}
		v.waitForNoClose()
	})
}

// spark-protocol refuses every event of an application, which firmware 0.4.9 takes
// for a reason to hang up.
func TestRepairEventRefusedKeepsOldFirmwareConnected(t *testing.T) {
	everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
		v := repaired(t, kind, server, &sim.Legacy049, "")
		v.publish("test/one", "one")
		if !kind.hangs { // nothing to repair
			v.liveOn(8)
			return
		}
		v.waitFor("close")
	})
	everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
		v := repaired(t, kind, server, &sim.Legacy049, "event-refused")
		v.liveOn(40)
		v.waitForNoClose()
	})
}

// Both servers ask Device OS 3.3 for its description without flags, and are refused.
func TestRepairDescribeFlagsGetsADescription(t *testing.T) {
	everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
		v := repaired(t, kind, server, &sim.LightSSL331, "describe-flags")
		v.do("brew", map[string]any{"cmd": "describe", "fresh": true})
		v.proxy.message("device", "describe-reply")
		v.waitForNoClose()
	})
}

// The original server puts the token 00 on empty acknowledgements, the other none.
func TestRepairAckTokenTakesTheTokenOff(t *testing.T) {
	everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
		v := repaired(t, kind, server, &sim.LightSSL231, "ack-token")
		if err := v.device.Subscribe(particle.SubscribeBody{Prefix: "kitchen", Mine: true}); err != nil {
			t.Fatal(err)
		}
		v.liveOn(8)
		list := v.proxy.end()
		with := map[string]int{}
		for _, e := range list {
			if e.str("photon.dir") == "cloud" && e["coap.type"] == 2.0 && e["coap.code"] == 0.0 && e.str("coap.token") != "" {
				with[e.str("photon.leg")]++
			}
		}
		if (with["cloud"] > 0) != kind.hangs || with["device"] > 0 {
			t.Errorf("empty acknowledgements with a token, by leg: %v", with)
		}
	})
}

// Brewskey calls a function without any option for an argument if the API's request
// has none, and the device takes the padding for it; the original server sends an
// empty one.
func TestRepairCallArgumentKeepsThePaddingFromTheFunction(t *testing.T) {
	everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
		v := repaired(t, kind, server, &sim.LightSSL231, "")
		want := "4"
		if kind.hangs { // nothing to repair
			want = "0"
		}
		v.do(want, map[string]any{"cmd": "call", "name": "brew"})
	})
	everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
		v := repaired(t, kind, server, &sim.LightSSL231, "call-argument")
		v.do("0", map[string]any{"cmd": "call", "name": "brew"})
		v.liveOn(8)
		v.waitForNoClose()
	})
}
