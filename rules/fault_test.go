package rules

import (
	"context"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// faultCases say of every fault what diagnose names first in the recording of a
// session with it, or why it names nothing.
var faultCases = []struct {
	rule   string
	change func(*world)
	cause  string
	why    string // nothing is found
}{
	{rule: "fault drop-after-nonce", cause: "PH-39"},
	{rule: "fault short-nonce", cause: "PH-38"},
	{rule: "fault http", cause: "PH-14"},
	{rule: "fault corrupt-hmac", cause: "PH-24"},
	{rule: "fault wrong-signing-key", cause: "PH-24"},
	{rule: "fault stale-device-key", cause: "PH-09"},
	{rule: "fault split-identity", change: hasty, cause: "PH-20"},
	{rule: "fault split-identity", why: "a cloud that waits for the rest is not harmed"},
	{rule: "fault late-hello", cause: "PH-22"},
	{rule: "fault skip-id skip=3", cause: "PH-25"},
	{rule: "fault swallow-ping", cause: "PH-25"},
	{rule: "fault swallow-ping every=2", cause: "PH-25"},
	{rule: "fault duplicate-ack", why: "no device minds an acknowledgement that it has had"},
	{rule: "fault corrupt-chunk chunk=2", change: updating(false), cause: "PH-32"},
	{rule: "fault corrupt-chunk chunk=2", change: updating(true), cause: "PH-32"},
	{rule: "fault drop-chunk chunk=2", change: updating(false), cause: "PH-32"},
	{rule: "fault drop-chunk chunk=2", change: updating(true), why: "the device asks for the chunk and gets it"},
	{rule: "fault reset-at-chunk chunk=2", change: updating(true), cause: "PH-32"},
	{rule: "fault reset-at-chunk chunk=2", change: updating(false), cause: "PH-32"},

	{rule: "fault latency latency=5s", cause: "PH-22"},
	{rule: "fault latency latency=5s from=device", cause: "PH-22"},
	{rule: `fault latency latency=30s when photon.msg == "subscribe-ack"`, cause: "PH-25"},
	{rule: "fault latency latency=1s", why: "the device waits longer than that for everything"},
	{rule: "fault bandwidth rate=1", why: "1 KB/s, the least there is, brings each message within its limit"},
	{rule: "fault slow_close delay=30s", why: "nobody waits for a close"},
	{rule: "fault timeout timeout=5s", cause: "PH-38"},
	{rule: "fault timeout timeout=0", cause: "PH-38"},
	{rule: "fault timeout timeout=0 from=device", cause: "PH-39"},
	{rule: `fault timeout timeout=0 when photon.msg == "subscribe-ack"`, cause: "PH-25"},
	{rule: "fault reset_peer timeout=1s", cause: "PH-38"},
	{rule: `fault reset_peer when photon.msg == "event"`, cause: "PH-19"},
	{rule: "fault slicer average_size=50 delay=10ms from=device", change: hasty, cause: "PH-20"},
	{rule: "fault slicer average_size=50 delay=10ms", why: "a device puts the pieces together"},
	{rule: "fault limit_data bytes=20", cause: "PH-38"},
	{rule: "fault limit_data bytes=200", cause: "PH-39"},
	{rule: "fault limit_data bytes=100 from=device", cause: "PH-21"},
}

// hasty puts a server in the cloud's place that takes what one read returns for
// the identity, as the Node servers do.
func hasty(w *world) {
	w.serve = func(ctx context.Context, ln net.Listener) error {
		defer context.AfterFunc(ctx, func() { ln.Close() })()
		for {
			c, err := ln.Accept()
			if err != nil {
				return err
			}
			nonce := lightssl.NewNonce()
			c.Write(nonce[:])
			if n, _ := c.Read(make([]byte, 1000)); n == lightssl.IdentityLen {
				w.t.Error("the identity came in one piece")
			}
			c.Close()
		}
	}
}

// updating is a world whose cloud updates the device's firmware.
func updating(fast bool) func(*world) {
	return func(w *world) {
		w.device.Image = func([]byte) bool { return true }
		w.cloud.Handle = flashes(fast)
	}
}

func TestEachFaultLeadsToItsCause(t *testing.T) {
	for _, c := range faultCases {
		t.Run(c.rule, func(t *testing.T) {
			w := newWorld(t, c.rule)
			w.device.Handle = publishes(2)
			if c.change != nil {
				c.change(w)
			}
			w.run(100 * time.Second)
			found := w.diagnosed()
			first := ""
			if len(found) > 0 {
				first = found[0]
			}
			if first != c.cause || (first == "") != (c.why != "") {
				t.Errorf("found %v, want %q first; the device says %v; %q", found, c.cause, w.ended, w.reports)
			}
			if len(w.reports) == 0 {
				t.Error("nothing was reported")
			}
		})
	}
}

// The recording has both ends of a delay: when bytes were read on one leg, and when
// they left on the other.
func TestTheRecordingHasTheDelay(t *testing.T) {
	w := newWorld(t, "fault latency latency=1500ms")
	w.run(20 * time.Second)
	at := map[stream.Leg]time.Time{}
	events, _ := decoded(w.items)
	for i := range events {
		if m := messageOf(&events[i]); m != nil && m.Meaning.Kind == particle.KindHelloReply {
			at[events[i].Conn.Leg] = events[i].At
		}
	}
	if took := at[stream.DeviceLeg].Sub(at[stream.CloudLeg]); took != 1500*time.Millisecond {
		t.Errorf("the Hello reached the device %v after it came", took)
	}
}

func TestEveryFaultIsTested(t *testing.T) {
	var tested []string
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
