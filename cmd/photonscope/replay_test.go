package main

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/sim"
)

// way is one way to stand between a simulated device and a simulated cloud.
type way struct {
	name     string
	keys     func(*testing.T) []string
	upstream bool
}

var ways = []way{
	{"splice", simSpliceKeys, true},
	{"observe", func(t *testing.T) []string {
		return []string{"-k", "device:" + deviceKeyFile(t), "-k", "server:" + serverKeyFile(t)}
	}, true},
	{"terminate", func(t *testing.T) []string { return []string{"-k", "server:" + serverKeyFile(t)} }, false},
}

func serverKeyFile(t *testing.T) string {
	t.Helper()
	return writeKey(t, "default_key.pem", lightssl.MarshalPrivatePEM(sim.ServerKey()))
}

// simSpliceKeys are the simulated cloud's key and one impersonation key for every
// device: that cloud believes whatever is announced.
func simSpliceKeys(t *testing.T) []string {
	t.Helper()
	key := writeKey(t, "any.pem", lightssl.MarshalPrivatePEM(sim.ImpersonationKey()))
	return []string{"-k", "impersonation:" + key, "-k", "server:" + serverKeyFile(t)}
}

// startCloud serves a simulated cloud until the test ends, and returns where.
func startCloud(t *testing.T, c *sim.Cloud) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("the cloud: %v", err)
		}
	})
	return ln.Addr().String()
}

// busyCloud does a little of everything of itself.
func busyCloud() *sim.Cloud {
	return &sim.Cloud{Handle: func(ctx context.Context, s *sim.CloudSession) error {
		_, describe := s.Describe(ctx, particle.DescribeSystem|particle.DescribeApplication)
		_, call := s.Call(ctx, "brew", "espresso")
		_, variable := s.Variable(ctx, "temperature")
		publish := s.Publish(particle.EventBody{Name: "garden/water", Data: []byte("on")})
		_, flash := s.Flash(ctx, sim.Flash{Image: make([]byte, 3000), Fast: true})
		return errors.Join(describe, call, variable, publish, flash, s.Signal(ctx, true), s.Ping(ctx))
	}}
}

// visits runs sessions of all firmwares at once, each with the ID and key of
// one simulated device, and returns when they are over.
func visits(t *testing.T, addr string, fromCloud bool) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range sim.Profiles {
		heard := make(chan string, 10)
		machine, _ := coffeeMachine(&sim.Profiles[i], heard)
		wg.Go(func() {
			p := dial(t, addr, machine)
			if p.DeviceSession == nil {
				t.Errorf("firmware %s: %v", sim.Profiles[i].Name, p.over())
				return
			}
			if fromCloud {
				<-heard
			}
			err := errors.Join(
				p.Publish(particle.EventBody{Name: "coffee/ready", Data: []byte("1"), Confirm: true}),
				p.RequestTime(), p.Ping(), p.Goodbye(particle.GoodbyeBody{Cloud: 5}))
			if err := errors.Join(err, p.over()); err != nil {
				t.Errorf("firmware %s: %v", sim.Profiles[i].Name, err)
			}
		})
	}
	wg.Wait()
}

// lane names the part of a run within which the order of events is fixed.
func lane(e event) string {
	return fmt.Sprint(e["photon.session"], " ", e["photon.leg"], " ", e["photon.dir"])
}

// lanes sorts a run's events, without what may differ between a live run and its
// recording: times, and what opened a session, since the recording has a key log
// beside it that the live run had yet to write.
func lanes(t *testing.T, list []event) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, e := range list {
		e = event{}.with(e)
		delete(e, "time")
		delete(e, "photon.rtt")
		delete(e, "photon.credentials.source")
		if e.str("type") == "header" {
			delete(e, "source")
		}
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		out[lane(e)] = append(out[lane(e)], string(line))
	}
	return out
}

// with returns a copy of both.
func (e event) with(more event) event {
	for key, value := range more {
		e[key] = value
	}
	return e
}

// sameRun demands that two runs hold the same events.
func sameRun(t *testing.T, got, want []event) {
	t.Helper()
	g, w := lanes(t, got), lanes(t, want)
	for name := range (event{}).with(asEvent(g)).with(asEvent(w)) {
		if slices.Equal(g[name], w[name]) {
			continue
		}
		i := 0
		for i < len(g[name]) && i < len(w[name]) && g[name][i] == w[name][i] {
			i++
		}
		t.Fatalf("session, leg and direction %s: %d events, want %d; number %d is\n%s\nwant\n%s",
			name, len(g[name]), len(w[name]), i, nth(g[name], i), nth(w[name], i))
	}
}

func asEvent(m map[string][]string) event {
	e := event{}
	for name := range m {
		e[name] = true
	}
	return e
}

func nth(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "nothing"
}

// I2: what is read from a recording is what was shown live.
func TestARecordingReadsBackAsTheLiveRun(t *testing.T) {
	for _, w := range ways {
		for _, legs := range []string{"device", "both"} {
			t.Run(w.name+" legs "+legs, func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "run.pcapng")
				keys := w.keys(t)
				live := w.run(t, keys, "--legs", legs, "-w", file)
				out, errs, code := runApp(t, nil, slices.Concat([]string{"read", "-T", "ndjson", "--legs", legs}, keys, []string{file})...)
				if code != exitOK {
					t.Fatalf("read: exit %d: %s", code, errs)
				}
				sameRun(t, events(t, out), live)
				checkNothingUnknown(t, live)
				if n := len(byNonce(live)); n != len(sim.Profiles) {
					t.Errorf("%d sessions, want %d", n, len(sim.Profiles))
				}
			})
		}
	}
}

// run has all firmwares visit through a proxy, and returns its events.
func (w way) run(t *testing.T, args ...any) []event {
	t.Helper()
	line := flatten(args)
	if w.upstream {
		line = append(line, startCloud(t, busyCloud()))
	}
	proxy := startProxy(t, line...)
	visits(t, proxy.addr, w.upstream)
	return proxy.end()
}

// flatten joins strings and slices of them.
func flatten(args []any) []string {
	var out []string
	for _, arg := range args {
		switch arg := arg.(type) {
		case string:
			out = append(out, arg)
		case []string:
			out = append(out, arg...)
		}
	}
	return out
}

// A recording down a pipe, read while it is made.
func TestARecordingDownAPipeReadsBackAsTheLiveRun(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			keyLog := filepath.Join(t.TempDir(), "run.keylog")
			if err := os.WriteFile(keyLog, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			keys := append(w.keys(t), "-k", keyLog)
			in, out, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			var piped bytes.Buffer
			copied := make(chan error, 1)
			go func() {
				_, err := piped.ReadFrom(in)
				copied <- err
			}()
			line := flatten([]any{"proxy", "-l", "127.0.0.1:0", "-T", "ndjson", keys, "--keylog", keyLog, "-w", "-"})
			if w.upstream {
				line = append(line, startCloud(t, busyCloud()))
			}
			proxy := startAppTo(t, out, line...)
			proxy.listening()
			visits(t, proxy.addr, w.upstream)
			live := proxy.end()
			out.Close()
			if err := <-copied; err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "piped.pcapng")
			if err := os.WriteFile(file, piped.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			text, errs, code := runApp(t, nil, flatten([]any{"read", "-T", "ndjson", keys, file})...)
			if code != exitOK {
				t.Fatalf("read: exit %d: %s", code, errs)
			}
			sameRun(t, events(t, text), live)
		})
	}
}

// secretsOf are what a recording must not hold, by name: what its key log has of
// every session, and of each private key all that is not public.
func secretsOf(t *testing.T, keyLog string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	text, err := os.ReadFile(keyLog)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		e, ok, err := lightssl.ParseKeyLogLine([]byte(line))
		if !ok || err != nil {
			t.Fatalf("key log line %q: %v", line, err)
		}
		name := fmt.Sprintf("session %x", e.Nonce[:4])
		found[name+" key"] = e.Credentials[:16]
		found[name+" IV"] = e.Credentials[16:32]
		found[name+" salt"] = e.Credentials[32:40]
	}
	if len(found) != 3*len(sim.Profiles) {
		t.Errorf("the key log holds %d secrets of sessions", len(found))
	}
	for name, key := range map[string]*rsa.PrivateKey{
		"server": sim.ServerKey(), "device": sim.DeviceKey(0), "impersonation": sim.ImpersonationKey(),
	} {
		found[name+" exponent"] = key.D.Bytes()[:16]
		found[name+" first prime"] = key.Primes[0].Bytes()[:16]
		found[name+" second prime"] = key.Primes[1].Bytes()[:16]
		block, _ := pem.Decode(lightssl.MarshalPrivatePEM(key))
		found[name+" DER"] = block.Bytes[len(block.Bytes)-64:]
	}
	return found
}

func TestRecordingsHoldNoSecretAndAreTheOwnersAlone(t *testing.T) {
	underUmask(0, func() {
		for _, w := range ways {
			t.Run(w.name, func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "run.pcapng")
				named := filepath.Join(t.TempDir(), "named.keylog")
				w.run(t, w.keys(t), "--show-secrets", "--keylog", named, "-w", file)
				recording, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				lower := bytes.ToLower(recording)
				for name, secret := range secretsOf(t, file+".keylog") {
					if bytes.Contains(recording, secret) || bytes.Contains(lower, []byte(hex.EncodeToString(secret))) {
						t.Errorf("the recording holds: %s", name)
					}
				}
				for _, path := range []string{file, file + ".keylog", named} {
					if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
						t.Errorf("%s: %v %v", path, info.Mode(), err)
					}
				}
			})
		}
	})
}

// A recording is evidence: it is never overwritten.
func TestARecordingIsNeverOverwritten(t *testing.T) {
	file := writeKey(t, "evidence.pcapng", []byte("evidence"))
	_, errs, code := runApp(t, nil, "demo", "-w", file)
	if code != exitUsage || !strings.Contains(errs, "a recording is never overwritten") {
		t.Errorf("exit %d: %s", code, errs)
	}
	wantFile(t, file, []byte("evidence"))
}

// An empty file, such as mktemp makes, holds nothing to lose.
func TestAnEmptyFileIsRecordedInto(t *testing.T) {
	file := filepath.Join(t.TempDir(), "made-beforehand.pcapng")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := runApp(t, nil, "demo", "-q", "-w", file); code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	info, err := os.Stat(file)
	if err != nil || info.Size() == 0 || info.Mode().Perm() != 0o600 {
		t.Errorf("the recording is %v (%v)", info, err)
	}
	if _, errs, code := runApp(t, nil, "read", "-q", file); code != exitOK {
		t.Errorf("reading it back: exit %d: %s", code, errs)
	}
}
