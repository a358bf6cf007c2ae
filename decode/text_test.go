package decode

import (
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

func TestTextLinesAreAligned(t *testing.T) {
	const summary = 46 // columns before it
	for _, leg := range []stream.Leg{stream.DeviceLeg, stream.CloudLeg, stream.Tapped} {
		for _, keys := range []*lightssl.Keyring{vectorKeys(t), new(lightssl.Keyring)} {
			var p Printer
			for _, e := range decodeAll(keys, loadVectors(t, vectorNames[0]).items(t)) {
				e.Conn.Leg = leg
				line := []rune(string(p.AppendLine(nil, &e)))
				if n := strings.Count(string(line), "\n"); n != 1 || line[len(line)-1] != '\n' {
					t.Errorf("%d line ends in %q", n, string(line))
				}
				if line = line[:len(line)-1]; len(line) > summary && (line[summary-1] != ' ' || line[summary] == ' ') {
					t.Errorf("what it says does not begin in column %d: %q", summary+1, string(line))
				}
			}
		}
	}
}

func TestWhyASessionStaysSealedIsSaidOnce(t *testing.T) {
	var p Printer
	var out []byte
	sealed := 0
	for _, e := range decodeAll(new(lightssl.Keyring), loadVectors(t, vectorNames[0]).items(t)) {
		out = p.AppendLine(out, &e)
		if _, ok := e.Body.(*Sealed); ok {
			sealed++
		}
	}
	text := string(out)
	if n := strings.Count(text, "(-k device:FILE)"); n != 1 {
		t.Errorf("the key that would open it is named %d times\n%s", n, text)
	}
	if n := strings.Count(text, "bytes; sealed as above\n"); n != sealed || n == 0 {
		t.Errorf("%d of %d sealed frames refer to it\n%s", n, sealed, text)
	}
}
