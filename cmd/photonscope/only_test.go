package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// coapOn returns what tells apart the messages of a recording's interface
// photon-coap: their bytes, in order.
func coapOn(t *testing.T, file string) []string {
	t.Helper()
	var all []string
	for _, d := range coapByTshark(t, file) {
		all = append(all, d.raw("message")...)
	}
	return all
}

// What is kept: the sessions in which something matches, whole; of their
// messages those that match.
func TestOnlyKeepsWhatMatches(t *testing.T) {
	needTshark(t)
	keys := writeKey(t, "all.keylog", keyLogOf(t, growing))
	whole := readEvents(t, "device", "-k", keys, growing)
	for _, expr := range []string{`photon.msg == "function-call"`, `photon.rtt > 0.001`, `photon.session == 2`, `photon.msg == "function-call" and unanswered`, `photon.gap`} {
		matched, _, _ := runApp(t, nil, "read", "-q", "-T", "ndjson", "-k", keys, "-Y", expr, growing)
		sessions := map[any]bool{}
		var messages []string
		for _, e := range events(t, matched) {
			if e["photon.session"] != nil {
				sessions[e["photon.session"]] = true
			}
			if e.str("type") == "message" {
				messages = append(messages, e.str("frame.plain"))
			}
		}
		file := converted(t, "--only", expr, "-k", keys, growing)
		if got := coapOn(t, file); !slices.Equal(got, messages) {
			t.Errorf("%s: %d messages, want %d, or others", expr, len(got), len(messages))
		}
		want := slices.DeleteFunc(slices.Clone(whole), func(e event) bool { return !sessions[e["photon.session"]] })
		got := slices.DeleteFunc(readEvents(t, "device", file), func(e event) bool { return e["photon.session"] == nil })
		if !slices.Equal(withoutNumbers(got), withoutNumbers(want)) {
			t.Errorf("%s: %d events of %d sessions are kept, want %d of %d, or others", expr, len(got), len(byNonce(got)), len(want), len(sessions))
		}
		if log, _ := os.ReadFile(file + ".keylog"); bytes.Count(log, []byte("\n")) > len(sessions) {
			t.Errorf("%s: the key log holds secrets of sessions that are not kept", expr)
		}
	}
}

// withoutNumbers are events without the numbers of their sessions.
func withoutNumbers(list []event) []string {
	var out []string
	for _, e := range list {
		e = event{}.with(e)
		delete(e, "photon.session")
		out = append(out, fmt.Sprint(e))
	}
	return out
}

// Both legs of a session are kept, and a pipe is as good as a file.
func TestOnlyKeepsBothLegsAndTakesPipes(t *testing.T) {
	file := busyRecording(t)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const expr = `photon.session == 3`
	kept := converted(t, "--only", expr, file)
	list := readEvents(t, "both", kept)
	want := slices.DeleteFunc(readEvents(t, "both", file), func(e event) bool { return e["photon.session"] != any(3.0) })
	for i := range want {
		want[i]["photon.session"] = 1.0
	}
	sameRun(t, list[1:len(list)-1], want)
	piped := filepath.Join(t.TempDir(), "piped.pcapng")
	_, errs, code := runApp(t, pipeOf(t, whole), "read", "-q", "-w", piped, "--only", expr, "-k", file+".keylog", "-")
	a, _ := os.ReadFile(kept)
	b, _ := os.ReadFile(piped)
	if code != exitOK || !bytes.Equal(a, b) || len(a) == 0 {
		t.Errorf("exit %d, %d bytes from a pipe, %d from the file: %s", code, len(b), len(a), errs)
	}
}

func TestOnlyIsRefusedWhereItCannotBe(t *testing.T) {
	dir := t.TempDir()
	for want, args := range map[string][]string{
		"there is no -w":                   {"--only", "photon.gap", growing},
		"needs all of a capture first":     {"-f", "-w", dir + "/a.pcapng", "--only", "photon.gap", growing},
		"--only is no filter":              {"-w", dir + "/a.pcapng", "--only", "photon.gap ==", growing},
		dir + "/none.pcap: no such file":   {"-w", dir + "/a.pcapng", "--only", "photon.gap", dir + "/none.pcap"},
		"a recording is never overwritten": {"-w", growing, "--only", "photon.gap", growing},
	} {
		out, errs, code := runApp(t, nil, append([]string{"read"}, args...)...)
		if code != exitUsage || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%v: exit %d: %s", args, code, errs)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A capture that is damaged is kept as far as it goes, and the damage said once.
func TestOnlyOfADamagedCaptureSaysSoOnce(t *testing.T) {
	b, err := os.ReadFile(growing)
	if err != nil {
		t.Fatal(err)
	}
	cut := writeKey(t, "cut.pcap", b[:len(b)/2])
	_, errs, code := runApp(t, nil, "read", "-q", "-w", filepath.Join(t.TempDir(), "a.pcapng"), "--only", "photon.nonce", cut)
	if code != exitFailure {
		t.Errorf("exit %d", code)
	}
	oneSentence(t, errs, cut+": ", "cut off inside")
}
