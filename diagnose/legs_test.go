package diagnose

import (
	"slices"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/sim"
)

// proxied is a scene as a proxy in the middle records it: what a peer sends comes
// in on its own leg, and goes out on the other one.
func proxied(items []stream.Item) (legs []stream.Item) {
	const apart = 1000 // between the numbers of the two legs
	relay := func(from stream.Direction, id stream.ConnID, as func(stream.ConnID)) {
		own, other := id, id+apart
		if from == cld {
			own, other = other, own
		}
		as(own)
		as(other)
	}
	for _, it := range items {
		switch it := it.(type) {
		case *stream.Opened:
			device, cloud := *it, *it
			device.Conn.Leg, device.Conn.Pair = stream.DeviceLeg, it.Conn.ID+apart
			cloud.Conn.ID, cloud.Conn.Leg, cloud.Conn.Pair = it.Conn.ID+apart, stream.CloudLeg, it.Conn.ID
			legs = append(legs, &device, &cloud)
		case *stream.Segment:
			relay(it.From, it.Conn, func(id stream.ConnID) {
				s := *it
				s.Conn = id
				legs = append(legs, &s)
			})
		case *stream.Closed:
			relay(it.From, it.Conn, func(id stream.ConnID) {
				c := *it
				c.Conn = id
				legs = append(legs, &c)
			})
		}
	}
	return legs
}

// explained returns the findings, certain or likely, of sessions that had such a
// one already.
func explained(found []decode.Event) (again []decode.Event) {
	settled := make(map[uint32]bool)
	for _, e := range found {
		sure := e.Body.(*decode.Finding).Confidence
		if settled[e.Session] && sure != Possible {
			again = append(again, e)
		}
		settled[e.Session] = settled[e.Session] || sure != Possible
	}
	return again
}

func TestNothingIsFoundAgainThatTheFirstFindingExplains(t *testing.T) {
	everyCase(func(c *staged, p *sim.Profile) {
		t.Run(c.id+" "+c.name, func(t *testing.T) {
			s := c.scene(t, p, nil)
			if again := explained(s.diagnosed(c.options(s))); len(again) > 0 {
				t.Errorf("on one leg, again\n%s", asText(again))
			}
			s.items = proxied(s.items)
			found := s.diagnosed(c.options(s))
			if again := explained(found); len(again) > 0 {
				t.Errorf("on two legs, again\n%s", asText(again))
			}
			want := c.id
			if want == "PH-16" {
				want = "PH-14" // the proxy has reached it
			}
			if !slices.ContainsFunc(found, func(e decode.Event) bool { return e.Body.(*decode.Finding).ID == want }) {
				t.Errorf("on two legs, only\n%s", asText(found))
			}
		})
	})
}

func TestAHelloIsLateFromALittleBeforeTheLimit(t *testing.T) {
	for _, c := range []struct {
		wait    time.Duration // between the two Hellos, or the device's and its leaving
		replied bool
		stays   bool // the device talks on
		want    bool
	}{
		{wait: 3790 * time.Millisecond},
		{wait: 3800 * time.Millisecond, want: true},
		{wait: 3990 * time.Millisecond, want: true},
		{wait: 6 * time.Second, want: true},
		{wait: 6010 * time.Millisecond},
		{wait: 3790 * time.Millisecond, replied: true},
		{wait: 3800 * time.Millisecond, replied: true, want: true},
		{wait: 3990 * time.Millisecond, replied: true, want: true},
		{wait: 3990 * time.Millisecond, replied: true, stays: true},
		{wait: 4050 * time.Millisecond, replied: true, stays: true},
	} {
		s := newScene(t, &sim.LightSSL231)
		l := s.call(0).sendNonce().sendIdentity().sendCredentials().hello()
		s.wait(c.wait - s.pace)
		if c.replied {
			l.helloBack()
		}
		if c.stays {
			l.chat()
		}
		l.end(dev, stream.Fin)
		found := s.diagnosed(Options{})
		got := len(found) == 1 && found[0].Body.(*decode.Finding).ID == "PH-22"
		if got != c.want || len(found) > 1 {
			t.Errorf("%+v: found %q", c, asText(found))
		}
	}
}
