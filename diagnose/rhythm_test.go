package diagnose

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/sim"
)

// rhythmic are causes that show in several sessions.
var rhythmic = []staged{
	{id: "PH-54", name: "watchdog", sure: Certain, evidence: "event plain 32-40, event plain 32-40, event plain 32-40", play: func(s *scene) {
		for range 3 {
			restarted(s, "watchdog").end(dev, stream.Reset)
			s.wait(12 * time.Second)
		}
	}},
	{id: "PH-54", name: "panic", sure: Certain, evidence: "event plain 32-49, event plain 32-49, event plain 32-49", play: func(s *scene) {
		for range 3 {
			l := restarted(s, "panic, hard_fault")
			s.wait(9 * time.Second)
			l.end(cld, stream.Fin)
		}
	}},
	{id: "PH-55", name: "back-off", sure: Likely, timed: true, play: func(s *scene) {
		for n := range 8 {
			dropped(s)
			s.wait(backoff(n + 1))
		}
	}},
	{id: "PH-55", name: "later", sure: Likely, timed: true, play: func(s *scene) {
		for n := 9; n < 20; n++ {
			dropped(s)
			s.wait(backoff(n))
		}
	}},
	{id: "PH-56", name: "health-check", sure: Possible, timed: true, play: func(s *scene) {
		for range 9 {
			dropped(s)
			s.wait(time.Second)
		}
	}},
}

// restarted begins a session in which the device says why it has restarted.
func restarted(s *scene, why string) *line {
	l := s.call(0).meet()
	l.message(dev, particle.ComposePublish(l.next(dev), particle.EventBody{Name: lastReset, Data: []byte(why), Private: true}))
	return l.chat()
}

// dropped is an attempt that the server ends at once, for no reason that shows.
func dropped(s *scene) { s.call(0).sendNonce().end(cld, stream.Fin) }

// rhythms are what several sessions in a row say, and what they do not.
var rhythms = []struct {
	name string
	play func(*scene)
	want string // "PH-55 likely"; "" for none of the rhythm's findings
}{
	{"online each time", func(s *scene) {
		for range 12 {
			s.call(0).meet().chat().end(cld, stream.Fin)
			s.wait(time.Second)
		}
	}, ""},
	{"failures between sessions that were online", func(s *scene) {
		for range 3 {
			for n := range 6 {
				dropped(s)
				s.wait(backoff(n + 1))
			}
			s.call(0).meet().chat().end(dev, stream.Fin)
			s.wait(time.Second)
		}
	}, ""},
	{"a back-off that a finding explains", func(s *scene) {
		for n := range 12 {
			refusedBy(s.call(0))
			s.wait(backoff(n + 1))
		}
	}, ""},
	{"a back-off without a step", func(s *scene) {
		for range 12 {
			dropped(s)
			s.wait(128 * time.Second)
		}
	}, ""},
	{"a test of the internet that takes 30 s", func(s *scene) { // as in the genuine recordings
		for range 20 {
			dropped(s)
			s.wait(30 * time.Second)
		}
	}, ""},
	{"a test of the internet before the device closes", func(s *scene) {
		for n := range 12 {
			l := s.call(0).sendNonce().sendIdentity().sendCredentials()
			s.wait(backoff(n+1) - 50*time.Millisecond)
			l.end(dev, stream.Fin)
			s.wait(50 * time.Millisecond)
		}
	}, ""},
	{"counted anew after the network was reset", func(s *scene) {
		for n := 20; n < 24; n++ {
			dropped(s)
			s.wait(backoff(n))
		}
		for n := 1; n < 6; n++ {
			dropped(s)
			s.wait(backoff(n))
		}
	}, ""},
	{"two devices behind one address by turns", func(s *scene) {
		for n := range 12 {
			for i := range 2 {
				l := s.call(i)
				opened := s.items[len(s.items)-1].(*stream.Opened)
				opened.Conn.Device = netip.AddrPortFrom(netip.MustParseAddr("192.0.2.10"), opened.Conn.Device.Port())
				refusedBy(l)
				s.wait(backoff(n+1) / 2)
			}
		}
	}, ""},
	{"failures so slow that the network is reset meanwhile", func(s *scene) {
		for range 12 {
			l := s.call(0).sendNonce()
			s.wait(50 * time.Second)
			l.end(cld, stream.Fin)
			s.wait(time.Second)
		}
	}, ""},
	{"attempts that overlap", func(s *scene) {
		for range 12 {
			l := s.call(0).sendNonce()
			dropped(s)
			l.end(cld, stream.Fin)
			s.wait(time.Second)
		}
	}, ""},
	{"a device that comes every second", func(s *scene) {
		for range 9 {
			refusedBy(s.call(0))
			s.wait(time.Second)
		}
	}, "PH-56 likely"},
	{"a web client that comes every second", func(s *scene) {
		for range 20 {
			l := s.call(0).sendNonce()
			l.send(dev, []byte("GET /health HTTP/1.1\r\n\r\n"))
			l.end(cld, stream.Fin)
			s.wait(time.Second)
		}
	}, ""},
	{"a health check every ten seconds, which a device begins to space out", func(s *scene) {
		for range 40 {
			dropped(s)
			s.wait(10 * time.Second)
		}
	}, "PH-56 possible"},
	{"restarts that somebody made", func(s *scene) {
		for range 5 {
			restarted(s, "pin_reset").end(dev, stream.Reset)
			s.wait(10 * time.Second)
		}
	}, ""},
	{"a watchdog now and then", func(s *scene) {
		for range 4 {
			restarted(s, "watchdog").end(dev, stream.Reset)
			s.wait(10 * time.Second)
			s.call(0).meet().chat().end(dev, stream.Fin)
		}
	}, ""},
	{"crashes while the old session is open", func(s *scene) {
		var old *line
		for range 6 {
			l := restarted(s, "panic, hard_fault")
			if old != nil {
				old.end(cld, stream.Reset)
			}
			old = l
		}
	}, "PH-54 certain"},
}

func TestARhythmSaysWhatIsInItAndNoMore(t *testing.T) {
	of := func(e decode.Event) bool {
		return slices.ContainsFunc(rhythmCauses, func(c Cause) bool { return c.ID == e.Body.(*decode.Finding).ID })
	}
	for _, c := range rhythms {
		t.Run(c.name, func(t *testing.T) {
			s := newScene(t, &sim.LightSSL231)
			c.play(s)
			found := s.diagnosed(Options{})
			got := ""
			if i := slices.IndexFunc(found, of); i >= 0 {
				f := found[i].Body.(*decode.Finding)
				got = f.ID + " " + f.Confidence
			}
			if got != c.want {
				t.Errorf("found %q, want %q:\n%s", got, c.want, asText(found))
			}
			if text := asText(found); strings.Contains(text, "two devices with the same ID") {
				t.Errorf("a device that restarts is taken for two:\n%s", text)
			}
		})
	}
}

// A finding about several sessions says in which of them its evidence is.
func TestTheEvidenceOfARhythmNamesItsSessions(t *testing.T) {
	for _, c := range []struct {
		cause string
		want  []string
	}{
		{"back-off", []string{
			"session 2, event 1, opened device: this one and the next, to session 6: 5 attempts, each 1s after the failure before, where firmware waits 1s",
			"session 7, event 1, opened device: this one and the next, to session 8: 2 attempts, each 2s after the failure before, where firmware waits 2s",
		}},
		{"health-check", []string{
			"session 2, event 1, opened device: this one and the next, to session 9: 8 attempts, each 1s after the failure before, where firmware waits 2s after failure 8",
			"event 3, closed cloud: none of them says which device it is: several may share the address",
		}},
		{"watchdog", []string{
			`session 1, event 7, event device, plain bytes 32 to 39: why it has restarted: "watchdog"`,
			`session 2, event 7, event device, plain bytes 32 to 39: why it has restarted: "watchdog"`,
			`session 3, event 7, event device, plain bytes 32 to 39: why it has restarted: "watchdog"`,
		}},
	} {
		i := slices.IndexFunc(rhythmic, func(s staged) bool { return s.name == c.cause })
		found := rhythmic[i].played(t, &sim.LightSSL231, nil)
		var got []string
		for _, v := range found[0].Body.(*decode.Finding).Evidence {
			got = append(got, v.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s rests on\n%s\nnot on\n%s", c.cause, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}
