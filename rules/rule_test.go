package rules

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/proxy"
)

func TestABadRuleIsShownWithItsPlace(t *testing.T) {
	for _, c := range []struct {
		line   string
		column int
		reason string // part of it
	}{
		{`frob when coap.code == 1`, 1, `"frob" is no action`},
		{`when coap.code == 1`, 1, "an action stands first"},
		{`drop when coap.cod == 1`, 11, "no field or filter named coap.cod"},
		{`drop when coap.code == `, 23, ""},
		{`drop when`, 10, ""},
		{`drop when unanswered`, 11, "not known when it passes"},
		{`drop when photon.session == 1`, 11, "photon.device_id"},
		{`drop frobs`, 6, "drop takes nothing"},
		{`drop from=cluod`, 11, "device or cloud"},
		{`drop count=0`, 12, "a number from 1"},
		{`drop probability=1.5`, 18, "from 0 to 1"},
		{`drop probability=NaN`, 18, "from 0 to 1"},
		{`hold max=never`, 10, "a time"},
		{`hold then=explode`, 6, "hold takes"},
		{`edit`, 1, "edit what"},
		{`edit payload`, 6, "NAME=VALUE"},
		{`edit payload="abc`, 6, "closing quote"},
		{`edit payload="\q"`, 6, "no text"},
		{`edit colour=red`, 6, "no part of a message"},
		{`edit type=CON path=` + strings.Repeat("x", 70000), 15, "70000 bytes, and a frame has room for 65535"},
		{`inject publish ` + strings.Repeat("x", 70000), 16, "70000 bytes, and a frame has room for 65535"},
		{`edit payload=hex:` + strings.Repeat("00", 70000), 6, "70000 bytes, and a frame has room for 65535"},
		{`edit hex=4`, 10, "bytes of a whole message"},
		{`edit code=9.99`, 11, "a code"},
		{`edit type=CON mid=65536`, 19, "0 to 65535"},
		{`edit token=112233445566778899`, 12, "16 hex digits"},
		{`inject`, 1, "inject what"},
		{`inject sing`, 8, "no template"},
		{`inject call`, 8, "call takes NAME"},
		{`inject signal maybe`, 15, "on or off"},
		{`fault`, 1, "fault which"},
		{`fault gremlins`, 7, "no fault"},
		{`fault latency speed=1`, 15, "fault latency takes latency=, jitter="},
		{`fault slicer average_size=0`, 27, "a number from 1"},
		{`fault skip-id from=cloud`, 7, "what the device sends"},
		{`fault http when coap.code == 1`, 7, "takes no filter"},
		{`repair everything`, 8, "no repair"},
		{`repair`, 1, "one name"},
	} {
		_, err := Parse("f.rules", "# first\ndrop\n"+c.line+"\r\ndrop", nil)
		var e *Error
		if !errors.As(err, &e) || e.Line != 3 || e.Column != c.column || !strings.Contains(e.Reason, c.reason) || e.Reason == "" {
			t.Errorf("%s: %v, want column %d and %q", c.line, err, c.column, c.reason)
			continue
		}
		lines := strings.Split(e.Caret(), "\n")
		if len(lines) != 2 || strings.Index(lines[1], "^") != c.column-1 || !strings.HasPrefix(e.Error(), "f.rules:3:") {
			t.Errorf("%s: %q", c.line, lines)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{meddle, "edit payload=\"\\x00\" # x", "fault slicer average_size=3 when photon.msg == \"ping\"", "hold max=3s\n\r\n", "inject message hex=\"40 00\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := Parse("f", text, nil)
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("%T", err)
		}
		if e != nil {
			lines := strings.Split(e.Caret(), "\n")
			if len(lines) != 2 || strings.IndexFunc(lines[0], func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
				t.Fatalf("%q", lines)
			}
		}
		for _, r := range all {
			again, err := One(r.Text, nil)
			if err != nil || again.Text != r.Text {
				t.Fatalf("%q: %v", r.Text, err)
			}
		}
	})
}

// What Format writes is what Compose reads, for every message there is.
func FuzzFormat(f *testing.F) {
	for _, m := range []coap.Message{
		particle.ComposeCall(9, []byte{0x55}, "led", "blink"),
		particle.ComposeChunk(7, []byte{1}, particle.ChunkBody{Data: []byte{1, 2, 3}}),
		particle.ComposePublish(7, particle.EventBody{Name: "a b/\"c\"", Data: []byte{}}),
		particle.ComposeEmpty(coap.Acknowledgement, 3, []byte{0}),
	} {
		f.Add(m.Append(nil))
	}
	f.Add([]byte("hex:"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, sep := range []string{" ", "\n"} {
			text := Format(b, sep)
			got, err := Compose(text)
			if err != nil || !bytes.Equal(got, b) {
				t.Fatalf("%x is written %q, which is read as %x, %v", b, text, got, err)
			}
		}
	})
}

// A frame that no key can open, because of its length, is no message: not even a
// rule for every one of them touches it.
func TestNoRuleTouchesAFrameOfOddLength(t *testing.T) {
	all, err := Parse("rules.txt", "drop\nedit payload=x\nhold max=1s", nil)
	if err != nil {
		t.Fatal(err)
	}
	h := New(all).Hooks(stream.Conn{ID: 1})
	for _, from := range stream.Directions {
		f := proxy.Frame{From: from, Wire: []byte{0, 5, 1, 2, 3, 4, 5}, Err: lightssl.ErrLength}
		if out, changed := h.Frame(nil, f); changed || len(out) > 0 {
			t.Errorf("from the %s: %v", from, out)
		}
	}
}

func TestEditRepairsTheCRCOfAChunk(t *testing.T) {
	for _, settings := range []string{"payload=new", "payload=hex:00"} {
		words, _, _, _ := split(settings)
		c, bad := newChange(words)
		if bad != nil {
			t.Fatal(bad)
		}
		m := particle.ComposeChunk(7, []byte{1}, particle.ChunkBody{CRC: particle.ChunkCRC([]byte("old")), Data: []byte("old")})
		b, err := c.apply(m.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		var got coap.Message
		if err := got.Parse(b); err != nil {
			t.Fatal(err)
		}
		want := particle.ComposeChunk(7, []byte{1}, particle.ChunkBody{CRC: particle.ChunkCRC(got.Payload), Data: got.Payload})
		if !bytes.Equal(b, want.Append(nil)) {
			t.Errorf("%s: %x, want %x", settings, b, want.Append(nil))
		}
	}
}

func TestARepairAddsTheArgumentThatACallLacks(t *testing.T) {
	w := newWorld(t, "repair call-argument")
	s := newSession(w.engine, w.engineConn())
	bare := coap.Message{Code: coap.POST, ID: 1, Token: []byte{9}, Options: []coap.Option{{Number: coap.URIPath, Value: []byte("f")}, {Number: coap.URIPath, Value: []byte("led")}}}
	full := particle.ComposeCall(1, []byte{9}, "led", "")
	if got := s.rewritten(t, bare.Append(nil)); !bytes.Equal(got, full.Append(nil)) {
		t.Errorf("%x became %x, want %x", bare.Append(nil), got, full.Append(nil))
	}
	with := particle.ComposeCall(1, []byte{9}, "led", "on")
	if got := s.rewritten(t, with.Append(nil)); !bytes.Equal(got, with.Append(nil)) {
		t.Errorf("a call with an argument became %x", got)
	}
}

// Rules know the user's own filters, and keep what these meant.
func TestARuleNamesAFilterOfTheUser(t *testing.T) {
	names := map[string]string{"mine": `photon.event.name == "lab/tick"`}
	r, err := One("drop when @mine", names)
	if err != nil {
		t.Fatal(err)
	}
	if r.filter != `photon.event.name == "lab/tick"` || r.Text != "drop when @mine" {
		t.Errorf("filter %s of %s", r.filter, r.Text)
	}
	_, err = Parse("f", "drop\ndrop when @others", names)
	var wrong *Error
	if !errors.As(err, &wrong) || wrong.Line != 2 || wrong.Column != 11 || !strings.Contains(wrong.Reason, "no filter named others") {
		t.Errorf("a filter that nobody named: %v", err)
	}
}
