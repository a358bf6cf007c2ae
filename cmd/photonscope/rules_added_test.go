package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/sim"
)

// What rules add on either side is marked, and what they drop of the cloud, live and
// when the recording is read. What they drop of the device is on its leg alone.
func TestWhatRulesAddOrDropIsMarkedAsFarAsItIsKnown(t *testing.T) {
	const rules = `
inject signal on when photon.msg == "ping"
inject publish test/added as=device when photon.msg == "ping"
drop when photon.msg == "ping-ack"
drop when photon.event.name == "test/dropped"
`
	file := filepath.Join(t.TempDir(), "s.pcapng")
	keys := simSpliceKeys(t)
	proxy := startProxy(t, slices.Concat(keys, []string{"-w", file, "--rules", rulesFile(t, rules), startCloud(t, new(sim.Cloud))})...)
	p := dial(t, proxy.addr, new(sim.Device))
	if p.DeviceSession == nil {
		t.Fatal(p.over())
	}
	if err := p.Ping(); err != nil {
		t.Fatal(err)
	}
	proxy.message("cloud", "signal")
	for _, name := range []string{"test/dropped", "test/kept"} {
		if err := p.Publish(particle.EventBody{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	proxy.event("what is kept", func(e event) bool { return e.str("photon.event.name") == "test/kept" })
	if err := p.Goodbye(particle.GoodbyeBody{}); err != nil {
		t.Fatal(err)
	}
	p.over()
	live := proxy.end()
	out, errs, code := runApp(t, nil, slices.Concat([]string{"read", "-T", "ndjson"}, keys, []string{file})...)
	if code != exitOK {
		t.Fatalf("read: exit %d: %s", code, errs)
	}
	sameRun(t, events(t, out), live)
	want := map[string]bool{
		"device signal": true, "cloud event test/added": true, "cloud ping-ack": true, "device ping": false,
		"device event test/dropped": false, "device event test/kept": false,
	}
	for _, e := range live {
		name := strings.TrimSpace(strings.Join([]string{e.str("photon.leg"), e.str("photon.msg"), e.str("photon.event.name")}, " "))
		if altered, named := want[name]; named {
			delete(want, name)
			if got := e["photon.altered"] == true; got != altered {
				t.Errorf("%s: altered is %v", name, got)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("not printed: %v", want)
	}
}
