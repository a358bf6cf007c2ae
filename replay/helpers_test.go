package replay

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// start is when the recordings of the tests begin.
var start = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

// recordingOf makes a recording out of lines "SECONDS > HEX" (from the device)
// and "SECONDS < HEX" (from the cloud).
func recordingOf(t *testing.T, text string) *Recording {
	t.Helper()
	var c Collector
	var live particle.Conversation
	conn := new(stream.Conn)
	for line := range strings.Lines(text) {
		var seconds float64
		var arrow, digits string
		if n, _ := fmt.Sscan(line, &seconds, &arrow, &digits); n < 3 {
			continue
		}
		plain, err := hex.DecodeString(digits)
		var m coap.Message
		if err != nil || m.Parse(plain) != nil {
			t.Fatalf("no message: %s", line)
		}
		from := map[string]stream.Direction{">": stream.FromDevice, "<": stream.FromCloud}[arrow]
		at := start.Add(time.Duration(seconds * float64(time.Second)))
		c.Add(&decode.Event{At: at, Conn: conn, Session: 1, From: from, Body: &decode.Message{Plain: plain, Padded: plain, Meaning: live.Next(from, at, &m)}})
	}
	return c.Recordings()[0]
}

// talk is a short session of everything that matters: IDs that rise, one that a
// ping's acknowledgement used up, tokens, an answer that follows by itself.
const talk = `
0.0 > 5002a9fcb168ff0006ffff00360006
0.1 < 5102123401b168
0.2 > 5002a9fdb1650474656d70ff3231
0.3 > 4101a9fe5ab174
0.4 < 6145a9fe5aff6553f100
0.5 < 4000000a
0.6 > 6000a9ff
1.0 < 41020014c7b16604627265774174
1.1 > 60000014
1.2 > 5144aa00c7ff0000002a
5.0 > 5002aa01b1650474656d70ff3232
`

func planOf(t *testing.T, text string, c Choice) *Plan {
	t.Helper()
	p, err := NewPlan(recordingOf(t, text), c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// happened are reports as lines: what happened, the step's number, the kind.
func happened(acts []Act) string {
	var b strings.Builder
	for _, a := range acts {
		word := [...]string{"sent", "came", "left", "waiting", "diverged"}[a.Happened]
		fmt.Fprintf(&b, "%s", word)
		if a.Step != nil {
			fmt.Fprintf(&b, " %d %s", a.Step.Number, a.Step.Meaning.Kind)
		}
		if a.Diverged != nil {
			fmt.Fprintf(&b, ": %s", a.Diverged.Fault)
		}
		if a.Bytes != nil {
			fmt.Fprintf(&b, " %x", a.Bytes)
		}
		if a.Happened == Came && a.Why != "" {
			fmt.Fprintf(&b, " [%s]", a.Why)
		}
		b.WriteString("\n")
	}
	return b.String()
}
