package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
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
			test(t, s, s.start(t, interop.Config{
				ServerKeyPEM: lightssl.MarshalPrivatePEM(sim.ServerKey()),
				DeviceKeys:   map[string][]byte{sim.DeviceID(0).String(): lightssl.MarshalPublicPEM(&sim.DeviceKey(0).PublicKey)},
			}))
		})
	}
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

// coffeeMachine is a device with something of everything.
func coffeeMachine(p *sim.Profile, heard chan<- string) (*sim.Device, *atomic.Int32) {
	var cups atomic.Int32
	return &sim.Device{
		Profile: p, LastReset: "user", ProductVersion: 7,
		Functions: map[string]func(string) int32{
			"brew": func(what string) int32 { cups.Add(1); return int32(len(what)) },
		},
		Variables: map[string]sim.Variable{
			"heating":     sim.Bool(func() bool { return true }),
			"cups":        sim.Int(cups.Load),
			"temperature": sim.Double(func() float64 { return 92.5 }),
			"mood":        sim.String(func() string { return "steamy" }),
		},
		Subscriptions: []sim.Subscription{{
			SubscribeBody: particle.SubscribeBody{Prefix: "garden/"},
			Handle:        func(name string, data []byte) { heard <- name + " = " + string(data) },
		}},
		Image: func([]byte) bool { return true },
	}, &cups
}

// visit is one session of a coffee machine with a real server through a proxy.
type visit struct {
	t      *testing.T
	kind   realServer
	server *interop.Server
	proxy  *running
	device *photon
	number int  // of the session, in the server's count
	old    bool // firmware up to 0.7.0
	heard  chan string
	cups   *atomic.Int32
}

func newVisit(t *testing.T, kind realServer, server *interop.Server, proxy *running, p *sim.Profile) *visit {
	v := &visit{t: t, kind: kind, server: server, proxy: proxy, old: p.HangsUp, heard: make(chan string, 10)}
	machine, cups := coffeeMachine(p, v.heard)
	v.cups = cups
	for range 3 { // as a Photon: on a busy machine one server exceeds its own ten seconds for a handshake
		if v.device = dial(t, proxy.addr, machine); v.device.DeviceSession != nil {
			v.number = server.WaitFor(func(e interop.Event) bool { return e.Kind == "ready" }).Session
			return v
		}
		t.Logf("no session: %v", v.device.over())
	}
	t.Fatalf("no session in three attempts: %s", proxy.errs)
	return nil
}

// waitFor returns the server's first event of a kind in this session.
func (v *visit) waitFor(kind string) interop.Event {
	v.t.Helper()
	return v.server.WaitFor(func(e interop.Event) bool { return e.Kind == kind && e.Session == v.number })
}

// do has the server do something and demands that its own answer holds want.
func (v *visit) do(want string, cmd map[string]any) {
	v.t.Helper()
	cmd["device"] = sim.DeviceID(0).String()
	answer, err := v.server.Command(cmd)
	if err != nil {
		v.t.Errorf("%v: %v", cmd, err)
		return
	}
	if got, _ := json.Marshal(answer["value"]); !strings.Contains(string(got), want) {
		v.t.Errorf("%v: the server says %s, want something with %s", cmd, got, want)
	}
}

// hears waits until an event has reached the application.
func (v *visit) hears(want string) {
	v.t.Helper()
	if got := <-v.heard; got != want {
		v.t.Errorf("the device heard %q, want %q", got, want)
	}
}

// everything is all that device and server can do together. What breaks a
// session by a defect of theirs comes last: a server's ping to firmware since
// 0.8.0, and an event published by firmware up to 0.7.0 to the original server.
func (v *visit) everything() {
	v.t.Helper()
	must := func(err error) {
		v.t.Helper()
		if err != nil {
			v.t.Error(err)
		}
	}
	v.do("brew", map[string]any{"cmd": "describe", "fresh": true})
	v.do("8", map[string]any{"cmd": "call", "name": "brew", "arg": "espresso"})
	if v.cups.Load() != 1 {
		v.t.Errorf("the function ran %d times", v.cups.Load())
	}
	v.do("1", map[string]any{"cmd": "variable", "name": "cups"})
	v.do("true", map[string]any{"cmd": "variable", "name": "heating"})
	v.do("92.5", map[string]any{"cmd": "variable", "name": "temperature"})
	v.do("steamy", map[string]any{"cmd": "variable", "name": "mood"})
	v.do("null", map[string]any{"cmd": "publish", "name": "garden/water", "data": "on"})
	v.hears("garden/water = on")
	must(v.device.Subscribe(particle.SubscribeBody{Prefix: "kitchen", Mine: true}))
	must(v.device.RequestTime())
	must(v.device.Ping())
	v.proxy.message("cloud", "ping-ack")
	v.do("700", map[string]any{"cmd": "flash", "bytes": 700})
	v.proxy.message("device", "update-done-reply")
	if v.old {
		v.pinged()
	}
	must(v.device.Publish(particle.EventBody{Name: "coffee/ready", Data: []byte("1"), TTL: 60}))
	v.server.WaitFor(func(e interop.Event) bool {
		return e.Kind == "msg" && strings.Contains(e.Hex, hex.EncodeToString([]byte("coffee")))
	})
	if !v.old {
		v.pinged()
	}
}

// pinged has the server ping, which takes any empty acknowledgement for the
// answer.
func (v *visit) pinged() {
	v.t.Helper()
	v.do("ack_id", map[string]any{"cmd": "ping", "coap": true})
	v.proxy.message("device", "ping-ack")
}

// leave ends the session from the device's side, unless a defect has already.
func (v *visit) leave() {
	v.t.Helper()
	if v.old && v.kind.hangs {
		if err := v.device.over(); err == nil {
			v.t.Error("firmware 0.4.9 bore the original server's answer to an event")
		}
	} else {
		err := v.device.Goodbye(particle.GoodbyeBody{})
		if err != nil && v.old { // since 0.8.0 the server may hang up over this very message
			v.t.Error(err)
		}
		v.device.over()
	}
	v.waitFor("close")
}

// expectedKinds are what a visit must show, whoever takes part.
var expectedKinds = []string{
	"device hello", "cloud hello-reply", "cloud describe", "device describe-reply",
	"cloud function-call", "device function-result", "cloud variable", "device variable-reply",
	"device event", "cloud event", "device subscribe", "cloud subscribe-ack", "device time", "cloud time-reply",
	"device ping", "cloud ping-ack", "cloud ping", "device ping-ack",
	"cloud update-begin", "device update-ready", "cloud chunk", "cloud update-done",
}

// checkVisit demands that a run shows everything by name and as the server saw
// it. legs says whether both legs were printed.
func (v *visit) checkVisit(list []event) {
	v.t.Helper()
	checkNothingUnknown(v.t, list)
	for _, leg := range []string{"device", "cloud"} {
		kinds := kindsOf(onLeg(list, leg))
		for _, want := range expectedKinds {
			if kinds[want] == 0 {
				v.t.Errorf("%s leg: no %s in %v", leg, want, kinds)
			}
		}
		v.checkAgainstServer(leg, onLeg(list, leg))
	}
	for _, from := range []string{"device", "cloud"} {
		device, cloud := frames(list, "device", from), frames(list, "cloud", from)
		if !slices.Equal(device, cloud) {
			v.t.Errorf("from the %s: %d frames on the device leg, %d on the cloud leg, or others", from, len(device), len(cloud))
		}
	}
}

// checkAgainstServer compares with the server's own decrypted messages, byte
// for byte and in order.
func (v *visit) checkAgainstServer(leg string, list []event) {
	v.t.Helper()
	var want told
	for _, m := range v.server.Messages() {
		if m.Session != v.number {
			continue
		}
		if m.Dir == interop.DeviceToServer {
			want.device = append(want.device, hex.EncodeToString(m.Bytes))
		} else {
			want.cloud = append(want.cloud, hex.EncodeToString(m.Bytes))
		}
	}
	got := byNonce(list)[v.waitFor("nonce").Hex]
	if got == nil {
		v.t.Fatalf("%s leg: the session is not there", leg)
	}
	if !slices.Equal(got.device, want.device) {
		v.t.Errorf("%s leg, from the device: got\n%s\nwant\n%s", leg, strings.Join(got.device, "\n"), strings.Join(want.device, "\n"))
	}
	if !slices.Equal(got.cloud, want.cloud) {
		v.t.Errorf("%s leg, from the cloud: got\n%s\nwant\n%s", leg, strings.Join(got.cloud, "\n"), strings.Join(want.cloud, "\n"))
	}
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

// callUntilDecoded keeps the session busy until its messages are shown.
func (v *visit) callUntilDecoded() {
	v.t.Helper()
	for range 100 {
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

func TestADeviceWithAnotherServersKeyIsTurnedAwayByTheServer(t *testing.T) {
	everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
		proxy := startProxy(t, slices.Concat(spliceKeys(t, kind.name, server), []string{server.Addr})...)
		wrong := &sim.Device{CloudKey: &mustServerKey().PublicKey}
		if p := dial(t, proxy.addr, wrong); p.DeviceSession != nil {
			t.Error("the server accepted the device")
		}
		server.WaitFor(func(e interop.Event) bool { return e.Kind == "handshake_fail" })
		server.WaitFor(func(e interop.Event) bool { return e.Kind == "close" })
		list := proxy.end()
		closer, types := ends(list)
		if closer != "cloud fin" || types["identity"] == 0 || types["credentials"]+types["message"]+types["sealed"]+types["malformed"] != 0 {
			t.Errorf("closed first by %s; %v", closer, types)
		}
		for _, e := range list {
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
		if p := dial(t, proxy.addr, stranger); p.DeviceSession != nil {
			t.Error("the server accepted the device")
		}
		server.WaitFor(func(e interop.Event) bool { return e.Kind == "handshake_fail" })
		server.WaitFor(func(e interop.Event) bool { return e.Kind == "close" })
		list := proxy.end()
		closer, types := ends(list)
		if closer != "cloud fin" || types["identity"] == 0 || types["credentials"]+types["message"]+types["sealed"]+types["malformed"] != 0 {
			t.Errorf("closed first by %s; %v", closer, types)
		}
		for _, e := range list {
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
