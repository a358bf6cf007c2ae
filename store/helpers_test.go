package store

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// decoded returns the events of items.
func decoded(keys *lightssl.Keyring, items []stream.Item) []decode.Event {
	d := decode.NewDecoder(keys)
	var events []decode.Event
	for _, it := range items {
		events = d.Feed(events, it)
	}
	return d.Finish(events)
}

// stored returns a store that holds events, appended in pieces.
func stored(events []decode.Event) *Store {
	s := New(0)
	for len(events) > 0 {
		n := min(len(events), 7)
		s.Append(events[:n])
		events = events[n:]
	}
	return s
}

// all returns the events that a store holds.
func all(tb testing.TB, s *Store) (events []decode.Event) {
	tb.Helper()
	first, end := s.Bounds()
	for seq := first; seq < end; seq++ {
		e, ok := s.At(seq)
		if !ok {
			tb.Fatalf("event %d of %d to %d is not held", seq, first, end)
		}
		events = append(events, e)
	}
	return events
}

// sameEvents fails if two lists differ, be it in nil and empty.
func sameEvents(tb testing.TB, got, want []decode.Event) {
	tb.Helper()
	for i := range min(len(got), len(want)) {
		a, b := got[i], want[i]
		if !a.At.Equal(b.At) {
			tb.Fatalf("event %d of %d is at %v, not %v", i, len(want), a.At, b.At)
		}
		if a.At = b.At; !reflect.DeepEqual(a, b) {
			tb.Fatalf("event %d of %d is\n%+v %+v, not\n%+v %+v", i, len(want), a, a.Body, b, b.Body)
		}
	}
	if len(got) != len(want) {
		tb.Fatalf("%d events, want %d", len(got), len(want))
	}
}

// traffic makes the items of sessions that never were, the same for the same
// seed. Its credentials are random, and known by the nonce.
type traffic struct {
	*rand.Rand
	keys  *lightssl.Keyring
	items []stream.Item
	at    time.Time
	conns stream.ConnID
}

func newTraffic(seed uint64) *traffic {
	return &traffic{Rand: rand.New(rand.NewPCG(seed, 0)), keys: new(lightssl.Keyring), at: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
}

func (tr *traffic) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(tr.Uint32())
	}
	return b
}

func (tr *traffic) pass(d time.Duration) { tr.at = tr.at.Add(d) }

// talk is one session that is being made.
type talk struct {
	tr      *traffic
	conns   []stream.Conn // one, or the two legs
	creds   lightssl.Credentials
	ciphers [2]*lightssl.Cipher
	ids     [2]uint16
}

// open opens a session, over two legs or tapped, and shakes hands.
func (tr *traffic) open(legs int) *talk {
	k := &talk{tr: tr, ids: [2]uint16{uint16(tr.Uint32()), uint16(tr.Uint32())}}
	first := tr.conns + 1
	for i := range legs {
		tr.conns++
		c := stream.Conn{ID: tr.conns, Device: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(tr.conns >> 8), byte(tr.conns)}), 4000), Cloud: netip.MustParseAddrPort("192.0.2.2:5683")}
		if legs == 2 {
			c.Leg, c.Pair = stream.DeviceLeg+stream.Leg(i), first+1-stream.ConnID(i)
		}
		k.conns = append(k.conns, c)
		tr.items = append(tr.items, &stream.Opened{At: tr.at, Conn: c})
	}
	copy(k.creds[:], tr.bytes(len(k.creds)))
	nonce := lightssl.Nonce(tr.bytes(lightssl.NonceLen))
	nonce[0] |= 0x80 // not like another protocol
	tr.keys.AddSession(nonce, k.creds)
	k.send(stream.FromCloud, nonce[:])
	k.send(stream.FromDevice, tr.bytes(lightssl.IdentityLen))
	k.send(stream.FromCloud, tr.bytes(lightssl.CredentialsRecordLen))
	for i := range k.ciphers {
		k.ciphers[i] = lightssl.NewCipher(k.creds)
	}
	return k
}

// send sends bytes over all legs: first the one to the sender.
func (k *talk) send(from stream.Direction, b []byte) {
	for i := range k.conns {
		if from == stream.FromCloud {
			i = len(k.conns) - 1 - i
		}
		k.tr.pass(200 * time.Microsecond)
		k.tr.items = append(k.tr.items, &stream.Segment{At: k.tr.at, Conn: k.conns[i].ID, From: from, Data: b})
	}
}

// say sends a message.
func (k *talk) say(from stream.Direction, m coap.Message) {
	k.send(from, k.ciphers[from].AppendSealedFrame(nil, m.Append(nil)))
}

func (k *talk) id(from stream.Direction) uint16 {
	k.ids[from]++
	return k.ids[from]
}

// other returns a cipher for a leg that goes its own way: its chain is not that of
// the first one, which only costs the next frame its first 16 bytes.
func (k *talk) other(from stream.Direction) *lightssl.Cipher {
	c := lightssl.NewCipher(k.creds)
	iv := k.ciphers[from].IV()
	c.SetHead(iv[:])
	return c
}

// hello is how a session begins.
func (k *talk) hello() {
	k.say(stream.FromDevice, coap.Message{Type: coap.NonConfirmable, Code: coap.POST, ID: k.id(stream.FromDevice),
		Options: []coap.Option{{Number: coap.URIPath, Value: []byte("h")}}, Payload: []byte{0, 6, 0, 1, 0, 2, 0, 6}})
	k.tr.pass(20 * time.Millisecond)
	k.say(stream.FromCloud, coap.Message{Type: coap.NonConfirmable, Code: coap.POST, ID: k.id(stream.FromCloud),
		Options: []coap.Option{{Number: coap.URIPath, Value: []byte("h")}}})
}

func (k *talk) ping(answer bool) {
	id := k.id(stream.FromDevice)
	k.say(stream.FromDevice, coap.Message{Type: coap.Confirmable, ID: id})
	k.tr.pass(time.Duration(1+k.tr.IntN(60)) * time.Millisecond)
	if answer {
		k.say(stream.FromCloud, coap.Message{Type: coap.Acknowledgement, ID: id})
	}
}

func (k *talk) call(name string) {
	id, token := k.id(stream.FromCloud), k.tr.bytes(1)
	m := particle.ComposeCall(id, token, name, "on")
	k.say(stream.FromCloud, m)
	k.tr.pass(time.Duration(1+k.tr.IntN(90)) * time.Millisecond)
	k.say(stream.FromDevice, coap.Message{Type: coap.Acknowledgement, ID: id})
	k.tr.pass(time.Duration(1+k.tr.IntN(90)) * time.Millisecond)
	k.say(stream.FromDevice, coap.Message{Type: coap.NonConfirmable, Code: coap.Changed, ID: k.id(stream.FromDevice), Token: token, Payload: []byte{0, 0, 0, 1}})
}

func (k *talk) event(confirmable bool) {
	m := coap.Message{Type: coap.NonConfirmable, Code: coap.POST, ID: k.id(stream.FromDevice),
		Options: []coap.Option{{Number: coap.URIPath, Value: []byte("e")}, {Number: coap.URIPath, Value: fmt.Appendf(nil, "room/%d", k.tr.IntN(4))}},
		Payload: fmt.Appendf(nil, "%d.%d", k.tr.IntN(40), k.tr.IntN(10))}
	if confirmable {
		m.Type = coap.Confirmable
	}
	k.say(stream.FromDevice, m)
	if confirmable {
		k.tr.pass(time.Duration(1+k.tr.IntN(40)) * time.Millisecond)
		k.say(stream.FromCloud, coap.Message{Type: coap.Acknowledgement, ID: m.ID})
	}
}

// step lets something happen.
func (k *talk) step() {
	k.tr.pass(time.Duration(k.tr.IntN(400)) * time.Millisecond)
	switch k.tr.IntN(8) {
	case 0, 1, 2:
		k.ping(k.tr.IntN(20) > 0)
	case 3:
		k.call([]string{"led", "reset"}[k.tr.IntN(2)])
	case 4, 5, 6:
		k.event(k.tr.IntN(2) == 0)
	case 7:
		k.odd()
	}
}

// odd lets something rare happen.
func (k *talk) odd() {
	from := stream.Direction(k.tr.IntN(2))
	switch k.tr.IntN(5) {
	case 0: // lost bytes
		n := k.tr.IntN(3) * 40
		c := k.conns[k.tr.IntN(len(k.conns))]
		k.tr.items = append(k.tr.items, &stream.Gap{At: k.tr.at, Conn: c.ID, From: from, Len: n})
	case 1: // what no peer can open
		k.send(from, append([]byte{0, 5}, k.tr.bytes(5)...))
	case 2: // wrong padding
		k.send(from, k.ciphers[from].SealRaw([]byte{0, 32}, k.tr.bytes(32)))
	case 3: // no CoAP
		k.send(from, k.ciphers[from].AppendSealedFrame(nil, k.tr.bytes(k.tr.IntN(40))))
	case 4: // silence, and a repetition
		m := coap.Message{Type: coap.Confirmable, ID: k.id(from)}
		k.say(from, m)
		k.tr.pass(4 * time.Second)
		k.say(from, m)
		k.tr.pass(100 * time.Second)
	}
}

func (k *talk) close(how stream.CloseKind) {
	for _, c := range k.conns {
		k.tr.items = append(k.tr.items, &stream.Closed{At: k.tr.at, Conn: c.ID, From: stream.FromDevice, How: how})
		if how != stream.Reset {
			k.tr.items = append(k.tr.items, &stream.Closed{At: k.tr.at, Conn: c.ID, From: stream.FromCloud, How: how})
		}
	}
}

// play has several sessions talk at once, for about n steps.
func (tr *traffic) play(sessions, n int) {
	var talks []*talk
	for range sessions {
		k := tr.open(1 + tr.IntN(2))
		k.hello()
		talks = append(talks, k)
	}
	for range n {
		talks[tr.IntN(len(talks))].step()
	}
	for _, k := range talks {
		k.close(stream.CloseKind(tr.IntN(3)))
	}
}
