package genuine

import (
	"testing"

	"github.com/photonscope/photonscope/decode"
)

// Some session of all is opened with all keys, and none without.
func TestTheKeysOpenTheCaptures(t *testing.T) {
	opened := func(path string, withKeys bool) (n int) {
		keys := Keys(t)
		if !withKeys {
			keys = nil
		}
		for _, e := range Events(t, path, keys) {
			if _, ok := e.Body.(*decode.Message); ok {
				n++
			}
		}
		return n
	}
	all := 0
	for _, path := range Captures(t) {
		all += opened(path, true)
		if n := opened(path, false); n > 0 {
			t.Errorf("%s: %d messages without a key", path, n)
		}
	}
	if all < 800 {
		t.Errorf("only %d messages", all)
	}
	if n := len(Keys(t, "keys/h1-*.pem").Servers()); n != 1 {
		t.Errorf("%d private keys of one server", n)
	}
}
