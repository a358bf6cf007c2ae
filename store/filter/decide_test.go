package filter

import (
	"math/rand/v2"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/particle"
)

// bare is an event with nothing but what Decide looks at.
func bare(e *decode.Event) *decode.Event {
	b := &decode.Event{Conn: e.Conn, Session: e.Session, From: e.From, Device: e.Device, Known: e.Known}
	switch body := e.Body.(type) {
	case *decode.Opened:
		b.Body = new(decode.Opened)
	case *decode.Nonce:
		b.Body = new(decode.Nonce)
	case *decode.Identity:
		b.Body = new(decode.Identity)
	case *decode.Credentials:
		b.Body = new(decode.Credentials)
	case *decode.Message:
		b.Body = &decode.Message{Meaning: particle.Meaning{Kind: body.Meaning.Kind}}
	case *decode.Sealed:
		b.Body = new(decode.Sealed)
	case *decode.Malformed:
		b.Body = new(decode.Malformed)
	case *decode.Gap:
		b.Body = new(decode.Gap)
	case *decode.Closed:
		b.Body = new(decode.Closed)
	case *decode.Finding:
		b.Body = new(decode.Finding)
	}
	return b
}

// What is decided before an event is looked at is what looking at it says,
// whatever its relation.
func TestWhatIsDecidedBeforehandHolds(t *testing.T) {
	events, rows := sampled(t, samples(t))
	mk := newMaker(t, rand.Uint64(), rows)
	decisions := 0
	for range 300 {
		expr := mk.expression(mk.rnd.IntN(4)).text()
		f, err := Parse(expr, nil)
		if err != nil {
			continue // too long
		}
		for i := range events {
			got, decided := f.Decide(bare(&events[i]))
			if !decided {
				continue
			}
			decisions++
			for _, a := range []Answer{Undecided, Answered, Unanswered} {
				if want := f.MatchWith(&events[i], Relation{a}); got != want {
					t.Fatalf("%s\nis decided to be %v, want %v, for %+v", expr, got, want, events[i])
				}
			}
		}
	}
	if decisions == 0 {
		t.Error("nothing was decided")
	}
}

func TestExpressionsAboutTheEnvelopeAreDecided(t *testing.T) {
	events, _ := sampled(t, samples(t))
	for _, expr := range []string{
		`photon.session == 3`, `photon.session in {1..3} or photon.leg != "cloud"`, `not photon.dir == "device" xor type == "gap"`,
		`photon.msg matches "ping" and photon.device_id`, `tcp.port == 5683 and ip.addr == 10.0.0.0/8`, `photon.hello.flags == 3 and type == "gap"`,
	} {
		f := parsed(t, expr)
		for i := range events {
			if _, decided := f.Decide(bare(&events[i])); !decided {
				t.Errorf("%s is not decided for %s", expr, events[i].Body.Name())
			}
		}
	}
	for _, expr := range []string{`coap.mid == 3`, `photon.answered`, `photon.session == photon.mid_gap`, `time`} {
		if f := parsed(t, expr); decidesAll(f, events) {
			t.Errorf("%s is decided", expr)
		}
	}
}

func decidesAll(f *Filter, events []decode.Event) bool {
	for i := range events {
		if _, decided := f.Decide(bare(&events[i])); !decided {
			return false
		}
	}
	return true
}
