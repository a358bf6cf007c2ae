package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// converted runs read -w and returns the new file.
func converted(t *testing.T, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "new.pcapng")
	out, errs, code := runApp(t, nil, append([]string{"read", "-w", file}, args...)...)
	if code != exitOK || out != "" {
		t.Fatalf("%v: exit %d, printed %q: %s", args, code, out, errs)
	}
	wantIn(t, errs, file+": ")
	return file
}

// readEvents returns what is read from a capture, of both legs or as usual.
func readEvents(t *testing.T, legs string, args ...string) []event {
	t.Helper()
	out, errs, code := runApp(t, nil, append([]string{"read", "-q", "-T", "ndjson", "--legs", legs}, args...)...)
	if code != exitOK {
		t.Fatalf("%v: exit %d: %s", args, code, errs)
	}
	return events(t, out)
}

// sameContent demands that a conversion reads as what it was made of, and that
// converting it again changes nothing, not a byte.
func sameContent(t *testing.T, file string, args ...string) {
	t.Helper()
	for _, legs := range []string{"device", "both"} {
		sameRun(t, readEvents(t, legs, file), readEvents(t, legs, args...))
	}
	again := converted(t, file)
	for _, beside := range []string{"", ".keylog"} {
		want, err := os.ReadFile(file + beside)
		if err != nil {
			if beside == "" {
				t.Fatal(err)
			}
			continue // nothing was opened
		}
		if got, err := os.ReadFile(again + beside); err != nil || !bytes.Equal(got, want) {
			t.Errorf("converted again, *%s is %d bytes, want the same %d: %v", beside, len(got), len(want), err)
		}
		if info, _ := os.Stat(file + beside); info.Mode() != 0o600 {
			t.Errorf("*%s has mode %v", beside, info.Mode())
		}
	}
}

// The new file needs no -k: the key log beside it opens what was opened. The
// identities alone need the server's key.
func TestAConvertedRecordingReadsBackAsTheSameEvents(t *testing.T) {
	for _, capture := range captureFiles(t) {
		t.Run(strings.TrimPrefix(capture, recordings+"/"), func(t *testing.T) {
			keys := writeKey(t, "all.keylog", []byte("# none\n"))
			if !strings.Contains(capture, "/fail-") {
				keys = writeKey(t, "all.keylog", keyLogOf(t, capture))
			}
			sameContent(t, converted(t, "-k", keys, capture), "-k", keys, capture)
		})
	}
}

// What began before the capture did is told from what was seen from its
// beginning, and gaps stay gaps.
func TestAConversionKeepsThatACaptureBeganLate(t *testing.T) {
	b, err := os.ReadFile(growing)
	if err != nil {
		t.Fatal(err)
	}
	late, at := b[:24:24], 24
	for i := 0; at < len(b); i++ {
		size := 16 + int(binary.LittleEndian.Uint32(b[at+8:]))
		if i >= 40 && i%50 != 0 { // of the first session the handshake is missing, of all some packets
			late = append(late, b[at:at+size]...)
		}
		at += size
	}
	capture := writeKey(t, "late.pcap", late)
	keys := writeKey(t, "all.keylog", keyLogOf(t, growing))
	list := readEvents(t, "device", "-k", keys, capture)
	if n := strings.Count(strings.Join(typesOf(list), " "), "gap"); n == 0 {
		t.Fatal("the capture lacks nothing")
	}
	sameContent(t, converted(t, "-k", keys, capture), "-k", keys, capture)
}

// typesOf are the types of events, in order.
func typesOf(list []event) []string {
	var types []string
	for _, e := range list {
		types = append(types, e.str("type"))
	}
	return types
}

func TestAConvertedRecordingOfOursReadsBackAsTheSameEvents(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "run.pcapng")
			w.run(t, w.keys(t), "-w", file)
			sameContent(t, converted(t, file), file)
		})
	}
}

func TestAConversionDownAPipeIsThatToAFile(t *testing.T) {
	keys := writeKey(t, "all.keylog", keyLogOf(t, growing))
	want, err := os.ReadFile(converted(t, "-k", keys, growing))
	if err != nil {
		t.Fatal(err)
	}
	got, errs, code := runApp(t, nil, "read", "-q", "-w", "-", "-k", keys, growing)
	if code != exitOK || errs != "" || got != string(want) {
		t.Errorf("exit %d, %d bytes, want %d: %s", code, len(got), len(want), errs)
	}
	capture, err := os.ReadFile(growing)
	if err != nil {
		t.Fatal(err)
	}
	got, _, code = runApp(t, pipeOf(t, capture), "read", "-q", "-w", "-", "-k", keys, "-")
	if code != exitOK || got != string(want) {
		t.Errorf("from a pipe: exit %d, %d bytes, want %d", code, len(got), len(want))
	}
}

func TestAConversionPrintsOnlyIfAsked(t *testing.T) {
	plain, _, _ := runApp(t, nil, "read", "-T", "ndjson", growing)
	out, _, code := runApp(t, nil, "read", "-w", filepath.Join(t.TempDir(), "a.pcapng"), "-T", "ndjson", growing)
	if code != exitOK || out != plain {
		t.Errorf("exit %d, printed %d bytes, want %d", code, len(out), len(plain))
	}
	out, errs, code := runApp(t, nil, "read", "-w", "-", "-T", "ndjson", growing)
	if code != exitOK || strings.Contains(out, `"type":"message"`) || !strings.HasPrefix(errs, plain[:20]) {
		t.Errorf("exit %d, the events are not on standard error", code)
	}
}

func TestAConversionNeverOverwritesAndLeavesNothingOfNoCapture(t *testing.T) {
	evidence := writeKey(t, "evidence.pcapng", []byte("evidence"))
	_, errs, code := runApp(t, nil, "read", "-w", evidence, growing)
	if code != exitUsage {
		t.Errorf("exit %d", code)
	}
	oneSentence(t, errs, "a recording is never overwritten")
	wantFile(t, evidence, []byte("evidence"))

	dir := t.TempDir()
	_, errs, code = runApp(t, nil, "read", "-w", filepath.Join(dir, "new.pcapng"), evidence)
	if left, _ := os.ReadDir(dir); code != exitFailure || len(left) > 0 {
		t.Errorf("exit %d, left behind: %v", code, left)
	}
	oneSentence(t, errs, evidence, "not a capture")
}

func TestAConversionThatCannotBeWrittenFails(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		skipUnlessRequired(t, "no /dev/full")
	}
	_, errs, code := runApp(t, nil, "read", "-q", "-w", "/dev/full", growing)
	if code != exitFailure {
		t.Errorf("exit %d", code)
	}
	oneSentence(t, errs, "record to /dev/full: no space left on device")
}

// An independent decoder reads the conversion: nothing is wrong with its packets,
// and its messages are ours.
func TestTsharkAgreesAboutAConversion(t *testing.T) {
	needTshark(t)
	for _, capture := range captureFiles(t) {
		if strings.Contains(capture, "/fail-") {
			continue
		}
		file := converted(t, "-k", writeKey(t, "all.keylog", keyLogOf(t, capture)), capture)
		var ours []event
		for _, e := range readEvents(t, "device", file) {
			if e.str("type") == "message" {
				ours = append(ours, e)
			}
		}
		compareWithTshark(t, ours, coapByTshark(t, file))
		wrong := tshark(t, file, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
			"-Y", `tcp.analysis.flags || tcp.checksum.status == "Bad" || ip.checksum.status == "Bad" || udp.checksum.status == "Bad" || tcp && _ws.malformed`)
		if len(wrong) > 0 && !strings.Contains(capture, "net-") {
			t.Errorf("%s: tshark finds wrong: %s", capture, wrong)
		}
	}
}
