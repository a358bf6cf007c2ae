package main

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/sim"
)

func TestDiagnoseTellsOfTheKeyFilesBeforeTheSessions(t *testing.T) {
	bad := writeKey(t, sim.DeviceID(0).String()+".der", pkcs8DER(t, sim.DeviceKey(0)))
	good := writeKey(t, sim.DeviceID(1).String()+".pem", lightssl.MarshalPrivatePEM(sim.DeviceKey(1)))
	capture := recordings + "/healthy-spark-fw1.5.2/capture.pcap"
	run := func(key string, args ...string) (string, int) {
		out, _, code := runApp(t, nil, append(append([]string{"diagnose", "-q", "-k", recordings + "/keys", "-k", key}, args...), capture)...)
		return out, code
	}
	for _, key := range []string{bad, filepath.Dir(bad)} {
		out, code := run(key)
		if evidence := strings.Join(strings.Fields(out), " "); code != exitSession || !strings.HasPrefix(out, "key files\n  PH-10 certain: ") || !strings.Contains(evidence, filepath.Base(bad)+", bytes 0 to 25") ||
			!strings.HasSuffix(out, "4 sessions: 4 online, 0 unknown; 1 finding\n") {
			t.Errorf("-k %s: exit %d\n%s", key, code, out)
		}
	}
	out, code := run(bad, "-T", "ndjson")
	if list := events(t, out); code != exitSession || list[1].str("photon.finding") != "PH-10" || !strings.Contains(strings.Split(out, "\n")[1], bad+", bytes 0 to 25") {
		t.Errorf("exit %d: %s", code, list[1])
	}
	schema := loadJSONSchema(t)
	for line := range strings.Lines(out) {
		checkLine(t, schema, "key files", line)
		if strings.Contains(line, `"photon.session":0`) && (strings.Contains(line, "photon.leg") || strings.Contains(line, "photon.dir")) {
			t.Errorf("a file has a leg or a sender: %s", line)
		}
	}
	out, code = run(bad, "--report", "md")
	if code != exitSession || !strings.Contains(out, "certain, key files.") || strings.Index(out, "PH-10") > strings.Index(out, "## Sessions") {
		t.Errorf("exit %d:\n%s", code, out)
	}
	if out, code := run(good); code != exitOK || strings.Contains(out, "key files") {
		t.Errorf("of a good key: exit %d\n%s", code, out)
	}
}

// pkcs8DER is a key as openssl writes it in DER.
func pkcs8DER(t *testing.T, k *rsa.PrivateKey) []byte {
	t.Helper()
	b, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What is wrong with key files is told live as well, before anybody connects. Who
// then connects is judged by itself, whatever the server's folder holds of it.
func TestALiveDiagnosisTellsOfTheKeyFilesFirst(t *testing.T) {
	bad := writeKey(t, sim.DeviceID(0).String()+".der", pkcs8DER(t, sim.DeviceKey(0)))
	r, addr := startDiagnose(t, "-k", bad, "--server-keys", serverStoreWith(t, 0))
	r.out.wait(t, "the finding", func(line string) bool { return strings.HasPrefix(line, "  PH-10 certain: ") })
	p := dial(t, addr, &sim.Device{})
	if p.DeviceSession == nil {
		t.Fatal(p.over())
	}
	if err := errors.Join(p.Goodbye(particle.GoodbyeBody{Cloud: 5}), p.over()); err != nil {
		t.Fatal(err)
	}
	r.out.wait(t, "the session's end", func(line string) bool { return strings.HasPrefix(line, "session 1  online") })
	r.exit(t, exitSession)
	if out := r.out.String(); !strings.HasPrefix(out, "key files\n") || !strings.HasSuffix(out, "1 session: 1 online, 0 unknown; 1 finding\n") {
		t.Errorf("printed:\n%s", out)
	}
}
