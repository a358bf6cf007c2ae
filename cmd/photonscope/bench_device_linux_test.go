package main

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/sim"
	"github.com/photonscope/photonscope/sim/measure"
)

// The two devices of the benchmarks: one has an impersonation key registered
// at the cloud, the other is known there by its own key.
const (
	spliced = iota
	observed
)

// deviceOf returns the end that connects to a proxy in a mode.
func deviceOf(mode string) lightssl.DeviceEnd {
	i := observed
	if mode == "splice" {
		i = spliced
	}
	return lightssl.DeviceEnd{ID: sim.DeviceID(i), Key: sim.DeviceKey(i), CloudKey: &sim.ServerKey().PublicKey}
}

// directDevice is who the spliced device is for the cloud, without a proxy.
func directDevice() lightssl.DeviceEnd {
	end := deviceOf("splice")
	end.Key = sim.ImpersonationKey()
	return end
}

// publisher is a device after the handshake.
type publisher struct {
	seal *lightssl.Cipher
	mid  uint16
}

// frame is the frame of so many bytes by which the next event is published.
func (p *publisher) frame(t testing.TB, size int) []byte {
	p.mid++
	event := particle.EventBody{Name: "greenhouse/temperature", Data: []byte{}}
	m := particle.ComposePublish(p.mid, event)
	const padding = 4 // of 1 to 16
	bare := len(m.Append(nil))
	m.Payload = bytes.Repeat([]byte("21.5 "), size/5+1)[:size-lightssl.FrameHeaderLen-padding-bare]
	frame := p.seal.AppendSealedFrame(nil, m.Append(nil))
	if len(frame) != size {
		t.Fatalf("the frame has %d bytes, not %d", len(frame), size)
	}
	return frame
}

// connect dials and plays the device's end of the handshake.
func connect(t testing.TB, addr string, end lightssl.DeviceEnd) (net.Conn, *publisher) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	h, err := end.Handshake(conn)
	if err != nil {
		t.Fatal(err)
	}
	return conn, &publisher{seal: lightssl.NewCipher(h.Credentials)}
}

// pinger sends events one after the other, each when the one before came back.
type pinger struct {
	*publisher
	fd    int
	pause time.Duration // before each ping
}

func newPinger(t testing.TB, addr string, end lightssl.DeviceEnd) pinger {
	t.Helper()
	conn, p := connect(t, addr, end)
	fd, err := measure.Blocking(conn)
	if err != nil {
		t.Fatal(err)
	}
	return pinger{publisher: p, fd: fd}
}

// ping sends n frames and returns how long each round trip took, in ascending
// order. The frames are sealed before the clock starts.
func (p pinger) ping(t testing.TB, n, size int) []time.Duration {
	t.Helper()
	all := make([][]byte, n)
	for i := range all {
		all[i] = p.frame(t, size)
	}
	buf, times := make([]byte, size), make([]time.Duration, 0, n)
	for _, frame := range all {
		if p.pause > 0 {
			time.Sleep(p.pause)
		}
		start := time.Now()
		syscall.Write(p.fd, frame)
		for got := 0; got < size; {
			m, err := syscall.Read(p.fd, buf[got:])
			if m <= 0 && err != syscall.EINTR {
				t.Fatal("the connection ended: ", err)
			}
			got += max(m, 0)
		}
		times = append(times, time.Since(start))
		if !bytes.Equal(buf, frame) {
			t.Fatal("another frame came back")
		}
	}
	slices.Sort(times)
	return times
}

// The benchmarks mean little unless the program really opens and prints what
// they send.
func TestTheBenchmarksTrafficIsDecodedAndPrintedWhole(t *testing.T) {
	prog := buildProgram(t)
	cloud := launchRole(t, "cloud", "")
	for _, mode := range []string{"observe", "splice"} {
		t.Run(mode, func(t *testing.T) {
			out, err := os.Create(filepath.Join(t.TempDir(), "out.ndjson"))
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			p := prog.proxy(t, out, cloud.addr, mode)
			dev := newPinger(t, p.addr, deviceOf(mode))
			const n = 50
			for _, size := range frameSizes {
				dev.ping(t, n, size)
			}
			syscall.Close(dev.fd)
			if err := p.end(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(out.Name())
			if err != nil {
				t.Fatal(err)
			}
			checkPublished(t, text, n*len(frameSizes))
		})
	}
}

// checkPublished wants n events from the device, and the same from the cloud.
func checkPublished(t *testing.T, ndjson []byte, n int) {
	t.Helper()
	messages, last := map[string]int{}, ""
	for dec := json.NewDecoder(bytes.NewReader(ndjson)); ; {
		var e event
		if err := dec.Decode(&e); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		last = e.str("type")
		switch last {
		case "message":
			messages[e.str("photon.dir")+" "+e.str("photon.event.name")]++
		case "sealed", "malformed", "gap":
			t.Errorf("%v", e)
		}
	}
	for _, from := range []string{"device", "cloud"} {
		if got := messages[from+" greenhouse/temperature"]; got != n {
			t.Errorf("%d events from the %s, not %d: %v", got, from, n, messages)
		}
	}
	if last != "summary" {
		t.Errorf("the last line is of type %q", last)
	}
}

// pureCrypto is the CPU time of the six RSA operations of one splice.
func pureCrypto(b *testing.B) time.Duration {
	server, imp, device := sim.ServerKey(), sim.ImpersonationKey(), sim.DeviceKey(spliced)
	nonce, creds := lightssl.NewNonce(), lightssl.NewCredentials()
	der, err := lightssl.AnnouncedKey(&device.PublicKey)
	if err != nil {
		b.Fatal(err)
	}
	id, err1 := lightssl.SealIdentity(lightssl.Identity{Nonce: nonce, Device: sim.DeviceID(spliced), Key: der}, &server.PublicKey)
	record, err2 := lightssl.SealCredentials(creds, &imp.PublicKey, server)
	if err1 != nil || err2 != nil {
		b.Fatal(err1, err2)
	}
	return threadTime(50, func() { spliceOnce(id, record, nonce, server, imp, &device.PublicKey) })
}

func spliceOnce(id, record []byte, n lightssl.Nonce, server, imp *rsa.PrivateKey, device *rsa.PublicKey) {
	opened, _ := lightssl.AdmitIdentity(id, n, server)
	lightssl.SealIdentity(opened, &server.PublicKey)
	c, _ := lightssl.OpenCredentials(record, imp, &server.PublicKey)
	lightssl.SealCredentials(c, device, server)
}
