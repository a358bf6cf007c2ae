package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/internal/golden"
	"github.com/photonscope/photonscope/interop"
	"github.com/photonscope/photonscope/sim"
)

// misconfigured is something wrong between a device and a real server, recorded
// through the proxy, and the cause that has to be found for it first. Where
// nobody can tell several causes from the wire, either of them.
var misconfigured = []struct {
	name   string
	device sim.Device
	want   map[string][]string // by server
}{
	{"another server's key in the device", sim.Device{CloudKey: strangeServerKey()},
		map[string][]string{"spark": {"PH-01"}, "brewskey": {"PH-01"}}},
	{"a device that the server does not know", sim.Device{ID: sim.DeviceID(1), Key: sim.DeviceKey(1)},
		map[string][]string{"spark": {"PH-08"}, "brewskey": {"PH-08"}}},
	{"a device whose key has changed", sim.Device{Key: sim.DeviceKey(1)},
		map[string][]string{"spark": {"PH-09"}, "brewskey": {"PH-08", "PH-09"}}},
	{"a device with a PKCS #8 key", sim.Device{Key: sim.DeviceKey(1), Announce: misreadPKCS8()},
		map[string][]string{"spark": {"PH-10"}, "brewskey": {"PH-10"}}},
}

func TestTheCauseIsFoundWithEachRealServer(t *testing.T) {
	for _, c := range misconfigured {
		t.Run(c.name, func(t *testing.T) {
			everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
				file := filepath.Join(t.TempDir(), "fault.pcapng")
				proxy := startProxy(t, "-k", "server:"+server.ServerKeyFile, "-w", file, server.Addr)
				p := dial(t, proxy.addr, &c.device)
				if p.DeviceSession != nil {
					t.Fatal("the server accepted the device")
				}
				p.over()
				proxy.end()
				checkFirst(t, c.want[kind.name], "-k", "server:"+server.ServerKeyFile, file)
				keepRecording(t, c.name+" "+kind.name, file)
			})
		})
	}
}

// checkFirst diagnoses and demands one of these causes first.
func checkFirst(t *testing.T, want []string, args ...string) {
	t.Helper()
	out, errs, code := runApp(t, nil, slices.Concat([]string{"diagnose", "-T", "ndjson"}, args)...)
	if code != exitSession {
		t.Errorf("diagnose: exit %d: %s", code, errs)
	}
	for _, e := range printed(t, out) {
		if e.str("type") == "finding" {
			if !slices.Contains(want, e.str("photon.finding")) {
				t.Errorf("first found: %s %s; want %v", e.str("photon.finding"), e.str("photon.finding.title"), want)
			}
			return
		}
	}
	t.Errorf("nothing is found; want %v", want)
}

// The port of the API instead of that for devices.
func TestAWebServerInsteadOfTheDeviceServerIsFound(t *testing.T) {
	file := filepath.Join(t.TempDir(), "web.pcapng")
	web := callable(t, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", false)
	proxy := startProxy(t, "-w", file, web)
	dial(t, proxy.addr, &sim.Device{}).over()
	proxy.end()
	checkFirst(t, []string{"PH-14"}, file)
	keepRecording(t, webServer, file)
}

const (
	webServer = "a web server instead"
	killed    = "a server killed in the handshake"
)

// recordedAt is where a recording of a misconfigured server is committed.
func recordedAt(name, file string) string {
	slug := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '\'', r == '#':
			return -1
		}
		return r
	}, strings.ToLower(name))
	return filepath.Join(recordings, "misconfigured", slug, file)
}

// keepRecording commits what was recorded, with -update, for the test below.
func keepRecording(t *testing.T, name, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	golden.Committed(t, recordedAt(name, "session.pcapng"), b)
}

// What real servers did once, without Node: the cause is found first, on the bytes
// that truth.txt beside the recording names.
func TestTheCauseIsFoundInRecordingsOfRealServers(t *testing.T) {
	want := map[string][]string{webServer: {"PH-14"}}
	for _, s := range realServers {
		want[killed+" "+s.name] = nil
		for _, c := range misconfigured {
			want[c.name+" "+s.name] = c.want[s.name]
		}
	}
	for name, causes := range want {
		t.Run(name, func(t *testing.T) {
			file := recordedAt(name, "session.pcapng")
			out, errs, code := runApp(t, nil, "diagnose", "-q", "-T", "ndjson", "-k", staged+"server.pem", file)
			truth, found := "nothing is found\n", ""
			for _, e := range printed(t, out) {
				if e.str("type") == "finding" {
					found = e.str("photon.finding")
					truth = found + " " + e.str("photon.finding.confidence") + "\n"
					for _, v := range e["photon.finding.evidence"].([]any) {
						truth += v.(string) + "\n"
					}
					break
				}
			}
			if (code == exitSession) != (causes != nil) || causes != nil && !slices.Contains(causes, found) || causes == nil && found != "" {
				t.Errorf("exit %d, found %q, want %v: %s", code, found, causes, errs)
			}
			golden.Check(t, recordedAt(name, "truth.txt"), []byte(truth))
		})
	}
}

// Who ended the session is certain, why is not: nothing is claimed.
func TestAServerKilledInTheHandshakeIsNoFinding(t *testing.T) {
	everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
		file := filepath.Join(t.TempDir(), "killed.pcapng")
		keys := []string{"-k", "server:" + server.ServerKeyFile}
		proxy := startProxy(t, slices.Concat(keys, []string{"-w", file, server.Addr})...)
		conn, err := net.Dial("tcp", proxy.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.ReadFull(conn, make([]byte, lightssl.NonceLen)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(make([]byte, lightssl.IdentityLen-1)); err != nil {
			t.Fatal(err)
		}
		server.Kill()
		io.Copy(io.Discard, conn)
		conn.Close()
		if closer, _ := ends(proxy.end()); !strings.HasPrefix(closer, "cloud ") {
			t.Errorf("closed first by %q", closer)
		}
		out, errs, code := runApp(t, nil, slices.Concat([]string{"diagnose", "-T", "ndjson"}, keys, []string{file})...)
		if code != exitOK || strings.Contains(out, `"photon.finding"`) {
			t.Errorf("diagnose: exit %d: %s%s", code, errs, out)
		}
		keepRecording(t, killed+" "+kind.name, file)
	})
}
