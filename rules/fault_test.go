package rules

import (
	"slices"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// What each fault looks like to diagnose: the first cause that it names on the
// leg that shows it, or "" where device and cloud bear the fault.
var faultCases = []struct {
	rule  string
	leg   stream.Leg
	cause string
}{
	{"fault drop-after-nonce", stream.DeviceLeg, "PH-39"},
	{"fault short-nonce", stream.DeviceLeg, "PH-38"},
	{"fault http", stream.DeviceLeg, "PH-14"},
	{"fault corrupt-hmac", stream.DeviceLeg, "PH-24"},
	{"fault wrong-signing-key", stream.DeviceLeg, "PH-24"},
	{"fault stale-device-key", stream.DeviceLeg, "PH-09"},
	{"fault split-identity", stream.CloudLeg, ""},
	{"fault late-hello", stream.DeviceLeg, "PH-22"},
	{"fault skip-id skip=3", stream.CloudLeg, "PH-25"},
	{"fault swallow-ping", stream.DeviceLeg, "PH-25"},
	{"fault duplicate-ack", stream.DeviceLeg, ""},
}

func TestEachFaultLeadsToItsCause(t *testing.T) {
	for _, c := range faultCases {
		t.Run(c.rule, func(t *testing.T) {
			w := newWorld(t, c.rule)
			w.device.Handle = publishes(2)
			w.run(100 * time.Second)
			found := w.findings(c.leg)
			first := ""
			if len(found) > 0 {
				first = found[0]
			}
			if first != c.cause {
				t.Errorf("found %v, want %q first; the device says %v; %q", found, c.cause, w.ended, w.reports)
			}
			if len(w.reports) == 0 {
				t.Error("nothing was reported")
			}
		})
	}
}

func TestFaultsOfUpdates(t *testing.T) {
	for _, c := range []struct {
		rule    string
		fast    bool
		on, off int // chunks from the cloud on the cloud leg at least, and how many more than on the device leg
	}{
		{"fault corrupt-chunk chunk=2", false, 7, 0},
		{"fault drop-chunk chunk=2", true, 7, 1},
		{"fault reset-at-chunk chunk=2", true, 3, 1},
	} {
		t.Run(c.rule, func(t *testing.T) {
			w := newWorld(t, c.rule)
			w.device.Image = func([]byte) bool { return true }
			w.cloud.Handle = flashes(c.fast)
			w.run(100 * time.Second)
			count := func(leg stream.Leg) (n int) {
				for _, k := range w.messages(leg, stream.FromCloud) {
					if k == "chunk" {
						n++
					}
				}
				return n
			}
			if on, off := count(stream.CloudLeg), count(stream.CloudLeg)-count(stream.DeviceLeg); on < c.on || off != c.off {
				t.Errorf("%d chunks on the cloud leg, %d of them not on the device leg; %q", on, off, w.reports)
			}
			t.Log(w.findings(stream.DeviceLeg), w.ended)
		})
	}
}

func TestEveryFaultIsTested(t *testing.T) {
	tested := []string{"corrupt-chunk", "drop-chunk", "reset-at-chunk", "latency", "timeout", "bandwidth", "slow_close", "reset_peer", "slicer", "limit_data"}
	for _, c := range faultCases {
		words, _, _, _ := split(c.rule)
		tested = append(tested, words[1].name)
	}
	for _, f := range Faults {
		if !slices.Contains(tested, f.Name) {
			t.Errorf("fault %s is not tested", f.Name)
		}
	}
}

// A session without faults is the measure of those above.
func TestWithoutFaultsNothingIsFound(t *testing.T) {
	w := newWorld(t, `drop when photon.event.name == "no/such"`)
	w.device.Handle = publishes(2)
	w.run(100 * time.Second)
	for _, leg := range []stream.Leg{stream.DeviceLeg, stream.CloudLeg} {
		if found := w.findings(leg); len(found) > 0 {
			t.Errorf("%s: %v", leg, found)
		}
	}
	if a, b := w.messages(stream.DeviceLeg, stream.FromDevice), w.messages(stream.CloudLeg, stream.FromDevice); !slices.Equal(a, b) || len(a) < 10 {
		t.Errorf("device leg %v, cloud leg %v", a, b)
	}
}
