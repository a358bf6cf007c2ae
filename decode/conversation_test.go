package decode

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// A conversation is what happens on one connection, step by step, and beside
// each step what the decoder says to it.
type conversation struct {
	name  string
	keys  string // which keys are there at the start: server, device, log, loose
	steps []step
}

// step is one item, and the events that it gives rise to, one a line.
type step struct {
	do   func(*scene)
	says string
}

// scene plays a conversation with the bytes of a session of the known answers.
type scene struct {
	tb     testing.TB
	v      *vectorSession
	keys   *lightssl.Keyring
	d      *Decoder
	at     time.Time
	events []Event
}

func newScene(tb testing.TB, keys string) *scene {
	s := &scene{tb: tb, v: loadVectors(tb, "session_lightssl.json"), keys: new(lightssl.Keyring), at: testStart}
	for _, k := range strings.Fields(keys) {
		s.addKey(k)
	}
	s.d = NewDecoder(s.keys)
	return s
}

func (s *scene) addKey(name string) {
	creds := lightssl.Credentials(unhex(s.tb, s.v.Handshake.Material))
	switch name {
	case "log":
		s.keys.AddSession(lightssl.Nonce(unhex(s.tb, s.v.Handshake.Nonce)), creds)
	case "loose":
		s.keys.AddLoose(creds)
	case "saltless":
		clear(creds.Salt())
		s.keys.AddLoose(creds)
	default:
		k := vectorKey(s.tb, name+"_private.pem")
		s.keys.AddKey(lightssl.Key{Private: k, Public: &k.PublicKey}, lightssl.AnyRole)
	}
}

// bytes returns a record of the session by name; a frame by its place, as "f0".
func (s *scene) bytes(name string) []byte {
	switch name {
	case "nonce":
		return unhex(s.tb, s.v.Handshake.Nonce)
	case "identity":
		return unhex(s.tb, s.v.Handshake.Identity)
	case "credentials":
		return unhex(s.tb, s.v.Handshake.Wire)
	}
	var i int
	if _, err := fmt.Sscanf(name, "f%d", &i); err != nil {
		return []byte(name)
	}
	return unhex(s.tb, s.v.Messages[i].Frame)
}

func (s *scene) feed(it stream.Item) { s.events = s.d.Feed(s.events, it) }

func (s *scene) send(from stream.Direction, b []byte) {
	s.feed(&stream.Segment{At: s.at, Conn: 1, From: from, Data: b})
}

func open(s *scene)     { s.feed(&stream.Opened{At: s.at, Conn: testConn}) }
func joined(s *scene)   { s.feed(&stream.Opened{At: s.at, Conn: testConn, Joined: true}) }
func finished(s *scene) { s.events = s.d.Finish(s.events) }

// device and cloud send records, one after the other in one segment.
func device(names ...string) func(*scene) { return sends(stream.FromDevice, names) }
func cloud(names ...string) func(*scene)  { return sends(stream.FromCloud, names) }

func sends(from stream.Direction, names []string) func(*scene) {
	return func(s *scene) {
		var b []byte
		for _, n := range names {
			b = append(b, s.bytes(n)...)
		}
		s.send(from, b)
	}
}

// part sends the bytes [from, to) of a record.
func part(dir stream.Direction, name string, from, to int) func(*scene) {
	return func(s *scene) { s.send(dir, s.bytes(name)[from:to]) }
}

func lost(from stream.Direction, n int) func(*scene) {
	return func(s *scene) { s.feed(&stream.Gap{At: s.at, Conn: 1, From: from, Len: n}) }
}

func closes(from stream.Direction, how stream.CloseKind) func(*scene) {
	return func(s *scene) { s.feed(&stream.Closed{At: s.at, Conn: 1, From: from, How: how}) }
}

func key(name string) func(*scene) { return func(s *scene) { s.addKey(name) } }

// told is an event in one short line.
func told(e *Event) string {
	a := arrow(e.From)
	switch b := e.Body.(type) {
	case *Opened:
		return "opened"
	case *Message:
		return a + " " + b.Meaning.Kind.String()
	case *Identity:
		return fmt.Sprintf("%s identity, opened %v", a, b.Opened)
	case *Credentials:
		return fmt.Sprintf("%s credentials, opened %v, %d bytes", a, b.Opened, len(e.Raw))
	case *Malformed:
		return fmt.Sprintf("%s malformed %d: %s", a, len(e.Raw), b.Reason)
	case *Gap:
		return fmt.Sprintf("%s gap %d", a, b.Len)
	case *Closed:
		return fmt.Sprintf("%s closed %s, %d pending", a, b.How, b.Pending)
	case *Sealed:
		return fmt.Sprintf("%s sealed %d", a, len(e.Raw))
	}
	return a + " " + e.Body.Name()
}

const (
	dev = stream.FromDevice
	cld = stream.FromCloud
)

func TestConversations(t *testing.T) {
	for _, c := range conversations {
		t.Run(c.name, func(t *testing.T) {
			s := newScene(t, c.keys)
			for i, st := range c.steps {
				s.events = s.events[:0]
				s.at = s.at.Add(time.Millisecond)
				st.do(s)
				var lines []string
				for i := range s.events {
					lines = append(lines, told(&s.events[i]))
				}
				if got, want := strings.Join(lines, "\n"), st.says; got != want {
					t.Errorf("step %d says\n%s\nwant\n%s", i+1, got, want)
				}
			}
		})
	}
}

var conversations = []conversation{
	{"a session from beginning to end", "server device", []step{
		{open, "opened"},
		{cloud("nonce"), "← nonce"},
		{device("identity"), "→ identity, opened true"},
		{cloud("credentials"), "← credentials, opened true, 384 bytes"},
		{device("f0"), "→ hello"},
		{cloud("f1"), "← hello-reply"},
		{closes(dev, stream.Fin), "→ closed fin, 0 pending"},
		{closes(cld, stream.Fin), "← closed fin, 0 pending"},
		{cloud("f2"), ""},
	}},
	{"what was captured too early waits for its turn", "server device", []step{
		{open, "opened"},
		{device("identity", "f0"), ""},
		{part(cld, "nonce", 0, 39), ""},
		{part(cld, "nonce", 39, 40), "← nonce\n→ identity, opened true"},
		{cloud("credentials", "f1"), "← credentials, opened true, 384 bytes\n→ hello\n← hello-reply"},
	}},
	{"a record cut off by the end", "", []step{
		{open, "opened"},
		{part(cld, "nonce", 0, 7), ""},
		{closes(cld, stream.Fin), "← malformed 7: cut off: 7 of the 40 bytes of the nonce\n← closed fin, 7 pending"},
		{part(dev, "identity", 0, 255), ""},
		{finished, "→ malformed 255: cut off: 255 of the 256 bytes of the identity\n→ closed cut, 255 pending"},
	}},
	{"a reset ends what a FIN left open", "", []step{
		{open, "opened"},
		{closes(dev, stream.Fin), "→ closed fin, 0 pending"},
		{part(cld, "nonce", 0, 3), ""},
		{closes(dev, stream.Reset), "← malformed 3: cut off: 3 of the 40 bytes of the nonce\n→ closed rst, 3 pending"},
		{closes(cld, stream.Fin), ""},
	}},
	{"another server listens on the port", "server device", []step{
		{open, "opened"},
		{cloud("HTTP/1.1 40"), ""},
		{cloud("0 Bad Request\r\n\r\n"), "← malformed 16: begins like an HTTP message, where the nonce belongs: another program speaks here"},
		{device("identity"), "→ identity, opened true"},
		{closes(cld, stream.Fin), "← malformed 12: more of an HTTP message\n← closed fin, 12 pending"},
	}},
	{"a TLS client calls", "", []step{
		{open, "opened"},
		{cloud("nonce"), "← nonce"},
		{device("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on"), "→ malformed 16: begins like a TLS record, where the identity belongs: another program speaks here"},
		{closes(dev, stream.Reset), "→ malformed 5: more of a TLS record\n→ closed rst, 5 pending"},
	}},
	{"a gap of known length inside the credentials", "server log", []step{
		{open, "opened"},
		{cloud("nonce"), "← nonce"},
		{device("identity"), "→ identity, opened true"},
		{part(cld, "credentials", 0, 100), ""},
		{lost(cld, 50), "← malformed 100: bytes are missing from here, inside the credentials\n← gap 50"},
		{part(cld, "credentials", 150, 300), ""},
		{lost(cld, 20), "← malformed 150: more bytes are missing from here\n← gap 20"},
		{part(cld, "credentials", 320, 384), "← malformed 64: the rest of a record that lost bytes"},
		{device("f0"), "← credentials, opened true, 0 bytes\n→ hello"},
		{cloud("f1"), "← hello-reply"},
	}},
	{"a gap that swallows nonce and credentials whole", "server log", []step{
		{open, "opened"},
		{device("identity"), ""},
		{lost(cld, 424), "← gap 424\n→ identity, opened true"},
		{device("f0"), "← credentials, opened true, 0 bytes\n→ hello"},
		{cloud("f1"), "← hello-reply"},
	}},
	{"a gap of unknown length in the middle of the identity", "device", []step{
		{open, "opened"},
		{cloud("nonce", "credentials"), "← nonce\n← credentials, opened true, 384 bytes"},
		{part(dev, "identity", 0, 9), ""},
		{lost(dev, 0), "→ malformed 9: bytes are missing from here, inside the identity\n→ gap 0"},
		{device("f0"), "→ malformed 18: unreadable: the frame before it, whose head is the IV of this one, is missing"},
		{device("f2"), "→ describe-post"},
		{lost(dev, 0), "→ gap 0"},
		{device("f6"), "→ malformed 66: the first 16 bytes are unreadable, because the frame before is missing; the rest is right"},
		{device("f7"), "→ subscribe"},
	}},
	{"a gap in front of everything, and nothing missing", "device", []step{
		{open, "opened"},
		{lost(cld, 0), "← gap 0"},
		{cloud("nonce", "credentials"), "← nonce\n← credentials, opened true, 384 bytes"},
	}},
	{"a capture that begins among frames", "loose", []step{
		{joined, "opened"},
		{device("f2"), ""},
		{device("f3"), "→ gap 0\n→ sealed 194\n← credentials, opened true, 0 bytes\n→ event"},
		{cloud("f1"), "← gap 0\n← malformed 18: unreadable: the frame before it, whose head is the IV of this one, is missing"},
		{cloud("f5"), "← time-reply"},
	}},
	{"a capture that lacks the SYN alone", "device", []step{
		{joined, "opened"},
		{cloud("nonce"), "← nonce"},
		{device("identity"), "→ identity, opened false"},
		{cloud("credentials"), "← credentials, opened true, 384 bytes"},
		{device("f0"), "→ hello"},
	}},
	{"a capture that begins among frames and ends with the first", "", []step{
		{joined, "opened"},
		{device("f2"), ""},
		{closes(dev, stream.Cut), "→ gap 0\n→ sealed 194\n→ closed cut, 0 pending"},
	}},
	{"a key that comes late", "", []step{
		{open, "opened"},
		{cloud("nonce"), "← nonce"},
		{device("identity"), "→ identity, opened false"},
		{cloud("credentials"), "← credentials, opened false, 384 bytes"},
		{device("f0"), "→ sealed 18"},
		{key("device"), ""},
		{cloud("f1"), "← credentials, opened true, 0 bytes\n← hello-reply"},
		{device("f2"), "→ describe-post"},
	}},
	{"a key log line without nonce and without salt", "saltless", []step{
		{open, "opened"},
		{cloud("nonce", "credentials"), "← nonce\n← credentials, opened false, 384 bytes"},
		{device("identity", "f0"), "→ identity, opened false\n← credentials, opened true, 0 bytes\n→ hello"},
	}},
}
