package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func contractFile(name string) string { return filepath.Join(docsFolder, "contracts", name) }

// deviceKeys are the keys of the genuine devices.
var deviceKeys = []string{"-k", filepath.Join(recordings, "keys", "devices")}

func TestTheDocumentedContractsHoldForHealthySessions(t *testing.T) {
	healthy, _ := filepath.Glob(filepath.Join(recordings, "healthy-*", "capture*"))
	lossy, _ := filepath.Glob(filepath.Join(recordings, "net-*", "capture*"))
	if len(healthy) < 2 || len(lossy) < 2 {
		t.Fatalf("only %d and %d recordings", len(healthy), len(lossy))
	}
	for _, contract := range []string{"online.txt", "steady.txt"} {
		for _, file := range slices.Concat(healthy, lossy) {
			out, errs, code := runApp(t, nil, slices.Concat([]string{"expect", contractFile(contract), file}, deviceKeys)...)
			if code != exitOK || !strings.Contains(out, "rules kept") || strings.Contains(out, "BROKEN") {
				t.Errorf("%s on %s: exit %d: %s%s", contract, file, code, out, errs)
			}
		}
	}
}

func TestTheDocumentedContractIsBrokenByFailedSessions(t *testing.T) {
	failed, _ := filepath.Glob(filepath.Join(recordings, "fail-*", "capture*"))
	if len(failed) < 2 {
		t.Fatalf("only %d recordings", len(failed))
	}
	for _, file := range failed {
		out, errs, code := runApp(t, nil, slices.Concat([]string{"expect", contractFile("online.txt"), file}, deviceKeys)...)
		if code != exitSession || !strings.Contains(out, `online.txt:2: within 10s  type == "credentials"`) {
			t.Errorf("%s: exit %d: %s%s", file, code, out, errs)
		}
	}
}

// A breach shows the event that breaks the rule, and its bytes on the wire.
func TestABreachShowsItsEventAndBytes(t *testing.T) {
	contract := writeKey(t, "contract.txt", []byte("never photon.msg == \"function-call\" and photon.func.name == \"echo\"\nevery photon.msg == \"function-call\" answered\n"))
	args := slices.Concat([]string{"expect", contract, genuineSessions[1].path()}, deviceKeys)
	out, errs, code := runApp(t, nil, args...)
	if code != exitSession || !regexp.MustCompile(`BROKEN session 1: .*contract.txt:1: never .*\n.*\n.*function-call +echo\("hello world"\).*\n  00[0-9a-f]{30,}`).MatchString(out) {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if !strings.Contains(out, `nosuchfn("x")`) {
		t.Errorf("the call that is not answered is not shown: %s", out)
	}
	out, _, code = runApp(t, nil, append(args, "-T", "ndjson")...)
	var kinds []string
	for line := range strings.Lines(out) {
		var x struct {
			Type  string
			Event map[string]any
		}
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if kinds = append(kinds, x.Type); x.Type == "breach" && x.Event["frame.wire"] == nil {
			t.Errorf("a breach without bytes: %s", line)
		}
	}
	if code != exitSession || kinds[0] != "header" || kinds[len(kinds)-1] != "summary" || !slices.Contains(kinds, "breach") || !slices.Contains(kinds, "session") {
		t.Errorf("exit %d: %v", code, kinds)
	}
	out, _, code = runApp(t, nil, append(args, "--stop")...)
	if code != exitSession || strings.Count(out, "BROKEN") != 1 {
		t.Errorf("--stop: exit %d: %s", code, out)
	}
}

func TestWhatCannotBeToldIsNotKept(t *testing.T) {
	g := genuineSessions[1]
	capture, err := os.ReadFile(g.path())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no key", []string{contractFile("steady.txt"), g.path()}, exitFailure, "cannot be told"},
		{"cut off", slices.Concat([]string{contractFile("online.txt"), writeKey(t, "cut.pcapng", capture[:len(capture)/4])}, deviceKeys), exitFailure, "cut off"},
		{"no capture", []string{contractFile("online.txt"), contractFile("online.txt")}, exitFailure, ""},
		{"no contract", []string{filepath.Join(recordings, "none.txt"), g.path()}, exitUsage, "does not exist"},
		{"a folder", []string{docsFolder, g.path()}, exitUsage, "is a folder"},
		{"one argument", []string{g.path()}, exitUsage, "a contract, and captures"},
		{"a rule", []string{writeKey(t, "bad.txt", []byte("some type == \"gap\"\n  sometimes x")), g.path()}, exitUsage, "bad.txt:2:3: a rule begins with"},
		{"format", []string{contractFile("online.txt"), g.path(), "-T", "xml"}, exitUsage, "-T xml"},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, errs, code := runApp(t, nil, append([]string{"expect"}, test.args...)...)
			if code != test.code || !strings.Contains(errs, test.want) {
				t.Errorf("exit %d, want %d and %q: %s%s", code, test.code, test.want, out, errs)
			}
		})
	}
}

// A live proxy's recording down a pipe is judged as its file is.
func TestALiveServerIsJudgedDownAPipe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "live.pcapng")
	contract := writeKey(t, "contract.txt", []byte("within 10s photon.msg == \"hello\"\nthen photon.msg == \"event\"\nat most 0 photon.msg == \"event\"\n"))
	server := startServer(t, "--once", "-w", file, "--script", scriptFile(t, "expect POST /h*\nwait 100ms\ndrop"))
	_, _, _ = runApp(t, nil, "device", server.addr, "--script", scriptFile(t, "send NON POST /e/hot"))
	<-server.done
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	piped, errs, code := runApp(t, pipeOf(t, b), "expect", "-k", file+".keylog", contract, "-")
	read, _, _ := runApp(t, nil, "expect", contract, file)
	if code != exitSession || piped != read || !strings.Contains(piped, "BROKEN session 1") || strings.Contains(piped, "contract.txt:1") {
		t.Errorf("exit %d: %s\npiped\n%sread\n%s", code, errs, piped, read)
	}
}
