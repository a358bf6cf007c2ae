package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// recordings are of genuine firmware with genuine servers; truth.jsonl beside
// each is what the server itself saw.
const recordings = "../../captures/testdata/recordings"

// runApp runs one command line and returns what it printed.
func runApp(t *testing.T, stdin *os.File, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{stdin: stdin, stdout: &out, stderr: &errs, getenv: func(string) string { return "" }}
	code = a.run(t.Context(), args)
	return out.String(), errs.String(), code
}

// event is a line of NDJSON.
type event map[string]any

func (e event) str(key string) string { s, _ := e[key].(string); return s }

func events(t *testing.T, ndjson string) []event {
	t.Helper()
	var out []event
	for line := range strings.Lines(ndjson) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		out = append(out, e)
	}
	return out
}

// told is what passed in one session: plaintexts per direction.
type told struct{ device, cloud []string }

// byNonce sorts the messages of a run by session, named by its nonce.
func byNonce(list []event) map[string]*told {
	nonces, out := map[any]string{}, map[string]*told{}
	for _, e := range list {
		session := e["photon.session"]
		if n := e.str("photon.nonce"); n != "" && e.str("type") == "nonce" {
			nonces[session] = n
			out[n] = &told{}
		}
		if e.str("type") != "message" {
			continue
		}
		s := out[nonces[session]]
		if e.str("photon.dir") == "device" {
			s.device = append(s.device, e.str("frame.plain"))
		} else {
			s.cloud = append(s.cloud, e.str("frame.plain"))
		}
	}
	return out
}

// truth reads what the server saw.
func truth(t *testing.T, folder string) map[string]*told {
	t.Helper()
	f, err := os.Open(filepath.Join(folder, "truth.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sessions, out := map[float64]*told{}, map[string]*told{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l struct {
			Ev, Hex, Dir string
			Session      float64
		}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		switch {
		case l.Ev == "nonce":
			sessions[l.Session] = &told{}
			out[l.Hex] = sessions[l.Session]
		case l.Ev == "msg" && l.Dir == "device->server":
			sessions[l.Session].device = append(sessions[l.Session].device, l.Hex)
		case l.Ev == "msg":
			sessions[l.Session].cloud = append(sessions[l.Session].cloud, l.Hex)
		}
	}
	return out
}

func captureFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(recordings + "/*/capture*.pcap*")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d recordings in %s: %v", len(files), recordings, err)
	}
	return files
}

func TestEveryRecordingDecodesToItsTruth(t *testing.T) {
	for _, file := range captureFiles(t) {
		t.Run(strings.TrimPrefix(file, recordings+"/"), func(t *testing.T) {
			stdout, stderr, code := runApp(t, nil, "read", "-T", "ndjson", "-k", recordings+"/keys", file)
			if code != 0 {
				t.Fatalf("exit %d: %s", code, stderr)
			}
			list := events(t, stdout)
			got, want := byNonce(list), truth(t, filepath.Dir(file))
			if len(got) != len(want) {
				t.Errorf("%d sessions, want %d", len(got), len(want))
			}
			for nonce, w := range want {
				g := got[nonce]
				if g == nil {
					t.Errorf("session with nonce %s is missing", nonce)
					continue
				}
				if !slices.Equal(g.device, w.device) || !slices.Equal(g.cloud, w.cloud) {
					t.Errorf("session %s: %d messages from the device and %d from the cloud, want %d and %d, or others", nonce[:8], len(g.device), len(g.cloud), len(w.device), len(w.cloud))
				}
			}
			checkNothingUnknown(t, list)
		})
	}
}

// checkNothingUnknown demands that every event of a recording is understood.
func checkNothingUnknown(t *testing.T, list []event) {
	t.Helper()
	generic := []string{"request", "response", "ack", "unknown", ""}
	for _, e := range list {
		switch e.str("type") {
		case "malformed", "gap":
			t.Errorf("%v", e)
		case "message":
			if slices.Contains(generic, e.str("photon.msg")) {
				t.Errorf("kind %q: %v", e.str("photon.msg"), e)
			}
		}
	}
	if last := list[len(list)-1]; last.str("type") != "summary" || last["complete"] != true {
		t.Errorf("the last line is %v", last)
	}
}

func TestFailedHandshakesEndInTheRightEvents(t *testing.T) {
	cases := []struct {
		folder, closer string
		opened         bool
	}{
		{"fail-wrong-server-key-spark", "cloud", false},
		{"fail-mismatching-device-key-brewskey", "cloud", true},
	}
	for _, c := range cases {
		file := filepath.Join(recordings, c.folder, "capture.pcapng")
		stdout, stderr, code := runApp(t, nil, "read", "-T", "ndjson", "-k", recordings+"/keys", file)
		if code != 0 {
			t.Fatalf("%s: exit %d: %s", c.folder, code, stderr)
		}
		var identities, closes int
		firstClose := map[any]bool{}
		for _, e := range events(t, stdout) {
			switch e.str("type") {
			case "identity":
				identities++
				if e["photon.opened"] != c.opened || (e.str("frame.plain") != "") != c.opened {
					t.Errorf("%s: identity opened %v, want %v", c.folder, e["photon.opened"], c.opened)
				}
				if !c.opened && e.str("photon.reason") == "" {
					t.Errorf("%s: no reason why the identity stays closed", c.folder)
				}
			case "credentials", "message", "sealed", "malformed":
				t.Errorf("%s: %v", c.folder, e)
			case "closed":
				if firstClose[e["photon.session"]] {
					continue
				}
				firstClose[e["photon.session"]] = true
				closes++
				if e.str("photon.dir") != c.closer || e.str("photon.close") != "fin" {
					t.Errorf("%s: closed first by %v with %v, want %s with fin", c.folder, e["photon.dir"], e["photon.close"], c.closer)
				}
			}
		}
		if identities != 3 || closes != 3 {
			t.Errorf("%s: %d identities and %d closes, want 3 each", c.folder, identities, closes)
		}
	}
}

// I3: a capture on standard input gives the output of the file, but for its
// name.
func TestFileEqualsPipe(t *testing.T) {
	for _, file := range captureFiles(t) {
		want, _, _ := runApp(t, nil, "read", "-T", "ndjson", "-k", recordings+"/keys", file)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			defer w.Close()
			for len(data) > 0 {
				n := min(len(data), 7)
				w.Write(data[:n])
				data = data[n:]
			}
		}()
		got, _, code := runApp(t, r, "read", "-T", "ndjson", "-k", recordings+"/keys", "-")
		r.Close()
		_, got, _ = strings.Cut(got, "\n")
		_, want, _ = strings.Cut(want, "\n")
		if code != 0 || got != want {
			t.Errorf("%s: the pipe's output differs from the file's (exit %d)", file, code)
		}
	}
}
