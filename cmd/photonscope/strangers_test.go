package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/sim"
)

// answering listens and says something to everybody who connects.
func answering(t *testing.T, greeting string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			io.WriteString(conn, greeting)
		}
	}()
	return ln.Addr().String()
}

func TestAServerThatIsNoneIsNamed(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	cases := []struct{ name, upstream, want string }{
		{"refuses", closed.Addr().String(), "cannot reach the cloud at " + closed.Addr().String()},
		{"is unknown", "server.invalid:5683", "cannot reach the cloud at server.invalid:5683"},
		{"hangs", answering(t, ""), "accepts connections but sends no nonce"},
		{"speaks HTTP", answering(t, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), "speaks HTTP"},
		{"speaks TLS", answering(t, "\x15\x03\x03\x00\x02\x02\x50"), "speaks TLS"},
		{"speaks SSH", answering(t, "SSH-2.0-OpenSSH_9.2\r\n"), "speaks SSH"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			proxy := startProxy(t, c.upstream)
			conn, err := net.Dial("tcp", proxy.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			proxy.errs.wait(t, "the notice", func(line string) bool { return strings.Contains(line, c.want) })
			conn.Close()
			closer, types := ends(proxy.end())
			if types["opened"] == 0 || closer == "" || types["message"] != 0 {
				t.Errorf("%v", types)
			}
		})
	}
}

// strangers are what may connect instead of a device: what they send, and the
// notice about it in each mode that tells one.
var strangers = []struct{ name, sends, observed, spliced string }{
	{"garbage", string(bytes.Repeat([]byte{0xa5, 0x17, 0x80}, 200)), "", "the identity record does not open"},
	{"half an identity", strings.Repeat("x", 100), "100 bytes from the device are no whole identity", "100 bytes from the device are no whole identity"},
	{"a web browser", "GET / HTTP/1.1\r\nHost: photon\r\n\r\n", "this client speaks HTTP", "this client speaks HTTP"},
	{"a TLS client", "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", "this client speaks TLS", "this client speaks TLS"},
	{"nothing", "", "", ""},
}

func TestADeviceThatIsNoneHarmsNobody(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			line := w.keys(t)
			if w.upstream {
				line = append(line, startCloud(t, new(sim.Cloud)))
			}
			proxy := startProxy(t, line...)
			healthy := dial(t, proxy.addr, new(sim.Device))
			for _, s := range strangers {
				conn, err := net.Dial("tcp", proxy.addr)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if _, err := io.ReadFull(conn, make([]byte, 40)); err != nil {
					t.Errorf("%s: no nonce: %v", s.name, err)
				}
				io.WriteString(conn, s.sends)
				if want := map[string]string{"observe": s.observed, "splice": s.spliced}[w.name]; want != "" {
					proxy.errs.wait(t, "the notice about "+s.name, func(line string) bool { return strings.Contains(line, want) })
				}
				conn.Close()
			}
			if healthy.DeviceSession == nil {
				t.Fatalf("the device found no session: %v", healthy.over())
			}
			if err := healthy.Ping(); err != nil {
				t.Error(err)
			}
			proxy.message("cloud", "ping-ack")
			if err := healthy.Goodbye(particle.GoodbyeBody{}); err != nil {
				t.Error(err)
			}
			healthy.over()
			checkOnlyHealthy(t, proxy.end())
		})
	}
}

// checkOnlyHealthy demands of a run with a device and strangers that the
// device's session, the first, is sound, and that every connection has an end.
func checkOnlyHealthy(t *testing.T, list []event) {
	t.Helper()
	opened, closed := map[string]bool{}, map[string]bool{}
	for _, e := range list {
		leg := fmt.Sprint(e["photon.session"], " ", e["photon.leg"])
		first := e["photon.session"] == 1.0
		switch typ := e.str("type"); {
		case typ == "opened":
			opened[leg] = true
		case typ == "closed":
			closed[leg] = true
		case first && (typ == "malformed" || typ == "sealed" || typ == "gap"), !first && typ == "message":
			t.Errorf("%v", e)
		}
	}
	if len(opened) < 1+len(strangers) || len(opened) != len(closed) {
		t.Errorf("opened %v, closed %v", opened, closed)
	}
}

func TestMalformedFramesAreShownAndTheSessionGoesOn(t *testing.T) {
	cases := []struct {
		fault, by, layer, notice string
		malformed                int // a frame of garbage garbles the one behind it as well
	}{
		{"zero-frame", "cloud", "wire", "sent a frame of 0 bytes", 1},
		{"odd-frame", "cloud", "wire", "sent a frame of 5 bytes", 1},
		{"bad-padding", "cloud", "plain", "", 1},
		{"garbage-frame", "cloud", "plain", "", 2},
		{"device-garbage-frame", "device", "plain", "", 2},
	}
	for _, c := range cases {
		t.Run(c.fault, func(t *testing.T) {
			t.Parallel()
			cloud, device := new(sim.Cloud), new(sim.Device)
			if c.by == "cloud" {
				cloud.Faults = []sim.Fault{{Name: c.fault}}
			} else {
				device.Faults = []sim.Fault{{Name: c.fault}}
			}
			file := filepath.Join(t.TempDir(), "run.pcapng")
			keys := simSpliceKeys(t)
			proxy := startProxy(t, slices.Concat(keys, []string{"-w", file, startCloud(t, cloud)})...)
			p := dial(t, proxy.addr, device)
			if p.DeviceSession == nil {
				t.Fatalf("no session: %v", p.over())
			}
			found := proxy.event("the malformed frame", func(e event) bool { return e.str("type") == "malformed" })
			if found.str("photon.dir") != c.by || found.str("photon.layer") != c.layer || found.str("photon.reason") == "" || found["photon.offset"] == nil || found.str("frame.wire") == "" {
				t.Errorf("%v", found)
			}
			if c.notice != "" {
				proxy.errs.wait(t, "the notice", func(line string) bool { return strings.Contains(line, c.notice) })
			}
			if err := p.Ping(); err != nil {
				t.Error(err)
			}
			proxy.message("cloud", "ping-ack")
			if err := p.Goodbye(particle.GoodbyeBody{}); err != nil {
				t.Error(err)
			}
			p.over()
			live := proxy.end()
			if _, types := ends(live); types["malformed"] != c.malformed || types["sealed"]+types["gap"] != 0 {
				t.Errorf("%v", types)
			}
			out, errs, code := runApp(t, nil, slices.Concat([]string{"read", "-T", "ndjson"}, keys, []string{file})...)
			if code != exitOK {
				t.Errorf("read: exit %d: %s", code, errs)
			}
			sameRun(t, events(t, out), live)
		})
	}
}

func TestASecondProxyOnOnePortLeavesTheFirstAlone(t *testing.T) {
	cloud := startCloud(t, new(sim.Cloud))
	first := startProxy(t, append(simSpliceKeys(t), cloud)...)
	_, errs, code := runApp(t, nil, "proxy", "-l", first.addr, cloud)
	if code != exitFailure {
		t.Errorf("exit %d", code)
	}
	oneSentence(t, errs, "listen on "+first.addr, "another program has this port")
	if p := dial(t, first.addr, new(sim.Device)); p.DeviceSession == nil {
		t.Errorf("the first proxy is out of order: %v", p.over())
	}
	first.end()
}

// `photonscope proxy | head -1`: who reads the output goes away, and nothing else
// does.
func TestAClosedOutputStopsNoSession(t *testing.T) {
	cloud := startCloud(t, new(sim.Cloud))
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "run.pcapng")
	keys := simSpliceKeys(t)
	cmd := program(t, nil, slices.Concat([]string{"proxy", "-l", "127.0.0.1:0", "-T", "ndjson", "-w", file}, keys, []string{cloud})...)
	cmd.Stdout = out
	proxy := start(t, cmd)
	out.Close()
	addr := proxy.listening()
	if _, err := in.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	in.Close()
	for range 3 {
		p := dial(t, addr, new(sim.Device))
		if p.DeviceSession == nil {
			t.Fatalf("no session: %v", p.over())
		}
		if err := p.Goodbye(particle.GoodbyeBody{}); err != nil {
			t.Error(err)
		}
		if err := p.over(); err != nil {
			t.Error(err)
		}
	}
	if code := proxy.interrupt(); code != exitOK {
		t.Errorf("exit %d: %s", code, proxy.errs)
	}
	text, errs, code := runApp(t, nil, slices.Concat([]string{"read", "-T", "ndjson"}, keys, []string{file})...)
	if kinds := kindsOf(events(t, text)); code != exitOK || kinds["device hello"] != 3 || kinds["device goodbye"] != 3 {
		t.Errorf("exit %d: %v %s", code, kinds, errs)
	}
}
