package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/interop"
	"github.com/photonscope/photonscope/sim"
)

// realServer is one of the two servers that people run.
type realServer struct {
	name  string
	start func(testing.TB, interop.Config) *interop.Server
	fast  bool // updates in fast mode
	hangs bool // answers each application event with what ends a session of firmware 0.4.9
}

var realServers = []realServer{
	{name: "spark", start: interop.StartSpark, hangs: true},
	{name: "brewskey", start: interop.StartBrewskey, fast: true},
}

// everyServer runs a test against each server, which knows the first simulated
// device.
func everyServer(t *testing.T, test func(*testing.T, realServer, *interop.Server)) {
	interop.Require(t)
	for _, s := range realServers {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			test(t, s, startReal(t, s))
		})
	}
}

// startReal starts a server that knows the first simulated device.
func startReal(t *testing.T, kind realServer) *interop.Server {
	t.Helper()
	return kind.start(t, interop.Config{
		ServerKeyPEM: lightssl.MarshalPrivatePEM(sim.ServerKey()),
		DeviceKeys:   map[string][]byte{sim.DeviceID(0).String(): lightssl.MarshalPublicPEM(&sim.DeviceKey(0).PublicKey)},
	})
}

// spliceKeys registers a new impersonation key with a server and returns what
// the proxy needs for it.
func spliceKeys(t *testing.T, kind string, server *interop.Server) []string {
	t.Helper()
	folder := t.TempDir()
	out, errs, code := runApp(t, nil, "keys", "register", sim.DeviceID(0).String(),
		"--folder", folder, "--server-keys", server.DeviceKeyFolder, "--style", kind)
	if code != exitOK {
		t.Fatalf("keys register: exit %d: %s%s", code, out, errs)
	}
	return []string{"-k", folder, "-k", "server:" + server.ServerKeyFile}
}

func deviceKeyFile(t *testing.T) string {
	t.Helper()
	return writeKey(t, "device.pem", lightssl.MarshalPrivatePEM(sim.DeviceKey(0)))
}

// proxyMode is a way to stand between, and the keys it takes.
type proxyMode struct {
	name string
	keys func(*testing.T, realServer, *interop.Server) []string
}

var proxyModes = []proxyMode{
	{"splice", func(t *testing.T, kind realServer, server *interop.Server) []string {
		return spliceKeys(t, kind.name, server)
	}},
	{"observe", func(t *testing.T, _ realServer, server *interop.Server) []string {
		return []string{"-k", "device:" + deviceKeyFile(t), "-k", "server:" + server.ServerKeyFile}
	}},
}

func TestEverythingPassesBetweenEveryFirmwareAndEveryRealServer(t *testing.T) {
	for _, mode := range proxyModes {
		for _, p := range []*sim.Profile{&sim.Legacy049, &sim.LightSSL152, &sim.LightSSL231} {
			t.Run(mode.name+" "+p.Name, func(t *testing.T) {
				everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
					visitThrough(t, mode, kind, server, p)
				})
			})
		}
	}
}

// visitThrough runs a visit, and demands the same of the live events and of the
// recording.
func visitThrough(t *testing.T, mode proxyMode, kind realServer, server *interop.Server, p *sim.Profile) {
	keys := mode.keys(t, kind, server)
	file := filepath.Join(t.TempDir(), "visit.pcapng")
	proxy := startProxy(t, slices.Concat(keys, []string{"--legs", "both", "-w", file, server.Addr})...)
	v := newVisit(t, kind, server, proxy, p)
	v.everything()
	v.leave()
	list := proxy.end()
	if chosen := proxy.errs.String(); !strings.Contains(chosen, ": "+mode.name+", because") {
		t.Errorf("the mode is not %s: %s", mode.name, chosen)
	}
	v.checkVisit(list)
	v.checkUpdate(list)
	out, errs, code := runApp(t, nil, slices.Concat([]string{"read", "-T", "ndjson", "--legs", "both"}, keys, []string{file})...)
	if code != exitOK {
		t.Fatalf("read: exit %d: %s", code, errs)
	}
	v.checkVisit(events(t, out))
}

// checkUpdate demands that the update was carried to its end in the server's
// own mode.
func (v *visit) checkUpdate(list []event) {
	v.t.Helper()
	modes := map[any]bool{}
	for _, e := range list {
		if e.str("photon.msg") == "update-ready" {
			modes[e["photon.ota.flags"]] = true
		}
	}
	if want := map[bool]any{true: 1.0, false: 0.0}[v.kind.fast]; len(modes) != 1 || !modes[want] {
		v.t.Errorf("flags of the updates: %v, want %v", modes, want)
	}
	if kinds := kindsOf(onLeg(list, "device")); kinds["device update-done-reply"] != 1 {
		v.t.Errorf("the update has no end: %v", kinds)
	}
}

// A key log that another program writes while the session runs opens it from
// the next record on; read afterwards, it opens everything.
func TestAGrowingKeyLogOpensALiveSession(t *testing.T) {
	everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
		keyLog := writeKey(t, "session.keylog", nil)
		file := filepath.Join(t.TempDir(), "visit.pcapng")
		proxy := startProxy(t, "-k", keyLog, "-w", file, server.Addr)
		v := newVisit(t, kind, server, proxy, &sim.LightSSL231)
		proxy.event("a sealed frame", func(e event) bool { return e.str("type") == "sealed" })
		appendTo(t, keyLog, []byte(v.keyLogLine()))
		v.callUntilDecoded()
		v.everything()
		v.leave()
		live := byNonce(proxy.end())
		out, errs, code := runApp(t, nil, "read", "-T", "ndjson", "-k", keyLog, file)
		if code != exitOK {
			t.Fatalf("read: exit %d: %s", code, errs)
		}
		list := events(t, out)
		checkNothingUnknown(t, list)
		v.checkAgainstServer("device", list)
		nonce := v.waitFor("nonce").Hex
		all := byNonce(list)[nonce]
		v.checkTail("device", live[nonce].device, all.device)
		v.checkTail("cloud", live[nonce].cloud, all.cloud)
	})
}

// keyLogLine is the line that the server's runner could have written.
func (v *visit) keyLogLine() string {
	v.t.Helper()
	secret := v.waitFor("session_key")
	return fmt.Sprintf("PHOTON_SESSION %s %s%s%s\n", v.waitFor("nonce").Hex, secret.Key, secret.IV, secret.Salt)
}

// callUntilDecoded keeps the session busy until its messages are shown. The key
// log is looked at four times a second; a quiet machine answers a hundred calls
// in that time.
func (v *visit) callUntilDecoded() {
	v.t.Helper()
	for late := time.Now().Add(patience); time.Now().Before(late); {
		v.do("steamy", map[string]any{"cmd": "variable", "name": "mood"})
		if strings.Contains(v.proxy.out.String(), `"photon.msg":`) {
			return
		}
	}
	v.t.Error("the session stays sealed although its key log line is there")
}

// checkTail demands that what was shown live is the end of all there was.
func (v *visit) checkTail(from string, live, all []string) {
	v.t.Helper()
	if len(live) < 5 || len(live) >= len(all) || !slices.Equal(live, all[len(all)-len(live):]) {
		v.t.Errorf("from the %s: %d messages live are not the end of the %d there were", from, len(live), len(all))
	}
}

// ends returns who closed the first leg to close, and how, and how often each
// type of event occurred.
func ends(list []event) (closer string, types map[string]int) {
	types = map[string]int{}
	for _, e := range list {
		types[e.str("type")]++
		if e.str("type") == "closed" && closer == "" {
			closer = e.str("photon.dir") + " " + e.str("photon.close")
		}
	}
	return closer, types
}

// turnedAway has a device connect that the server refuses in the handshake, and
// returns the events.
func turnedAway(t *testing.T, proxy *running, server *interop.Server, d *sim.Device) []event {
	t.Helper()
	if p := dial(t, proxy.addr, d); p.DeviceSession != nil {
		t.Error("the server accepted the device")
	}
	server.WaitFor(func(e interop.Event) bool { return e.Kind == "handshake_fail" })
	server.WaitFor(func(e interop.Event) bool { return e.Kind == "close" })
	list := proxy.end()
	closer, types := ends(list)
	if closer != "cloud fin" || types["identity"] == 0 || types["credentials"]+types["message"]+types["sealed"]+types["malformed"] != 0 {
		t.Errorf("closed first by %s; %v", closer, types)
	}
	return list
}

func TestADeviceWithAnotherServersKeyIsTurnedAwayByTheServer(t *testing.T) {
	everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
		proxy := startProxy(t, slices.Concat(spliceKeys(t, kind.name, server), []string{server.Addr})...)
		wrong := &sim.Device{CloudKey: &mustServerKey().PublicKey}
		for _, e := range turnedAway(t, proxy, server, wrong) {
			if e.str("type") == "identity" && (e["photon.opened"] != false || e.str("photon.reason") == "") {
				t.Errorf("identity: %v", e)
			}
		}
	})
}

func TestADeviceThatTheServerDoesNotKnowIsTurnedAwayByTheServer(t *testing.T) {
	everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
		proxy := startProxy(t, "-k", "server:"+server.ServerKeyFile, server.Addr)
		stranger := &sim.Device{ID: sim.DeviceID(1), Key: sim.DeviceKey(1)}
		for _, e := range turnedAway(t, proxy, server, stranger) {
			if e.str("type") == "identity" && e.str("photon.device_id") != sim.DeviceID(1).String() {
				t.Errorf("identity: %v", e)
			}
		}
	})
}

// What the device announced on its way is what the server needs to know it.
func TestTheKeyLearntOnTheWayIsTheOneTheServerNeeds(t *testing.T) {
	everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
		folder := t.TempDir()
		proxy := startProxy(t, "-k", folder, "-k", "server:"+server.ServerKeyFile, server.Addr)
		stranger := &sim.Device{ID: sim.DeviceID(1), Key: sim.DeviceKey(1)}
		dial(t, proxy.addr, stranger)
		proxy.errs.wait(t, "the note about the key", func(line string) bool { return strings.Contains(line, "its public key is kept as") })
		id := sim.DeviceID(1).String()
		out, errs, code := runApp(t, nil, "keys", "export", id, "--folder", folder, "--as", kind.name, "--out", server.DeviceKeyFolder)
		if code != exitOK {
			t.Fatalf("keys export: exit %d: %s%s", code, out, errs)
		}
		if _, err := os.Stat(filepath.Join(server.DeviceKeyFolder, id+".pub.pem")); err != nil {
			t.Fatal(err)
		}
		if p := dial(t, proxy.addr, stranger); p.DeviceSession == nil {
			t.Errorf("the server still does not know the device: %v", p.over())
		}
		proxy.end()
	})
}
