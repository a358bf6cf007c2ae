package decode

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// plainSession sends plaintexts of any kind through a session that is open, and
// returns what they are decoded to.
func plainSession(tb testing.TB, from []stream.Direction, plain [][]byte) []Event {
	s := newScene(tb, "server device")
	open(s)
	for _, do := range handshake[:3] {
		do(s)
	}
	creds := lightssl.Credentials(unhex(tb, s.v.Handshake.Material))
	ciphers := [2]*lightssl.Cipher{lightssl.NewCipher(creds), lightssl.NewCipher(creds)}
	s.events = s.events[:0]
	for i, p := range plain {
		s.send(from[i], ciphers[from[i]].AppendSealedFrame(nil, p))
	}
	return s.events
}

// mutated is all messages of the vectors, most of them damaged: options and
// payloads changed, cut, joined and doubled.
func mutated(tb testing.TB, rng *rand.Rand) (from []stream.Direction, plain [][]byte) {
	for _, name := range vectorNames {
		for _, m := range loadVectors(tb, name).Messages {
			b := unhex(tb, m.Coap)
			for range rng.IntN(3) {
				b = mutate(rng, b)
			}
			from, plain = append(from, direction(m.Direction)), append(plain, b)
		}
	}
	return from, plain
}

func mutate(rng *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	at := rng.IntN(len(b))
	switch rng.IntN(5) {
	case 0:
		b[at] = byte(rng.Uint32())
	case 1:
		b[at] ^= 1 << rng.IntN(8)
	case 2:
		return b[:max(at, 1)]
	case 3:
		return append(b, b[at:]...)
	case 4:
		return append(b[:at:at], b[rng.IntN(at+1):]...)
	}
	return b
}

// Whatever a message holds, every layer is partitioned (I-7), every value of its
// kind has a place in the trees, and its line is JSON without a key twice.
func TestDamagedMessagesAreDissectedWhole(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	var p Printer
	for range 300 {
		from, plain := mutated(t, rng)
		events := plainSession(t, from, plain)
		if len(events) != len(plain) {
			t.Fatalf("%d events of %d messages", len(events), len(plain))
		}
		for i := range events {
			e := &events[i]
			if err := checkLayers(e); err != nil {
				t.Fatalf("%x: %v", plain[i], err)
			}
			object(t, string(p.AppendJSON(nil, e)))
			wantTableLine(t, &p, e)
			p.AppendTree(nil, e)
			if m, ok := e.Body.(*Message); ok {
				if err := everyValueHasAPlace(e, m); err != nil {
					t.Fatalf("%x: %v", plain[i], err)
				}
			}
		}
		if t.Failed() {
			return
		}
	}
}

func everyValueHasAPlace(e *Event, b *Message) error {
	var m coap.Message
	m.Parse(b.Plain)
	want := flatten(nil, b.Meaning.AppendFields(nil, &m))
	counts := make(map[*field.Def]int)
	for _, l := range Dissect(e) {
		for _, f := range flatten(nil, l.Fields) {
			counts[f.Def]++
		}
	}
	for _, f := range want {
		if counts[f.Def]--; counts[f.Def] < 0 {
			return fmt.Errorf("%s of kind %s is in no tree", f.Key, b.Meaning.Kind)
		}
	}
	return nil
}
