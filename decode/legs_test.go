package decode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// duet plays one session over two legs.
type duet struct {
	*scene
	one   OneLeg
	shown []string
}

func newDuet(t *testing.T) *duet {
	d := &duet{scene: newScene(t, "server device log")}
	d.item(&stream.Opened{At: testStart, Conn: stream.Conn{ID: 1, Leg: stream.DeviceLeg}})
	d.item(&stream.Opened{At: testStart, Conn: stream.Conn{ID: 2, Leg: stream.CloudLeg, Pair: 1}})
	return d
}

func (d *duet) item(it stream.Item) {
	for _, e := range d.d.Feed(nil, it) {
		d.note(d.one.Feed(nil, e))
	}
}

func (d *duet) note(events []Event) {
	for _, e := range events {
		altered := ""
		if e.Altered {
			altered = ", altered"
		}
		d.shown = append(d.shown, fmt.Sprintf("%s %s%s", e.Conn.Leg, told(&e), altered))
	}
}

// pass sends the same bytes over both legs, the sender's leg first.
func (d *duet) pass(from stream.Direction, names ...string) {
	var b []byte
	for _, n := range names {
		b = append(b, d.bytes(n)...)
	}
	d.over(from, b, b)
}

// over sends bytes over the sender's leg, and others over the receiver's.
func (d *duet) over(from stream.Direction, first, second []byte) {
	legs := [2]stream.ConnID{1, 2}
	if from == cld {
		legs = [2]stream.ConnID{2, 1}
	}
	for i, b := range [][]byte{first, second} {
		d.item(&stream.Segment{At: testStart, Conn: legs[i], From: from, Data: b})
	}
}

func (d *duet) end(from stream.Direction, how stream.CloseKind, legs ...stream.ConnID) {
	for _, id := range legs {
		d.item(&stream.Closed{At: testStart, Conn: id, From: from, How: how})
	}
}

func (d *duet) want(t *testing.T, lines ...string) {
	t.Helper()
	if got, want := strings.Join(d.shown, "\n"), strings.Join(lines, "\n"); got != want {
		t.Errorf("shown is\n%s\nwant\n%s", got, want)
	}
	d.shown = nil
}

func TestWhatBothLegsCarryIsShownOnce(t *testing.T) {
	d := newDuet(t)
	d.want(t, "device opened", "cloud opened")
	d.pass(cld, "nonce")
	d.pass(dev, "identity")
	d.pass(cld, "credentials")
	d.pass(dev, "f0")
	d.pass(cld, "f1")
	d.want(t, "device ← nonce", "device → identity, opened true", "device ← credentials, opened true, 384 bytes", "device → hello", "device ← hello-reply")
	d.end(dev, stream.Fin, 1, 2)
	d.end(cld, stream.Fin, 2, 1)
	d.want(t, "device → closed fin, 0 pending", "cloud → closed fin, 0 pending", "cloud ← closed fin, 0 pending", "device ← closed fin, 0 pending")
	if len(d.one.pairs) != 0 {
		t.Error("the pair is kept")
	}
}

// In splice the RSA records differ; what was read together with the cloud's is
// still shown once.
func TestRecordsThatTheProxySealedAnewAreShownOnBothLegs(t *testing.T) {
	d := newDuet(t)
	d.pass(cld, "nonce")
	identity, credentials := d.bytes("identity"), d.bytes("credentials")
	other := func(b []byte) []byte { c := append([]byte(nil), b...); c[0] ^= 1; return c }
	d.over(dev, identity, other(identity))
	d.shown = nil
	d.item(&stream.Segment{Conn: 2, From: cld, Data: append(other(credentials), d.bytes("f1")...)})
	d.item(&stream.Segment{Conn: 1, From: cld, Data: credentials})
	d.want(t, "cloud ← credentials, opened true, 384 bytes, altered", "device ← credentials, opened true, 384 bytes")
	d.item(&stream.Segment{Conn: 1, From: cld, Data: d.bytes("f1")})
	d.want(t, "device ← hello-reply")
}

// ready is a duet behind its handshake, with a cipher for each leg.
func readyDuet(t *testing.T) (d *duet, ciphers map[stream.ConnID]*lightssl.Cipher) {
	d = newDuet(t)
	d.pass(cld, "nonce")
	d.pass(dev, "identity")
	d.pass(cld, "credentials")
	d.shown = nil
	creds := lightssl.Credentials(unhex(t, d.v.Handshake.Material))
	return d, map[stream.ConnID]*lightssl.Cipher{1: lightssl.NewCipher(creds), 2: lightssl.NewCipher(creds)}
}

// talkative is a ready duet in which one side speaks: send seals a message for its
// own leg, the first, or for the second.
func talkative(t *testing.T, from stream.Direction) (d *duet, first, second stream.ConnID, send func(id stream.ConnID, plain string)) {
	d, c := readyDuet(t)
	first, second = 1, 2
	if from == cld {
		first, second = 2, 1
	}
	return d, first, second, func(id stream.ConnID, plain string) {
		d.item(&stream.Segment{Conn: id, From: from, Data: c[id].AppendSealedFrame(nil, []byte(plain))})
	}
}

// altered counts what was shown as altered.
func (d *duet) altered() (n int) {
	for _, line := range d.shown {
		if strings.HasSuffix(line, "altered") {
			n++
		}
	}
	return n
}

// One altered message changes the ciphertext of all that follow, but not what
// they say.
func TestAnAlteredMessageIsShownTwiceAndItsFollowersOnce(t *testing.T) {
	for _, from := range stream.Directions {
		d, first, second, send := talkative(t, from)
		send(first, "\x40\x00\x00\x01")
		send(first, "\x40\x00\x00\x02")
		send(first, "\x40\x00\x00\x03")
		send(second, "\x50\x00\x00\x01")
		send(second, "\x40\x00\x00\x02")
		send(second, "\x40\x00\x00\x03")
		if len(d.shown) != 4 || d.altered() != 1 {
			t.Errorf("from the %s: %q", from, d.shown)
		}
	}
}

// Behind a dropped message the others have other IDs where they arrive. That is not
// what they say, so they are shown once.
func TestARenumberedMessageIsShownOnce(t *testing.T) {
	for _, from := range stream.Directions {
		d, first, second, send := talkative(t, from)
		send(first, "\x50\x02\x00\x01\xffdropped")
		send(first, "\x50\x02\x00\x02\xffb")
		send(second, "\x50\x02\x00\x01\xffb")
		send(first, "\x50\x02\x00\x03\xffc")
		send(second, "\x50\x02\x00\x02\xffedited")
		send(first, "\x50\x02\x00\x04\xffd")
		send(second, "\x50\x02\x00\x03\xffd")
		want := 1 // what was edited
		if from == cld {
			want = 3 // in both versions, as their IDs differ, and what was dropped: the cloud's leg alone has it
		}
		if len(d.shown) != 5 || d.altered() != want {
			t.Errorf("from the %s: %q", from, d.shown)
		}
	}
}

// What the cloud never sent was added; what the device never sent as well. Of what it
// sent nothing is known yet when it is shown.
func TestWhatWasAddedIsAltered(t *testing.T) {
	for _, from := range stream.Directions {
		d, first, second, send := talkative(t, from)
		send(first, "\x50\x02\x00\x01\xffa")
		send(second, "\x50\x02\x00\x01\xffa")
		send(second, "\x50\x02\x00\x02\xffadded")
		send(first, "\x50\x02\x00\x02\xffb")
		send(second, "\x50\x02\x00\x03\xffb")
		if len(d.shown) != 3 || d.altered() != 1 || !strings.HasSuffix(d.shown[1], "altered") {
			t.Errorf("from the %s: %q", from, d.shown)
		}
	}
}

// Where the leg to the cloud is over, lost bytes, or stays sealed, what arrives at the
// device may have come from it.
func TestWhatComesLateIsNotTakenForAdded(t *testing.T) {
	d, _ := readyDuet(t)
	d.end(cld, stream.Fin, 2)
	d.item(&stream.Segment{Conn: 1, From: cld, Data: d.bytes("f1")})
	d.want(t, "cloud ← closed fin, 0 pending", "device ← hello-reply")
	d, _ = readyDuet(t)
	d.item(&stream.Gap{Conn: 2, From: cld, Len: 18})
	d.item(&stream.Segment{Conn: 1, From: cld, Data: d.bytes("f1")})
	d.want(t, "cloud ← gap 18", "device ← hello-reply")
	d, _ = readyDuet(t)
	d.one.pairing(1).held = []Event{{Body: new(Sealed)}}
	d.item(&stream.Segment{Conn: 1, From: cld, Data: d.bytes("f1")})
	d.want(t, "device ← hello-reply")
}

// What one leg never carried is shown when that leg is over, with nothing lost.
func TestALegThatEndsEarlyReleasesWhatWasHeldForIt(t *testing.T) {
	d, _ := readyDuet(t)
	d.item(&stream.Segment{Conn: 2, From: cld, Data: d.bytes("f1")})
	d.want(t)
	d.end(dev, stream.Reset, 1)
	d.want(t, "cloud ← hello-reply, altered", "device → closed rst, 0 pending")
	d.item(&stream.Segment{Conn: 2, From: cld, Data: d.bytes("f5")})
	d.want(t, "cloud ← time-reply, altered")
	d.end(dev, stream.Fin, 2)
	d.end(cld, stream.Fin, 2)
	d.want(t, "cloud → closed fin, 0 pending", "cloud ← closed fin, 0 pending")
}

// Where a leg has a gap, nothing proves that a message was altered.
func TestAGapIsNoAlteration(t *testing.T) {
	d, _ := readyDuet(t)
	d.item(&stream.Gap{Conn: 1, From: dev, Len: 18})
	d.item(&stream.Segment{Conn: 2, From: dev, Data: d.bytes("f0")})
	d.want(t, "device → gap 18", "cloud → hello")
}

// Nor does anything where the source ended between the two copies.
func TestACutIsNoAlteration(t *testing.T) {
	d, _ := readyDuet(t)
	d.item(&stream.Segment{Conn: 2, From: cld, Data: d.bytes("f1")})
	d.end(cld, stream.Cut, 1)
	d.want(t, "cloud ← hello-reply", "device ← closed cut, 0 pending")
}

// A device leg alone, as in terminate mode, waits for nothing.
func TestALegAloneIsPassedOn(t *testing.T) {
	d := &duet{scene: newScene(t, "server device")}
	d.item(&stream.Opened{Conn: stream.Conn{ID: 1, Leg: stream.DeviceLeg}})
	d.item(&stream.Segment{Conn: 1, From: cld, Data: d.bytes("nonce")})
	d.want(t, "device opened", "device ← nonce")
	if len(d.one.pairs) != 0 {
		t.Error("a pair is kept")
	}
}
