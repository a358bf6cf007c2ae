package ui

import (
	"cmp"
	"slices"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store"
)

// tally counts what a view of the store looks at. It looks at each event once,
// in small pieces, and keeps none.
type tally struct {
	view    *store.View
	next    store.Seq // those before were counted
	trouble map[store.Seq]bool
	kinds   map[Safe]*kindTally
	seconds [maxSeconds]second // by second modulo the length
	last    time.Time
}

// kindTally is what is known of one kind of event in sum.
type kindTally struct {
	name     Safe
	sent     [2]int // by sender
	bytes    int
	trouble  int
	answered store.Histogram
}

// second is what happened in one second.
type second struct {
	at       int64 // since 1970
	messages int
	bytes    [2]int // by sender
	slowest  time.Duration
}

// maxSeconds is how far back rates are known: an hour.
const maxSeconds = 3600

func newTally(s *store.Store) *tally {
	t := &tally{view: store.NewView(s)}
	t.begin(store.Where{})
	return t
}

// begin counts anew, the events that where allows.
func (t *tally) begin(where store.Where) {
	t.next, t.last = 0, time.Time{}
	t.trouble = make(map[store.Seq]bool)
	t.kinds = make(map[Safe]*kindTally)
	t.seconds = [maxSeconds]second{}
	where.OneLeg = true
	t.view.SetMatch(store.Match{Where: where, Event: t.count, Later: true})
}

// count counts an event. It reports false: the view is to keep nothing.
func (t *tally) count(e *decode.Event, row *store.Row) bool {
	k := t.kindOf(kindOf(e))
	if row.Flags&store.Problem != 0 && !t.trouble[row.Seq] {
		t.trouble[row.Seq] = true
		k.trouble++
	}
	if row.Seq < t.next { // the store learnt more of one that was counted
		return false
	}
	t.next = row.Seq + 1
	k.sent[e.From&1]++
	k.bytes += len(e.Raw)
	if e.At.After(t.last) {
		t.last = e.At
	}
	s := t.second(e.At.Unix())
	if s == nil {
		return false
	}
	s.bytes[e.From&1] += len(e.Raw)
	if m, ok := e.Body.(*decode.Message); ok {
		s.messages++
		if m.Meaning.HasRTT {
			k.answered.Add(m.Meaning.RTT)
			s.slowest = max(s.slowest, m.Meaning.RTT)
		}
	}
	return false
}

func (t *tally) kindOf(name Safe) *kindTally {
	k := t.kinds[name]
	if k == nil {
		k = &kindTally{name: name}
		t.kinds[name] = k
	}
	return k
}

// second returns the count of a second, nil if that is too long ago.
func (t *tally) second(at int64) *second {
	s := &t.seconds[((at%maxSeconds)+maxSeconds)%maxSeconds]
	switch {
	case s.at > at:
		return nil
	case s.at < at:
		*s = second{at: at}
	}
	return s
}

// sorted returns the kinds, the most frequent first.
func (t *tally) sorted() []*kindTally {
	kinds := make([]*kindTally, 0, len(t.kinds))
	for _, k := range t.kinds {
		kinds = append(kinds, k)
	}
	slices.SortFunc(kinds, func(a, b *kindTally) int {
		if n := cmp.Compare(b.count(), a.count()); n != 0 {
			return n
		}
		return cmp.Compare(a.name, b.name)
	})
	return kinds
}

func (k *kindTally) count() int { return k.sent[stream.FromDevice] + k.sent[stream.FromCloud] }

// series returns the last n seconds up to a time, in columns, each the greatest
// of its seconds.
func (t *tally) series(until int64, n, columns int, of func(*second) float64) []float64 {
	out := make([]float64, columns)
	for i := range out {
		from, to := until-int64(n)+1+int64(i*n/columns), until-int64(n)+1+int64((i+1)*n/columns)
		for at := from; at < max(to, from+1); at++ {
			if s := &t.seconds[((at%maxSeconds)+maxSeconds)%maxSeconds]; s.at == at {
				out[i] = max(out[i], of(s))
			}
		}
	}
	return out
}
