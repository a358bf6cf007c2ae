// Package genuine gives tests the sessions of genuine devices with genuine servers
// that are recorded in captures/testdata/recordings. Begin with Captures, Keys and
// Events. Only tests import it.
package genuine

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// Path returns the path of a file among the recordings, whatever folder of the
// module the test runs in. The name has slashes and may be a pattern.
func Path(tb testing.TB, name string) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for at := dir; at != filepath.Dir(at); at = filepath.Dir(at) {
		folder := filepath.Join(at, "captures", "testdata", "recordings")
		if _, err := os.Stat(folder); err == nil {
			return filepath.Join(folder, filepath.FromSlash(name))
		}
	}
	tb.Fatalf("%s is not within the module", dir)
	return ""
}

// Captures returns the paths of all captures.
func Captures(tb testing.TB) []string {
	tb.Helper()
	paths, _ := filepath.Glob(Path(tb, "*/capture*.pcap*"))
	if len(paths) < 5 {
		tb.Fatalf("only %d captures", len(paths))
	}
	return paths
}

// Keys returns a keyring with the keys of the files that match patterns; without
// patterns with the private keys of all devices and servers.
func Keys(tb testing.TB, patterns ...string) *lightssl.Keyring {
	tb.Helper()
	if len(patterns) == 0 {
		patterns = []string{"keys/devices/*.der", "keys/*private.pem"}
	}
	keys := new(lightssl.Keyring)
	for _, pattern := range patterns {
		paths, err := filepath.Glob(Path(tb, pattern))
		if len(paths) == 0 {
			tb.Fatalf("no keys %s: %v", pattern, err)
		}
		for _, path := range paths {
			keys.AddKey(Key(tb, path), lightssl.AnyRole)
		}
	}
	return keys
}

// Key reads a key file.
func Key(tb testing.TB, path string) lightssl.Key {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	key, err := lightssl.ParseKey(b)
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	return key
}

// Items returns what a capture holds. It is the caller's.
func Items(tb testing.TB, path string) (items []stream.Item) {
	tb.Helper()
	capture, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	for it, err := range captures.Read(bytes.NewReader(capture), captures.ReadOptions{}) {
		if err != nil {
			tb.Fatalf("%s: %v", path, err)
		}
		items = append(items, stream.Clone(it))
	}
	return items
}

// Events returns what a capture tells with some keys, nil for none.
func Events(tb testing.TB, path string, keys *lightssl.Keyring) (events []decode.Event) {
	tb.Helper()
	d := decode.NewDecoder(keys)
	for _, it := range Items(tb, path) {
		events = d.Feed(events, it)
	}
	return d.Finish(events)
}
