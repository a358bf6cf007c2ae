package diagnose

import (
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/sim"
)

// BenchmarkByTurns is a message of one of thousands of sessions that speak by turns:
// what is known of the session is in no cache then.
func BenchmarkByTurns(b *testing.B) {
	const sessions = 4096
	s := newScene(b, &sim.LightSSL231)
	l := s.call(0).meet()
	start := len(eventsOf(s.items, &s.keys))
	l.chat()
	events := eventsOf(s.items, &s.keys)
	d := New(Options{Keys: &s.keys})
	conns := make([]stream.Conn, sessions)
	feed := func(e decode.Event, i int) {
		e.Conn, e.Session = &conns[i], uint32(i+1)
		d.Feed(nil, &e)
	}
	for i := range conns {
		conns[i].ID = stream.ConnID(i + 1)
		for k := range start {
			feed(events[k], i)
		}
	}
	said := events[start:]
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		feed(said[i/sessions%len(said)], i*61%sessions)
	}
}
