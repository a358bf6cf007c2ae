package captures

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/photonscope/photonscope/decode/stream"
)

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
