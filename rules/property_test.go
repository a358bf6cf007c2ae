package rules

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/proxy"
	"github.com/photonscope/photonscope/sim"
)

const meddle = `
drop from=device when photon.event.data == "drop"
edit payload=edited from=device when photon.event.data == "edit"
inject ping as=device when photon.event.data == "inject"
inject publish x/y z when photon.event.data == "inject"
`

func (w *world) engineConn() stream.Conn { return stream.Conn{ID: 1, Leg: stream.DeviceLeg} }

// rewritten passes a message of the cloud through the rules of a session that no
// proxy carries.
func (s *session) rewritten(t *testing.T, plain []byte) []byte {
	t.Helper()
	out, changed := s.frame(new(proxy.Session), frameOf(stream.FromCloud, plain))
	if !changed {
		return plain
	}
	if len(out) != 1 {
		t.Fatalf("%d messages", len(out))
	}
	return out[0].Bytes
}

func frameOf(from stream.Direction, plain []byte) proxy.Frame {
	c := lightssl.NewCipher(lightssl.Credentials{})
	return proxy.Frame{From: from, Plain: plain, Wire: c.AppendSealedFrame(nil, plain)}
}

// Messages that no rule names arrive unchanged but for their numbers, whatever
// rules do to others.
func TestWhatNoRuleNamesArrivesUnchanged(t *testing.T) {
	w := newWorld(t, meddle)
	w.device.Handle = func(_ context.Context, s *sim.DeviceSession) error {
		for i := range 200 {
			data := []string{"drop", "edit", "inject", "plain", fmt.Sprint("number ", i)}[i*7%5]
			if err := s.Publish(particle.EventBody{Name: "lab/tick", Data: []byte(data), TTL: 60}); err != nil {
				return err
			}
		}
		return nil
	}
	w.run(60 * time.Second)
	a, b := w.contents(stream.DeviceLeg, stream.FromDevice), w.contents(stream.CloudLeg, stream.FromDevice)
	named := func(m string) bool {
		for _, text := range []string{"drop", "edit", "inject", "edited", "x/y"} {
			if strings.Contains(m, hex.EncodeToString([]byte(text))) {
				return true
			}
		}
		return strings.HasPrefix(m, "4000 ")
	}
	if fmt.Sprint(a) == fmt.Sprint(b) {
		t.Error("the rules did nothing")
	}
	a, b = slices.DeleteFunc(a, named), slices.DeleteFunc(b, named)
	if len(a) < 80 || !slices.Equal(a, b) {
		t.Errorf("device leg\n%v\ncloud leg\n%v", a, b)
	}
	if found := w.findings(stream.CloudLeg); len(found) > 0 {
		t.Errorf("on the cloud leg: %v", found)
	}
}

// contents are the messages of a leg and direction without their IDs.
func (w *world) contents(leg stream.Leg, from stream.Direction) (all []string) {
	events, _ := w.decoded(leg)
	for _, e := range events {
		if m := messageOf(&e); m != nil && e.From == from {
			all = append(all, fmt.Sprintf("%x %x", m.Plain[:2], m.Plain[coap.HeaderLen:]))
		}
	}
	return all
}

// With rules that match nothing both legs carry the same bytes behind the
// handshake.
func TestWithoutAMatchBothLegsAreTheSameBytes(t *testing.T) {
	w := newWorld(t, meddle)
	w.device.Handle = publishes(30)
	w.cloud.Handle = flashes(true)
	w.device.Image = func([]byte) bool { return true }
	w.run(60 * time.Second)
	for from, handshake := range map[stream.Direction]int{stream.FromDevice: 256, stream.FromCloud: 424} {
		a, b := w.bytes(stream.DeviceLeg, from), w.bytes(stream.CloudLeg, from)
		if len(a) < 1000 || !bytes.Equal(a[handshake:], b[handshake:]) {
			t.Errorf("from the %s: %d and %d bytes, which differ", from, len(a), len(b))
		}
	}
}

func (w *world) bytes(leg stream.Leg, from stream.Direction) (all []byte) {
	for _, it := range w.leg(leg) {
		if s, ok := it.(*stream.Segment); ok && s.From == from {
			all = append(all, s.Data...)
		}
	}
	return all
}
