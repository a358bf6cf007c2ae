package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/interop"
	"github.com/photonscope/photonscope/sim"
)

// startServer starts `photonscope server` on a free port.
func startServer(t *testing.T, args ...string) *running {
	t.Helper()
	r := startApp(t, append([]string{"server", "-T", "ndjson", "127.0.0.1:0"}, args...)...)
	r.listening()
	return r
}

func scriptFile(t *testing.T, text string) string { return writeKey(t, "script.txt", []byte(text)) }

// The scripts in the documentation are the two ends of one conversation.
func documentedScripts(t *testing.T) (device, server string) {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join(docsFolder, "scripts.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```\n(.*?)```").FindAllStringSubmatch(string(doc), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d examples in scripts.md", len(blocks))
	}
	return blocks[0][1], blocks[1][1]
}

func TestDeviceAndServerPlayTheDocumentedScripts(t *testing.T) {
	deviceScript, serverScript := documentedScripts(t)
	server := startServer(t, "--once", "--script", scriptFile(t, serverScript))
	file := filepath.Join(t.TempDir(), "device.pcapng")
	out, errs, code := runApp(t, nil, "device", server.addr, "-T", "ndjson", "--function", "brew=8", "-w", file, "--script", scriptFile(t, "expect POST /f/brew\n"+deviceScript))
	if code != exitOK {
		t.Fatalf("device: exit %d: %s", code, errs)
	}
	<-server.done
	if server.code != exitOK {
		t.Errorf("server: exit %d: %s", server.code, server.errs)
	}
	atDevice, atServer := events(t, out), events(t, server.out.String())
	for name, list := range map[string][]event{"device": atDevice, "server": atServer} {
		kinds := kindsOf(list)
		for _, want := range []string{"device hello", "cloud function-call", "device function-result", "device event", "cloud time-reply"} {
			if kinds[want] == 0 {
				t.Errorf("the %s prints no %s: %v", name, want, kinds)
			}
		}
	}
	again, errs, code := runApp(t, nil, "read", "-T", "ndjson", file)
	if code != exitOK || len(events(t, again)) != len(atDevice) {
		t.Errorf("the recording reads as %d events, not %d: exit %d: %s", len(events(t, again)), len(atDevice), code, errs)
	}
}

func TestAScriptWhoseExpectationFailsEndsWithThree(t *testing.T) {
	impossible := scriptFile(t, "expect PUT /k within 50ms")
	willing := startServer(t)
	if _, errs, code := runApp(t, nil, "device", willing.addr, "--script", impossible); code != exitSession || !strings.Contains(errs, `step 1, "expect PUT /k within 50ms"`) {
		t.Errorf("device: exit %d: %s", code, errs)
	}
	demanding := startServer(t, "--once", "--script", impossible)
	if _, errs, code := runApp(t, nil, "device", demanding.addr); code != exitSession {
		t.Errorf("device that the server leaves: exit %d: %s", code, errs)
	}
	<-demanding.done
	if demanding.code != exitSession || !strings.Contains(demanding.errs.String(), "step 1") {
		t.Errorf("server: exit %d: %s", demanding.code, demanding.errs)
	}
}

func TestEveryRealServerTakesTheDeviceCommandForAPhoton(t *testing.T) {
	everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
		device := startApp(t, "device", "-T", "ndjson", "-k", "device:"+deviceKeyFile(t), "-k", "server:"+server.ServerKeyFile, "--id", sim.DeviceID(0).String(),
			"--firmware", "1.5.2", "--variable", "mood=steamy", "--function", "brew=8", "--script", scriptFile(t, "expect GET /v/mood within 30s\nsend NON POST /e/done\nexpect GET /v/none within 30s"), server.Addr)
		server.WaitFor(func(e interop.Event) bool { return e.Kind == "ready" })
		do := func(cmd map[string]any) any {
			cmd["device"] = sim.DeviceID(0).String()
			answer, err := server.Command(cmd)
			if err != nil {
				t.Fatalf("%v: %v\n%s", cmd, err, device.errs)
			}
			return answer["value"]
		}
		do(map[string]any{"cmd": "describe", "fresh": true})
		if v := fmt.Sprint(do(map[string]any{"cmd": "call", "name": "brew", "arg": "tea"})); !strings.Contains(v, "8") {
			t.Errorf("the call returned %s", v)
		}
		do(map[string]any{"cmd": "variable", "name": "mood"})
		device.stop()
		<-device.done
		kinds := kindsOf(events(t, device.out.String()))
		for _, want := range []string{"device describe-reply", "device function-result", "device variable-reply"} {
			if kinds[want] == 0 {
				t.Errorf("no %s: %v", want, kinds)
			}
		}
	})
}

func TestTheEndsRefuseWhatTheyCannotDo(t *testing.T) {
	folder := t.TempDir()
	for _, test := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no port", []string{"device", "localhost"}, exitUsage, "localhost is no HOST:PORT"},
		{"firmware", []string{"device", "--firmware", "9", "127.0.0.1:1"}, exitUsage, "--firmware 9"},
		{"function", []string{"device", "--function", "brew", "127.0.0.1:1"}, exitUsage, "NAME=NUMBER"},
		{"variable", []string{"device", "--variable", "brew", "127.0.0.1:1"}, exitUsage, "NAME=VALUE"},
		{"script", []string{"device", "--script", scriptFile(t, "drop\njump"), "127.0.0.1:1"}, exitUsage, "line 2: there is no step"},
		{"script folder", []string{"server", "--script", folder}, exitUsage, "is a folder"},
		{"no key of the device", []string{"device", "--id", "54026f066678574931551269", "127.0.0.1:1"}, exitUsage, "no private key of device 5402"},
		{"bad ID", []string{"device", "--id", "54", "127.0.0.1:1"}, exitUsage, "no device ID"},
		{"nobody listens", []string{"device", "127.0.0.1:1"}, exitFailure, "connect to 127.0.0.1:1"},
		{"style", []string{"server", "--style", "x"}, exitUsage, "--style x"},
		{"all addresses", []string{"server", "0.0.0.0:0"}, exitUsage, "every address"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, errs, code := runApp(t, nil, test.args...); code != test.code || !strings.Contains(errs, test.want) {
				t.Errorf("exit %d, want %d and %q: %s", code, test.code, test.want, errs)
			}
		})
	}
}
