package store

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// model is what a view should be, by the plainest means: one pass over the rows of
// the store.
func model(s *Store, m Match) (seqs []Seq) {
	first, end := s.Bounds()
	for seq := first; seq < end; seq++ {
		row, _ := s.Row(seq)
		e, _ := s.At(seq)
		if allowedBy(&m.Where, &row, &e) && (m.Event == nil || m.Event(&e, &row)) {
			seqs = append(seqs, seq)
		}
	}
	return seqs
}

func allowedBy(w *Where, r *Row, e *decode.Event) bool {
	in := func(s Set, v uint8) bool { return s == 0 || s&(1<<v) != 0 }
	return (w.Sessions == nil || slices.Contains(w.Sessions, e.Session)) &&
		in(w.Legs, uint8(e.Conn.Leg)) && in(w.From, uint8(e.From)) && in(w.Types, uint8(r.Type)) && in(w.Kinds, uint8(r.Kind)) &&
		r.Flags&w.Need == w.Need && r.Flags&w.Never == 0 &&
		!(w.OneLeg && e.Conn.Leg == stream.CloudLeg && e.Conn.Pair != 0 && e.Raw != nil && r.Flags&(Lone|Differs) == 0)
}

// matches are matches of all kinds.
var someMatches = []Match{
	{},
	{Where: Where{Sessions: []uint32{1, 3}}},
	{Where: Where{Sessions: []uint32{}}},
	{Where: Where{Legs: SetOf(stream.Tapped, stream.DeviceLeg), From: SetOf(stream.FromCloud)}},
	{Where: Where{Types: SetOf(TypeMessage, TypeGap)}},
	{Where: Where{Kinds: SetOf(particle.KindPing, particle.KindEvent)}},
	{Where: Where{Need: Unanswered}},
	{Where: Where{Need: Problem, Never: Retry}},
	{Where: Where{OneLeg: true}},
	{Where: Where{Types: SetOf(TypeMessage)}, Event: func(e *decode.Event, _ *Row) bool {
		return bytes.Contains(e.Body.(*decode.Message).Plain, []byte("room"))
	}},
	{Later: true, Event: func(e *decode.Event, r *Row) bool { return len(e.Raw) > 20 && r.Flags&(Answered|Lone) == 0 }},
	{Wire: true, Event: func(e *decode.Event, _ *Row) bool { return len(e.Raw) > 3 && e.Raw[3]&1 == 0 }},
}

// someViews are views of a store by someMatches, in their order.
func someViews(s *Store) (views []*View) {
	for _, m := range someMatches {
		v := NewView(s)
		v.SetMatch(m)
		views = append(views, v)
	}
	return views
}

func TestViewsShowWhatTheModelShows(t *testing.T) {
	for seed := range uint64(12) {
		tr := newTraffic(seed)
		tr.play(4, 300)
		events := decoded(tr.keys, tr.items)
		rnd := rand.New(rand.NewPCG(seed, 7))
		s := New(pageSize + []int{1 << 20, 1 << 16}[seed%2])
		views := someViews(s)
		for len(events) > 0 {
			n := min(len(events), rnd.IntN(200))
			s.Append(events[:n])
			events = events[n:]
			for i, v := range views {
				if rnd.IntN(3) == 0 {
					checkView(t, s, v, rnd)
					if rnd.IntN(8) == 0 {
						v.SetMatch(someMatches[i])
					}
				}
			}
		}
	}
}

// Whole pages are evicted here, again and again, under views that keep up and views
// that lag behind.
func TestViewsFollowEviction(t *testing.T) {
	tr := newTraffic(9)
	tr.play(3, 12_000)
	events := decoded(tr.keys, tr.items)
	rnd := rand.New(rand.NewPCG(9, 9))
	s := New(2*pageSize + 1<<20)
	views := someViews(s)
	for len(events) > 0 {
		n := min(len(events), rnd.IntN(3000))
		s.Append(events[:n])
		events = events[n:]
		for _, v := range views {
			switch rnd.IntN(6) {
			case 0:
				checkView(t, s, v, rnd)
			case 1, 2:
				v.Refresh(0)
			}
		}
	}
	if first, _ := s.Bounds(); first < 4*pageLen {
		t.Fatalf("only %d events evicted", first)
	}
	for _, v := range views {
		checkView(t, s, v, rnd)
	}
}

func TestAViewLastsForThousandsOfMillionsOfEvents(t *testing.T) {
	tr := newTraffic(8)
	tr.play(2, 200)
	events := decoded(tr.keys, tr.items)
	s := New(0)
	v := NewView(s)
	v.Refresh(0)
	s.content.first, s.content.end = 5<<31+1, 5<<31+1 // as if all before had come and gone
	s.Append(events)
	checkView(t, s, v, rand.New(rand.NewPCG(1, 1)))
	sameEvents(t, all(t, s), events)
}

// checkView refreshes a view and compares it with the model, in arrival order,
// sorted, and folded.
func checkView(t *testing.T, s *Store, v *View, rnd *rand.Rand) {
	t.Helper()
	for v.Refresh(time.Nanosecond) {
	}
	want := model(s, v.match.Match)
	if len(v.matches) != len(want) {
		t.Fatalf("%d matches, want %d, of %+v", len(v.matches), len(want), v.match.Where)
	}
	if by, down := v.Order(); by != ByArrival {
		sortModel(s, want, by)
		if down {
			slices.Reverse(want)
		}
	}
	folded := v.Folding()
	if by, _ := v.Order(); by != ByArrival {
		folded = false
	}
	rows := foldModel(s, want, folded, v.folds.open)
	if v.Len() != len(rows) {
		t.Fatalf("%d rows, want %d", v.Len(), len(rows))
	}
	for i, row := range rows {
		if got := v.At(i); got != row[0] {
			t.Fatalf("row %d is %d, want %d", i, got, row[0])
		}
		if got, ok := v.RowOf(row[len(row)-1]); got != i || !ok {
			t.Fatalf("%d is in row %d, %v; want %d", row[len(row)-1], got, ok, i)
		}
		if f, ok := v.Fold(i); ok != (len(row) > 1) || ok && (f.First != row[0] || f.Last != row[len(row)-1] || f.Count != len(row)) {
			t.Fatalf("fold %d: %+v, want %v", i, f, row)
		}
	}
	change(v, rnd)
}

// change changes how a view shows its matches.
func change(v *View, rnd *rand.Rand) {
	switch rnd.IntN(4) {
	case 0:
		v.SetFold(!v.Folding())
	case 1:
		v.SetOrder(Column(rnd.IntN(int(ByProxy))), rnd.IntN(2) == 0) // the time between the legs changes with what comes
	case 2:
		v.SetOrder(ByArrival, false)
	case 3:
		if v.Len() > 0 {
			v.Unfold(rnd.IntN(v.Len()))
		}
	}
}

func sortModel(s *Store, seqs []Seq, by Column) {
	c := s.snapshot()
	slices.SortStableFunc(seqs, func(a, b Seq) int {
		x, y := c.key(by, a), c.key(by, b)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
}

func foldModel(s *Store, seqs []Seq, on bool, open map[Seq]struct{}) (rows [][]Seq) {
	var folding, unfolded bool
	for _, seq := range seqs {
		row, _ := s.Row(seq)
		ping := row.Kind == particle.KindPing || row.Kind == particle.KindPingAck
		if !on || !ping || row.Flags&(Problem|Unanswered|Retry) != 0 {
			rows, folding = append(rows, []Seq{seq}), false
			continue
		}
		if !folding {
			_, unfolded = open[seq]
		}
		if folding && !unfolded {
			rows[len(rows)-1] = append(rows[len(rows)-1], seq)
		} else {
			rows = append(rows, []Seq{seq})
		}
		folding = true
	}
	return rows
}

func TestRowsAreFoundByTheirNearestEvent(t *testing.T) {
	tr := newTraffic(3)
	tr.play(2, 100)
	s := stored(decoded(tr.keys, tr.items))
	v := NewView(s)
	v.SetMatch(Match{Where: Where{Kinds: SetOf(particle.KindEvent)}})
	v.Refresh(0)
	_, end := s.Bounds()
	for seq := range end {
		row, ok := v.RowOf(seq)
		if ok && v.At(row) != seq || row < v.Len() && v.At(row) < seq || row > 0 && v.At(row-1) >= seq {
			t.Fatalf("%d is at row %d, %v", seq, row, ok)
		}
	}
}

func TestSeekingFindsWhatTheModelHas(t *testing.T) {
	tr := newTraffic(5)
	tr.play(3, 400)
	s := stored(decoded(tr.keys, tr.items))
	for _, fold := range []bool{false, true} {
		v := NewView(s)
		v.SetFold(fold)
		v.Refresh(0)
		want := model(s, Problems)
		for _, back := range []bool{false, true} {
			row := -1
			if back {
				row = v.Len()
				slices.Reverse(want)
			}
			seeker := v.Seek(row, back, Problems)
			var got []Seq
			for more := true; more; {
				var seq Seq
				var found bool
				if seq, found, more = seeker.Next(time.Nanosecond); found {
					got = append(got, seq)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("found %v, want %v", got, want)
			}
		}
	}
}
