package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/sim"
)

// reports are the lines of a replay's report.
func reports(t *testing.T, out string) (list []report) {
	t.Helper()
	for line := range strings.Lines(out) {
		var x report
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		list = append(list, x)
	}
	return list
}

func divergences(list []report) []report {
	return slices.DeleteFunc(list, func(x report) bool { return x.str("type") != "diverged" })
}

// startToDevice starts a replay that listens for the device.
func startToDevice(t *testing.T, args ...string) *running {
	t.Helper()
	r := startApp(t, append([]string{"replay", "-T", "ndjson", "--to-device", "-l", "127.0.0.1:0"}, args...)...)
	line := r.errs.wait(t, "the address", func(line string) bool {
		return strings.HasPrefix(line, "listening on ") || strings.HasPrefix(line, "photonscope: ")
	})
	addr, _, ok := strings.Cut(strings.TrimPrefix(line, "listening on "), " for device")
	if !ok {
		t.Fatalf("the replay does not listen: %s", r.errs)
	}
	r.addr = addr
	return r
}

// Both ends of a recording, each played by one replay, say to each other what
// was recorded: of every genuine session, firmware updates included.
func TestARecordingPlayedAgainstItselfDoesNotDiverge(t *testing.T) {
	for _, g := range genuineSessions {
		for session := 1; session <= 4; session++ {
			t.Run(fmt.Sprintf("%s %d", g.server, session), func(t *testing.T) {
				args := slices.Concat(g.keys(), []string{g.path(), "--session", fmt.Sprint(session), "--dry-run=false", "--speed", "0"})
				cloud := startToDevice(t, slices.Concat(args, []string{"--actuate"})...)
				out, errs, code := runApp(t, nil, slices.Concat([]string{"replay", "-T", "ndjson", "--to-server", cloud.addr}, args)...)
				<-cloud.done
				if code != exitOK || cloud.code != exitOK {
					t.Errorf("exit %d and %d\n%s\n%s", code, cloud.code, errs, cloud.errs)
				}
				for _, d := range slices.Concat(divergences(reports(t, out)), divergences(reports(t, cloud.out.String()))) {
					t.Errorf("diverged: %v", d)
				}
			})
		}
	}
}

// askEverything is what a server asks a coffee machine.
const askEverything = `wait 300ms
send CON GET /d query "\x03" token 20
expect 2.05 within 10s
wait 100ms
send CON POST /f/brew query "espresso" token 21
expect 2.04
send CON GET /v/temperature token 22
expect 2.05
send NON POST /e/garden/water payload "on"
send CON PUT /s query "\x01" token 23
expect 2.04
wait 100ms
drop
`

// recordServer records a session of a device with `photonscope server`.
func recordServer(t *testing.T, d *sim.Device) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "server.pcapng")
	server := startServer(t, "--once", "-w", file, "--script", scriptFile(t, askEverything))
	connectDevice(t, server.addr, d)
	<-server.done
	if server.code != exitOK {
		t.Fatalf("server: exit %d: %s", server.code, server.errs)
	}
	return file
}

// connectDevice runs a device against an address until its session ends.
func connectDevice(t *testing.T, addr string, d *sim.Device) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = d.Run(t.Context(), conn) // that the server leaves is the end here
}

func TestARecordedCloudIsReplayedToEveryFirmware(t *testing.T) {
	for _, p := range sim.Profiles {
		t.Run(p.Name, func(t *testing.T) {
			machine, _ := coffeeMachine(&p, make(chan string, 100))
			file := recordServer(t, machine)
			again, _ := coffeeMachine(&p, make(chan string, 100))
			live := filepath.Join(t.TempDir(), "live.pcapng")
			cloud := startToDevice(t, file, "--actuate", "--on-divergence", "go-on", "-w", live)
			connectDevice(t, cloud.addr, again)
			<-cloud.done
			if found := divergences(reports(t, cloud.out.String())); cloud.code != exitOK || len(found) > 0 {
				t.Errorf("exit %d: %s\n%v", cloud.code, cloud.errs, found)
			}
			if then, now := kindsIn(t, file), kindsIn(t, live); len(then) < 10 || !maps.Equal(then, now) {
				t.Errorf("recorded %v, live %v", then, now)
			}
		})
	}
}

// kindsIn counts the messages of a recording.
func kindsIn(t *testing.T, file string) map[string]int {
	t.Helper()
	out, errs, code := runApp(t, nil, "read", "-T", "ndjson", file)
	if code != exitOK {
		t.Fatalf("read %s: exit %d: %s", file, code, errs)
	}
	return kindsOf(events(t, out))
}

// A value that has changed in the device is the one divergence.
func TestAChangedDeviceIsTheRightDivergence(t *testing.T) {
	machine, _ := coffeeMachine(&sim.LightSSL231, make(chan string, 100))
	file := recordServer(t, machine)
	for _, test := range []struct {
		name   string
		change func(*sim.Device)
		field  string
		value  string
	}{
		{"a result", func(d *sim.Device) { d.Functions["brew"] = func(string) int32 { return 99 } }, "photon.func.result", "99"},
		{"a variable", func(d *sim.Device) {
			d.Variables["temperature"] = sim.Double(func() float64 { return 12.5 })
		}, "photon.var.value", "12.5"},
		{"a version", func(d *sim.Device) { d.ProductVersion = 8 }, "photon.hello.product_version", "8"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, _ := coffeeMachine(&sim.LightSSL231, make(chan string, 100))
			test.change(d)
			cloud := startToDevice(t, file, "--actuate", "--on-divergence", "go-on")
			connectDevice(t, cloud.addr, d)
			<-cloud.done
			found := divergences(reports(t, cloud.out.String()))
			if cloud.code != exitSession || len(found) != 1 {
				t.Fatalf("exit %d: %s\n%v", cloud.code, cloud.errs, found)
			}
			if text := fmt.Sprint(found[0]["fields"]); !strings.Contains(text, "field:"+test.field) || !strings.Contains(text, "now:"+test.value) {
				t.Errorf("the divergence is %s", text)
			}
		})
	}
}

func TestReplayRefusesWhatWasNotAskedFor(t *testing.T) {
	machine, _ := coffeeMachine(&sim.LightSSL231, make(chan string, 100))
	file := recordServer(t, machine)
	sealed := filepath.Join(t.TempDir(), "sealed.pcapng") // without the key log beside it
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	foreign, cut := genuineSessions[1], writeKey(t, "cut.pcapng", b[:300])
	if err := os.WriteFile(sealed, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no target", []string{file}, exitUsage, "replay needs a target"},
		{"two targets", []string{file, "--to-device", "--to-server", "127.0.0.1:1"}, exitUsage, "exclude each other"},
		{"function calls", []string{file, "--to-device", "-l", "127.0.0.1:0"}, exitUsage, "--actuate"},
		{"a public target", []string{file, "--to-server", "192.0.2.1:5683"}, exitUsage, "neither loopback nor a private address"},
		{"several sessions", slices.Concat([]string{foreign.path(), "--to-server", "127.0.0.1:1"}, foreign.keys()), exitUsage, "holds 4 sessions"},
		{"a session that is not there", slices.Concat([]string{foreign.path(), "--to-server", "127.0.0.1:1", "--session", "9"}, foreign.keys()), exitUsage, "no session 9"},
		{"no keys", []string{foreign.path(), "--session", "1", "--to-server", "127.0.0.1:1"}, exitUsage, "stays sealed"},
		{"another device's key only", []string{file, "--to-server", "127.0.0.1:1", "-k", foreign.keys()[1], "-k", foreign.keys()[3], "--id", "54026f066678574931551269"}, exitUsage, "no private key of device 5402"},
		{"nobody listens", []string{file, "--to-server", "127.0.0.1:1"}, exitFailure, "connect to 127.0.0.1:1"},
		{"cut off", []string{cut, "--to-server", "127.0.0.1:1"}, exitFailure, "cut off"},
		{"no capture", []string{writeKey(t, "x.pcapng", []byte("hello, this is no capture at all")), "--to-server", "127.0.0.1:1"}, exitFailure, ""},
		{"ended in the handshake", []string{filepath.Join(recordings, "fail-wrong-server-key-spark", "capture.pcapng"), "--session", "1", "--to-server", "127.0.0.1:1"}, exitUsage, "ended in the handshake"},
		{"a filter", []string{file, "-Y", "photon.msg ==", "--to-device"}, exitUsage, "no filter"},
		{"a range behind the end", []string{file, "--from", "500", "--to-device"}, exitUsage, "--from 500 is behind the last message of session 1"},
		{"a range", []string{file, "--from", "5", "--to", "2", "--to-device"}, exitUsage, "--from 5 is behind --to 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, errs, code := runApp(t, nil, append([]string{"replay"}, test.args...)...)
			if code != test.code || !strings.Contains(errs, test.want) {
				t.Errorf("exit %d, want %d and %q: %s%s", code, test.code, test.want, out, errs)
			}
		})
	}
}

// A capture of somebody else's is only shown, and so is any with --dry-run: the
// listener that would be played to is never reached.
func TestADryRunConnectsToNobody(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	reached := make(chan bool, 1)
	go func() {
		_, err := ln.Accept()
		reached <- err == nil
	}()
	g := genuineSessions[0]
	out, errs, code := runApp(t, nil, slices.Concat([]string{"replay", g.path(), "--session", "1", "--to-server", ln.Addr().String(), "--from", "21", "--to", "25"}, g.keys())...)
	ln.Close()
	if <-reached {
		t.Error("the dry run has connected")
	}
	if code != exitOK || !strings.Contains(errs, "dry run") || !strings.Contains(out, "send         1 → hello") || !strings.Contains(out, "[not in the range]") || !strings.Contains(out, "nothing was sent") {
		t.Errorf("exit %d: %s%s", code, errs, out)
	}
}

// A peer that vanishes is a divergence that says where.
func TestAPeerThatVanishesIsADivergence(t *testing.T) {
	machine, _ := coffeeMachine(&sim.LightSSL231, make(chan string, 100))
	file := recordServer(t, machine)
	cloud := startToDevice(t, file, "--actuate")
	d, _ := coffeeMachine(&sim.LightSSL231, make(chan string, 100))
	d.Handle = func(_ context.Context, s *sim.DeviceSession) error { return s.Drop() }
	connectDevice(t, cloud.addr, d)
	<-cloud.done
	found := divergences(reports(t, cloud.out.String()))
	if cloud.code != exitSession || len(found) != 1 || found[0].str("fault") != "ended the session" {
		t.Errorf("exit %d: %s\n%v", cloud.code, cloud.errs, found)
	}
}

func TestAServerThatVanishesIsADivergence(t *testing.T) {
	machine, _ := coffeeMachine(&sim.LightSSL231, make(chan string, 100))
	file := recordServer(t, machine)
	server := startServer(t, "--once", "--script", scriptFile(t, "expect GET /t\nreset"))
	out, errs, code := runApp(t, nil, "replay", "-T", "ndjson", file, "--to-server", server.addr)
	found := divergences(reports(t, out))
	if code != exitSession || len(found) != 1 || found[0].str("fault") != "ended the session" || !strings.Contains(found[0].str("why"), "reset") {
		t.Errorf("exit %d: %s\n%v", code, errs, found)
	}
}

// Another device than the recorded one is turned away, and the replay goes on
// listening.
func TestAnotherDeviceIsTurnedAway(t *testing.T) {
	machine, _ := coffeeMachine(&sim.LightSSL231, make(chan string, 100))
	file := recordServer(t, machine)
	cloud := startToDevice(t, file, "--actuate")
	connectDevice(t, cloud.addr, &sim.Device{ID: sim.DeviceID(1), Key: sim.DeviceKey(1)})
	cloud.errs.wait(t, "the refusal", func(line string) bool { return strings.Contains(line, "is not the recorded one") })
	d, _ := coffeeMachine(&sim.LightSSL231, make(chan string, 100))
	connectDevice(t, cloud.addr, d)
	<-cloud.done
	if cloud.code != exitOK {
		t.Errorf("exit %d: %s", cloud.code, cloud.errs)
	}
}
