package diagnose

import (
	"bytes"
	"crypto/rsa"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/internal/genuine"
	"github.com/photonscope/photonscope/internal/golden"
	"github.com/photonscope/photonscope/sim"
)

func (c *staged) path() string {
	return filepath.Join("testdata", strings.ToLower(c.id)+"-"+c.name+".pcapng")
}

// recorded is a scene as a recording.
func (s *scene) recorded() []byte {
	e := captures.NewEncoder()
	b := e.AppendHeader(nil)
	for _, it := range s.items {
		b = e.AppendItem(b, it)
	}
	return b
}

func TestRecordingsOfEveryCauseAreCurrentAndTellTheSame(t *testing.T) {
	golden.Check(t, "testdata/server.pem", lightssl.MarshalPrivatePEM(sim.ServerKey()))
	golden.Check(t, "testdata/device.pem", lightssl.MarshalPrivatePEM(sim.DeviceKey(0)))
	everyCase(func(c *staged, p *sim.Profile) {
		t.Run(c.path(), func(t *testing.T) {
			s := c.scene(t, p, nil)
			golden.Check(t, c.path(), s.recorded())
			if len(s.log) > 0 {
				golden.Check(t, c.path()+".keylog", s.log)
			}
			opt := c.options(s)
			opt.Keys = &s.keys
			live, later := findings(s.items, opt), findings(genuine.Items(t, c.path()), opt)
			if asText(live) != asText(later) {
				t.Errorf("live:\n%s\nread back:\n%s", asText(live), asText(later))
			}
		})
	})
}

// asText is findings as text: all that they say.
func asText(found []decode.Event) string {
	var p decode.Printer
	var b []byte
	for i := range found {
		e := found[i]
		conn := *e.Conn
		conn.Leg = stream.Tapped
		e.Conn = &conn
		b = p.AppendJSON(b, &e)
	}
	return string(b)
}

// sessions are recordings of real devices and servers, and what is to be found
// first in their sessions.
var sessions = []struct{ path, first string }{
	{"fail-mismatching-device-key-brewskey/capture.pcapng", "PH-08"}, // with the server's store: PH-09, below
	{"fail-wrong-server-key-spark/capture.pcapng", "PH-01"},
	{"healthy-brewskey-fw2.3.1/capture.pcapng", ""},
	{"healthy-spark-fw1.5.2/capture.pcap", ""},
	{"net-mtu600-loss-spark/capture-device-side.pcap", ""},
	{"net-mtu600-loss-spark/capture-server-side.pcapng", ""},
}

func TestGenuineRecordings(t *testing.T) {
	for _, g := range sessions {
		server := "h1"
		if strings.Contains(g.path, "brewskey") {
			server = "h2"
		}
		for name, keys := range map[string][]string{"the server's key": {"keys/" + server + "-server-private.pem"}, "all keys": {"keys/*-private.pem", "keys/devices/*.der"}} {
			t.Run(g.path+" with "+name, func(t *testing.T) {
				found := findings(genuine.Items(t, genuine.Path(t, g.path)), Options{Keys: genuine.Keys(t, keys...)})
				if g.first == "" {
					if len(found) > 0 {
						t.Errorf("found in a healthy recording: %s", asText(found))
					}
					return
				}
				if n := len(firsts(found)); n != 3 {
					t.Errorf("findings in %d sessions, of 3", n)
				}
				for session, f := range firsts(found) {
					if f.ID != g.first || f.Confidence == Certain && f.ID != "PH-01" {
						t.Errorf("session %d: %s %s, not %s", session, f.ID, f.Confidence, g.first)
					}
				}
			})
		}
	}
}

// firsts are the first findings of each session.
func firsts(found []decode.Event) map[uint32]*decode.Finding {
	first := make(map[uint32]*decode.Finding)
	for i := range found {
		if first[found[i].Session] == nil {
			first[found[i].Session] = found[i].Body.(*decode.Finding)
		}
	}
	return first
}

// The server of this recording had another device's public key on file: with its
// store at hand that is certain.
func TestAGenuineMismatchIsCertainWithTheServersStore(t *testing.T) {
	filed := genuine.Key(t, genuine.Path(t, "keys/devices/1c052c000f47343432313012.pub.pem"))
	found := findings(genuine.Items(t, genuine.Path(t, "fail-mismatching-device-key-brewskey/capture.pcapng")), Options{
		Keys: genuine.Keys(t, "keys/h2-server-private.pem"), OnFile: func(lightssl.DeviceID) *rsa.PublicKey { return filed.Public },
	})
	for session, f := range firsts(found) {
		if f.ID != "PH-09" || f.Confidence != Certain {
			t.Errorf("session %d: %s %s", session, f.ID, f.Confidence)
		}
	}
	if len(found) != 3 {
		t.Errorf("%d findings, not 3", len(found))
	}
}

// The key that the device of this recording really holds opens its identity: then
// it is not this server's key that is in question, and nothing is certain.
func TestAGenuineWrongServerKeyIsNamedIfItIsGiven(t *testing.T) {
	found := findings(genuine.Items(t, genuine.Path(t, "fail-wrong-server-key-spark/capture.pcapng")), Options{Keys: genuine.Keys(t, "keys/h1-server-private.pem", "fail-wrong-server-key-spark/other-server-private.pem")})
	var ids []string
	for i := range found {
		f := found[i].Body.(*decode.Finding)
		if found[i].Session == 1 {
			ids = append(ids, f.ID)
		}
		if f.Confidence == Certain {
			t.Errorf("%s is certain", f.ID)
		}
	}
	if !slices.Contains(ids, "PH-03") {
		t.Errorf("found %q", ids)
	}
}

// variation is a change of a scene that changes nothing of its cause.
type variation struct {
	name   string
	change func(*scene)
	items  func([]stream.Item) []stream.Item
}

var variations = []variation{
	{"slower", func(s *scene) { s.pace = 90 * time.Millisecond }, nil},
	{"at once", func(s *scene) { s.pace = 0 }, nil},
	{"messages cut into segments of 7 bytes", func(s *scene) { s.cut = 7 }, nil},
	{"another firmware", func(s *scene) { s.profile = other(s.profile) }, nil},
	{"captured from the second segment on", nil, func(items []stream.Item) []stream.Item { return late(items, 1) }},
	{"captured from the fourth segment on", nil, func(items []stream.Item) []stream.Item { return late(items, 3) }},
	{"captured without the end", nil, func(items []stream.Item) []stream.Item {
		return slices.DeleteFunc(slices.Clone(items), func(it stream.Item) bool { _, closed := it.(*stream.Closed); return closed })
	}},
}

// other is a firmware with the same stack.
func other(p *sim.Profile) *sim.Profile {
	if p.Legacy {
		return p
	}
	return &sim.LightSSL152
}

// late is what a capture holds that begins after some segments.
func late(items []stream.Item, n int) (kept []stream.Item) {
	for _, it := range items {
		switch it := it.(type) {
		case *stream.Opened:
			opened := *it
			opened.Joined = true
			kept = append(kept, &opened)
			continue
		case *stream.Segment:
			if n--; n >= 0 {
				continue
			}
		}
		kept = append(kept, it)
	}
	return kept
}

func TestVariationsOfACauseGiveItOrNothing(t *testing.T) {
	golden.Check(t, "../docs/diagnosis-matrix.md", matrix(t, func(c *staged, p *sim.Profile, v *variation) string {
		s := c.scene(t, p, v.change)
		items := s.items
		if v.items != nil {
			items = v.items(items)
		}
		opt := c.options(s)
		opt.Keys = &s.keys
		found := findings(items, opt)
		for i := range found {
			if f := found[i].Body.(*decode.Finding); f.Confidence == Certain && f.ID != c.id {
				t.Errorf("%s %s, %s: falsely certain: %s: %s", c.id, c.name, v.name, f.ID, f.Title)
			}
		}
		if len(found) == 0 {
			return "·"
		}
		f := found[0].Body.(*decode.Finding)
		if f.ID != c.id && f.Confidence != Possible {
			t.Errorf("%s %s, %s: found %s %s", c.id, c.name, v.name, f.ID, f.Confidence)
		}
		return f.ID
	}))
}

// matrix is the table of what is found in each recording and its variations.
func matrix(t *testing.T, find func(*staged, *sim.Profile, *variation) string) []byte {
	var b bytes.Buffer
	b.WriteString("# What is found in what\n\nMade by a test (`go test ./diagnose -update`). A row is a recording in `diagnose/testdata`, whose cause is known; a column is the recording as it is, or a variation of it that changes nothing of its cause. A cell is the first finding; `·` means none: unknown. No other cause than the right one is ever certain.\n\n")
	b.WriteString("| cause | recording | as it is |")
	for _, v := range variations {
		fmt.Fprintf(&b, " %s |", v.name)
	}
	b.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(variations)) + "\n")
	everyCase(func(c *staged, p *sim.Profile) {
		first := find(c, p, &variation{name: "as it is"})
		if first != c.id {
			t.Errorf("%s %s: found %s", c.id, c.name, first)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |", c.id, strings.TrimPrefix(c.path(), "testdata/"), first)
		for i := range variations {
			fmt.Fprintf(&b, " %s |", find(c, p, &variations[i]))
		}
		b.WriteString("\n")
	})
	b.WriteString("\nRecordings of real devices and servers (`captures/testdata/recordings`), with the server's private key:\n\n| recording | first finding |\n|---|---|\n")
	for _, g := range sessions {
		fmt.Fprintf(&b, "| %s | %s |\n", g.path, strings.Replace(g.first+" ", " ", "", 1))
	}
	return b.Bytes()
}
