package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/sim"
)

// oneSentence demands that standard error holds one sentence with all parts, and
// at most one piece of advice.
func oneSentence(t *testing.T, errs string, parts ...string) {
	t.Helper()
	var sentences, hints int
	for line := range strings.Lines(errs) {
		switch {
		case strings.HasPrefix(line, "photonscope: "):
			sentences++
		case strings.HasPrefix(line, "hint: "):
			hints++
		default:
			t.Errorf("on standard error: %s", line)
		}
	}
	if sentences != 1 || hints > 1 {
		t.Errorf("%d sentences and %d hints: %s", sentences, hints, errs)
	}
	wantIn(t, errs, parts...)
}

func TestEveryUnusableCommandLineGetsOneSentence(t *testing.T) {
	dir := t.TempDir()
	server := "server:" + serverKeyFile(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	cases := []struct {
		code int
		want string
		args string // separated by blanks
	}{
		{2, `unknown command "prox"`, "prox"},
		{2, "unknown flag: --speed", "proxy --speed"},
		{2, "proxy takes one UPSTREAM", "proxy 127.0.0.1:1 127.0.0.1:2"},
		{2, "--mode fast means nothing", "proxy --mode fast 127.0.0.1:1"},
		{2, "needs the server's private key", "proxy --mode splice 127.0.0.1:1"},
		{2, "needs an impersonation key", "proxy --mode splice -k " + server + " 127.0.0.1:1"},
		{2, "--mode observe needs UPSTREAM", "proxy --mode observe"},
		{2, "--mode splice needs UPSTREAM", "proxy --mode splice"},
		{2, "--mode terminate has no upstream", "proxy --mode terminate -k " + server + " 127.0.0.1:1"},
		{2, "needs the server's private key", "proxy --mode terminate"},
		{2, "needs the server's private key", "proxy"},
		{2, "UPSTREAM 127.0.0.1 is no host and port", "proxy 127.0.0.1"},
		{2, "UPSTREAM ::1 is no host and port", "proxy ::1"},
		{2, "UPSTREAM :5683 names no host", "proxy :5683"},
		{2, "UPSTREAM localhost:99999 has no port", "proxy localhost:99999"},
		{2, "UPSTREAM localhost:0 has no port", "proxy localhost:0"},
		{2, "-l 5683 is no address and port", "proxy -l 5683 127.0.0.1:1"},
		{2, "-l 127.0.0.1:70000 is no address and port", "proxy -l 127.0.0.1:70000 127.0.0.1:1"},
		{2, "every address of this host", "proxy -l 0.0.0.0:0 127.0.0.1:1"},
		{2, "every address of this host", "proxy -l [::]:0 127.0.0.1:1"},
		{2, "every address of this host", "proxy -l :0 127.0.0.1:1"},
		{1, "listen on 192.0.2.1:0", "proxy -l 192.0.2.1:0 127.0.0.1:1"},
		{1, "another program has this port", "proxy -l " + busy.Addr().String() + " 127.0.0.1:1"},
		{2, "--allow-client home is no network", "proxy --allow-client home 127.0.0.1:1"},
		{2, "--allow-dest home is no network", "proxy --transparent --allow-dest home"},
		{2, "--transparent needs --allow-dest", "proxy --transparent"},
		{2, "--transparent connects each device to the destination", "proxy --transparent --allow-dest 192.0.2.1 127.0.0.1:1"},
		{2, "it is a folder", "proxy -l 127.0.0.1:0 -w " + dir + " 127.0.0.1:1"},
		{2, "record to " + dir + "/no/run.pcapng: no such file", "proxy -l 127.0.0.1:0 -w " + dir + "/no/run.pcapng 127.0.0.1:1"},
		{2, "key log " + dir + ": is a directory", "proxy -l 127.0.0.1:0 --keylog " + dir + " 127.0.0.1:1"},
		{2, "key log " + dir + ": is a directory", "proxy -l 127.0.0.1:0 -w " + dir + "/run.pcapng --keylog " + dir + " 127.0.0.1:1"},
		{2, "there is no such file", "proxy -k " + dir + "/none.pem 127.0.0.1:1"},
		{2, "-T xml is no output format", "demo -T xml"},
		{2, "-T fields and -e go together", "demo -T fields"},
		{2, "-T fields and -e go together", "demo -e time"},
		{2, "-e photon.none: no field has this name", "demo -T fields -e photon.none"},
		{2, "--legs cloud means nothing", "demo --legs cloud"},
		{2, "read takes one capture", "read"},
		{2, "export firmware takes one capture", "export firmware a b"},
		{2, "keys register takes the IDs", "keys register"},
		{2, `unknown command "copy"`, "keys copy"},
		{2, `unknown command "payload"`, "export payload"},
		{2, `unknown command "csh"`, "completion csh"},
		{2, "none.pcapng: no such file", "read " + dir + "/none.pcapng"},
		{2, dir + " is a folder, not a capture", "read " + dir},
		{2, "there is no such file", "read -k " + dir + "/none.pem " + recordings + "/healthy-spark-fw1.5.2/capture.pcap"},
	}
	for _, c := range cases {
		r := startApp(t, strings.Fields(c.args)...)
		<-r.done
		if r.code != c.code || r.out.String() != "" {
			t.Errorf("%s: exit %d, want %d; on standard output: %s", c.args, r.code, c.code, r.out)
		}
		oneSentence(t, r.errs.String(), c.want)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := os.Stat(dir + ".keylog"); err == nil {
		t.Errorf("left behind: %s.keylog", dir)
	}
}

func TestEveryUnusableCaptureGetsOneSentence(t *testing.T) {
	cases := map[string][]byte{
		"not a capture: it is empty":                             {},
		"not a capture: it is shorter than 4 bytes":              {0x0a},
		"not a capture: it begins with the bytes 7b226e6f":       []byte(`{"no": "capture"}`),
		"not a capture: it begins with the bytes 2d2d2d2d":       []byte("-----BEGIN RSA PRIVATE KEY-----"),
		"cut off inside the header":                              {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0},
		"not a capture: a section header without its byte order": append([]byte{0x0a, 0x0d, 0x0d, 0x0a}, make([]byte, 28)...),
		"a section in pcapng version 7, which is unknown":        {0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 7, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 28, 0, 0, 0},
		"compressed data is damaged":                             {0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8},
	}
	for want, content := range cases {
		file := writeKey(t, "bad.pcapng", content)
		out, errs, code := runApp(t, nil, "read", "-q", "-T", "ndjson", file)
		if code != exitFailure {
			t.Errorf("%s: exit %d", want, code)
		}
		oneSentence(t, errs, file+": ", want)
		list := events(t, out)
		if last := list[len(list)-1]; len(list) != 2 || last["complete"] != false || last.str("reason") == "" {
			t.Errorf("%s: %v", want, list)
		}
	}
}

// A capture that is cut off anywhere gives what came before, and says so.
func TestACutOffCaptureGivesItsFront(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run.pcapng")
	ways[0].run(t, ways[0].keys(t), "-w", file)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all, _ := readFront(t, whole, len(whole), file+".keylog")
	random := randomly(2)
	for range 40 {
		n := 30 + random.IntN(len(whole)-30)
		front, summary := readFront(t, whole, n, file+".keylog")
		if complete := summary["complete"] == true; complete != (lastBlockEnd(whole[:n]) == n) {
			t.Errorf("cut at byte %d: summary %v", n, summary)
		}
		for name, got := range front {
			got = slices.DeleteFunc(got, func(line string) bool { // what the end of the file makes of it
				return strings.Contains(line, `"photon.close":"cut"`) || strings.Contains(line, `"malformed"`)
			})
			if len(got) > len(all[name]) || !slices.Equal(got, all[name][:len(got)]) {
				t.Errorf("cut at byte %d: %s is no front of the whole", n, name)
			}
		}
	}
}

// readFront reads the first n bytes of a capture, and returns its events by lane
// and the summary.
func readFront(t *testing.T, whole []byte, n int, keyLog string) (map[string][]string, event) {
	t.Helper()
	name := writeKey(t, "cut.pcapng", whole[:n])
	out, errs, code := runApp(t, nil, "read", "-q", "-T", "ndjson", "--legs", "both", "-k", keyLog, name)
	list := events(t, out)
	summary := list[len(list)-1]
	switch {
	case summary["complete"] == true:
		if code != exitOK || errs != "" {
			t.Errorf("cut at byte %d: exit %d: %s", n, code, errs)
		}
	default:
		if code != exitFailure {
			t.Errorf("cut at byte %d: exit %d", n, code)
		}
		oneSentence(t, errs, name+": ", "cut off inside", fmt.Sprint("at byte ", n))
	}
	out, _, _ = runApp(t, nil, "read", "-q", "-T", "ndjson", "-k", keyLog, name)
	for _, e := range events(t, out) {
		if e.str("type") == "message" && e["photon.altered"] != nil {
			t.Errorf("cut at byte %d: called altered, although only its copy was cut off: %v", n, e)
		}
	}
	return lanes(t, list[1:len(list)-1]), summary
}

func TestACaptureThatMayNotBeReadIsNamed(t *testing.T) {
	file := writeKey(t, "secret.pcapng", []byte("capture"))
	if err := os.Chmod(file, 0); err != nil {
		t.Fatal(err)
	}
	var front []string
	if os.Geteuid() == 0 { // who may read everything
		if _, err := exec.LookPath("setpriv"); err != nil {
			t.Skip("root without setpriv reads everything")
		}
		front = []string{"setpriv", "--bounding-set", "-dac_override,-dac_read_search"}
	}
	p := start(t, program(t, front, "read", file))
	if code := p.wait(); code != exitUsage {
		t.Errorf("exit %d", code)
	}
	oneSentence(t, p.errs.String(), file+": permission denied")
}

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
