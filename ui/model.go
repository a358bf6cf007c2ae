package ui

import (
	"fmt"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/store"
)

// model is the events as the screen sees them: those that match the filter, and
// the sessions. A paused screen sees what there was when it was paused.
type model struct {
	store    *store.Store
	view     *store.View
	trouble  *store.View // the problems among all events, one for both legs
	problems problemCounts
	spots    map[spot]store.Seq // events that findings rest on, as far as they were looked for
	sessions []store.Session
	origin   time.Time // of the first event: relative times count from it
	end      store.Seq // what the screen knows of
	more     bool      // the view has not looked at everything yet
	paused   bool

	scope    scope
	columns  []eventColumn // of the list of events; nil: those of the size
	filter   filtering
	names    map[string]string // the user's own filters
	onlyBad  bool              // only what is worth a look
	private  bool              // devices, names and values are hidden
	aliases  map[lightssl.DeviceID]int
	bothLegs bool
	applied  int // how often one of these became another

	times timeMode
	zero  time.Time // that times count from; the zero value: origin
}

func newModel(s *store.Store) *model {
	m := &model{store: s, view: store.NewView(s), trouble: store.NewView(s), spots: make(map[spot]store.Seq)}
	m.trouble.SetMatch(store.Problems)
	m.apply()
	return m
}

// lookFor is how long the screen looks at new events before it draws again.
const lookFor = 15 * time.Millisecond

// refresh takes notice of what came, unless the screen is paused.
func (m *model) refresh() {
	if m.paused {
		return
	}
	m.sessions = m.store.Sessions(m.sessions[:0])
	if m.scope.widen(m.sessions) {
		m.apply()
	}
	m.more = m.view.Refresh(lookFor)
	m.more = m.trouble.Refresh(lookFor) || m.more
	m.problems.count(m.store, m.trouble)
	first, end := m.store.Bounds()
	m.end = end
	if row, ok := m.store.Row(first); ok && m.origin.IsZero() {
		m.origin = row.At
	}
}

// waiting returns how many events came since the screen was paused.
func (m *model) waiting() int {
	_, end := m.store.Bounds()
	return int(end - m.end)
}

// Len implements rowSource.
func (m *model) Len() int { return m.view.Len() }

// Key implements keyed.
func (m *model) Key(row int) uint64 { return uint64(m.view.At(row)) }

// RowOf implements keyed.
func (m *model) RowOf(key uint64) (int, bool) { return m.view.RowOf(store.Seq(key)) }

// Epoch implements renumbered.
func (m *model) Epoch() uint64 { return m.store.Epoch() }

// Moved implements renumbered.
func (m *model) Moved(key, epoch uint64) uint64 { return uint64(m.store.Moved(store.Seq(key), epoch)) }

// event returns an event; one that was evicted meanwhile has the body nil.
func (m *model) event(seq store.Seq) decode.Event {
	e, _ := m.store.At(seq)
	return e
}

// summary says in a few words what is going on.
func (m *model) summary() Safe {
	online := 0
	for i := range m.sessions {
		if s := &m.sessions[i]; stageOf(s).on && !s.Main().Over() {
			online++
		}
	}
	return Safe(fmt.Sprintf("%d online, !%d", online, m.trouble.Len()))
}
