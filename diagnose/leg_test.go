package diagnose

import (
	"encoding/binary"
	"net/netip"
	"runtime"
	"testing"
	"unsafe"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/sim"
)

func TestWhatEachMessageNeedsStandsFirst(t *testing.T) {
	const line, most = 64, 320 // bytes; the latter is a size that Go allocates
	var l leg
	if got := unsafe.Offsetof(l.found); got > 2*line {
		t.Errorf("what each message needs takes %d bytes, not %d", got, 2*line)
	}
	if got := unsafe.Sizeof(l); got > most {
		t.Errorf("a connection takes %d bytes, not %d", got, most)
	}
}

func TestEveryCauseHasABit(t *testing.T) {
	var all causes
	for _, c := range Causes() {
		if bit := oneCause(c.ID); bit == settled || bit == 0 || all.has(bit) {
			t.Errorf("%s has the bit %#x", c.ID, uint64(bit))
		}
		all |= oneCause(c.ID)
	}
	if all.count() != len(Causes()) {
		t.Errorf("%d bits for %d causes", all.count(), len(Causes()))
	}
}

func TestEveryTypeOfEventHasItsName(t *testing.T) {
	for _, b := range types {
		if got := nameOf(b).String(); got != b.Name() {
			t.Errorf("%s is called %s", b.Name(), got)
		}
	}
}

// Of what the events of a session hold, nothing but a few marks is kept once the
// handshake is over: not the records, and not the memory that many events share.
func TestASilentSessionKeepsLittle(t *testing.T) {
	const (
		sessions = 500
		bound    = 900 // bytes for each, its device and address included
	)
	s := newScene(t, &sim.LightSSL231)
	s.call(0).meet().chat()
	events := eventsOf(s.items, &s.keys)
	d := New(Options{Keys: &s.keys})
	live := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before := live()
	for i := range sessions {
		conn := stream.Conn{ID: stream.ConnID(i + 1), Device: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 4096)}
		for _, e := range events {
			if found := d.Feed(nil, another(&e, uint32(i+1), &conn)); len(found) > 0 {
				t.Fatalf("session %d: %s", i, asText(found))
			}
		}
	}
	got := (live() - before) / sessions
	runtime.KeepAlive(d)
	runtime.KeepAlive(events)
	if t.Logf("%d bytes for each session", got); got > bound {
		t.Errorf("a silent session keeps %d bytes, not %d", got, bound)
	}
}

// eventsOf decodes items without their ends.
func eventsOf(items []stream.Item, keys *lightssl.Keyring) (events []decode.Event) {
	d := decode.NewDecoder(keys)
	for _, it := range items {
		if _, end := it.(*stream.Closed); !end {
			events = d.Feed(events, it)
		}
	}
	return events
}

// another is an event as another session of another device has it. It shares its
// memory with nothing but the next few kilobytes, as those of a decoder do.
func another(e *decode.Event, session uint32, conn *stream.Conn) *decode.Event {
	c := *e
	c.Conn, c.Session, c.Raw = conn, session, apart(e.Raw)
	binary.BigEndian.PutUint32(c.Device[:], session)
	switch b := e.Body.(type) {
	case *decode.Identity:
		id := *b
		id.Plain, id.Identity.Key = apart(b.Plain), apart(b.Identity.Key)
		id.Identity.Device = c.Device
		binary.BigEndian.PutUint32(id.Identity.Modulus(), session|1<<31)
		c.Body = &id
	case *decode.Credentials:
		c.Body = new(*b)
	case *decode.Message:
		m := *b
		m.Plain, m.Padded = apart(b.Plain), apart(b.Padded)
		c.Body = &m
	}
	return &c
}

func apart(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append(make([]byte, 0, 4<<10), b...)
}
