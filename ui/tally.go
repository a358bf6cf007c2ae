package ui

import (
	"cmp"
	"slices"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store"
	"github.com/photonscope/photonscope/store/filter"
)

// tally counts what a view of the store looks at. It looks at each event once,
// in small pieces, and keeps none.
type tally struct {
	view     *store.View
	only     func(*decode.Event, *store.Row) bool // the filter; nil: everything
	counted  seqSet
	trouble  seqSet
	kinds    map[Safe]*sum
	sessions map[uint32]*sum
	over     timeline
	relay    relay
}

// sum is what is known of one kind of event, or of one session.
type sum struct {
	name     Safe
	sent     [2]int // by sender
	bytes    int
	trouble  int
	answered store.Histogram // time to the answer: of a request, and of what answers
}

func newTally(s *store.Store) *tally {
	t := &tally{view: store.NewView(s), relay: relay{store: s, view: store.NewView(s)}}
	t.begin(store.Match{})
	return t
}

// begin counts anew, the events that match.
func (t *tally) begin(m store.Match) {
	t.only, t.counted, t.trouble = m.Event, nil, nil
	t.kinds, t.sessions = make(map[Safe]*sum), make(map[uint32]*sum)
	t.over = timeline{}
	m.Event, m.Later = t.count, true
	if decide := m.Decide; decide != nil { // what is refused need not be looked at, all else is counted
		m.Decide = func(e *decode.Event) (matches, decided bool) {
			matches, decided = decide(e)
			return matches, decided && !matches
		}
	}
	t.view.SetMatch(m)
	t.relay.begin(m.Where)
}

// refresh looks at what came. It reports whether there is more.
func (t *tally) refresh() bool {
	return t.view.Refresh(lookFor) || t.relay.view.Refresh(lookFor)
}

// count counts an event. It reports false: the view is to keep nothing.
func (t *tally) count(e *decode.Event, row *store.Row) bool {
	if t.only != nil && !t.only(e, row) {
		return false
	}
	isNew := t.counted.add(row.Seq)
	problem := row.Flags&store.Problem != 0 && t.trouble.add(row.Seq)
	for _, s := range []*sum{t.kind(kindOf(e)), t.session(row.Session)} {
		if problem {
			s.trouble++
		}
		if isNew {
			s.sent[e.From&1]++
			s.bytes += len(e.Raw)
		}
	}
	if isNew {
		t.answer(e, row)
		t.over.add(e)
	}
	return false
}

// answer counts how long an answer took, for its kind and for that of the request
// that it settles.
func (t *tally) answer(e *decode.Event, row *store.Row) {
	m, ok := e.Body.(*decode.Message)
	if !ok || !m.Meaning.HasRTT {
		return
	}
	t.kind(kindOf(e)).answered.Add(m.Meaning.RTT)
	t.session(row.Session).answered.Add(m.Meaning.RTT)
	if asked := m.Meaning.Answers; asked != particle.NoKind && filter.Settles(m) {
		t.kind(Safe(asked.String())).answered.Add(m.Meaning.RTT)
	}
}

func (t *tally) kind(name Safe) *sum {
	s := t.kinds[name]
	if s == nil {
		s = &sum{name: name}
		t.kinds[name] = s
	}
	return s
}

func (t *tally) session(number uint32) *sum {
	s := t.sessions[number]
	if s == nil {
		s = new(sum)
		t.sessions[number] = s
	}
	return s
}

func (s *sum) count() int { return s.sent[stream.FromDevice] + s.sent[stream.FromCloud] }

// merge adds another sum.
func (s *sum) merge(o *sum) {
	s.sent[0] += o.sent[0]
	s.sent[1] += o.sent[1]
	s.bytes += o.bytes
	s.trouble += o.trouble
	s.answered.Merge(&o.answered)
}

// byKind returns a sum for each kind.
func (t *tally) byKind() []*sum {
	list := make([]*sum, 0, len(t.kinds))
	for _, s := range t.kinds {
		if s.count() > 0 { // and not only answered, the request being filtered out
			list = append(list, s)
		}
	}
	return list
}

// byDevice returns a sum for each device that said something.
func (t *tally) byDevice(devices []*device) []*sum {
	var list []*sum
	for _, d := range devices {
		s := &sum{name: d.label()}
		for _, session := range d.sessions {
			if one := t.sessions[session.Number]; one != nil {
				s.merge(one)
			}
		}
		if s.count() > 0 {
			list = append(list, s)
		}
	}
	return list
}

// sortSums sorts by a figure, the greatest first, and then by name.
func sortSums(list []*sum, by func(*sum) int) {
	slices.SortFunc(list, func(a, b *sum) int {
		if n := cmp.Compare(by(b), by(a)); n != 0 {
			return n
		}
		return cmp.Compare(a.name, b.name)
	})
}

// relay measures how long a proxy keeps messages: the time between the legs.
type relay struct {
	store   *store.Store
	view    *store.View // looks at both legs
	counted seqSet
	added   store.Histogram
}

func (r *relay) begin(where store.Where) {
	r.counted, r.added = nil, store.Histogram{}
	where.OneLeg, where.Need = false, 0
	where.Legs, where.Types = store.SetOf(stream.DeviceLeg, stream.CloudLeg), store.SetOf(store.TypeMessage)
	r.view.SetMatch(store.Match{Where: where, Event: r.count, Later: true})
}

// count counts a message when its twin, on the other leg, came before.
func (r *relay) count(_ *decode.Event, row *store.Row) bool {
	seq, ok := r.store.Twin(row.Seq)
	if !ok || seq > row.Seq || !r.counted.add(row.Seq) {
		return false
	}
	if twin, ok := r.store.Row(seq); ok {
		r.added.Add(row.At.Sub(twin.At).Abs())
	}
	return false
}

// seqSet is a set of events, a bit each.
type seqSet []uint64

// add adds an event. It reports false if that is there.
func (s *seqSet) add(seq store.Seq) bool {
	word, bit := int(seq/64), uint64(1)<<(seq%64)
	if word >= len(*s) {
		*s = append(*s, make([]uint64, word-len(*s)+1+len(*s)/4)...)
	}
	isNew := (*s)[word]&bit == 0
	(*s)[word] |= bit
	return isNew
}
