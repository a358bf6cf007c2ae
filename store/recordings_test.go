package store

import (
	"path/filepath"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/internal/genuine"
	"github.com/photonscope/photonscope/store/filter"
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

// The filters named problems and unanswered mean what is flagged, with keys and
// without.
func TestProblemsAreThoseOfTheFilterLanguage(t *testing.T) {
	named, err := filter.Parse("problems or unanswered", nil)
	if err != nil {
		t.Fatal(err)
	}
	keys := genuine.Keys(t)
	flagged := 0
	recorded(t, func(t *testing.T, items []stream.Item) {
		for _, keys := range []*lightssl.Keyring{keys, nil} {
			s := stored(decoded(keys, items))
			v := NewView(s)
			v.SetMatch(MatchOf(named))
			v.Refresh(0)
			_, end := s.Bounds()
			for seq := Seq(0); seq < end; seq++ {
				row, _ := s.Row(seq)
				if _, matches := v.RowOf(seq); matches != (row.Flags&Problem != 0) {
					e, _ := s.At(seq)
					t.Errorf("event %d, %s: flagged %v, matched %v", seq+1, e.Body.Name(), !matches, matches)
				}
				if row.Flags&Problem != 0 {
					flagged++
				}
			}
		}
	})
	if flagged < 5 {
		t.Errorf("only %d problems", flagged)
	}
}
