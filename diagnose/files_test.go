package diagnose

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/internal/genuine"
	"github.com/photonscope/photonscope/sim"
)

// asFiles is findings in short, one a line.
func asFiles(files []File) string {
	var lines []string
	for _, f := range Files(files) {
		line := f.ID + " " + f.Confidence
		for _, v := range f.Evidence {
			line += fmt.Sprintf(", %s %d-%d", v.Name, v.Start, v.End)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestCausesInFiles(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1536)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecDER, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	unusable, err := os.ReadFile("../decode/lightssl/testdata/vectors/keys/device_unusable_private.pem")
	if err != nil {
		t.Fatal(err)
	}
	id := sim.DeviceID(0).String()
	server, device := sim.ServerKey(), sim.DeviceKey(0)
	stranger := genuine.Key(t, genuine.Path(t, "keys/h1-server-private.pem"))
	p8 := pkcs8(device)
	for _, c := range []struct {
		name  string
		files []File
		want  string
	}{
		{"good keys", []File{
			{"default_key.pem", lightssl.MarshalPrivatePEM(server)}, {"default_key.pub.pem", lightssl.MarshalPublicPEM(&server.PublicKey)},
			{"default_key.pub.der", lightssl.MarshalPublicDER(&server.PublicKey)},
			{id + ".der", lightssl.MarshalPrivateDER(device)}, {id + ".pub.pem", lightssl.MarshalPublicPEM(&device.PublicKey)},
			{"notes.txt", []byte("no key")}, {"empty.pem", nil},
		}, ""},
		{"a server key of 1536 bits", []File{{"default_key.pem", lightssl.MarshalPrivatePEM(small)}}, fmt.Sprintf("PH-02 certain, default_key.pem 0-%d", len(lightssl.MarshalPrivateDER(small)))},
		{"a stale DER", []File{{"default_key.pub.pem", lightssl.MarshalPublicPEM(&server.PublicKey)}, {"default_key.pub.der", lightssl.MarshalPublicDER(stranger.Public)}},
			"PH-04 certain, default_key.pub.pem 0-294, default_key.pub.der 0-294"},
		{"halves that do not belong together", []File{{"default_key.pem", lightssl.MarshalPrivatePEM(server)}, {"default_key.pub.pem", lightssl.MarshalPublicPEM(stranger.Public)}},
			fmt.Sprintf("PH-01 likely, default_key.pem 0-%d, default_key.pub.pem 0-294", len(lightssl.MarshalPrivateDER(server)))},
		{"PKCS #8 for a device", []File{{id + ".der", p8}}, "PH-10 certain, " + id + ".der 0-26"},
		{"PKCS #8 in PEM is converted on its way", []File{{id + ".pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: p8})}}, ""},
		{"an elliptic curve key", []File{{id + ".der", ecDER}}, "PH-11 likely, " + id + ".der 43-51"},
		{"a key that firmware misreads", []File{{id + ".pem", unusable}}, "PH-12 certain, " + id + ".pem 0-606"},
		{"another key on file", []File{{id + ".pem", lightssl.MarshalPrivatePEM(device)}, {id + ".pub.pem", lightssl.MarshalPublicPEM(&sim.DeviceKey(1).PublicKey)}},
			fmt.Sprintf("PH-09 certain, %s.pem 0-%d, %s.pub.pem 0-162", id, len(lightssl.MarshalPrivateDER(device)), id)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := asFiles(c.files); got != c.want {
				t.Errorf("found\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// What the real openssl writes with the commands of particle-cli, and with those
// of the remedy.
func TestTheRealOpenSSLMakesPKCS8AndTheRemedyRepairsIt(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Fatalf("openssl is needed: %v", err)
	}
	dir := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(openssl, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	run("genrsa", "-out", "device.pem", "1024")
	run("rsa", "-in", "device.pem", "-outform", "DER", "-out", "device.der")
	run("rsa", "-in", "device.pem", "-traditional", "-outform", "DER", "-out", "repaired.der")
	read := func(name string) File {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return File{name, b}
	}
	if got, want := asFiles([]File{read("device.pem"), read("device.der")}), "PH-10 certain, device.der 0-26"; got != want {
		t.Errorf("found %q, want %q", got, want)
	}
	if got := asFiles([]File{read("repaired.der")}); got != "" && !strings.HasPrefix(got, "PH-12") { // one key in 200 is unusable for another reason
		t.Errorf("found %q in the repaired file", got)
	}
	// what a device announces that was given the file
	s := &staged{id: "PH-10", play: func(s *scene) { announces(s, slotAnnounces(read("device.der").Data)) }}
	if found := s.played(t, &sim.LightSSL231, nil); len(found) == 0 || firsts(found)[1].ID != "PH-10" {
		t.Errorf("found %s", asText(found))
	}
}
