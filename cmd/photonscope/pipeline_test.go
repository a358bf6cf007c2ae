package main

import (
	"testing"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// counting is a sink and a recording that counts.
type counting struct{ shown, recorded int }

func (c *counting) event(e *decode.Event) {
	if _, ok := e.Body.(*decode.Message); ok {
		c.shown++
	}
}
func (c *counting) flush()                        {}
func (c *counting) Items([]stream.Item)           {}
func (c *counting) Messages(m []captures.Message) { c.recorded += len(m) }

// Whatever is shown, a recording holds each message of a pair once.
func TestARecordingHoldsEachMessageOnceWhicheverLegsAreShown(t *testing.T) {
	for _, both := range []bool{false, true} {
		creds, nonce := lightssl.NewCredentials(), lightssl.NewNonce()
		keys := new(lightssl.Keyring)
		keys.AddSession(nonce, creds)
		var c counting
		p := newPipeline(keys, &c)
		p.record, p.bothLegs = &c, both
		p.alarm = func(text string) { t.Error(text) }
		legs := []stream.Conn{{ID: 1, Leg: stream.DeviceLeg, Pair: 2}, {ID: 2, Leg: stream.CloudLeg, Pair: 1}}
		for _, leg := range legs {
			p.feed(&stream.Opened{Conn: leg})
		}
		pass := func(from stream.Direction, b []byte) {
			for _, leg := range [...]stream.ConnID{1 + stream.ConnID(from), 2 - stream.ConnID(from)} {
				p.feed(&stream.Segment{Conn: leg, From: from, Data: b})
			}
		}
		pass(stream.FromCloud, nonce[:])
		pass(stream.FromDevice, make([]byte, lightssl.IdentityLen))
		pass(stream.FromCloud, make([]byte, lightssl.CredentialsRecordLen))
		device, cloud := lightssl.NewCipher(creds), lightssl.NewCipher(creds)
		const pings = 10
		for i := range byte(pings) {
			pass(stream.FromDevice, device.AppendSealedFrame(nil, []byte{0x40, 0, 0, i}))
			pass(stream.FromCloud, cloud.AppendSealedFrame(nil, []byte{0x60, 0, 0, i}))
		}
		p.finish()
		want := 2 * pings
		if c.recorded != want {
			t.Errorf("both legs shown %v: %d messages recorded, want %d", both, c.recorded, want)
		}
		if both {
			want *= 2
		}
		if c.shown != want {
			t.Errorf("both legs shown %v: %d messages shown, want %d", both, c.shown, want)
		}
	}
}
