package proxy

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// con and ack are a message with an ID and what acknowledges it.
func con(id uint16) []byte { return binary.BigEndian.AppendUint16([]byte{0x40, 0}, id) }
func ack(id uint16) []byte { return binary.BigEndian.AppendUint16([]byte{0x60, 0}, id) }

// counting is one peer as the servers are: it demands consecutive IDs.
type counting struct {
	next   uint16 // that it gives
	expect uint16 // that it demands
	asked  map[uint16]bool
}

// Whatever is dropped, doubled and injected, each peer sees consecutive IDs,
// and no acknowledgement but of what it sent and was not told of before.
func TestIDsStayConsecutiveAndAcknowledgementsFindTheirWay(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var n numbers
		peers := [2]counting{{next: 65500, expect: 65500, asked: map[uint16]bool{}}, {next: 7, expect: 65500, asked: map[uint16]bool{}}}
		peers[stream.FromDevice].expect = peers[stream.FromCloud].next
		peers[stream.FromCloud].expect = peers[stream.FromDevice].next
		deliver := func(to stream.Direction, out []Out) {
			for _, o := range out {
				p := &peers[to]
				if !counts(o.Bytes) {
					if !p.asked[id(o.Bytes)] {
						t.Fatalf("seed %d: %s got an acknowledgement of %d, which it did not send", seed, to, id(o.Bytes))
					}
					delete(p.asked, id(o.Bytes))
					continue
				}
				if id(o.Bytes) != p.expect {
					t.Fatalf("seed %d: %s got ID %d, expected %d", seed, to, id(o.Bytes), p.expect)
				}
				p.expect++
				answer := Frame{From: to, Plain: ack(id(o.Bytes))}
				back, changed := n.pass(answer, nil, false)
				if !changed {
					back = []Out{{Bytes: answer.Plain}}
				}
				for _, b := range back {
					if from := &peers[to.Opposite()]; !from.asked[id(b.Bytes)] {
						t.Fatalf("seed %d: %s got an acknowledgement of %d, which it did not send", seed, to.Opposite(), id(b.Bytes))
					}
					delete(peers[to.Opposite()].asked, id(b.Bytes))
				}
			}
		}
		for range 300 {
			d := stream.Directions[r.IntN(2)]
			p := &peers[d]
			f := Frame{From: d, Plain: con(p.next)}
			added := Out{Bytes: con(99), Added: true}
			action := r.IntN(12)
			if p.next == 65500 || p.next == 7 { // the first of a session is let through
				action = 11
			}
			if action != 0 {
				p.asked[p.next] = true
				p.next++
			}
			var out []Out
			changed := true
			switch action {
			case 0:
				f = Frame{From: d}
				out = []Out{added}
			case 1:
				out = nil
			case 2:
				out = []Out{added, {Bytes: f.Plain}}
			case 3:
				out = []Out{{Bytes: f.Plain}, added, added}
			default:
				changed = false
			}
			out, changed = n.pass(f, out, changed)
			if !changed {
				out = []Out{{Bytes: f.Plain}}
			}
			deliver(d.Opposite(), out)
		}
	}
}

func TestNothingIsRenumberedBeforeTheFirstChange(t *testing.T) {
	var n numbers
	for i := range uint16(10) {
		for _, d := range stream.Directions {
			for _, m := range [][]byte{con(i * 7), ack(i * 3)} {
				if out, changed := n.pass(Frame{From: d, Plain: m}, nil, false); changed {
					t.Fatalf("%x became %v", m, out)
				}
			}
		}
	}
}

// A direction that nobody touched goes on verbatim when the other is renumbered,
// but for what acknowledges a message that moved.
func TestOnlyWhatMovedIsSealedAnew(t *testing.T) {
	h := newHooked(t, &Hooks{Renumber: true, Frame: func(_ *Session, f Frame) ([]Out, bool) {
		return nil, f.From == stream.FromDevice && id(f.Plain) == 101
	}})
	seal, want := lightssl.NewCipher(h.creds), lightssl.NewCipher(h.creds)
	toDevice := &receiver{t, h.device, lightssl.NewCipher(h.creds)}
	toCloud := &receiver{t, h.cloud, lightssl.NewCipher(h.creds)}
	sealCloud := lightssl.NewCipher(h.creds)
	for i := range uint16(6) {
		write(t, h.device, seal.AppendSealedFrame(nil, con(100+i)))
	}
	for i := range uint16(5) {
		toCloud.expect(string(con(100 + i)))
	}
	for i := range uint16(4) {
		m := con(7 + i)
		write(t, h.cloud, sealCloud.AppendSealedFrame(nil, m))
		got := readFrame(t, h.device)
		equal(t, fmt.Sprintf("message %d of the cloud", i), got, want.AppendSealedFrame(nil, m)[2:])
		toDevice.open.Open(nil, got)
	}
	write(t, h.cloud, sealCloud.AppendSealedFrame(nil, ack(100)))
	toDevice.expect(string(ack(100)))
	write(t, h.cloud, sealCloud.AppendSealedFrame(nil, ack(103)))
	toDevice.expect(string(ack(104)))
	if err := h.session.Inject(stream.FromDevice, Out{Bytes: con(0)}); err != nil {
		t.Fatal(err)
	}
	toCloud.expect(string(con(105)))
	write(t, h.cloud, sealCloud.AppendSealedFrame(nil, ack(105)))
	write(t, h.cloud, sealCloud.AppendSealedFrame(nil, con(11)))
	toDevice.expect(string(con(11)))
}
