package decode

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// Every bad frame of the known answers, as the first frame of a session: what is
// said of it, at which offset of which layer.
var badFrames = map[string]struct {
	layer  string
	offset int
	reason string
}{
	"zero length":                            {Wire, 0, "a frame of length 0: some peers lose the next message over it"},
	"length not a multiple of 16":            {Wire, 0, "a frame of 5 bytes, no multiple of 16: no peer can decrypt it"},
	"length larger than any device buffer":   {Wire, 2, "cut off: 2 of the 32769 bytes of a frame, which is longer than any device takes (928)"},
	"pad byte 0":                             {Plain, 15, "the padding is wrong (last byte 0x00)"},
	"pad byte 17":                            {Plain, 15, "the padding is wrong (last byte 0x11)"},
	"inconsistent pad bytes":                 {Plain, 15, "the padding is wrong (last byte 0x0c)"},
	"wrong initial IV (first block damaged)": {Plain, 15, "the padding is wrong (last byte 0xc2)"},
	"truncated":                              {Wire, 11, "cut off: 11 of the 18 bytes of a frame"},
	"plaintext CoAP without encryption":      {Wire, 0, "a frame of 4 bytes, no multiple of 16: no peer can decrypt it"},
	"HTTP request seen as a frame":           {Wire, 16, "cut off: 16 of the 18247 bytes of a frame, which is longer than any device takes (928)"},
	"TLS ClientHello seen as a frame":        {Wire, 3, "cut off: 3 of the 5637 bytes of a frame, which is longer than any device takes (928)"},
}

func TestBadFramesAreToldWithTheirOffset(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(vectorFolder, "bad_frames.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Material string `json:"session_material"`
		Cases    []struct{ Name, Frame string }
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	for _, c := range v.Cases {
		want, ok := badFrames[c.Name]
		if !ok {
			t.Errorf("nothing is expected of %s", c.Name)
			continue
		}
		s := newScene(t, "")
		s.keys.AddSession(lightssl.Nonce(s.bytes("nonce")), lightssl.Credentials(unhex(t, v.Material)))
		open(s)
		for _, do := range handshake[:3] {
			do(s)
		}
		s.events = s.events[:0]
		s.send(dev, unhex(t, c.Frame))
		closes(dev, stream.Fin)(s)
		if len(s.events) != 2 {
			t.Errorf("%s: %d events", c.Name, len(s.events))
			continue
		}
		m, ok := s.events[0].Body.(*Malformed)
		if !ok || m.Layer != want.layer || m.Offset != want.offset || m.Reason != want.reason {
			t.Errorf("%s: %s %+v", c.Name, told(&s.events[0]), s.events[0].Body)
		}
		if err := checkLayers(&s.events[0]); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

// Messages that are no CoAP: where it ends, and why.
func TestBadMessagesAreToldWithTheirOffset(t *testing.T) {
	for _, c := range []struct {
		name, plain string
		offset      int
		reason      string
	}{
		{"three bytes", "\x40\x01\x00", 3, "not CoAP: the header is cut off"},
		{"version 2", "\x80\x01\x00\x01", 0, "not CoAP: the version is not 1"},
		{"a token of 9 bytes", "\x49\x01\x00\x01123456789", 0, "not CoAP: the token length is reserved"},
		{"a token cut off", "\x44\x01\x00\x0112", 6, "not CoAP: the token is cut off"},
		{"an option cut off", "\x40\x01\x00\x01\xb1h\x05four", 6, "not CoAP: the option value is cut off"},
		{"a reserved delta", "\x41\x01\x00\x01T\xb1h\xf0", 7, "not CoAP: the option delta is reserved or cut off"},
		{"nothing", "", 0, "not CoAP: the header is cut off"},
	} {
		events := plainSession(t, []stream.Direction{dev}, [][]byte{[]byte(c.plain)})
		m, ok := events[0].Body.(*Malformed)
		if !ok || m.Layer != Plain || m.Offset != c.offset || m.Reason != c.reason || string(m.Plain) != c.plain {
			t.Errorf("%s: %s, offset %d", c.name, told(&events[0]), m.Offset)
		}
		if err := checkLayers(&events[0]); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A record that the end cuts off is told by its name, wherever it is cut.
func TestEveryRecordCutAnywhereIsToldByItsName(t *testing.T) {
	for _, c := range []struct {
		record string
		from   stream.Direction
		before []func(*scene)
		name   string
	}{
		{"nonce", cld, nil, "the nonce"},
		{"identity", dev, handshake[:1], "the identity"},
		{"credentials", cld, handshake[:2], "the credentials"},
		{"f2", dev, handshake, "a frame"},
	} {
		whole := len(newScene(t, "").bytes(c.record))
		for n := 2; n < whole; n++ {
			s := newScene(t, "server device")
			open(s)
			for _, do := range c.before {
				do(s)
			}
			s.events = s.events[:0]
			part(c.from, c.record, 0, n)(s)
			closes(c.from, stream.Fin)(s)
			m, ok := s.events[0].Body.(*Malformed)
			if want := cutOff(n, whole, c.name); !ok || m.Reason != want || m.Offset != n {
				t.Fatalf("%s cut at %d: %s", c.record, n, told(&s.events[0]))
			}
		}
	}
}

func cutOff(n, whole int, name string) string {
	return fmt.Sprintf("cut off: %d of the %d bytes of %s", n, whole, name)
}
