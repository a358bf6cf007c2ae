package main

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/interop"
	"github.com/photonscope/photonscope/sim"
)

// meddlingRules do everything to messages of both directions.
const meddlingRules = `
# what the device says
edit payload=edited from=device when photon.event.name == "test/edit"
drop from=device when photon.event.name == "test/drop"
inject publish test/injected hello as=device when photon.event.name == "test/inject"
inject ping as=device when photon.event.name == "test/inject"
# what the cloud says
edit payload=edited from=cloud when photon.event.name == "garden/edit"
drop from=cloud when photon.event.name == "garden/drop"
inject publish garden/injected hello as=cloud when photon.event.name == "garden/inject"
inject call brew injected when photon.event.name == "garden/inject"
inject read mood when photon.event.name == "garden/inject"
inject ping when photon.event.name == "garden/inject"
inject signal on when photon.event.name == "garden/inject"
inject describe when photon.event.name == "garden/inject"
`

// exchanges is how many a session must live on for.
const exchanges = 200

func rulesFile(t *testing.T, text string) string { return writeKey(t, "rules.txt", []byte(text)) }

// Whatever is edited, dropped and injected in both directions, neither the server
// nor the device minds, and the session lives on.
func TestASessionLivesOnAfterEditsDropsAndInjections(t *testing.T) {
	for _, p := range []*sim.Profile{&sim.LightSSL152, &sim.LightSSL231} {
		t.Run(p.Name, func(t *testing.T) {
			everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
				keys := spliceKeys(t, kind.name, server)
				proxy := startProxy(t, slices.Concat(keys, []string{"--legs", "both", "--rules", rulesFile(t, meddlingRules), server.Addr})...)
				v := newVisit(t, kind, server, proxy, p)
				v.meddledFromDevice()
				v.meddledFromCloud()
				v.liveOn(exchanges)
				v.waitForNoClose()
			})
		})
	}
}

func (v *visit) publish(name, data string) {
	v.t.Helper()
	if err := v.device.Publish(particle.EventBody{Name: name, Data: []byte(data), TTL: 60}); err != nil {
		v.t.Fatalf("publish %s: %v", name, err)
	}
}

// serverHears waits until the server has decrypted a message with a text.
func (v *visit) serverHears(text string) {
	v.t.Helper()
	v.server.WaitFor(func(e interop.Event) bool {
		return e.Kind == "msg" && e.Session == v.number && strings.Contains(e.Hex, hex.EncodeToString([]byte(text)))
	})
}

func (v *visit) meddledFromDevice() {
	v.t.Helper()
	v.publish("test/edit", "original")
	v.serverHears("edited")
	v.publish("test/drop", "never seen")
	v.publish("test/inject", "real")
	v.serverHears("real")
	v.serverHears("injected")
	v.publish("test/after", "the end of this")
	v.serverHears("the end of this")
	for _, m := range v.server.Messages() {
		for _, gone := range []string{"original", "never seen"} {
			if strings.Contains(string(m.Bytes), gone) {
				v.t.Errorf("the server saw %q", gone)
			}
		}
	}
}

func (v *visit) meddledFromCloud() {
	v.t.Helper()
	publish := func(name string) {
		v.do("null", map[string]any{"cmd": "publish", "name": "garden/" + name, "data": "original"})
	}
	publish("edit")
	v.hears("garden/edit = edited")
	publish("drop")
	publish("inject")
	v.hears("garden/inject = original")
	v.hears("garden/injected = hello")
	for _, kind := range []string{"function-result", "variable-reply", "describe-reply", "signal-ack"} {
		v.proxy.message("device", kind)
	}
	if v.cups.Load() != 1 {
		v.t.Errorf("the injected call ran the function %d times", v.cups.Load())
	}
	for _, m := range v.server.Messages() {
		if strings.Contains(string(m.Bytes), "steamy") {
			v.t.Error("the server got an answer that it did not ask for")
		}
	}
}

// liveOn makes exchanges of all sorts, begun by either side.
func (v *visit) liveOn(n int) {
	v.t.Helper()
	for i := range n / 4 {
		word := fmt.Sprintf("round %d", i)
		v.do("steamy", map[string]any{"cmd": "variable", "name": "mood"})
		v.do(fmt.Sprint(len(word)), map[string]any{"cmd": "call", "name": "brew", "arg": word})
		v.publish("test/round", word+".")
		v.serverHears(word + ".")
		v.do("null", map[string]any{"cmd": "publish", "name": "garden/round", "data": word})
		v.hears("garden/round = " + word)
		if v.t.Failed() {
			v.t.Fatalf("after %d rounds: %s", i, v.proxy.errs)
		}
	}
}

// waitForNoClose demands that the session is there and lets the device go.
func (v *visit) waitForNoClose() {
	v.t.Helper()
	for _, e := range v.server.Events() {
		if e.Session == v.number && e.Kind == "close" {
			v.t.Errorf("the server closed the session: %+v", e)
		}
	}
}
