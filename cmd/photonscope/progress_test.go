package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"
)

// Packed or not, a capture on the disk is read to 100 %; what comes through a
// pipe has no size.
func TestProgressEndsAtTheSizeOfTheFiles(t *testing.T) {
	raw, err := os.ReadFile(recordings + "/healthy-brewskey-fw2.3.1/capture.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(raw)
	z.Close()
	dir := t.TempDir()
	names := []string{filepath.Join(dir, "a.pcapng"), filepath.Join(dir, "b.pcapng.gz")}
	for i, content := range [][]byte{raw, packed.Bytes()} {
		if err := os.WriteFile(names[i], content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := &reading{app: &app{stdout: new(bytes.Buffer), stderr: new(bytes.Buffer), getenv: func(string) string { return "" }}, names: names, quiet: true}
	if err := r.into(t.Context(), nobody{}); err != nil {
		t.Fatal(err)
	}
	if got, want := r.progress.now(), int64(len(raw)+packed.Len()); got.Read != want || got.Total != want {
		t.Errorf("%d of %d bytes read, want %d", got.Read, got.Total, want)
	}
	if r.names = []string{"-"}; r.size() != 0 {
		t.Errorf("a pipe has %d bytes", r.size())
	}
}
