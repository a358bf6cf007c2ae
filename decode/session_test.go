package decode

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

var vectorNames = []string{"session_lightssl.json", "session_legacy.json"}

func TestVectorSessionsDecodeMessageForMessage(t *testing.T) {
	for _, name := range vectorNames {
		v := loadVectors(t, name)
		events := decodeAll(vectorKeys(t), v.items(t))
		var types []string
		var messages []*Message
		for _, e := range events {
			types = append(types, e.Body.Name())
			if m, ok := e.Body.(*Message); ok {
				messages = append(messages, m)
			}
		}
		if got, want := strings.Join(types[:4], " "), "opened nonce identity credentials"; got != want {
			t.Errorf("%s begins with %s, want %s", name, got, want)
		}
		if len(messages) != len(v.Messages) {
			t.Fatalf("%s: %d messages, want %d: %v", name, len(messages), len(v.Messages), types)
		}
		for i, m := range messages {
			if got := hex.EncodeToString(m.Plain); got != v.Messages[i].Coap {
				t.Errorf("%s message %d (%s): %s, want %s", name, i, v.Messages[i].Name, got, v.Messages[i].Coap)
			}
		}
		id := events[2].Body.(*Identity)
		if !id.NonceOK || id.Identity.Device.String() != v.Handshake.DeviceID {
			t.Errorf("%s: identity %v", name, id)
		}
		if c := events[3].Body.(*Credentials); c.Signature != "verified" || hex.EncodeToString(c.Credentials[:]) != v.Handshake.Material {
			t.Errorf("%s: credentials signature %q", name, c.Signature)
		}
	}
}

// I1: however the bytes are cut, the events are the same but for their times.
func TestChunkingIsInvisible(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, name := range vectorNames {
		items := loadVectors(t, name).items(t)
		want := render(decodeAll(vectorKeys(t), items))
		for round := range 200 {
			cut := cutItems(rng, items, 1+round%64)
			if got := render(decodeAll(vectorKeys(t), cut)); got != want {
				t.Fatalf("%s, round %d: other events\n%s", name, round, firstDifference(got, want))
			}
		}
	}
}

// render prints events without what cutting may change.
func render(events []Event) string {
	var b strings.Builder
	var p Printer
	for _, e := range events {
		e.At = testStart
		if m, ok := e.Body.(*Message); ok {
			c := *m
			c.Meaning.RTT, c.Meaning.HasRTT = 0, false
			e.Body = &c
		}
		b.Write(p.AppendJSON(nil, &e))
	}
	return b.String()
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\n got %s\nwant %s", i, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// cutItems joins runs of segments of one direction, and cuts them anew into
// pieces of up to limit bytes.
func cutItems(rng *rand.Rand, items []stream.Item, limit int) []stream.Item {
	var out []stream.Item
	for _, it := range items {
		seg, ok := it.(*stream.Segment)
		if !ok {
			out = append(out, it)
			continue
		}
		for rest := seg.Data; len(rest) > 0; {
			n := 1
			if limit > 1 {
				n = min(len(rest), 1+rng.IntN(limit))
			}
			part := *seg
			part.Data = rest[:n]
			out = append(out, &part)
			rest = rest[n:]
		}
	}
	return out
}

// The directions may be captured out of step: a device's frames before the
// credentials that open them, its identity before the nonce.
func TestDirectionsOutOfStepGiveTheSameRecords(t *testing.T) {
	items := loadVectors(t, "session_lightssl.json").items(t)
	isDevice := func(it stream.Item) bool {
		seg, ok := it.(*stream.Segment)
		return ok && seg.From == stream.FromDevice
	}
	var device, rest []stream.Item
	for _, it := range items[1 : len(items)-2] {
		if isDevice(it) {
			device = append(device, it)
		} else {
			rest = append(rest, it)
		}
	}
	swapped := slices.Concat(items[:1], device, rest, items[len(items)-2:])
	got, want := raws(decodeAll(vectorKeys(t), swapped)), raws(decodeAll(vectorKeys(t), items))
	for _, from := range stream.Directions {
		if !slices.Equal(got[from], want[from]) {
			t.Errorf("from the %s: %v, want %v", from, got[from], want[from])
		}
	}
}

func raws(events []Event) (out [2][]string) {
	for _, e := range events {
		out[e.From] = append(out[e.From], fmt.Sprintf("%s %x", e.Body.Name(), e.Raw))
	}
	return out
}

func TestWithoutKeysEverythingIsShownSealedWithTheKeyThatWouldOpenIt(t *testing.T) {
	items := loadVectors(t, "session_lightssl.json").items(t)
	for _, e := range decodeAll(nil, items) {
		switch b := e.Body.(type) {
		case *Message:
			t.Fatalf("a message without a key: %x", b.Plain)
		case *Identity:
			if b.Opened || !strings.Contains(b.Reason, "server's private key") {
				t.Errorf("identity: %+v", b)
			}
		case *Credentials:
			if b.Opened || !strings.Contains(b.Reason, "device's private key") {
				t.Errorf("credentials: %q", b.Reason)
			}
		case *Sealed:
			if !strings.Contains(b.Reason, "key log") {
				t.Errorf("frame: %q", b.Reason)
			}
		}
	}
}

func TestKeyLogAloneOpensTheSession(t *testing.T) {
	v := loadVectors(t, "session_lightssl.json")
	creds := lightssl.Credentials(unhex(t, v.Handshake.Material))
	byNonce, loose := new(lightssl.Keyring), new(lightssl.Keyring)
	byNonce.AddSession(lightssl.Nonce(unhex(t, v.Handshake.Nonce)), creds)
	loose.AddLoose(creds)
	for name, keys := range map[string]*lightssl.Keyring{"with the nonce": byNonce, "without the nonce": loose} {
		n := 0
		for _, e := range decodeAll(keys, v.items(t)) {
			if _, ok := e.Body.(*Message); ok {
				n++
			}
		}
		if n != len(v.Messages) {
			t.Errorf("key log line %s: %d messages, want %d", name, n, len(v.Messages))
		}
	}
}

func TestKeysThatComeLateOpenFromTheNextFrameOn(t *testing.T) {
	v := loadVectors(t, "session_lightssl.json")
	items := v.items(t)
	keys := new(lightssl.Keyring)
	d := NewDecoder(keys)
	late := 4 + len(v.Messages)/2
	var events []Event
	for i, it := range items {
		if i == late {
			keys.AddSession(lightssl.Nonce(unhex(t, v.Handshake.Nonce)), lightssl.Credentials(unhex(t, v.Handshake.Material)))
		}
		events = d.Feed(events, it)
	}
	opened := 0
	for _, e := range events {
		if m, ok := e.Body.(*Message); ok {
			want := v.Messages[len(v.Messages)/2+opened]
			if got := hex.EncodeToString(m.Plain); got != want.Coap {
				t.Errorf("%s: %s, want %s", want.Name, got, want.Coap)
			}
			opened++
		}
	}
	if want := len(v.Messages) - len(v.Messages)/2; opened != want {
		t.Errorf("%d messages after the key came, want %d", opened, want)
	}
}

// Every byte that went in comes out in exactly one event, in order.
func TestNoByteDisappears(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	v := loadVectors(t, "session_lightssl.json")
	for round := range 300 {
		items := damage(rng, cutItems(rng, v.items(t), 100), round)
		if err := accountFor(items, decodeAll(vectorKeys(t), items)); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}

// accountFor checks that the events' bytes, per direction, are the items'.
func accountFor(items []stream.Item, events []Event) error {
	var in, out [2][]byte
	for _, it := range items {
		if seg, ok := it.(*stream.Segment); ok {
			in[seg.From] = append(in[seg.From], seg.Data...)
		}
	}
	for _, e := range events {
		out[e.From] = append(out[e.From], e.Raw...)
	}
	for _, from := range stream.Directions {
		if !bytes.Equal(in[from], out[from]) {
			return fmt.Errorf("from the %s: %d bytes in, %d bytes out\n in %x\nout %x", from, len(in[from]), len(out[from]), in[from], out[from])
		}
	}
	return nil
}

// damage flips, drops and marks as missing some of the segments.
func damage(rng *rand.Rand, items []stream.Item, round int) []stream.Item {
	var out []stream.Item
	for _, it := range items {
		seg, ok := it.(*stream.Segment)
		if !ok || rng.IntN(20) != 0 {
			out = append(out, it)
			continue
		}
		switch round % 3 {
		case 0:
			damaged := *seg
			damaged.Data = bytes.Clone(seg.Data)
			damaged.Data[rng.IntN(len(seg.Data))] ^= 1 << rng.IntN(8)
			out = append(out, &damaged)
		case 1:
			out = append(out, &stream.Gap{At: seg.At, Conn: seg.Conn, From: seg.From, Len: len(seg.Data)})
		case 2:
			out = append(out, &stream.Gap{At: seg.At, Conn: seg.Conn, From: seg.From})
		}
	}
	return out
}
