package store

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

const recordings = "../captures/testdata/recordings"

// recordedKeys is a keyring with all keys of the genuine recordings.
func recordedKeys(tb testing.TB) *lightssl.Keyring {
	tb.Helper()
	keys := new(lightssl.Keyring)
	n := 0
	for _, pattern := range []string{"keys/*private*", "keys/devices/*"} {
		files, _ := filepath.Glob(filepath.Join(recordings, pattern))
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				tb.Fatal(err)
			}
			if k, err := lightssl.ParseKey(b); err == nil {
				keys.AddKey(k, lightssl.AnyRole)
				n++
			}
		}
	}
	if n < 2 {
		tb.Fatalf("%d keys found", n)
	}
	return keys
}

// recorded calls each with the items of every genuine recording.
func recorded(t *testing.T, each func(t *testing.T, items []stream.Item)) {
	files, err := filepath.Glob(recordings + "/*/capture*.pcap*")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d recordings: %v", len(files), err)
	}
	for _, name := range files {
		t.Run(filepath.Base(filepath.Dir(name)), func(t *testing.T) {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var items []stream.Item
			for it, err := range captures.Read(bytes.NewReader(b), captures.ReadOptions{}) {
				if err != nil {
					t.Fatal(err)
				}
				items = append(items, stream.Clone(it))
			}
			each(t, items)
		})
	}
}

func TestGenuineRecordingsComeBackAsTheyWere(t *testing.T) {
	keys := recordedKeys(t)
	recorded(t, func(t *testing.T, items []stream.Item) {
		for _, keys := range []*lightssl.Keyring{keys, nil} {
			events := decoded(keys, items)
			got := all(t, stored(events))
			sameEvents(t, got, events)
			sameLines(t, got, events)
		}
	})
}
