package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/interop"
	"github.com/photonscope/photonscope/sim"
)

// genuine is a recording of a genuine device with one of the servers.
type genuine struct {
	server string // as realServers name it
	file   string
	device string
}

var genuineSessions = []genuine{
	{"spark", "healthy-spark-fw1.5.2/capture.pcap", "54026f066678574931551269"},
	{"brewskey", "healthy-brewskey-fw2.3.1/capture.pcapng", "1c052c000f47343432313012"},
}

func (g genuine) path() string { return filepath.Join(recordings, g.file) }

func (g genuine) keys() []string {
	return []string{"-k", filepath.Join(recordings, "keys", "devices", g.device+".pem"), "-k", "server:" + filepath.Join(recordings, "keys", map[string]string{"spark": "h1", "brewskey": "h2"}[g.server]+"-server-private.pem")}
}

// start starts the server that knows the recorded device, with the keys that it
// had then.
func (g genuine) start(t *testing.T) *interop.Server {
	t.Helper()
	i := slices.IndexFunc(realServers, func(s realServer) bool { return s.name == g.server })
	read := func(parts ...string) []byte {
		b, err := os.ReadFile(filepath.Join(append([]string{recordings, "keys"}, parts...)...))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	key := read(map[string]string{"spark": "h1", "brewskey": "h2"}[g.server] + "-server-private.pem")
	public := read("devices", g.device+".pub.pem")
	return realServers[i].start(t, interop.Config{ServerKeyPEM: key, DeviceKeys: map[string][]byte{g.device: public}})
}

// replayed is a replay whose server is asked for what the recorded one was asked.
type replayed struct {
	*running
	server    *interop.Server
	device    string
	image     string          // what is flashed
	unasked   int             // descriptions that the server will ask for of itself
	published map[string]bool // events that the device publishes and so gets back
}

// report is a line of the report.
type report map[string]any

func (r report) str(key string) string { s, _ := r[key].(string); return s }

// startReplay starts a replay against a server and drives the server.
func startReplay(t *testing.T, server *interop.Server, device string, args ...string) *replayed {
	t.Helper()
	r := &replayed{running: startApp(t, append([]string{"replay", "-T", "ndjson", "--to-server", server.Addr}, args...)...), server: server, device: device, published: map[string]bool{}}
	return r
}

// finish follows the report to its end, and returns the divergences.
func (r *replayed) finish() (list []report) {
	r.t.Helper()
	at := 0
	for {
		text, changed := r.out.since(at)
		at += len(text)
		for line := range strings.Lines(text) {
			var x report
			if err := json.Unmarshal([]byte(line), &x); err != nil {
				r.t.Fatalf("%s: %v", line, err)
			}
			switch x.str("type") {
			case "waiting":
				if x.str("photon.msg") != "describe" || r.unasked == 0 {
					r.ask(x)
				}
			case "came":
				if x.str("photon.msg") == "describe" && r.unasked > 0 {
					r.unasked--
				}
			case "sent":
				if name, _, ok := strings.Cut(x.str("summary"), " = "); ok && x.str("photon.msg") == "event" {
					r.published[name] = true
				}
			case "diverged":
				list = append(list, x)
			}
		}
		select {
		case <-changed:
		case <-r.done:
			if text, _ := r.out.since(at); text == "" {
				return list
			}
		}
	}
}

// ask has the server say what the recorded one said next.
func (r *replayed) ask(x report) {
	b, err := hex.DecodeString(x.str("frame.plain"))
	var m coap.Message
	if err != nil || m.Parse(b) != nil {
		r.t.Errorf("a report without a message: %v", x)
		return
	}
	var names, queries []string
	for _, o := range m.Options {
		switch o.Number {
		case coap.URIPath:
			names = append(names, string(o.Value))
		case coap.URIQuery:
			queries = append(queries, string(o.Value))
		}
	}
	name := strings.Join(names[min(1, len(names)):], "/")
	cmd := map[string]any{"device": r.device, "timeout_ms": 3000}
	switch x.str("photon.msg") {
	case "variable":
		cmd["cmd"], cmd["name"], cmd["params"] = "send", "VariableRequest", map[string]any{"name": name}
	case "function-call":
		cmd["cmd"], cmd["name"], cmd["arg"] = "call", name, strings.Join(queries, "&")
	case "describe":
		cmd["cmd"], cmd["fresh"] = "describe", true
	case "event":
		if r.published[name] {
			return
		}
		cmd["cmd"], cmd["name"], cmd["data"], cmd["public"] = "publish", name, string(m.Payload), names[0] == "e"
	case "signal":
		cmd["cmd"], cmd["on"] = "signal", strings.Join(queries, "") == "\x01"
	case "key-change":
		cmd["cmd"], cmd["name"] = "send", "KeyChange"
	case "update-abort":
		cmd["cmd"], cmd["name"] = "send", "UpdateAbort"
	case "update-begin":
		cmd["cmd"], cmd["file"], cmd["timeout_ms"] = "flash", r.image, 60000
	default:
		return
	}
	go r.server.Command(cmd) // what comes of it is in the report
}

// notAsked leaves out what the runners of the servers do not do: ask for what the
// description does not have, and, without an owner of the device, deliver its own
// private events to it.
const notAsked = `not (photon.func.name == "nosuchfn" or photon.dir == "cloud" and photon.event.name contains "particle/device/updates" and photon.msg == "event")`

func TestGenuineSessionsAreReplayedToTheServersTheyWereRecordedWith(t *testing.T) {
	interop.Require(t)
	for _, g := range genuineSessions {
		t.Run(g.server, func(t *testing.T) {
			t.Parallel()
			server := g.start(t)
			image := firmwareOf(t, g)
			for session := 1; session <= 4; session++ {
				t.Run(fmt.Sprint(session), func(t *testing.T) {
					args := slices.Concat(g.keys(), []string{g.path(), "--session", fmt.Sprint(session), "--dry-run=false", "--speed", "0", "--on-divergence", "go-on",
						"--wait", "20s", "-Y", notAsked})
					r := startReplay(t, server, g.device, args...)
					r.image = image
					if g.server == "brewskey" {
						r.unasked = 1
					}
					for _, d := range r.finish() {
						t.Errorf("diverged: %v", d)
					}
					if r.code != exitOK {
						t.Errorf("exit %d: %s", r.code, r.errs)
					}
				})
			}
		})
	}
}

// firmwareOf is the image that was sent in a genuine recording.
func firmwareOf(t *testing.T, g genuine) string {
	t.Helper()
	folder := t.TempDir()
	_, errs, code := runApp(t, nil, slices.Concat([]string{"export", "firmware", g.path(), "-o", folder}, g.keys())...)
	images, _ := filepath.Glob(filepath.Join(folder, "*.bin"))
	if code != exitOK || len(images) != 1 {
		t.Fatalf("export firmware: exit %d, %d images: %s", code, len(images), errs)
	}
	return images[0]
}

// What was recorded with one server is not what the other says: its refusal of
// every event is the first that differs, and ends the replay.
func TestAChangedServerIsADivergence(t *testing.T) {
	interop.Require(t)
	spark, brewskey := genuineSessions[0], genuineSessions[1]
	server := spark.start(t)
	r := startReplay(t, server, spark.device, slices.Concat(brewskey.keys()[:2], spark.keys()[:2], []string{brewskey.path(), "--session", "4", "--dry-run=false", "--id", spark.device, "-k", "server:" + server.ServerKeyFile, "--wait", "2s"})...)
	found := r.finish()
	if len(found) != 1 || r.code != exitSession {
		t.Fatalf("exit %d, %v: %s", r.code, found, r.errs)
	}
	if found[0].str("fault") != "is not in the recording" || found[0].str("photon.msg") != "event-refused" {
		t.Errorf("the first divergence is %v", found[0])
	}
}

// What `photonscope device` recorded of a session with a real server is the same
// again, whatever the firmware.
func TestASessionOfOurDeviceIsTheSameAgainAtEveryRealServer(t *testing.T) {
	everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
		keys := []string{"-k", "device:" + deviceKeyFile(t), "-k", "server:" + server.ServerKeyFile, "--id", sim.DeviceID(0).String()}
		for _, p := range sim.Profiles {
			if p.Describe == sim.DescribeBlocks && kind.name == "brewskey" || p.HangsUp && kind.hangs {
				continue // they never get along: docs/protocol.md sections 8.1 and 8.3
			}
			file := filepath.Join(t.TempDir(), p.Name+".pcapng")
			script := scriptFile(t, "wait 200ms\nsend CON GET /t token 07\nexpect ACK 2.05\nsend CON GET /e/kitchen query \"u\"\nexpect ACK\nwait 2s\ndrop")
			if _, errs, code := runApp(t, nil, slices.Concat([]string{"device", "--firmware", p.Name, "-w", file, "--script", script, server.Addr}, keys)...); code != exitOK {
				t.Fatalf("%s: device: exit %d: %s", p.Name, code, errs)
			}
			out, errs, code := runApp(t, nil, slices.Concat([]string{"replay", file, "-T", "ndjson", "--to-server", server.Addr}, keys)...)
			if found := divergences(reports(t, out)); code != exitOK || len(found) > 0 {
				t.Errorf("%s: exit %d: %s%v", p.Name, code, errs, found)
			}
		}
	})
}
