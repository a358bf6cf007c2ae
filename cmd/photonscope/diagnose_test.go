package main

import (
	"bufio"
	"crypto/rsa"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/internal/golden"
	"github.com/photonscope/photonscope/sim"
)

// staged are the recordings of package diagnose, of which the cause is known.
const staged = "../../diagnose/testdata/"

func TestDiagnoseNamesTheCauseOfARecordingAndExitsWith3(t *testing.T) {
	paths, err := filepath.Glob(staged + "*.pcapng")
	if err != nil || len(paths) < 40 {
		t.Fatalf("%d recordings: %v", len(paths), err)
	}
	// What rests on more than the server's key alone.
	more := map[string][]string{
		"ph-03-new-server-key.pcapng": {"-k", recordings + "/keys/h1-server-private.pem", "-k", recordings + "/keys/h2-server-private.pem", "-k", recordings + "/fail-wrong-server-key-spark/other-server-private.pem"},
		"ph-24-wrong-hmac.pcapng":     {"-k", staged + "device.pem"}, "ph-42-41-bytes.pcapng": {"-k", staged + "device.pem"},
		"ph-09-sealed-for-another.pcapng": {"-k", staged + "device.pem"},
		"ph-08-none-on-file.pcapng":       {"--server-keys", serverStoreWith(t, 2)},
		"ph-09-another-on-file.pcapng":    {"--server-keys", serverStoreWith(t, 0)},
	}
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			args := append([]string{"diagnose", "-q", "-k", staged + "server.pem", "-T", "ndjson"}, more[name]...)
			out, errs, code := runApp(t, nil, append(args, path)...)
			list := events(t, out)
			if code != exitSession || errs != "" && !strings.Contains(errs, "chmod") {
				t.Fatalf("exit %d: %s", code, errs)
			}
			first := list[1]
			if want := strings.ToUpper(name[:5]); first.str("type") != "finding" || first.str("photon.finding") != want {
				t.Errorf("first %s, want %s", first, want)
			}
			if list[0].str("type") != "header" || list[len(list)-1].str("type") != "summary" {
				t.Error("without header or summary")
			}
		})
	}
}

// serverStoreWith returns a server's folder that has device 1's public key under
// the ID of the i-th device.
func serverStoreWith(t *testing.T, i int) string {
	t.Helper()
	path := writeKey(t, sim.DeviceID(i).String()+".pub.pem", lightssl.MarshalPublicPEM(&sim.DeviceKey(1).PublicKey))
	return filepath.Dir(path)
}

func TestDiagnosisOfAHealthyRecordingExitsWith0(t *testing.T) {
	out, errs, code := runApp(t, nil, "diagnose", "-q", "-k", recordings+"/keys", recordings+"/healthy-spark-fw1.5.2/capture.pcap")
	if code != exitOK || !strings.HasSuffix(out, "4 sessions: 4 online, 0 unknown; 0 findings\n") {
		t.Errorf("exit %d: %s\n%s", code, errs, out)
	}
}

func TestTextOfADiagnosis(t *testing.T) {
	out, _, code := runApp(t, nil, "diagnose", "-q", "-k", recordings+"/keys/h1-server-private.pem", recordings+"/fail-wrong-server-key-spark/capture.pcapng")
	if code != exitSession {
		t.Fatalf("exit %d", code)
	}
	golden.Check(t, "testdata/diagnose.txt", []byte(out))
	report, _, code := runApp(t, nil, "diagnose", "-q", "--report", "md", "-k", recordings+"/keys/h1-server-private.pem", recordings+"/fail-wrong-server-key-spark/capture.pcapng")
	if code != exitSession {
		t.Fatalf("exit %d", code)
	}
	golden.Check(t, "testdata/diagnose.md", []byte(strings.ReplaceAll(report, version(), "VERSION")))
}

// Every recording whose cause is known, as it is told at 80 columns: only what is
// to be copied may be longer.
func TestADiagnosisFits80Columns(t *testing.T) {
	paths, err := filepath.Glob(staged + "*.pcapng")
	if err != nil || len(paths) < 40 {
		t.Fatalf("%d recordings: %v", len(paths), err)
	}
	for _, path := range paths {
		out, _, _ := runApp(t, nil, "diagnose", "-q", "-k", staged+"server.pem", path)
		for line := range strings.Lines(out) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 80 && !strings.Contains(line, "$ ") {
				t.Errorf("%s: %d columns: %s", filepath.Base(path), n, line)
			}
		}
	}
}

func TestOfWhatIsNoCaptureDiagnoseSaysOnlyThat(t *testing.T) {
	path := writeKey(t, "notes.txt", []byte("no capture at all"))
	for _, args := range [][]string{{}, {"--report", "md"}} {
		out, errs, code := runApp(t, nil, append(append([]string{"diagnose"}, args...), path)...)
		if code != exitFailure || out != "" || !strings.Contains(errs, "not a capture") {
			t.Errorf("%q: exit %d, printed %q, said %q", args, code, out, errs)
		}
	}
}

func TestAnECKeyIsRefusedWithTheKeyThatIsNeeded(t *testing.T) {
	_, errs, code := runApp(t, nil, "diagnose", "-k", writeKey(t, "ec.pem", ecKeyPEM(t)), recordings+"/healthy-spark-fw1.5.2/capture.pcap")
	if code != exitUsage {
		t.Errorf("exit %d", code)
	}
	wantIn(t, errs, "an elliptic curve key, as devices that speak UDP have: it opens no TCP session", "RSA key of 1024 bits or the session's key log")
}

// What read says among the events is what diagnose says of them.
func TestReadShowsTheFindingsThatDiagnoseHas(t *testing.T) {
	args := []string{"-q", "-T", "ndjson", "-k", recordings + "/keys/h2-server-private.pem", recordings + "/fail-mismatching-device-key-brewskey/capture.pcapng"}
	read, _, _ := runApp(t, nil, append([]string{"read"}, args...)...)
	diagnosed, _, _ := runApp(t, nil, append([]string{"diagnose"}, args...)...)
	only := func(out string) (lines []string) {
		for line := range strings.Lines(out) {
			if strings.HasPrefix(line, `{"type":"finding"`) {
				lines = append(lines, line)
			}
		}
		return lines
	}
	if a, b := only(read), only(diagnosed); len(a) != 6 || !slices.Equal(a, b) {
		t.Errorf("read has %d findings, diagnose %d:\n%s\n%s", len(a), len(b), strings.Join(a, ""), strings.Join(b, ""))
	}
}

func TestDiagnoseRefusesWhatMeansNothing(t *testing.T) {
	for _, args := range [][]string{
		{"-T", "json", "x.pcap"}, {"--report", "html", "x.pcap"}, {"--report", "md", "-T", "ndjson", "x.pcap"}, {"--for", "-1s"},
		{"--for", "1s", "x.pcap"}, {"-l", "127.0.0.1:0", "x.pcap"}, {"--server-keys", t.TempDir(), recordings + "/healthy-spark-fw1.5.2/capture.pcap"}, {},
	} {
		if _, errs, code := runApp(t, nil, append([]string{"diagnose"}, args...)...); code != exitUsage || errs == "" {
			t.Errorf("diagnose %q: exit %d, said %q", args, code, errs)
		}
	}
}

// startDiagnose starts a live diagnosis and returns where it listens.
func startDiagnose(t *testing.T, args ...string) (*running, string) {
	t.Helper()
	r := startApp(t, append([]string{"diagnose", "-l", "127.0.0.1:0", "-k", "server:" + serverKeyFile(t)}, args...)...)
	line := r.errs.wait(t, "the address", func(line string) bool { return strings.HasPrefix(line, "waiting for a device on ") })
	addr, _, _ := strings.Cut(strings.TrimPrefix(line, "waiting for a device on "), ";")
	return r, addr
}

func (r *running) exit(t *testing.T, want int) {
	t.Helper()
	r.stop()
	<-r.done
	if r.code != want {
		t.Errorf("exit %d, want %d: %s\n%s", r.code, want, r.errs, r.out)
	}
}

func TestALiveDiagnosisOfAGoodDeviceFindsNothing(t *testing.T) {
	r, addr := startDiagnose(t)
	p := dial(t, addr, &sim.Device{})
	if p.DeviceSession == nil {
		t.Fatal(p.over())
	}
	if err := errors.Join(p.Goodbye(particle.GoodbyeBody{Cloud: 5}), p.over()); err != nil {
		t.Fatal(err)
	}
	r.out.wait(t, "the session's end", func(line string) bool { return strings.HasPrefix(line, "session 1  online") })
	r.exit(t, exitOK)
}

func TestALiveDiagnosisOfADeviceWithAnotherServersKey(t *testing.T) {
	r, addr := startDiagnose(t)
	stranger := strangerServerKey(t)
	if p := dial(t, addr, &sim.Device{CloudKey: stranger}); p.DeviceSession != nil {
		t.Fatal("it got online")
	}
	r.out.wait(t, "the finding", func(line string) bool { return strings.Contains(line, "PH-01") })
	r.exit(t, exitSession)
}

func strangerServerKey(t *testing.T) *rsa.PublicKey {
	t.Helper()
	b, err := os.ReadFile(recordings + "/keys/h1-server-private.pem")
	if err != nil {
		t.Fatal(err)
	}
	k, err := lightssl.ParseKey(b)
	if err != nil {
		t.Fatal(err)
	}
	return &k.Private.PublicKey
}

func TestALiveDiagnosisOfAnHTTPClient(t *testing.T) {
	r, addr := startDiagnose(t)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET /v1/devices HTTP/1.1\r\nHost: server\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	bufio.NewReader(conn).Discard(lightssl.NonceLen)
	r.out.wait(t, "the finding", func(line string) bool { return strings.Contains(line, "PH-40 certain") })
	r.exit(t, exitSession)
}

// A proxy whose server cannot be reached says so in a finding, live and in its
// recording.
func TestAnUnreachableServerIsFoundByTheProxyAndInItsRecording(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := ln.Addr().String()
	ln.Close()
	path := filepath.Join(t.TempDir(), "s.pcapng")
	r := startProxy(t, "-w", path, nobody)
	if p := dial(t, r.addr, &sim.Device{}); p.DeviceSession != nil {
		t.Fatal("it got online")
	}
	r.out.wait(t, "the finding", func(line string) bool { return strings.Contains(line, `"photon.finding":"PH-16"`) })
	r.exit(t, exitOK)
	out, _, code := runApp(t, nil, "diagnose", "-q", path)
	if code != exitSession || !strings.Contains(out, "PH-16 likely") {
		t.Errorf("exit %d:\n%s", code, out)
	}
}

func TestWhenNothingConnectsTheExitCodeIs4(t *testing.T) {
	out, errs, code := runApp(t, nil, "diagnose", "-l", "127.0.0.1:0", "-k", "server:"+serverKeyFile(t), "--for", "20ms")
	if code != exitNothing || !strings.Contains(errs, "nothing connected") || !strings.Contains(out, "0 sessions") {
		t.Errorf("exit %d: %s\n%s", code, errs, out)
	}
}

func TestTheChecklistNamesThisHostAndTheCommand(t *testing.T) {
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5683}
	text := strings.Join(checklist(at, []netip.Addr{netip.MustParseAddr("192.168.1.9")}), "\n")
	for _, want := range []string{"this host is 192.168.1.9", "-l 192.168.1.9:5683", "particle keys server default_key.pub.pem --host 192.168.1.9 --port 5683", "ufw allow 5683/tcp", "docker run -p 5683:5683"} {
		if !strings.Contains(text, want) {
			t.Errorf("without %q:\n%s", want, text)
		}
	}
	if text := strings.Join(checklist(&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5683}, nil), "\n"); !strings.Contains(text, "no address in a network") {
		t.Errorf("of a host without addresses:\n%s", text)
	}
}

func TestExplainTellsOfEveryCause(t *testing.T) {
	out, _, code := runApp(t, nil, "explain", "ph-10")
	if code != exitOK || !strings.Contains(out, "PKCS #8") || strings.Contains(out, "{") {
		t.Errorf("exit %d:\n%s", code, out)
	}
	list, _, code := runApp(t, nil, "explain")
	if code != exitOK || strings.Count(list, "\nPH-") < 50 {
		t.Errorf("exit %d:\n%s", code, list)
	}
	if _, errs, code := runApp(t, nil, "explain", "PH-99"); code != exitUsage || !strings.Contains(errs, "PH-99") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
