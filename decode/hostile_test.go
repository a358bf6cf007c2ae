package decode

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// hostile are streams that a peer could send for ever, by where they begin: the
// bytes of one period, and what passes before.
var hostile = []struct {
	name   string
	before []func(*scene)
	from   stream.Direction
	period []byte
}{
	{"noise instead of a nonce", nil, cld, noise(1 << 16)},
	{"noise instead of an identity, and no nonce ever", nil, dev, noise(1 << 16)},
	{"the smallest frames, and no credentials ever", nil, dev, []byte{0, 0}},
	{"zeros after the handshake", handshake, dev, make([]byte, 4096)},
	{"noise after the handshake", handshake, cld, noise(1 << 16)},
	{"no frame at all after a gap", append(handshake[:4:4], lost(dev, 0)), dev, bytes.Repeat([]byte{0xff}, 4096)},
	{"a likely length everywhere after a gap", append(handshake[:4:4], lost(dev, 0)), dev, bytes.Repeat([]byte{4, 0}, 2048)},
	{"likely lengths after a gap, without a key", []func(*scene){lost(cld, 0)}, cld, bytes.Repeat([]byte{0, 16, 4}, 2048)},
	{"a page without end", nil, cld, append([]byte("HTTP/1.1 200 OK\r\n\r\n"), noise(4096)...)},
}

var handshake = []func(*scene){cloud("nonce"), device("identity"), cloud("credentials"), device("f0")}

func noise(n int) []byte {
	rng := rand.New(rand.NewPCG(9, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// A decoder keeps less than 1 MiB of a stream that never makes sense, however
// long it is and however it is cut, and stays fast. What it has handed out as
// events belongs to the reader.
func TestEndlessNonsenseIsBounded(t *testing.T) {
	const total, bound = 1 << 20, 1 << 20
	for _, h := range hostile {
		for _, segment := range []int{1, 1460, 64 << 10} {
			s := newScene(t, "server device")
			open(s)
			for _, do := range h.before {
				do(s)
			}
			start, before := time.Now(), heap()
			peak, fed, shown := uint64(0), 0, 0
			for fed < total {
				b := cyclic(h.period, fed, segment)
				fed += len(b)
				s.at = s.at.Add(time.Microsecond)
				s.events = s.events[:0]
				s.send(h.from, b)
				shown += sizes(s.events)
				if fed%(256<<10) < segment {
					s.events = nil
					peak = max(peak, max(heap(), before)-before)
				}
			}
			if peak > bound {
				t.Errorf("%s, %d bytes a segment: %d KiB are held", h.name, segment, peak>>10)
			}
			if shown < total-holdLimit-1<<16 {
				t.Errorf("%s, %d bytes a segment: %d of %d bytes are shown", h.name, segment, shown, total)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("%s, %d bytes a segment: %v", h.name, segment, took)
			}
		}
	}
}

// cyclic returns n bytes of a stream that repeats a period.
func cyclic(period []byte, at, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = period[(at+i)%len(period)]
	}
	return b
}

func sizes(events []Event) (n int) {
	for i := range events {
		n += len(events[i].Raw)
	}
	return n
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Sessions that are over are forgotten, and so are pairs.
func TestNothingIsKeptOfWhatIsOver(t *testing.T) {
	d := NewDecoder(nil)
	var one OneLeg
	nonce := make([]byte, 40)
	for i := range uint32(4000) {
		binary.BigEndian.PutUint32(nonce, i)
		device := stream.Conn{ID: stream.ConnID(2*i + 1), Leg: stream.DeviceLeg, Pair: stream.ConnID(2*i + 2)}
		cloud := stream.Conn{ID: device.Pair, Leg: stream.CloudLeg, Pair: device.ID}
		if i%2 == 0 { // a recording that lost the pairs
			device.Pair, cloud.Pair = 0, 0
		}
		items := []stream.Item{&stream.Opened{Conn: device}, &stream.Opened{Conn: cloud}}
		for _, c := range []stream.ConnID{cloud.ID, device.ID} {
			items = append(items, &stream.Segment{Conn: c, From: cld, Data: nonce})
		}
		items = append(items, &stream.Closed{Conn: device.ID, From: dev, How: stream.Reset})
		for _, from := range stream.Directions {
			items = append(items, &stream.Closed{Conn: cloud.ID, From: from})
		}
		var events []Event
		for _, it := range items {
			events = d.Feed(events, it)
		}
		for _, e := range events {
			one.Feed(nil, e)
		}
	}
	if len(d.sessions) != 0 || len(d.unpaired) != 0 || len(one.pairs) != 0 {
		t.Errorf("%d sessions, %d legs and %d pairs are kept", len(d.sessions), len(d.unpaired), len(one.pairs))
	}
}
