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

// give returns the next message of the peer.
func (p *counting) give() []byte {
	p.asked[p.next] = true
	p.next++
	return con(p.next - 1)
}

// take takes a message, and says what is wrong with it.
func (p *counting) take(m []byte) error {
	switch {
	case counts(m) && id(m) != p.expect:
		return fmt.Errorf("ID %d, expected %d", id(m), p.expect)
	case counts(m):
		p.expect++
	case !p.asked[id(m)]:
		return fmt.Errorf("an acknowledgement of %d, which was not sent", id(m))
	default:
		delete(p.asked, id(m))
	}
	return nil
}

// renumbered is two peers with the numbers between them.
type renumbered struct {
	numbers
	peers [2]counting
}

func newRenumbered() *renumbered {
	r := new(renumbered)
	r.peers[stream.FromDevice] = counting{next: 65500, expect: 7, asked: map[uint16]bool{}}
	r.peers[stream.FromCloud] = counting{next: 7, expect: 65500, asked: map[uint16]bool{}}
	return r
}

// deliver passes what comes of a frame to whom it is for, and what acknowledges
// it back.
func (r *renumbered) deliver(f Frame, out []Out, changed bool) error {
	out, changed = r.pass(f, out, changed)
	if !changed {
		out = []Out{{Bytes: f.Plain}}
	}
	to := f.From.Opposite()
	for _, o := range out {
		if err := r.peers[to].take(o.Bytes); err != nil {
			return fmt.Errorf("%s got %w", to, err)
		}
		if !counts(o.Bytes) {
			continue
		}
		if err := r.deliver(Frame{From: to, Plain: ack(id(o.Bytes))}, nil, false); err != nil {
			return err
		}
	}
	return nil
}

// Whatever is dropped, doubled and injected, each peer sees consecutive IDs,
// and no acknowledgement but of what it sent and was not told of before.
func TestIDsStayConsecutiveAndAcknowledgementsFindTheirWay(t *testing.T) {
	added := Out{Bytes: con(99), Added: true}
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := newRenumbered()
		for range 300 {
			d := stream.Directions[random.IntN(2)]
			action := random.IntN(12)
			if !r.of[d].any { // the first of a session is let through
				action = 11
			}
			f := Frame{From: d}
			if action != 0 {
				f.Plain = r.peers[d].give()
			}
			out, changed := []Out(nil), true
			switch action {
			case 0:
				out = []Out{added}
			case 1: // dropped
			case 2:
				out = []Out{added, {Bytes: f.Plain}}
			case 3:
				out = []Out{{Bytes: f.Plain}, added, added}
			default:
				changed = false
			}
			if err := r.deliver(f, out, changed); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
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
