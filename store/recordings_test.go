package store

import (
	"path/filepath"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/internal/genuine"
)

// recorded calls each with the items of every genuine recording.
func recorded(t *testing.T, each func(t *testing.T, items []stream.Item)) {
	for _, path := range genuine.Captures(t) {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) { each(t, genuine.Items(t, path)) })
	}
}

func TestGenuineRecordingsComeBackAsTheyWere(t *testing.T) {
	keys := genuine.Keys(t)
	recorded(t, func(t *testing.T, items []stream.Item) {
		for _, keys := range []*lightssl.Keyring{keys, nil} {
			events := decoded(keys, items)
			got := all(t, stored(events))
			sameEvents(t, got, events)
			sameLines(t, got, events)
		}
	})
}
