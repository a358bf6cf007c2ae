package decode

import (
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// longSession is the items of a session of n messages, one frame a segment, as a
// proxy sees them: events, calls, their answers, pings.
func longSession(tb testing.TB, n int) []stream.Item {
	v := loadVectors(tb, "session_lightssl.json")
	items := v.items(tb)[:firstFrame]
	creds := lightssl.Credentials(unhex(tb, v.Handshake.Material))
	ciphers := [2]*lightssl.Cipher{lightssl.NewCipher(creds), lightssl.NewCipher(creds)}
	for i := range n {
		m := v.Messages[i%len(v.Messages)]
		from := direction(m.Direction)
		frame := ciphers[from].AppendSealedFrame(nil, unhex(tb, m.Coap))
		items = append(items, &stream.Segment{At: testStart, Conn: 1, From: from, Data: frame})
	}
	return items
}

// BenchmarkDecode measures a session of 10,000 messages from wire to meaning,
// without printing.
func BenchmarkDecode(b *testing.B) {
	const n = 10_000
	items, keys := longSession(b, n), vectorKeys(b)
	var events []Event
	b.ReportAllocs()
	for b.Loop() {
		d := NewDecoder(keys)
		for _, it := range items {
			events = d.Feed(events[:0], it)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/message")
}

// A message costs less than one allocation on average.
func TestAMessageCostsLessThanOneAllocation(t *testing.T) {
	const n = 2000
	items, keys := longSession(t, n), vectorKeys(t)
	var events []Event
	decodeAll(keys, items) // opens the records once
	allocs := testing.AllocsPerRun(3, func() {
		d := NewDecoder(keys)
		for _, it := range items {
			events = d.Feed(events[:0], it)
		}
	})
	if allocs/n >= 1 {
		t.Errorf("%.2f allocations a message", allocs/n)
	}
}
