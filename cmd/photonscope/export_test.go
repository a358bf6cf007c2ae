package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The image put together is what the server sent: its chunks, taken from the
// server's own log, in order of their index, cut to the announced size.
func TestExportedFirmwareIsWhatTheServerSent(t *testing.T) {
	for _, folder := range []string{"healthy-spark-fw1.5.2", "healthy-brewskey-fw2.3.1"} {
		files, _ := filepath.Glob(filepath.Join(recordings, folder, "capture.pcap*"))
		out := t.TempDir()
		stdout, stderr, code := runApp(t, nil, "export", "firmware", "-k", recordings+"/keys", "-o", out, files[0])
		if code != 0 {
			t.Fatalf("%s: exit %d: %s", folder, code, stderr)
		}
		images, _ := filepath.Glob(out + "/*.bin")
		if len(images) != 1 || !strings.Contains(stdout, images[0]) {
			t.Fatalf("%s: images %v, said %q", folder, images, stdout)
		}
		got, err := os.ReadFile(images[0])
		if err != nil {
			t.Fatal(err)
		}
		if want := sentImage(t, filepath.Join(recordings, folder, "truth.jsonl")); !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, want %d, or others", folder, len(got), len(want))
		}
		if _, stderr, code := runApp(t, nil, "export", "firmware", "-k", recordings+"/keys", "-o", out, files[0]); code != exitUsage || !strings.Contains(stderr, "exists") {
			t.Errorf("%s: a second export: exit %d, %q", folder, code, stderr)
		}
	}
}

func TestTheImageOfAnUnknownDeviceBearsItsSession(t *testing.T) {
	capture := recordings + "/healthy-brewskey-fw2.3.1/capture.pcapng"
	stdout, stderr, code := runApp(t, nil, "export", "firmware", "-o", t.TempDir(), "-k", recordings+"/keys/devices", capture)
	if path, _, _ := strings.Cut(stdout, " "); code != 0 || !strings.HasPrefix(filepath.Base(path), "session-") {
		t.Errorf("exit %d, said %q, %q", code, stdout, stderr)
	}
}

// sentImage puts the image together from the server's log, by the offsets of
// the chunk message (header 4, token 1, path 2, CRC option 1+4).
func sentImage(t *testing.T, path string) []byte {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var image []byte
	size := 0
	for line := range strings.Lines(string(b)) {
		var l struct{ Ev, Dir, Hex string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		m, _ := hex.DecodeString(l.Hex)
		switch {
		case l.Ev != "msg" || l.Dir == "device->server" || len(m) < 20:
		case m[1] == 2 && m[6] == 'u':
			size = int(m[11])<<24 | int(m[12])<<16 | int(m[13])<<8 | int(m[14])
		case m[1] == 2 && m[6] == 'c':
			data := m[bytes.IndexByte(m[12:], 0xff)+12+1:]
			if m[12] == 2 {
				data = m[16:]
			}
			if crc := crc32.ChecksumIEEE(data); crc != uint32(m[8])<<24|uint32(m[9])<<16|uint32(m[10])<<8|uint32(m[11]) {
				t.Fatalf("the chunk's CRC is %08x: %x", crc, m[:20])
			}
			image = append(image, data...)
		}
	}
	return image[:size]
}
