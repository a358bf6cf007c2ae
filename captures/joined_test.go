package captures

import (
	"testing"

	"github.com/photonscope/photonscope/decode/stream"
)

// Whether a connection was seen from its beginning is told, so that nobody has
// to guess what its first bytes are.
func TestAConnectionWhoseOpeningWasNotCapturedIsJoined(t *testing.T) {
	for name, c := range map[string]struct {
		d      *dialogue
		joined bool
	}{
		"seen from its SYN on": {newDialogue().open().down(0, "nonce"), false},
		"joined":               {newDialogue().down(0, "nonce"), true},
	} {
		list, err := items(c.d.reader(), ReadOptions{})
		if err != nil || len(list) == 0 {
			t.Fatalf("%s: %d items: %v", name, len(list), err)
		}
		if o, ok := list[0].(*stream.Opened); !ok || o.Joined != c.joined {
			t.Errorf("%s: %+v", name, list[0])
		}
	}
}
