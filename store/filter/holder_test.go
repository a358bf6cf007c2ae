package filter

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/internal/genuine"
)

// relations finds out by looking at all events what a Holder must find out as they
// come: exchange by exchange, each being a request and what repeats it.
func relations(events []decode.Event) []Relation {
	out := make([]Relation, len(events))
	var open [][]int // the events of each exchange
	end := func(a Answer, ended func(requests []int) bool) {
		open = slices.DeleteFunc(open, func(requests []int) bool {
			if !ended(requests) {
				return false
			}
			for _, i := range requests {
				out[i].Answer = a
			}
			return true
		})
	}
	newest := events[0].At
	for i := range events {
		e := &events[i]
		if e.At.After(newest) {
			newest = e.At
		}
		last := func(requests []int) *decode.Event { return &events[requests[len(requests)-1]] }
		end(Unanswered, func(requests []int) bool { return newest.Sub(last(requests).At) > ExchangeLifetime })
		switch b := e.Body.(type) {
		case *decode.Message:
			end(Answered, func(requests []int) bool {
				return slices.ContainsFunc(requests, func(j int) bool { return Settles(b) && isAnswer(e, &events[j]) })
			})
			if !Asks(b) {
				break
			}
			if at := slices.IndexFunc(open, func(requests []int) bool { return fromSame(e, last(requests)) && Repeats(e, last(requests)) }); at >= 0 {
				open[at] = append(open[at], i)
			} else {
				open = append(open, []int{i})
			}
		case *decode.Closed:
			answer := Unanswered
			if b.How == stream.Cut {
				answer = Undecided
			}
			end(answer, func(requests []int) bool {
				return e.Conn.ID == last(requests).Conn.ID && (b.How == stream.Reset || e.From != last(requests).From)
			})
		}
	}
	return out
}

func fromSame(a, b *decode.Event) bool { return a.Conn.ID == b.Conn.ID && a.From == b.From }

func isAnswer(e, req *decode.Event) bool {
	g := &e.Body.(*decode.Message).Meaning
	return e.Conn.ID == req.Conn.ID && e.From != req.From && e.At.Add(-g.RTT).Equal(req.At) && g.RequestID == messageID(req.Body.(*decode.Message))
}

var laterFilters = []string{
	`photon.answered == false`, `photon.answered`, `photon.answered == true and coap.type == 0`, `unanswered`,
	`photon.answered == false or photon.msg == "event"`, `type`, `not photon.answered == true`, `not photon.answered`,
	`photon.answered == false xor photon.dir == cloud`, `photon.answered != true or photon.rtt > 0.01`,
}

// The events that come out are those that match once all is known, in order, and
// none is held longer than needed.
func checkHolder(t *testing.T, events []decode.Event) {
	t.Helper()
	known := relations(events)
	for _, expr := range laterFilters {
		h := NewHolder(parsed(t, expr))
		f := parsed(t, expr)
		var got []decode.Event
		for i := range events {
			got = h.Feed(got, &events[i])
		}
		waited := len(got)
		got = h.Finish(got)
		n, undecided := 0, false
		for i := range events {
			if !f.MatchWith(&events[i], known[i]) {
				continue
			}
			if n == len(got) || got[n].At != events[i].At || got[n].Body != events[i].Body {
				t.Fatalf("%s: event %d of those that match is missing or another: %d at %v %+v, %v", expr, n, i, events[i].At, events[i].Body, known[i])
			}
			undecided = undecided || known[i].Answer == Undecided && n >= waited
			n++
		}
		if n != len(got) {
			t.Fatalf("%s: %d events, want %d", expr, len(got), n)
		}
		if h.GaveUp() != 0 || len(h.asked) != 0 || len(h.conns) != 0 || h.bytes != 0 {
			t.Fatalf("%s: %d given up, %d questions, %d connections, %d bytes left", expr, h.GaveUp(), len(h.asked), len(h.conns), h.bytes)
		}
	}
}

func TestAHolderKnowsTheAnswersOfGenuineSessions(t *testing.T) {
	keys := genuine.Keys(t)
	for _, name := range recordingNames[:3] {
		checkHolder(t, recorded(t, name, keys))
	}
	checkHolder(t, odd())
}

// randomTalk makes connections in which requests are repeated, answered late or
// not at all, with IDs that are used again, and that end in every way.
func randomTalk(rnd *rand.Rand) []decode.Event {
	talks := []*talk{newTalk(1), newTalk(2), newTalk(3)}
	var events []decode.Event
	at := talks[0].at
	for range 300 {
		k := pick(rnd, talks...)
		at = at.Add(pick(rnd, time.Millisecond, time.Second, 40*time.Second))
		k.at = at
		from := pick(rnd, stream.Directions[:]...)
		m := coap.Message{Type: coap.Type(rnd.IntN(4)), ID: uint16(rnd.IntN(6)), Token: []byte{byte(rnd.IntN(3))}}
		switch rnd.IntN(8) {
		case 0, 1:
			m.Token = nil // a ping, or an acknowledgement
		case 2, 3:
			m.Code = coap.GET
			m.Options = []coap.Option{{Number: coap.URIPath, Value: []byte(pick(rnd, "v", "d", "t", "z"))}}
		case 4:
			m.Code = coap.POST
			m.Options = []coap.Option{{Number: coap.URIPath, Value: []byte(pick(rnd, "f", "e", "x"))}}
		case 5, 6:
			m.Code = pick(rnd, coap.Content, coap.Changed, coap.NotFound)
		case 7:
			if rnd.IntN(10) == 0 {
				k.add(from, nil, &decode.Closed{How: pick(rnd, stream.Fin, stream.Reset, stream.Cut)})
			}
		}
		k.say(from, m.Append(nil))
		events = append(events, k.events...)
		k.events = nil
	}
	return events
}

func TestAHolderKnowsTheAnswersOfAnySession(t *testing.T) {
	answers := map[Answer]int{}
	for range 60 {
		events := randomTalk(rand.New(rand.NewPCG(rand.Uint64(), 2)))
		checkHolder(t, events)
		for _, r := range relations(events) {
			answers[r.Answer]++
		}
	}
	if answers[Answered] < 100 || answers[Unanswered] < 100 || answers[Undecided] < 100 {
		t.Errorf("too few of some answers: %v", answers)
	}
}

// A request that nobody answers must not fill the memory with what follows it.
func TestWhatAHolderHoldsIsBounded(t *testing.T) {
	h := NewHolder(parsed(t, `photon.answered == false or photon.msg == "event"`))
	k := newTalk(1)
	ping := coap.Message{ID: 1}
	k.say(stream.FromCloud, ping.Append(nil))
	event := coap.Message{Type: coap.NonConfirmable, Code: coap.POST, Options: []coap.Option{{Number: coap.URIPath, Value: []byte("e")}, {Number: coap.URIPath, Value: []byte("x")}}}
	for range 3 * MaxHeld {
		k.say(stream.FromDevice, event.Append(nil))
	}
	at := k.events[0].At
	var out []decode.Event
	most := 0
	for i := range k.events {
		k.events[i].At = at.Add(time.Duration(i)) // the time is too short for an end of the exchange
		out = h.Feed(out, &k.events[i])
		most = max(most, len(h.queue)-h.first)
	}
	if most > MaxHeld+1 || h.GaveUp() != 1 || len(out) != 3*MaxHeld {
		t.Errorf("%d held, %d given up, %d came out", most, h.GaveUp(), len(out))
	}
	// The bytes are bounded as well.
	h = NewHolder(parsed(t, `photon.answered == false or type == "sealed"`))
	k = newTalk(2)
	k.say(stream.FromCloud, ping.Append(nil))
	for range 2 * MaxHeldBytes / (1 << 16) {
		k.add(stream.FromDevice, make([]byte, 1<<16), &decode.Sealed{})
	}
	for i := range k.events {
		out = h.Feed(out[:0], &k.events[i])
		if h.bytes > MaxHeldBytes+1<<17 {
			t.Fatalf("%d bytes are held", h.bytes)
		}
	}
	if h.GaveUp() != 1 {
		t.Errorf("%d given up", h.GaveUp())
	}
}

// An acknowledgement is the answer only to what is not replied to.
func TestAnAcknowledgementIsNoReply(t *testing.T) {
	want := map[string]bool{"function-call": true, "variable": true, "describe": true, "time": true, "ping": false, "event": false, "subscribe": false, "signal": false, "request": false}
	for _, k := range particle.Kinds() {
		if later, ok := want[k.Name]; ok && k.Kind.RepliesLater() != later {
			t.Errorf("%s: %v", k.Name, !later)
		}
	}
}
