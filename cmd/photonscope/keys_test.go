package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
)

const (
	id1 = "3a14210004473432333230bd"
	id2 = "1c092c000f4734343231300e"
)

// bench is a home, a key folder in it, and a server's folder.
type bench struct {
	t           *testing.T
	home        string
	out, errOut bytes.Buffer
}

func newBench(t *testing.T) *bench { return &bench{t: t, home: t.TempDir()} }

func (b *bench) app() *app {
	return &app{stdout: &b.out, stderr: &b.errOut, getenv: func(name string) string {
		if name == "HOME" {
			return b.home
		}
		return ""
	}}
}

// run runs a command and returns exit code, standard output and standard error.
func (b *bench) run(args ...string) (int, string, string) {
	b.t.Helper()
	b.out.Reset()
	b.errOut.Reset()
	code := b.app().run(context.Background(), args)
	return code, b.out.String(), b.errOut.String()
}

// ok runs a command that must succeed.
func (b *bench) ok(args ...string) string {
	b.t.Helper()
	code, out, errOut := b.run(args...)
	if code != exitOK {
		b.t.Fatalf("photonscope %s: exit %d\n%s%s", strings.Join(args, " "), code, out, errOut)
	}
	return out
}

func (b *bench) keyFolder() string {
	return filepath.Join(b.home, ".local", "share", "photonscope", "keys")
}

func (b *bench) mkdir(name string) string {
	b.t.Helper()
	path := filepath.Join(b.home, name)
	if err := os.MkdirAll(path, 0o755); err != nil {
		b.t.Fatal(err)
	}
	return path
}

func (b *bench) write(dir, name string, content []byte, mode fs.FileMode) string {
	b.t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		b.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		b.t.Fatal(err)
	}
	return path
}

// load loads keys as proxy and read do.
func (b *bench) load(args ...string) (*keySet, string, error) {
	b.errOut.Reset()
	keys, err := loadKeys(b.app(), args)
	return keys, b.errOut.String(), err
}

var deviceKeyOnce, otherDeviceKeyOnce = sync.OnceValue(mustDeviceKey), sync.OnceValue(mustDeviceKey)

var serverKeyOnce, otherServerKeyOnce = sync.OnceValue(mustServerKey), sync.OnceValue(mustServerKey)

func mustDeviceKey() *rsa.PrivateKey {
	k, err := lightssl.GenerateDeviceKey()
	if err != nil {
		panic(err)
	}
	return k
}

func mustServerKey() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}

// snapshot returns every file below a folder with its mode and content.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		info, _ := d.Info()
		files[path] = info.Mode().String() + "\n" + string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func wantSame(t *testing.T, got, want map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if got[name] != want[name] {
			t.Errorf("%s: got %q, want %q", name, got[name], want[name])
		}
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is gone", name)
		}
	}
}

// wantIn fails unless text holds every part.
func wantIn(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is not in %q", p, text)
		}
	}
}

// underUmask runs f under a umask. Tests that use it must not be parallel.
func underUmask(mask int, f func()) {
	old := syscall.Umask(mask)
	defer syscall.Umask(old)
	f()
}

// ecKeyPEM returns a private key of the wrong kind.
func ecKeyPEM(t *testing.T) []byte {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
}
