package sim

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/interop"
)

// The real servers must take the simulated device, in each of its generations,
// for a Photon.
func TestTheRealServersTakeTheDeviceForAPhoton(t *testing.T) {
	interop.Require(t)
	for name, start := range map[string]func(testing.TB, interop.Config) *interop.Server{
		"spark": interop.StartSpark, "brewskey": interop.StartBrewskey,
	} {
		t.Run(name, func(t *testing.T) {
			server := start(t, interop.Config{
				ServerKeyPEM: pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(ServerKey())}),
				DeviceKeys:   map[string][]byte{DeviceID(0).String(): publicPEM(t, &DeviceKey(0).PublicKey)},
			})
			for _, p := range Profiles {
				if p.Describe == DescribeBlocks && name == "brewskey" {
					continue // they never get along: protocol.md §8.3
				}
				if name == "spark" {
					p = *willing(p) // nor does the older stack with this server: §8.1
				}
				t.Run(p.Name, func(t *testing.T) { playWithRealServer(t, server, &p) })
			}
		})
	}
}

func publicPEM(t *testing.T, key *rsa.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// playWithRealServer connects a device and has the server do all it can with it.
func playWithRealServer(t *testing.T, server *interop.Server, p *Profile) {
	events, images, ready := make(chan string, 10), make(chan []byte, 2), make(chan *DeviceSession, 1)
	d := &Device{
		Profile:   p,
		Functions: map[string]func(string) int32{"length": func(a string) int32 { return int32(len(a)) }},
		Variables: map[string]Variable{
			"cups": Int(func() int32 { return 7 }), "heat": Double(func() float64 { return 21.5 }), "on": Bool(func() bool { return true }),
			"mood": String(func() string { return "steamy" }),
		},
		Subscriptions: []Subscription{{particle.SubscribeBody{Prefix: "lab"}, func(name string, data []byte) {
			events <- name + "=" + string(data)
		}}},
		Image:  func(image []byte) bool { images <- image; return true },
		Handle: func(_ context.Context, s *DeviceSession) error { ready <- s; return nil },
	}
	conn, err := net.Dial("tcp", server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	seen := len(server.Events())
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- d.Run(ctx, conn) }()
	defer func() {
		cancel()
		if err := <-ran; !errors.Is(err, context.Canceled) {
			t.Errorf("the device ends with %v", err)
		}
	}()
	server.WaitFor(func(e interop.Event) bool { seen--; return seen < 0 && e.Kind == "ready" })
	s := <-ready
	if err := s.Publish(particle.EventBody{Name: "temperature", Data: []byte("21.5")}); err != nil {
		t.Error(err)
	}
	askRealServer(t, server, p)
	if got := <-events; got != "lab/cmd=on" {
		t.Errorf("the device has the event %s", got)
	}
	if got := <-images; !bytes.Equal(got[:len(labImage)], labImage) {
		t.Errorf("the device has another image: %d bytes", len(got))
	}
}

// labImage is what the real servers flash.
var labImage = storyImage(1000)

func askRealServer(t *testing.T, server *interop.Server, p *Profile) {
	file := filepath.Join(t.TempDir(), "firmware.bin")
	if err := os.WriteFile(file, labImage, 0o600); err != nil {
		t.Fatal(err)
	}
	do := func(want string, cmd map[string]any) {
		t.Helper()
		cmd["device"] = DeviceID(0).String()
		answer, err := server.Command(cmd)
		if err != nil {
			t.Errorf("%v: %v", cmd["cmd"], err)
			return
		}
		if got, _ := json.Marshal(answer["value"]); !strings.Contains(string(got), want) {
			t.Errorf("%v answered %s, want something with %s", cmd["cmd"], got, want)
		}
	}
	if p.Describe != DescribeBlocks {
		do(`"cups"`, map[string]any{"cmd": "describe", "fresh": true})
		do(`21.5`, map[string]any{"cmd": "variable", "name": "heat"})
		do(`steamy`, map[string]any{"cmd": "variable", "name": "mood"})
		do(`7`, map[string]any{"cmd": "variable", "name": "cups"})
		do(`true`, map[string]any{"cmd": "variable", "name": "on"})
		do(`5`, map[string]any{"cmd": "call", "name": "length", "arg": "hello"})
	}
	do(`null`, map[string]any{"cmd": "publish", "name": "lab/cmd", "data": "on"})
	do(`1000`, map[string]any{"cmd": "flash", "file": file})
}
