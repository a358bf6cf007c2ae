package filter

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/photonscope/photonscope/decode"
)

// Whatever an expression, no message without its needle matches.
func TestWhatMatchesHasTheNeedle(t *testing.T) {
	events, rows := sampled(t, samples(t))
	mk := newMaker(t, rand.Uint64(), rows)
	hits := 0
	for range 600 {
		expr := mk.expression(mk.rnd.IntN(3)).text()
		f, err := Parse(expr, nil)
		if err != nil || f.Needle() == nil {
			continue
		}
		for i := range events {
			m, ok := events[i].Body.(*decode.Message)
			if !ok || !f.Match(&events[i]) {
				continue
			}
			if hits++; !bytes.Contains(m.Plain, f.Needle()) {
				t.Fatalf("%s\nmatches %x, which lacks %x", expr, m.Plain, f.Needle())
			}
		}
	}
	if hits == 0 {
		t.Error("nothing that has a needle matched")
	}
}

func TestNeedles(t *testing.T) {
	for expr, want := range map[string]string{
		`coap.payload contains "temp"`:                                "temp",
		`not coap.payload contains "temp"`:                            "",
		`coap.payload != "temp"`:                                      "",
		`coap.payload contains "temp" or photon.rtt`:                  "",
		`photon.rtt and coap.opt.uri_path == "event" and ~b x`:        "event",
		`coap.payload == 01:02:03 and photon.msg == "function-call"`:  "\x01\x02\x03",
		`photon.event.name contains "room/climate/1"`:                 "climate",
		`coap.opt.uri_path_recon == "/e/temperature"`:                 "temperature",
		`coap.opt.max_age == 60`:                                      "",
		`coap.payload contains coap.token`:                            "",
		`all coap.opt.uri_path[1:] contains "emp" xor photon.altered`: "",
		`all coap.opt.uri_path[1:] contains "emp"`:                    "emp",
		`photon.device_id contains 31:30`:                             "",
	} {
		if got := parsed(t, expr).Needle(); string(got) != want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}
