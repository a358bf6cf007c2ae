package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store/filter"
)

// asked returns the message that an event answers, by looking at all before it.
func asked(events []decode.Event, i int) (int, bool) {
	m, ok := events[i].Body.(*decode.Message)
	if !ok || !m.Meaning.HasRTT {
		return 0, false
	}
	for j := i - 1; j >= 0; j-- {
		q, ok := events[j].Body.(*decode.Message)
		if !ok || events[j].Conn.ID != events[i].Conn.ID || events[j].From == events[i].From {
			continue
		}
		t, id := header(q.Plain)
		if t != coap.Acknowledgement && t != coap.ResetMessage && id == m.Meaning.RequestID && events[j].At.Equal(events[i].At.Add(-m.Meaning.RTT)) {
			return j, true
		}
	}
	return 0, false
}

func TestAnExchangeIsARequestWithItsAnswersAndRepetitions(t *testing.T) {
	for seed := range uint64(20) {
		tr := newTraffic(seed)
		tr.play(3, 300)
		events := decoded(tr.keys, tr.items)
		s := stored(events)
		group := make([]int, len(events)) // of each event: the first one that it belongs to
		for i := range events {
			group[i] = i
			if j, ok := asked(events, i); ok {
				group[i] = group[j]
			} else if row, _ := s.Row(Seq(i)); row.Flags&Retry != 0 {
				group[i] = group[repeated(t, events, i)]
			}
		}
		want := make(map[int][]Seq)
		for i, g := range group {
			want[g] = append(want[g], Seq(i))
		}
		for i := range events {
			if got := s.Exchange(nil, Seq(i)); !slices.Equal(got, want[group[i]]) {
				t.Fatalf("seed %d: the exchange of %d is %v, want %v", seed, i, got, want[group[i]])
			}
		}
	}
}

// repeated returns the message that one is the same as.
func repeated(t *testing.T, events []decode.Event, i int) int {
	t.Helper()
	m := events[i].Body.(*decode.Message)
	for j := i - 1; j >= 0; j-- {
		if q, ok := events[j].Body.(*decode.Message); ok && events[j].Conn.ID == events[i].Conn.ID && events[j].From == events[i].From && slices.Equal(m.Plain, q.Plain) {
			return j
		}
	}
	t.Fatalf("event %d repeats nothing", i)
	return 0
}

func TestRepetitionsAreFound(t *testing.T) {
	tr := newTraffic(1)
	k := tr.open(1)
	m := coap.Message{Type: coap.Confirmable, ID: k.id(stream.FromDevice)}
	for range 3 {
		k.say(stream.FromDevice, m)
		tr.pass(2 * time.Second)
		k.event(false)
	}
	k.say(stream.FromCloud, coap.Message{Type: coap.Acknowledgement, ID: m.ID})
	tr.pass(10 * time.Minute) // an ID that is free again
	k.say(stream.FromDevice, m)
	k.close(stream.Fin)
	s := stored(decoded(tr.keys, tr.items))
	var got []string
	first, end := s.Bounds()
	for seq := first; seq < end; seq++ {
		if row, _ := s.Row(seq); row.Kind.String() == "ping" {
			got = append(got, fmt.Sprint(row.Flags&Retry != 0, row.Flags&Answered != 0, row.Flags&Unanswered != 0))
		}
	}
	want := []string{"false true false", "true true false", "true true false", "false false true"}
	if !slices.Equal(got, want) {
		t.Errorf("repeated, answered, unanswered: %q, want %q", got, want)
	}
	v, _ := s.Session(1)
	if l := v.Main(); l.Retries != 2 || l.Unanswered != 1 {
		t.Errorf("counts %d retries, %d unanswered", l.Retries, l.Unanswered)
	}
}

// What the store says of an answer is what the filter language finds in a stream.
func TestAnswersAreThoseThatTheFilterFinds(t *testing.T) {
	for seed := range uint64(20) {
		tr := newTraffic(seed)
		tr.play(3, 400)
		tr.repeat(200)
		tr.pass(2 * time.Second) // the store looks for what waits too long once in a second
		tr.open(1)
		events := decoded(tr.keys, tr.items)
		s := stored(events)
		for expr, flag := range map[string]Flags{"photon.answered == true": Answered, "photon.answered == false": Unanswered} {
			f, err := filter.Parse(expr, nil)
			if err != nil {
				t.Fatal(err)
			}
			found := make(map[string]bool)
			h := filter.NewHolder(f)
			for i := range events {
				for _, e := range h.Feed(nil, &events[i]) {
					found[keyOf(&e)] = true
				}
			}
			for _, e := range h.Finish(nil) {
				found[keyOf(&e)] = true
			}
			for i := range events {
				row, _ := s.Row(Seq(i))
				if got := row.Flags&flag != 0; got != found[keyOf(&events[i])] {
					t.Fatalf("seed %d, %s: event %d: %v, want %v", seed, expr, i, got, !got)
				}
			}
		}
	}
}

// repeat makes a session in which requests are sent again, two at a time, with
// answers that come to any copy, late or never.
func (tr *traffic) repeat(steps int) {
	k := tr.open(1)
	k.hello()
	ids := [2]uint16{k.id(stream.FromDevice), k.id(stream.FromCloud)}
	for range steps {
		from := stream.Directions[tr.IntN(2)]
		tr.pass([]time.Duration{time.Millisecond, time.Second, 40 * time.Second, 250 * time.Second}[tr.IntN(4)*tr.IntN(2)])
		switch id := ids[from] + uint16(tr.IntN(3)); tr.IntN(5) {
		case 0:
			k.say(from.Opposite(), coap.Message{Type: coap.Acknowledgement, ID: id})
		case 1:
			ids[from]++
		default:
			k.say(from, coap.Message{Type: coap.Confirmable, ID: id})
		}
	}
	k.close(stream.Cut)
}

func keyOf(e *decode.Event) string {
	return fmt.Sprint(e.Conn.ID, e.From, e.At.UnixNano(), e.Body.Name())
}
