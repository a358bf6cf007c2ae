package captures

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
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

func TestRecordingReadsBackAsWhatWasRecorded(t *testing.T) {
	for seed := range uint64(20) {
		p := newPlay(seed, 1+int(seed%5), 60, 3000)
		got, err := items(bytes.NewReader(record(t, p)), ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(show(got), show(p.items())) {
			t.Fatalf("seed %d: %d items recorded, %d other ones read", seed, len(p.items()), len(got))
		}
	}
}

func TestEveryPrefixOfARecordingReadsAsAPrefixOfTheItems(t *testing.T) {
	p := newPlay(7, 2, 8, 60)
	file, want := record(t, p), show(p.items())
	ends := blockEnds(t, file)
	longest := 0
	for n := range len(file) + 1 {
		list, err := items(bytes.NewReader(file[:n]), ReadOptions{})
		got := show(withoutCuts(list))
		if len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
			t.Fatalf("the first %d bytes read as something else", n)
		}
		if len(got) < longest {
			t.Fatalf("the first %d bytes read as less than fewer bytes do", n)
		}
		longest = len(got)
		if whole := ends[n] && n > 0; whole != (err == nil) {
			t.Fatalf("the first %d bytes, whole blocks %v: error %v", n, whole, err)
		}
	}
	if longest != len(want) {
		t.Fatalf("the whole file has %d of %d items", longest, len(want))
	}
}

func TestNothingIsMissingAfterADiskWasFullAtAnyByte(t *testing.T) {
	p := newPlay(3, 2, 15, 60)
	want := record(t, p)
	ends := blockEnds(t, want)
	header := len(record(t, nil))
	for room := header; room < len(want); room++ {
		d := &disk{room: room, stuck: room%3 == 0}
		var said told
		r := newRecorder(t, d, said.alerts())
		cuttable, since := !d.stuck, 0
		for _, call := range p {
			r.Items(call)
			if cuttable && (!bytes.HasPrefix(want, d.data) || !ends[len(d.data)]) {
				t.Fatalf("room for %d bytes: the file does not end at a block", room)
			}
			if d.failures > 0 {
				since++
			}
			if since > room%30 {
				d.room, d.stuck = plenty, false
			}
		}
		d.room, d.stuck = plenty, false
		if err := r.Close(); err != nil {
			t.Fatalf("room for %d bytes: %v", room, err)
		}
		if !bytes.Equal(d.data, want) {
			t.Fatalf("room for %d bytes: the file differs from one on a sound disk", room)
		}
		wantTold(t, said, "alarm: the file takes no more: no space left on device; sessions go on, and up to 64 MiB wait in memory", "cleared: the file is written again; nothing is missing")
	}
}

func wantTold(t *testing.T, got told, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("told\n %s\nwant\n %s", strings.Join(got, "\n "), strings.Join(want, "\n "))
	}
}

func TestBeyondTheSpillTheRecordingSaysExactlyWhatIsMissing(t *testing.T) {
	for seed := range uint64(30) {
		p := newPlay(seed, 1+int(seed%4), 190, 2000)
		d := &disk{room: plenty}
		var said told
		r := newRecorder(t, d, said.alerts())
		r.limit = 20_000
		r.Messages([]Message{{Data: []byte("in time"), Conn: p[0][0].(*stream.Opened).Conn}})
		for i, call := range p {
			switch {
			case i%100 == 6:
				d.room = len(d.data) + 100
			case i%100 == 80:
				d.room = plenty
				r.Retry()
			}
			r.Items(call)
			if i == 70 {
				r.Messages([]Message{{Data: make([]byte, 1000)}})
			}
		}
		d.room = plenty
		err := r.Close()
		if err == nil || err.Error() != "captures: "+r.omit.lost.String() {
			t.Fatalf("seed %d: Close: %v", seed, err)
		}
		missed := wantSameButGaps(t, d.data, p.items())
		if missed != r.omit.lost.Bytes || missed == 0 || r.omit.lost.Messages != 1 {
			t.Fatalf("seed %d: %d bytes are missing, counted %+v", seed, missed, r.omit.lost)
		}
		if len(said) != 6 {
			t.Errorf("seed %d: two failures, each with full memory and an end, gave %d alerts:\n%s", seed, len(said), strings.Join(said, "\n"))
		}
		if len(r.omit.pending)+len(r.omit.absent) > 0 {
			t.Errorf("something is left to say: %v %v", r.omit.pending, r.omit.absent)
		}
	}
}

// wantSameButGaps fails unless a file reads as the items with gaps in place of
// some of their bytes. It returns how many bytes are missing.
func wantSameButGaps(t *testing.T, file []byte, want []stream.Item) (missed int) {
	t.Helper()
	list, err := items(bytes.NewReader(file), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sent := make(map[half][]byte)
	rest := func(list []stream.Item, segment func(*stream.Segment)) []stream.Item {
		return slices.DeleteFunc(slices.Clone(list), func(it stream.Item) bool {
			s, ok := it.(*stream.Segment)
			if ok {
				segment(s)
			}
			g, gap := it.(*stream.Gap)
			if gap {
				missed += g.Len
				h := half{g.Conn, g.From}
				sent[h] = sent[h][g.Len:]
			}
			return ok || gap
		})
	}
	wantRest := rest(want, func(s *stream.Segment) {
		h := half{s.Conn, s.From}
		sent[h] = append(sent[h], s.Data...)
	})
	gotRest := rest(list, func(s *stream.Segment) {
		h := half{s.Conn, s.From}
		if !bytes.HasPrefix(sent[h], s.Data) {
			t.Fatalf("connection %d from %v: other bytes than were recorded, or at another place", s.Conn, s.From)
		}
		sent[h] = sent[h][len(s.Data):]
	})
	if !slices.Equal(show(gotRest), show(wantRest)) {
		t.Fatalf("openings and closings\n%v\nwant\n%v", show(gotRest), show(wantRest))
	}
	for h, left := range sent {
		if len(left) > 0 {
			t.Fatalf("connection %d from %v lacks its last %d bytes without a gap", h.conn, h.from, len(left))
		}
	}
	return missed
}

func TestAnOutageToTheEndLeavesItsGapsInTheFile(t *testing.T) {
	for seed := range uint64(30) {
		p := newPlay(seed, 3, 200, 2000)
		if seed%2 == 1 {
			p = p[:203] // nobody closes
		}
		d := &disk{room: plenty}
		r := newRecorder(t, d, Alerts{})
		r.limit = 20_000
		for i, call := range p {
			if i == 6 {
				d.room = len(d.data)
			}
			r.Items(call)
		}
		d.room = plenty
		if err := r.Close(); err == nil {
			t.Error("nothing was reported missing")
		}
		want := p.items()
		if seed%2 == 1 {
			want = cutAtEnd(t, d.data, want)
		}
		if missed := wantSameButGaps(t, d.data, want); missed != r.omit.lost.Bytes || missed == 0 {
			t.Fatalf("seed %d: %d bytes are missing, counted %+v", seed, missed, r.omit.lost)
		}
	}
}

// cutAtEnd appends the closings that reading adds where the file ends first.
func cutAtEnd(t *testing.T, file []byte, want []stream.Item) []stream.Item {
	t.Helper()
	list, err := items(bytes.NewReader(file), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range list {
		if c, ok := it.(*stream.Closed); ok && c.How == stream.Cut {
			want = append(want, c)
		}
	}
	return want
}

func TestSmallBlocksShareTheSpillsMemory(t *testing.T) {
	var s spill
	var want []byte
	for i := range 10_000 {
		b := bytes.Repeat([]byte{byte(i)}, 1+i%300)
		s.add(b)
		want = append(want, b...)
	}
	if n := len(s.chunks); n > len(want)/spillChunk+1 {
		t.Errorf("%d bytes take %d chunks", len(want), n)
	}
	var got []byte
	for s.bytes > 0 {
		got = append(got, s.pop()...)
	}
	if !bytes.Equal(got, want) {
		t.Error("something else came out")
	}
}

func TestAGapOfAnyLengthIsExact(t *testing.T) {
	p := newPlay(1, 1, 1, 10)
	for _, n := range []int{1, maxGap - 1, maxGap, 3*maxGap + 5} {
		o := newOmitter("")
		file := o.enc.AppendHeader(nil)
		file = o.enc.AppendItem(file, p[0][0])
		o.pending[half{1, stream.FromCloud}] = omission{time.Unix(1_700_000_000, 0), n}
		file = o.appendPending(file)
		list, err := items(bytes.NewReader(file), ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, it := range list {
			if g, ok := it.(*stream.Gap); ok {
				if g.Len == 0 {
					t.Errorf("%d bytes: a gap of unknown length", n)
				}
				sum += g.Len
			}
		}
		if words := fmt.Sprintf("%d bytes from the cloud are missing before this", min(n, maxGap-1)); !bytes.Contains(file, []byte(words)) {
			t.Errorf("the file does not say that %s", words)
		}
		if sum != n {
			t.Errorf("a gap of %d bytes reads as %d", n, sum)
		}
	}
}

func TestConnectionsWithoutRoomForTheirOpeningAreCountedWhole(t *testing.T) {
	d := &disk{room: plenty}
	r := newRecorder(t, d, Alerts{})
	r.limit = 4096
	d.room = len(d.data)
	p := newPlay(5, 40, 60, 100)
	for _, call := range p {
		r.Items(call)
	}
	if n := len(r.omit.absent); n != 0 {
		t.Errorf("%d connections are remembered after their end", n)
	}
	if held := r.spill.bytes; held > 3*4096 {
		t.Errorf("%d bytes are held with a limit of 4096", held)
	}
	d.room = plenty
	if err := r.Close(); err == nil {
		t.Fatal("nothing was reported missing")
	}
	got := gather(t, bytes.NewReader(d.data))
	kept := 0
	for _, c := range got {
		kept += len(c.bytes[0]) + len(c.bytes[1])
	}
	all := 0
	for _, it := range p.items() {
		if s, ok := it.(*stream.Segment); ok {
			all += len(s.Data)
		}
	}
	if len(got) == 0 || len(got) == 40 || kept+r.omit.lost.Bytes != all {
		t.Errorf("%d of 40 connections, %d bytes kept and %d lost of %d", len(got), kept, r.omit.lost.Bytes, all)
	}
}

func TestARefusingFileIsTriedLessAndLess(t *testing.T) {
	d := &disk{room: plenty}
	r := newRecorder(t, d, Alerts{})
	p := newPlay(2, 1, 2000, 50)
	r.Items(p[0])
	d.room, d.writes = len(d.data), 0
	for _, call := range p[1:2000] {
		r.Items(call)
	}
	if d.writes < 2000/maxPause || d.writes > 2000/maxPause+10 {
		t.Errorf("tried %d times in 2000 calls", d.writes)
	}
	d.room = plenty
	r.Retry()
	if r.err != nil || r.spill.bytes != 0 {
		t.Errorf("after Retry %d bytes still wait: %v", r.spill.bytes, r.err)
	}
}

func TestCloseReportsWhatCouldNotBeWritten(t *testing.T) {
	d := &disk{room: plenty}
	r := newRecorder(t, d, Alerts{})
	p := newPlay(2, 1, 3, 50)
	r.Items(p[0])
	whole := len(d.data)
	d.room = whole + 10
	r.Items(p[1])
	err := r.Close()
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "bytes of the recording could not be written") {
		t.Errorf("Close: %v", err)
	}
	if len(d.data) != whole {
		t.Errorf("the file ends %d bytes after its last block", len(d.data)-whole)
	}
}

func TestNoRecordingBeginsOnAFullDisk(t *testing.T) {
	if _, err := NewRecorder(&disk{room: 20}, "", Alerts{}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v", err)
	}
}

func TestEachCallIsOneWrite(t *testing.T) {
	d := &disk{room: plenty}
	r := newRecorder(t, d, Alerts{})
	p := newPlay(9, 2, 50, 500)
	for i, call := range p {
		r.Items(call)
		if d.writes != i+2 {
			t.Fatalf("call %d: %d writes", i, d.writes)
		}
	}
	r.Items(nil)
	r.Items([]stream.Item{&stream.Closed{Conn: 77}})
	if d.writes != len(p)+1 {
		t.Error("nothing to record, and something was written")
	}
}

// sink is a file that remembers nothing.
type sink struct{}

func (sink) WriteAt(b []byte, _ int64) (int, error) { return len(b), nil }
func (sink) Truncate(int64) error                   { return nil }

func BenchmarkRecord(b *testing.B) {
	r := newRecorder(b, sink{}, Alerts{})
	p := newPlay(4, 1, 0, 1)
	r.Items(p[0])
	data := make([]byte, 66)
	call := []stream.Item{
		&stream.Segment{At: time.Unix(1_700_000_000, 0), Conn: 1, From: stream.FromDevice, Data: data},
		&stream.Segment{At: time.Unix(1_700_000_000, 0), Conn: 1, From: stream.FromCloud, Data: data},
	}
	b.ReportAllocs()
	for b.Loop() {
		r.Items(call)
	}
}
