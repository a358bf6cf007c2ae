package filter

import (
	"slices"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/internal/genuine"
)

// common are expressions about what is looked for most often. They must cost
// little and allocate nothing.
var common = []string{
	`photon.msg == "ping"`, `photon.msg in {"event", "function-call"}`, `photon.dir == "device"`, `type == "message"`,
	`coap.code == 69`, `coap.type == 0`, `coap.mid > 1000`, `photon.rtt > 0.05`, `photon.session == 2`,
	`photon.device_id contains 31:30:12`, `coap.opt.uri_path == "e"`, `coap.payload contains "temp"`,
	`photon.event.name contains "temp"`, `photon.dir == "device" and photon.msg == "event" and not coap.opt.uri_path contains "spark"`,
}

// others are expressions that must not allocate either.
var others = []string{`photon.mid_gap`, `photon.ota.crc_ok == false`, `problems`, `unanswered`, `ota`, `handshake`}

// pooled use memory of package regexp, which the race detector makes it lose.
var pooled = []string{`coap.opt.uri_path matches "^t"`, `coap.payload matches "temp|hum"`}

func TestMatchingAllocatesNothing(t *testing.T) {
	events := samples(t)
	for _, expr := range slices.Concat(common, others) {
		f := parsed(t, expr)
		match := func() {
			for i := range events {
				f.Match(&events[i])
			}
		}
		match() // the scratch grows
		if n := testing.AllocsPerRun(2, match); n > 0 {
			t.Errorf("%s: %v allocations for %d events", expr, n, len(events))
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	events := recorded(b, recordingNames[0], genuine.Keys(b))
	messages := events[:0:0]
	for _, e := range events {
		if _, ok := e.Body.(*decode.Message); ok {
			messages = append(messages, e)
		}
	}
	for _, expr := range slices.Concat(common, others, pooled) {
		f, err := Parse(expr, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(expr, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for i := 0; b.Loop(); i++ {
				if f.Match(&messages[i%len(messages)]) {
					n++
				}
			}
		})
	}
}
