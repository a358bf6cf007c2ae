package store

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// figures are the counts of a leg, by the plainest means.
type figures struct {
	events, sealed, malformed, gaps int
	messages, frames, bytes         [2]int
	answers                         int
	last                            Seq
	conn                            stream.Conn // as the latest event has it
}

func TestFiguresOfSessionsAreThoseOfTheirEvents(t *testing.T) {
	for seed := range uint64(20) {
		tr := newTraffic(seed)
		tr.play(4, 200)
		keys := tr.keys
		if seed%3 == 0 {
			keys = nil
		}
		events := decoded(keys, tr.items)
		s := stored(events)
		want := make(map[stream.ConnID]*figures)
		for i := range events {
			e := &events[i]
			f := want[e.Conn.ID]
			if f == nil {
				f = new(figures)
				want[e.Conn.ID] = f
			}
			f.add(Seq(i), e)
		}
		legs := 0
		for _, v := range s.Sessions(nil) {
			for i := range v.Legs {
				l := &v.Legs[i]
				if !l.Seen {
					continue
				}
				legs++
				got := figures{l.Events, l.Sealed, l.Malformed, l.Gaps, l.Messages, l.Frames, l.Bytes, l.RTT.Count, l.LastSeq, l.Conn}
				if w := want[l.Conn.ID]; got != *w {
					t.Errorf("seed %d, connection %d: %+v, want %+v", seed, l.Conn.ID, got, *w)
				}
				if !l.Over() || l.Opened == (keys == nil) {
					t.Errorf("seed %d, connection %d: over %v, opened %v", seed, l.Conn.ID, l.Over(), l.Opened)
				}
			}
		}
		if legs != len(want) {
			t.Errorf("%d connections, want %d", legs, len(want))
		}
	}
}

func TestFiguresAreTheSameHoweverOftenSomebodyLooks(t *testing.T) {
	for seed := range uint64(8) {
		tr := newTraffic(seed)
		tr.play(4, 200)
		events := decoded(tr.keys, tr.items)
		s := New(0)
		for i := range events {
			s.Append(events[i : i+1])
			s.Sessions(nil)
		}
		if got, want := s.Sessions(nil), stored(events).Sessions(nil); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %+v, want %+v", seed, got, want)
		}
	}
}

func (f *figures) add(seq Seq, e *decode.Event) {
	f.events++
	f.bytes[e.From] += len(e.Raw)
	f.last, f.conn = seq, *e.Conn
	switch b := e.Body.(type) {
	case *decode.Message:
		f.messages[e.From]++
		f.frames[e.From]++
		if b.Meaning.HasRTT {
			f.answers++
		}
	case *decode.Sealed:
		f.sealed++
		f.frames[e.From]++
	case *decode.Malformed:
		f.malformed++
		f.frames[e.From]++
	case *decode.Gap:
		f.gaps++
	}
}

func TestASessionTellsHowFarItCameAndWhatTheDeviceIs(t *testing.T) {
	tr := newTraffic(1)
	k := tr.open(2)
	s := stored(decoded(tr.keys, tr.items)[:0])
	d := decode.NewDecoder(tr.keys)
	var steps []Step
	feed := func() {
		for _, it := range tr.items {
			s.Append(d.Feed(nil, it))
			if v, ok := s.Session(1); ok {
				steps = append(steps, v.Main().Step())
			}
		}
		tr.items = nil
	}
	feed()
	k.hello()
	k.ping(true)
	feed()
	if want := []Step{StepOpened, StepNonce, StepIdentity, StepCredentials, StepHello, StepHelloReply}; !slices.Equal(slices.Compact(steps), want) {
		t.Errorf("steps %v", steps)
	}
	v, _ := s.Session(1)
	if v.Hello != (Hello{Seen: true, Product: 6, ProductVersion: 1, HasPlatform: true, Platform: 6}) {
		t.Errorf("hello %+v", v.Hello)
	}
	main := v.Main()
	if main.Conn.Leg != stream.DeviceLeg || main.LastKind != particle.KindPingAck || main.Over() || main.RTT.Count != 2 || main.RTT.Last <= 0 {
		t.Errorf("main leg %+v", main)
	}
	k.close(stream.Reset)
	feed()
	if v, _ = s.Session(1); !v.Main().Over() || v.Main().How != stream.Reset || v.Main().EndedBy != stream.FromDevice {
		t.Errorf("after its end %+v", v.Main())
	}
}

func TestOldSessionsAreForgottenOnceThereAreManyOfThem(t *testing.T) {
	s := New(pageSize * 2)
	at := time.Unix(1e9, 0)
	for i := range uint32(maxSessions + 6000) {
		conn := stream.Conn{ID: stream.ConnID(i + 1)}
		e := decode.Event{At: at, Conn: &conn, Session: i + 1}
		e.Body = &decode.Opened{}
		closed := e
		closed.Body = &decode.Closed{How: stream.Reset}
		s.Append([]decode.Event{e, closed})
	}
	all := s.Sessions(nil)
	if len(all) > maxSessions+pageLen || len(s.writer.sessions.conns) > 2*pageLen {
		t.Errorf("%d sessions, %d connections", len(all), len(s.writer.sessions.conns))
	}
	if all[len(all)-1].Number != maxSessions+6000 {
		t.Errorf("the latest one is %d", all[len(all)-1].Number)
	}
}

// Connections that speak by turns are described once for many pages, and what is
// evicted takes its descriptions along.
func TestConnectionsThatSpeakByTurnsAreDescribedSeldom(t *testing.T) {
	const conns, pages = 1000, 4 * sharing
	s := New(0)
	at := time.Unix(1e9, 0)
	shared := make(map[uint32]*stream.Conn) // as a decoder's events share them
	conn := func(n uint32) *stream.Conn {
		if shared[n] == nil {
			shared[n] = &stream.Conn{ID: stream.ConnID(n)}
		}
		return shared[n]
	}
	for i := range uint32(pages * pageLen) {
		n := i%conns + 1
		s.Append([]decode.Event{{At: at, Conn: conn(n), Session: n, Body: &decode.Nonce{}}})
	}
	if n := len(s.snapshot().envelopes.items); n > conns*pages/sharing {
		t.Errorf("%d connections in %d pages are described %d times", conns, pages, n)
	}
	small := New(8 * sharing * pageSize / 4)
	for i := range uint32(pages * pageLen) {
		n := i/1000 + 1
		small.Append([]decode.Event{{At: at, Conn: conn(n), Session: n, Body: &decode.Nonce{}}})
	}
	c := small.snapshot()
	if first := c.pages.items[0].envelope; c.envelopes.base != first || c.first == 0 {
		t.Errorf("descriptions from %d on are held, and needed from %d on", c.envelopes.base, first)
	}
}
