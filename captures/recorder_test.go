package captures

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

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
