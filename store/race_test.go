package store

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// One goroutine appends, and opens what is held when a key comes, while others
// read by every way there is. What each of them sees makes sense by itself.
func TestReadersNeedNotWaitForTheAppender(t *testing.T) {
	tr := newTraffic(2)
	tr.play(4, 4000)
	s := New(1 << 20)
	var over atomic.Bool
	var readers sync.WaitGroup
	for i := range 3 {
		readers.Go(func() { read(t, s, &over, rand.New(rand.NewPCG(uint64(i), 1))) })
	}
	keys := new(lightssl.Keyring)
	d := decode.NewDecoder(keys)
	var events []decode.Event
	for i, it := range tr.items {
		events = d.Feed(events[:0], it)
		s.Append(events)
		if i == len(tr.items)/3 {
			addSession(keys, tr)
			if !s.Redecode(keys, nil).Changed {
				t.Error("nothing changed")
			}
		}
	}
	s.Append(d.Finish(nil))
	over.Store(true)
	readers.Wait()
}

func read(t *testing.T, s *Store, over *atomic.Bool, rnd *rand.Rand) {
	v := NewView(s)
	for n := 0; !over.Load() || n < 20; n++ {
		changed := s.Changed()
		v.SetMatch(someMatches[rnd.IntN(len(someMatches))])
		v.SetFold(rnd.IntN(2) == 0)
		v.SetOrder(Column(rnd.IntN(int(ByProxy)+1)), rnd.IntN(2) == 0)
		v.Refresh(100 * time.Microsecond)
		for range min(v.Len(), 20) {
			seq := v.At(rnd.IntN(v.Len()))
			row, held := s.Row(seq)
			if _, there := s.At(seq); there && !held {
				t.Error("an event came back")
			}
			if held && row.Seq != seq {
				t.Errorf("row %d is of %d", row.Seq, seq)
			}
			for _, other := range s.Exchange(nil, seq) {
				s.At(other)
			}
			s.Twin(seq)
			s.SetMark("a", seq)
			s.SetComment(seq, "seen")
		}
		if v.Len() > 0 {
			v.Seek(0, false, Problems).Next(100 * time.Microsecond)
			v.Fold(rnd.IntN(v.Len()))
		}
		s.Sessions(nil)
		s.Marks()
		select {
		case <-changed:
		default:
		}
	}
}

func TestAppendingWakesNobodyThatDidNotAsk(t *testing.T) {
	s := New(0)
	e := []decode.Event{{Conn: new(stream.Conn), Body: &decode.Gap{}}}
	for range 100 {
		s.Append(e)
	}
	if n := testing.AllocsPerRun(1000, func() { s.Append(e) }); n > 1 {
		t.Errorf("%v allocations to append an event that nobody waits for", n)
	}
}
