package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/sim"
)

func TestInspectOfAHugeFolderIsBoundedAndSaysWhatItLeavesOut(t *testing.T) {
	const files = 10_000
	dir := t.TempDir()
	key := sim.DeviceKey(0)
	forms := [][]byte{lightssl.MarshalPrivatePEM(key), lightssl.MarshalPrivateDER(key), lightssl.MarshalPublicPEM(&key.PublicKey), []byte("no key, but " + strings.Repeat("private ", 20))}
	for i := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d.pem", i)), forms[i%len(forms)], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := newBench(t)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	out := b.ok("keys", "inspect", dir)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if want := fmt.Sprintf("%s: %d files left out, only the first %d by name are looked at", dir, files-maxFolderFiles, maxFolderFiles); len(lines) != maxFolderFiles+1 || lines[maxFolderFiles] != want {
		t.Errorf("%d lines, the last one %q, want %q", len(lines), lines[len(lines)-1], want)
	}
	if took > time.Minute {
		t.Errorf("took %v", took)
	}
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 64<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
	for _, secret := range [][]byte{key.D.Bytes(), key.Primes[0].Bytes(), key.Primes[1].Bytes()} {
		if digits := hex.EncodeToString(secret[4:12]); strings.Contains(out, string(secret[4:12])) || strings.Contains(strings.ToLower(out), digits) {
			t.Errorf("%s, which is secret, is printed", digits)
		}
	}
	for line := range strings.Lines(string(forms[0])) {
		if line = strings.TrimSpace(line); strings.Contains(out, line) {
			t.Errorf("%q of a key file is printed", line)
		}
	}
}

// The key log of a recording is empty until its first session.
func TestAnEmptyKeyLogIsOne(t *testing.T) {
	if out, errs, code := runApp(t, nil, "keys", "inspect", writeKey(t, "new.pcapng.keylog", nil)); code != exitOK || !strings.Contains(out, "key log, 0 sessions") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}
