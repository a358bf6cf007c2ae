package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/internal/golden"
)

// inParts writes the packets of a classic capture to n files in turn, as a
// rotation that goes wild would.
func inParts(t *testing.T, file string, n int) []string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil || binary.LittleEndian.Uint32(b) != 0xa1b2c3d4 {
		t.Fatalf("%s is no little-endian pcap: %v", file, err)
	}
	const header, packetHeader = 24, 16
	parts := make([][]byte, n)
	for i := range parts {
		parts[i] = slices.Clone(b[:header])
	}
	b = b[header:]
	for i := 0; len(b) > 0; i++ {
		size := packetHeader + int(binary.LittleEndian.Uint32(b[8:]))
		parts[i%n] = append(parts[i%n], b[:size]...)
		b = b[size:]
	}
	var names []string
	for i, part := range parts {
		names = append(names, writeKey(t, fmt.Sprintf("part%d.pcap", i), part))
	}
	return names
}

func TestACaptureInPartsReadsAsAWhole(t *testing.T) {
	want, _, _ := runApp(t, nil, "read", "-T", "ndjson", "-k", recordings+"/keys", growing)
	for _, n := range []int{2, 3, 7} {
		names := inParts(t, growing, n)
		slices.Reverse(names)
		got, errs, code := runApp(t, nil, append([]string{"read", "-T", "ndjson", "-k", recordings + "/keys"}, names...)...)
		if code != exitOK || withoutHeader(got) != withoutHeader(want) {
			t.Errorf("%d parts: exit %d, %s: %s", n, code, golden.Difference(withoutHeader(got), withoutHeader(want)), errs)
		}
	}
}

func TestKeyLogsBesideAllCapturesAreRead(t *testing.T) {
	var names []string
	for i, file := range []string{growing, recordings + "/healthy-brewskey-fw2.3.1/capture.pcapng"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, writeKey(t, fmt.Sprint(i, ".pcap"), b))
		if err := os.WriteFile(names[i]+".keylog", keyLogOf(t, file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, errs, code := runApp(t, nil, append([]string{"read", "-T", "ndjson"}, names...)...)
	if code != exitOK || errs != "" || strings.Contains(out, `"sealed"`) {
		t.Errorf("exit %d: %s", code, errs)
	}
	if n := len(byNonce(events(t, out))); n != 8 {
		t.Errorf("%d sessions, want 8", n)
	}
}

func TestTheOthersOfABadCaptureAreRead(t *testing.T) {
	bad, worse := writeKey(t, "bad.pcap", []byte("no capture")), writeKey(t, "worse.pcap", nil)
	want, _, _ := runApp(t, nil, "read", "-q", "-T", "ndjson", growing)
	out, errs, code := runApp(t, nil, "read", "-q", "-T", "ndjson", bad, growing, worse)
	if code != exitFailure {
		t.Errorf("exit %d", code)
	}
	got := events(t, out)
	sameRun(t, got[1:len(got)-1], events(t, want)[1:len(got)-1])
	reason := got[len(got)-1].str("reason")
	for _, part := range []string{bad + ": not a capture: it begins with", worse + ": not a capture: it is empty"} {
		if n := strings.Count(errs, "photonscope: "+part); n != 1 || !strings.Contains(reason, part) {
			t.Errorf("%q is said %d times: %s and %s", part, n, errs, reason)
		}
	}
	_, errs, code = runApp(t, nil, "read", growing, filepath.Join(t.TempDir(), "none.pcap"))
	if code != exitUsage {
		t.Errorf("exit %d", code)
	}
	oneSentence(t, errs, "none.pcap: no such file")
}

func TestAPortLeavesOutTheRest(t *testing.T) {
	all := []string{"read", "-T", "ndjson", growing, recordings + "/healthy-brewskey-fw2.3.1/capture.pcapng"}
	out, _, _ := runApp(t, nil, all...)
	ports := map[string]int{}
	for _, e := range events(t, out) {
		if e.str("type") == "opened" {
			_, port, _ := strings.Cut(e.str("photon.cloud_addr"), ":")
			ports[port]++
		}
	}
	if len(ports) != 2 {
		t.Fatalf("the captures have the ports %v", ports)
	}
	for port, want := range ports {
		out, _, code := runApp(t, nil, append(all, "--port", port)...)
		got := 0
		for _, e := range events(t, out) {
			if e.str("type") != "opened" {
				continue
			}
			if got++; !strings.HasSuffix(e.str("photon.cloud_addr"), ":"+port) {
				t.Errorf("port %s: %v", port, e)
			}
		}
		if code != exitOK || got != want {
			t.Errorf("port %s: exit %d, %d connections, want %d", port, code, got, want)
		}
	}
	_, errs, code := runApp(t, nil, "read", "--port", "1", growing)
	if code != exitOK {
		t.Errorf("exit %d", code)
	}
	wantIn(t, errs, "nothing of a Photon in this capture", "with other ports than --port")
}

// Whoever reads the output may stop: nothing is wrong with that.
func TestAReaderWhoGoesAwayEndsItQuietly(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := program(t, nil, "read", "-v", "-k", writeKey(t, "all.keylog", keyLogOf(t, growing)), growing)
	cmd.Stdout = w
	p := start(t, cmd)
	w.Close()
	if _, err := bufio.NewReader(r).ReadString('\n'); err != nil {
		t.Errorf("the first line: %v", err)
	}
	r.Close()
	if code := p.wait(); code != exitOK || p.errs.String() != "" {
		t.Errorf("exit %d: %s", code, p.errs)
	}
}
