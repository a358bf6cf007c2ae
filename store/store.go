package store

import (
	"sync"
	"unsafe"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
)

// DefaultBudget is the memory of a Store that is given none: 256 MiB, some two
// million messages.
const DefaultBudget = 256 << 20

// Store holds events in order of arrival. One goroutine at a time may append,
// any number may read meanwhile: a reader holds the lock only to copy a few
// words. Make one with [New].
type Store struct {
	mu      sync.Mutex
	content content
	writer  writer
	moved   history

	diagnosed lightssl.KeyCounts // private keys that the latest findings rest on; those of the writer's goroutine
	changed   chan struct{}      // nil: nobody waits
}

// content is what readers see. A copy of it is a snapshot.
type content struct {
	first, end Seq
	pages      list[page] // numbered by Seq
	chunks     list[[]byte]
	envelopes  list[envelope]
	words      [][]byte
	touched    list[uint32] // lower half of the Seq of events whose flags changed after others could see them
	published  Seq          // others can see those before
	epoch      uint64       // rises where sequence numbers change their events
	notes      notes
}

// New returns an empty store that keeps what fits the given number of bytes, or
// DefaultBudget for 0. The least that it holds is a page and its bytes.
func New(budget int) *Store {
	if budget <= 0 {
		budget = DefaultBudget
	}
	return &Store{writer: newWriter(budget)}
}

// Append adds events. It copies what it needs of them, and never waits for a
// reader longer than that one takes to copy what it asked for.
func (s *Store) Append(events []decode.Event) {
	if len(events) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.content.published = s.content.end
	s.content.notes.take(s.content.end, events)
	for i := range events {
		s.writer.add(&s.content, &events[i])
	}
	s.announce()
}

// announce tells whoever waits that something changed. The lock is held.
func (s *Store) announce() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// Changed returns a channel that is closed when events come, or change. Ask for
// it before reading, or what comes in between goes unnoticed.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}

// snapshot returns what the store holds now.
func (s *Store) snapshot() content {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.content
}

// Bounds returns the number of the oldest event that is held, and the one that
// the next event will have. They are the same if nothing is held.
func (s *Store) Bounds() (first, end Seq) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.content.first, s.content.end
}

// Evicted returns how many events had to go because the budget was exceeded.
func (s *Store) Evicted() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writer.evicted
}

// Size returns the bytes of memory that the events take, and their budget.
func (s *Store) Size() (used, budget int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writer.used(&s.content), s.writer.budget
}

// At returns an event as it was appended, or false if it is not held. The event
// owns its bytes as any other; with it lives the chunk of 1 MiB they lie in.
func (s *Store) At(seq Seq) (decode.Event, bool) {
	l := loader{content: s.snapshot(), wire: true}
	var e decode.Event
	if !l.has(seq) {
		return e, false
	}
	l.load(seq, &e)
	return e, true
}

// Row returns what the store knows of an event without decoding it, or false if
// the event is not held.
func (s *Store) Row(seq Seq) (Row, bool) {
	c := s.snapshot()
	if !c.has(seq) {
		return Row{}, false
	}
	return c.row(seq), true
}

func (c *content) has(seq Seq) bool { return seq >= c.first && seq < c.end }

// record returns the record of an event that is held.
func (c *content) record(seq Seq) *record {
	return &c.pages.ref(uint64(seq) >> pageBits).records[seq%pageLen]
}

// envelope returns the envelope of a record.
func (c *content) envelope(r *record) *envelope {
	return c.envelopes.ref(c.envelopeNumber(r))
}

func (c *content) envelopeNumber(r *record) uint64 {
	base := c.envelopes.base
	return base + uint64(r.envelope-uint32(base))
}

// bytes returns what lies at a place.
func (c *content) bytes(p place) []byte {
	chunk := c.chunks.at(p.chunk())
	if p.size() == wholeChunk {
		return chunk
	}
	start := p.offset()
	end := start + p.size()
	return chunk[start:end:end]
}

// row makes a row of an event that is held.
func (c *content) row(seq Seq) Row {
	r := c.record(seq)
	v := c.envelope(r)
	bits := r.load()
	e := decode.Event{At: c.time(r, bits), Conn: v.conn, Session: v.session, Device: v.device, Known: v.known}
	var row Row
	row.fill(seq, &e, bits)
	return row
}

// fill sets a row to that of an event.
func (r *Row) fill(seq Seq, e *decode.Event, bits uint32) {
	r.Seq, r.At, r.Conn, r.Session, r.Leg, r.Device, r.Known = seq, e.At, e.Conn.ID, e.Session, e.Conn.Leg, e.Device, e.Known
	r.From, r.Type, r.Kind, r.Answers, r.Flags = directionOf(bits), typeOf(bits), kindOf(bits), answersOf(bits), flagsOf(bits)&^wideTime
}

const (
	pageSize     = pageLen*int(unsafe.Sizeof(record{})) + int(unsafe.Sizeof(page{}))
	envelopeSize = int(unsafe.Sizeof(envelope{})) * 9 / 8 // with the room to grow
)
