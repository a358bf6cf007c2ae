package decode

import (
	"regexp"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")

func TestColourChangesNothingButTheColour(t *testing.T) {
	for _, name := range vectorNames {
		plain, coloured := Printer{}, Printer{Colour: true}
		painted := 0
		for _, e := range decodeAll(vectorKeys(t), loadVectors(t, name).items(t)) {
			want, got := string(plain.AppendTree(nil, &e)), string(coloured.AppendTree(nil, &e))
			if bare := escapes.ReplaceAllString(got, ""); bare != want {
				t.Fatalf("without its colours:\n%swant\n%s", bare, want)
			}
			codes := escapes.FindAllString(got, -1)
			if len(codes) > 0 {
				painted++
			}
			if len(codes) != 0 && (len(codes) != 2 || !regexp.MustCompile("^\x1b\\[3[0-7]m$").MatchString(codes[0]) || codes[1] != colourEnd) {
				t.Errorf("codes %q are not one of the eight colours and its end", codes)
			}
		}
		if painted == 0 {
			t.Errorf("%s: nothing has a colour", name)
		}
	}
}

func TestColourSaysWhatMatters(t *testing.T) {
	message := func(k particle.Kind) *Message { return &Message{Meaning: particle.Meaning{Kind: k}} }
	cloud := Event{From: stream.FromCloud}
	for _, test := range []struct {
		name  string
		event Event
		body  Body
		want  string
	}{
		{"a device's message", Event{}, message(particle.KindHello), colourDevice},
		{"a cloud's message", cloud, message(particle.KindFunctionCall), colourCloud},
		{"a ping", cloud, message(particle.KindPing), colourNone},
		{"a refusal", Event{}, message(particle.KindFunctionRefused), colourWarning},
		{"an altered message", Event{Altered: true}, message(particle.KindFunctionRefused), colourAltered},
		{"the nonce", cloud, &Nonce{}, colourKeys},
		{"an opened identity", Event{}, &Identity{Opened: true, HasNonce: true, NonceOK: true}, colourKeys},
		{"an identity of another session", Event{}, &Identity{Opened: true, HasNonce: true}, colourWrong},
		{"a closed identity", Event{}, &Identity{}, colourWarning},
		{"credentials", cloud, &Credentials{Opened: true, Signature: "verified"}, colourKeys},
		{"credentials with a wrong signature", cloud, &Credentials{Opened: true, Signature: "failed"}, colourWrong},
		{"a sealed frame", cloud, &Sealed{}, colourWarning},
		{"a gap", cloud, &Gap{}, colourWarning},
		{"garbage", cloud, &Malformed{}, colourWrong},
		{"a finding", cloud, &Finding{}, colourWrong},
		{"a reset", cloud, &Closed{How: stream.Reset}, colourWrong},
		{"an end", cloud, &Closed{}, colourNone},
		{"a beginning", Event{}, &Opened{}, colourNone},
	} {
		test.event.Body = test.body
		if got := colour(&test.event); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// What comes from the wire cannot make colours of its own.
func TestForeignTextIsNeverAColour(t *testing.T) {
	plain := append([]byte{0x50, 0x02, 0, 1, 0xb1, 'E', 0x03, 0x1b, '[', '3', 0xff}, "1m\x1b[31mred\u202e"...)
	e := Event{Conn: new(stream.Conn), Device: lightssl.DeviceID{1}, Known: true, Body: &Message{Plain: plain, Padded: plain, Meaning: particle.Meaning{Kind: particle.KindEvent}}}
	p := Printer{Colour: true}
	line := string(p.AppendLine(nil, &e))
	if n := strings.Count(line, "\x1b"); n != 2 {
		t.Errorf("%d escapes, want the two of the colour: %q", n, line)
	}
}
