package main

import (
	"context"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/interop"
	"github.com/photonscope/photonscope/sim"
)

// callable listens, sends every caller some bytes, and closes or waits.
func callable(t *testing.T, text string, hold bool) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() {
		ln.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			conn.Write([]byte(text))
			if hold {
				conn.Read(make([]byte, 1)) // until the caller leaves
			}
			conn.Close()
		}
	})
	return ln.Addr().String()
}

func TestDoctorTellsAServerForDevicesFromOthers(t *testing.T) {
	for _, c := range []struct {
		name, sends string
		hold        bool
		health
		says string
	}{
		{"nonce", strings.Repeat("n", lightssl.NonceLen), true, fine, "sends a nonce of 40 bytes"},
		{"web", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", false, bad, "answers as a web server"},
		{"tls", "\x15\x03\x01\x00\x02\x02\x32", false, bad, "answers with TLS"},
		{"short", "abc", false, bad, "sends 3 bytes (616263…) instead of a nonce"},
		{"silent", "", true, bad, "says nothing for 3s"},
		{"closes", "", false, bad, "closes without a word"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := checkServer(context.Background(), callable(t, c.sends, c.hold))
			if r.health != c.health || !strings.Contains(r.says, c.says) || (r.health == bad) != (r.do != "") {
				t.Errorf("%+v", r)
			}
		})
	}
	if r := checkServer(context.Background(), "127.0.0.1:1"); r.health != bad || !strings.Contains(r.says, "nothing listens there") {
		t.Errorf("%+v", r)
	}
}

func TestDoctorKnowsTheRealServers(t *testing.T) {
	everyServer(t, func(t *testing.T, _ realServer, server *interop.Server) {
		if r := checkServer(context.Background(), server.Addr); r.health != fine {
			t.Errorf("%+v", r)
		}
	})
}

// A certificate among the keys is noted, and is no reason to worry, nor is a key log
// without a session yet; a key that is cut off is.
func TestDoctorWarnsOnlyOfFilesThatMatter(t *testing.T) {
	b := newBench(t)
	folder := b.mkdir("server")
	b.write(folder, "tls.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{0x30, 0}}), 0o644)
	key := lightssl.MarshalPrivatePEM(sim.ServerKey())
	b.write(folder, "cut.pem", key[:len(key)/2], 0o600)
	b.write(folder, "new.pcapng.keylog", nil, 0o600)
	_, out, _ := b.run("doctor", "-k", folder, "-l", "127.0.0.1:0")
	for line := range strings.Lines(out) {
		switch noted := strings.HasPrefix(line, "ok "); {
		case strings.Contains(line, "tls.pem") && (!noted || !strings.Contains(line, "not of this protocol")):
			t.Errorf("warns of a certificate: %s", line)
		case strings.Contains(line, "new.pcapng.keylog") && (!noted || !strings.Contains(line, "a key log")):
			t.Errorf("warns of a key log that is empty: %s", line)
		case strings.Contains(line, "cut.pem") && noted:
			t.Errorf("does not warn of a damaged key: %s", line)
		}
	}
	wantIn(t, out, "tls.pem", "cut.pem", "new.pcapng.keylog")
}

func TestDoctorFindsWhatIsWrongWithKeysAndPort(t *testing.T) {
	b := newBench(t)
	folder := b.mkdir("server")
	server := lightssl.MarshalPrivatePEM(sim.ServerKey())
	b.write(folder, "default_key.pem", server, 0o644)
	b.write(folder, "default_key.pub.pem", lightssl.MarshalPublicPEM(&otherServerKeyOnce().PublicKey), 0o644)
	b.write(folder, "ec.pem", ecKeyPEM(t), 0o600)
	taken := callable(t, "", true)
	code, out, errs := b.run("doctor", "-k", folder, "-l", taken)
	if code != exitSession {
		t.Errorf("exit %d: %s", code, errs)
	}
	wantIn(t, out, taken+": another program has it", "chmod 600 "+filepath.Join(folder, "default_key.pem"), "PH-01 likely", "an elliptic curve key")
	if n := strings.Count(out, "chmod 600 "+filepath.Join(folder, "default_key.pem")); n != 1 {
		t.Errorf("what to do about a readable key is said %d times\n%s", n, out)
	}
	for secret := range strings.Lines(string(server)) {
		if strings.Contains(out, strings.TrimSpace(secret)) {
			t.Errorf("it prints %q", secret)
		}
	}
	last := fine
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for i := range lines {
		line := lines[len(lines)-1-i]
		for _, h := range []health{bad, warn, fine} {
			if strings.HasPrefix(line, h.String()+" ") {
				if h > last {
					t.Errorf("out of order: %s", line)
				}
				last = h
			}
		}
	}
}

func TestDoctorIsContentWithAGoodHost(t *testing.T) {
	want := exitOK
	if len(ownAddresses()) == 0 {
		want = exitSession // without a network it rightly says so
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := ln.Addr().String()
	ln.Close()
	b := newBench(t)
	key := b.write(b.home, "default_key.pem", lightssl.MarshalPrivatePEM(sim.ServerKey()), 0o600)
	if code, out, errs := b.run("doctor", "-k", key, "-l", free, callable(t, strings.Repeat("n", 40), true)); code != want {
		t.Errorf("exit %d, want %d: %s%s", code, want, out, errs)
	}
}

// Node 8, on which the original server runs, decrypts as it needs to. What
// another Node does depends on its version: either answer must be told as one.
func TestDoctorAsksNodeItself(t *testing.T) {
	for version, node := range nodes(t) {
		t.Run(version, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.Symlink(node, filepath.Join(folder, "node")); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", folder)
			r := checkNode(t.Context())
			if !strings.HasPrefix(r.says, "v") || (r.health == fine) != strings.Contains(r.says, "decrypts PKCS") || version == "8" && r.health != fine {
				t.Errorf("%+v", r)
			}
			if r := checkOpenSSL(t.Context()); r.health != warn || !strings.Contains(r.says, "not found") {
				t.Errorf("without openssl: %+v", r)
			}
		})
	}
}
