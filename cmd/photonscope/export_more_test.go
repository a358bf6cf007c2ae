package main

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash/crc32"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/internal/golden"
	"github.com/photonscope/photonscope/sim"
)

// exported runs an export command.
func exported(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	stdout, stderr, code := runApp(t, nil, append([]string{"export"}, args...)...)
	if code != exitOK {
		t.Fatalf("export %v: exit %d: %s", args, code, stderr)
	}
	return stdout, stderr
}

// busyRecording is a session of every firmware with a cloud that does a little of
// everything.
func busyRecording(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "busy.pcapng")
	ways[0].run(t, ways[0].keys(t), "-w", file)
	return file
}

// The payloads are those of the events, in number and bytes, in files as on
// standard output.
func TestExportedPayloadsAreThoseOfTheMessages(t *testing.T) {
	file := busyRecording(t)
	var want []string
	for _, e := range readEvents(t, "device", file) {
		switch e.str("photon.msg") {
		case "event", "function-result", "variable-reply":
			want = append(want, e.str("coap.payload"))
		case "function-call":
			want = append(want, hex.EncodeToString([]byte(e.str("photon.func.arg"))))
		}
	}
	slices.Sort(want)
	if len(want) < 4*len(sim.Profiles) {
		t.Fatalf("the recording holds %d payloads", len(want))
	}
	out, _ := exported(t, "payloads", file)
	dir := t.TempDir()
	lines, _ := exported(t, "payloads", "-o", dir, file)
	inFiles := events(t, lines)
	var got []string
	for i, e := range events(t, out) {
		got = append(got, e.str("payload"))
		if text := e.str("text"); text != "" && hex.EncodeToString([]byte(text)) != e.str("payload") {
			t.Errorf("text and bytes differ: %v", e)
		}
		b, err := os.ReadFile(inFiles[i].str("file"))
		if hex.EncodeToString(b) != e.str("payload") || err != nil && e.str("payload") != "" {
			t.Errorf("the file holds %x (%v): %v", b, err, e)
		}
		if name := inFiles[i].str("file"); name != "" && filepath.Dir(name) != dir {
			t.Errorf("a file outside of the folder: %s", name)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%d payloads, want %d, or others", len(got), len(want))
	}
	_, errs, code := runApp(t, nil, "export", "payloads", "-o", dir, file)
	if code != exitUsage || !strings.Contains(errs, "file exists") {
		t.Errorf("a second time into the same folder: exit %d: %s", code, errs)
	}
}

// Every firmware describes itself in its own way: in one reply, two, posts or
// blocks. Put together it is what the device is.
func TestExportedDescriptionsAreWhole(t *testing.T) {
	out, _ := exported(t, "describe", busyRecording(t))
	list := events(t, out)
	if len(list) != len(sim.Profiles) {
		t.Errorf("%d descriptions, want %d", len(list), len(sim.Profiles))
	}
	for _, e := range list {
		d, _ := e["describe"].(map[string]any)
		f, _ := d["f"].([]any)
		v, _ := d["v"].(map[string]any)
		m, _ := d["m"].([]any)
		if !slices.Contains(f, any("brew")) || v["temperature"] == nil || len(m) == 0 && d["p"] == nil {
			t.Errorf("session %v: %v", e["photon.session"], d)
		}
	}
}

// The description of genuine firmware is the one that its server received.
func TestAGenuineDescriptionIsExportedAsItWas(t *testing.T) {
	folder := recordings + "/healthy-brewskey-fw2.3.1"
	want := map[string]any{}
	for _, s := range truth(t, folder) {
		for _, message := range s.device {
			b, _ := hex.DecodeString(message)
			if i := strings.IndexByte(string(b), '{'); i > 0 && json.Unmarshal(b[i:], &want) == nil {
				break
			}
		}
	}
	dir := t.TempDir()
	out, _ := exported(t, "describe", "-o", dir, "-k", recordings+"/keys", folder+"/capture.pcapng")
	path, _, _ := strings.Cut(out, "\n")
	b, err := os.ReadFile(path)
	var got map[string]any
	if err != nil || json.Unmarshal(b, &got) != nil {
		t.Fatalf("%v: %s", err, b)
	}
	for key := range got {
		if len(want) == 0 || want[key] != nil && !reflect.DeepEqual(got[key], want[key]) {
			t.Errorf("%s: %v, want %v", key, got[key], want[key])
		}
	}
}

func TestExportedKeysOpenTheCaptureAgain(t *testing.T) {
	capture := recordings + "/healthy-spark-fw1.5.2/capture.pcap"
	out, errs := exported(t, "keys", "-k", recordings+"/keys", capture)
	if n := strings.Count(out, "BEGIN PUBLIC KEY"); n == 0 || strings.Contains(out, "PHOTON_SESSION") {
		t.Errorf("%d public keys, or secrets: %s", n, out)
	}
	wantIn(t, errs, "--show-secrets writes the credentials")
	dir := t.TempDir()
	out, _ = exported(t, "keys", "-k", recordings+"/keys", "--show-secrets", "-o", dir, capture)
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		info, _ := f.Info()
		if info.Mode() != 0o600 || !strings.Contains(out, filepath.Join(dir, f.Name())) {
			t.Errorf("%s: mode %v, or not named", f.Name(), info.Mode())
		}
		id, isKey := strings.CutSuffix(f.Name(), ".pub.pem")
		if !isKey {
			continue
		}
		b, _ := os.ReadFile(filepath.Join(dir, f.Name()))
		got, err := lightssl.ParseKey(b)
		own, _ := os.ReadFile(recordings + "/keys/devices/" + id + ".pem")
		want, wantErr := lightssl.ParseKey(own)
		if err != nil || wantErr != nil || !got.Public.Equal(want.Public) {
			t.Errorf("the key of %s is not the device's: %v, %v", id, err, wantErr)
		}
	}
	want, _, _ := runApp(t, nil, "read", "-q", "-T", "ndjson", "-k", writeKey(t, "all.keylog", keyLogOf(t, capture)), capture)
	got, _, _ := runApp(t, nil, "read", "-q", "-T", "ndjson", "-k", filepath.Join(dir, "sessions.keylog"), capture)
	if got != want || !strings.Contains(got, `"message"`) {
		t.Errorf("the exported key log opens otherwise: %s", golden.Difference(got, want))
	}
	piped, _ := exported(t, "keys", "-k", recordings+"/keys", "--show-secrets", capture)
	if !lightssl.IsKeyLog([]byte(piped)) {
		t.Errorf("standard output is no key log: %s", piped)
	}
}

// A flashed module says what it is.
func TestAnExportedModuleSaysWhatItIsAndWhetherItFits(t *testing.T) {
	image := make([]byte, 2000)
	copy(image, []byte{0, 0, 10, 8, 0xcc, 7, 10, 8, 0, 0, 6, 0, 6, 0, 5, 1, 4, 2, 0xbd, 4})
	binary.BigEndian.PutUint32(image[1996:], crc32.ChecksumIEEE(image[:1996]))
	broken := slices.Clone(image)
	broken[1000] ^= 1
	for want, image := range map[string][]byte{
		"application 1 version 6 for platform 6 (Photon), 080a0000 to 080a07cc": image,
		"; a Photon refuses it: its CRC-32 is":                                  broken,
		"not a module":                                                          make([]byte, 2000),
	} {
		if out := verdict(image, 6); !strings.Contains(out, want) {
			t.Errorf("%s, want %s", out, want)
		}
	}
}

func TestAnExportOfNothingSaysSo(t *testing.T) {
	capture := recordings + "/fail-wrong-server-key-spark/capture.pcapng"
	for _, what := range []string{"keys", "firmware", "payloads", "describe"} {
		out, errs := exported(t, what, capture)
		if out != "" {
			t.Errorf("%s: %s", what, out)
		}
		wantIn(t, errs, capture+": no ")
	}
}
