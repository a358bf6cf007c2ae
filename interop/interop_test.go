package interop_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/interop"
)

const deviceID = "54026f066678574931551269"

type starter struct {
	name  string
	start func(testing.TB, interop.Config) *interop.Server
}

var servers = []starter{{"spark", interop.StartSpark}, {"brewskey", interop.StartBrewskey}}

// everyServer runs a test against each server, with fresh keys.
func everyServer(t *testing.T, test func(*testing.T, *interop.Server, lightssl.DeviceEnd)) {
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			cloud, own := newKey(t, 2048), newKey(t, 1024)
			id, err := lightssl.ParseDeviceID(deviceID)
			if err != nil {
				t.Fatal(err)
			}
			server := s.start(t, interop.Config{
				ServerKeyPEM: pem.EncodeToMemory(&pem.Block{
					Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(cloud),
				}),
				DeviceKeys: map[string][]byte{deviceID: publicPEM(t, own)},
			})
			test(t, server, lightssl.DeviceEnd{ID: id, Key: own, CloudKey: &cloud.PublicKey})
		})
	}
}

func newKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func publicPEM(t *testing.T, key *rsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func kind(name string) func(interop.Event) bool {
	return func(e interop.Event) bool { return e.Kind == name }
}

func TestEveryCommandWorksAndTheRunnerTellsEveryMessage(t *testing.T) {
	everyServer(t, func(t *testing.T, server *interop.Server, end lightssl.DeviceEnd) {
		d, err := connect(t, server.Addr, end)
		if err != nil {
			t.Fatal(err)
		}
		ready := server.WaitFor(kind("ready"))
		if ready.DeviceID != deviceID {
			t.Errorf("ready tells device %q", ready.DeviceID)
		}
		subscribe(d)
		runCommands(t, server, d)
		d.conn.Close()
		<-d.done
		server.WaitFor(kind("close"))
		for _, direction := range []string{interop.DeviceToServer, interop.ServerToDevice} {
			compare(t, direction, d.traffic[direction], told(server, direction))
		}
	})
}

// subscribe returns when the server has acknowledged.
func subscribe(d *device) {
	d.request(0x40, 0x01, "b165"+"03"+hex.EncodeToString([]byte("lab")))
	mid := []byte{byte(d.mid >> 8), byte(d.mid)}
	d.expect(func(m []byte) bool { return m[0]&0x30 == 0x20 && bytes.Equal(m[2:4], mid) })
}

func runCommands(t *testing.T, server *interop.Server, d *device) {
	image := bytes.Repeat([]byte("photonscope"), 60)
	file := filepath.Join(t.TempDir(), "firmware.bin")
	if err := os.WriteFile(file, image, 0o600); err != nil {
		t.Fatal(err)
	}
	do := func(want string, cmd map[string]any) {
		t.Helper()
		cmd["device"] = deviceID
		answer, err := server.Command(cmd)
		if err != nil {
			t.Error(err)
			return
		}
		if got, _ := json.Marshal(answer["value"]); !strings.Contains(string(got), want) {
			t.Errorf("%v answered %s, want something with %s", cmd["cmd"], got, want)
		}
	}
	do(`counter`, map[string]any{"cmd": "describe", "fresh": true})
	do(`42`, map[string]any{"cmd": "call", "name": "echo", "arg": "hello"})
	do(`7`, map[string]any{"cmd": "variable", "name": "counter"})
	do(`true`, map[string]any{"cmd": "signal", "on": true})
	do(`true`, map[string]any{"cmd": "ping"})
	do(`ack_id`, map[string]any{"cmd": "ping", "coap": true})
	do(`null`, map[string]any{"cmd": "publish", "name": "lab/cmd", "data": "on"})
	d.expect(func(m []byte) bool { return bytes.Contains(m, []byte("\xffon")) })
	do(`null`, map[string]any{"cmd": "publish", "name": "lab/mine", "data": "off", "public": false})
	d.expect(func(m []byte) bool { return bytes.Contains(m, []byte("\xffoff")) })
	do(`null`, map[string]any{"cmd": "publish", "name": "lab/a/b/c/d/e/f/g/h/i/j/k", "data": "long"})
	d.expect(func(m []byte) bool {
		return bytes.Contains(m, []byte("\x03lab\x01a\x01b\x01c\x01d\x01e\x01f\x01g\x01h\x01i\x01j\x01k"))
	})
	do(`token`, map[string]any{"cmd": "send", "name": "VariableRequest", "params": map[string]any{"name": "any"}})
	do(`660`, map[string]any{"cmd": "flash", "file": file})
	do(`300`, map[string]any{"cmd": "flash", "bytes": 300})
	if !bytes.HasPrefix(d.image, image) {
		t.Error("the device received another image than the file held")
	}
	if _, err := server.Command(map[string]any{"cmd": "call", "device": "none"}); err == nil {
		t.Error("a command for an unknown device had no error")
	}
}

func told(server *interop.Server, direction string) []string {
	var found []string
	for _, m := range server.Messages() {
		if m.Dir == direction {
			found = append(found, hex.EncodeToString(m.Bytes))
		}
	}
	return found
}

func compare(t *testing.T, direction string, device, server []string) {
	t.Helper()
	if len(device) < 10 {
		t.Errorf("%s: only %d messages", direction, len(device))
	}
	if !slices.Equal(device, server) {
		t.Errorf("%s: the device saw\n%s\nand the server\n%s", direction,
			strings.Join(device, "\n"), strings.Join(server, "\n"))
	}
}

func TestAHandshakeWithTheWrongServerKeyIsToldAsFailed(t *testing.T) {
	everyServer(t, func(t *testing.T, server *interop.Server, end lightssl.DeviceEnd) {
		end.CloudKey = &newKey(t, 2048).PublicKey
		if _, err := connect(t, server.Addr, end); err == nil {
			t.Fatal("the handshake succeeded")
		}
		failed := server.WaitFor(kind("handshake_fail"))
		if !strings.Contains(failed.Reason, "decryption failed") {
			t.Errorf("reason: %q", failed.Reason)
		}
		server.WaitFor(kind("close"))
	})
}

func TestADeviceKeyRegisteredWhileTheServerRunsIsUsedAtOnce(t *testing.T) {
	everyServer(t, func(t *testing.T, server *interop.Server, end lightssl.DeviceEnd) {
		end.ID[0]++
		if _, err := connect(t, server.Addr, end); err == nil {
			t.Fatal("an unknown device was accepted")
		}
		server.WaitFor(kind("handshake_fail"))
		path := filepath.Join(server.DeviceKeyFolder, end.ID.String()+".pub.pem")
		if err := os.WriteFile(path, publicPEM(t, end.Key), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := connect(t, server.Addr, end); err != nil {
			t.Fatal(err)
		}
		server.WaitFor(kind("ready"))
	})
}
