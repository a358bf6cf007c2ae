package captures

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// play is a sequence of recording calls.
type play [][]stream.Item

// newPlay makes calls about several connections: openings, data in both
// directions, and every kind of ending that a recording keeps.
func newPlay(seed uint64, conns, calls, longest int) play {
	r := rand.New(rand.NewPCG(seed, 1))
	now := time.Unix(1_700_000_000, 0)
	tick := func() time.Time { now = now.Add(time.Duration(1+r.IntN(1e9)) * time.Nanosecond); return now }
	var p play
	for i := range conns {
		p = append(p, []stream.Item{&stream.Opened{At: tick(), Conn: stream.Conn{
			ID: stream.ConnID(i + 1), Leg: stream.DeviceLeg + stream.Leg(i%2),
			Device: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 2}), uint16(50000+i)),
			Cloud:  netip.MustParseAddrPort("10.0.0.1:5683"),
		}}})
	}
	for range calls {
		var call []stream.Item
		for range 1 + r.IntN(3) {
			call = append(call, &stream.Segment{
				At: tick(), Conn: stream.ConnID(1 + r.IntN(conns)), From: stream.Direction(r.IntN(2)), Data: noise(r, 1+r.IntN(longest)),
			})
		}
		p = append(p, call)
	}
	for i := range conns {
		id := stream.ConnID(i + 1)
		if r.IntN(3) == 0 {
			p = append(p, []stream.Item{&stream.Closed{At: tick(), Conn: id, From: stream.Direction(r.IntN(2)), How: stream.Reset}})
			continue
		}
		fin := &stream.Closed{At: tick(), Conn: id, From: stream.Direction(r.IntN(2)), How: stream.Fin}
		last := &stream.Closed{At: tick(), Conn: id, From: fin.From.Opposite(), How: stream.CloseKind(r.IntN(2))}
		p = append(p, []stream.Item{fin}, []stream.Item{last})
	}
	return p
}

func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func (p play) items() []stream.Item { return slices.Concat(p...) }

// disk is a file of limited size in memory.
type disk struct {
	data     []byte
	room     int  // size it can grow to
	stuck    bool // Truncate fails as well
	writes   int
	failures int
}

func (d *disk) WriteAt(b []byte, at int64) (int, error) {
	d.writes++
	n := min(len(b), max(d.room-int(at), 0))
	if end := int(at) + n; end > len(d.data) {
		d.data = append(d.data, make([]byte, end-len(d.data))...)
	}
	copy(d.data[at:], b[:n])
	if n < len(b) {
		d.failures++
		return n, syscall.ENOSPC
	}
	return n, nil
}

func (d *disk) Truncate(size int64) error {
	if d.stuck {
		return syscall.EIO
	}
	d.data = d.data[:size]
	return nil
}

const plenty = 1 << 30

// told collects alerts.
type told []string

func (t *told) alerts() Alerts {
	return Alerts{
		Alarm:   func(s string) { *t = append(*t, "alarm: "+s) },
		Cleared: func(s string) { *t = append(*t, "cleared: "+s) },
	}
}

// record records a whole play on a disk that has room.
func record(t testing.TB, p play) []byte {
	t.Helper()
	d := &disk{room: plenty}
	r := newRecorder(t, d, Alerts{})
	for _, call := range p {
		r.Items(call)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return d.data
}

func newRecorder(t testing.TB, f File, a Alerts) *Recorder {
	t.Helper()
	r, err := NewRecorder(f, "photonscope test", a)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// blockEnds returns the offsets at which a file can end well.
func blockEnds(t testing.TB, file []byte) map[int]bool {
	t.Helper()
	ends := map[int]bool{0: true}
	for at := 0; at < len(file); {
		n := int(file[at+4]) | int(file[at+5])<<8 | int(file[at+6])<<16
		if n < 12 || at+n > len(file) {
			t.Fatalf("a block of %d bytes at %d of %d", n, at, len(file))
		}
		at += n
		ends[at] = true
	}
	return ends
}

// withoutCuts leaves out the closings that say that the recording ended first.
func withoutCuts(list []stream.Item) []stream.Item {
	return slices.DeleteFunc(list, func(it stream.Item) bool {
		c, ok := it.(*stream.Closed)
		return ok && c.How == stream.Cut
	})
}

// show writes items so that equal ones look equal.
func show(list []stream.Item) []string {
	out := make([]string, len(list))
	for i, it := range list {
		switch v := it.(type) {
		case *stream.Opened:
			out[i] = fmt.Sprint("opened ", v.At.UTC(), v.Conn, v.Joined)
		case *stream.Segment:
			out[i] = fmt.Sprintf("segment %v %v %v %x", v.At.UTC(), v.Conn, v.From, v.Data)
		case *stream.Closed:
			out[i] = fmt.Sprint("closed ", v.At.UTC(), v.Conn, v.From, v.How)
		case *stream.Gap:
			out[i] = fmt.Sprint("gap ", v.At.UTC(), v.Conn, v.From, v.Len)
		}
	}
	return out
}
