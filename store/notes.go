package store

import (
	"maps"
	"slices"
	"strings"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
)

// notes is what was written at events: by a user of the screen, or in the capture
// that they came from. They are part of the content, so snapshots have them: what
// is there never changes, it is replaced.
type notes struct {
	at    map[Seq]*stream.Note
	marks map[string]Seq
}

// maxNotes is how many events of captures keep what was written at them.
const maxNotes = 4096

// Mark is a named place.
type Mark struct {
	Name string
	Seq  Seq
}

// SetMark gives an event a name, which no other event keeps.
func (s *Store) SetMark(name string, seq Seq) {
	s.note(func(n *notes) { n.mark(name, seq) }, seq)
}

// RemoveMark forgets a mark.
func (s *Store) RemoveMark(name string) {
	if seq, ok := s.Mark(name); ok {
		s.note(func(n *notes) { n.unmark(name) }, seq)
	}
}

// SetComment writes a text at an event; an empty one removes it.
func (s *Store) SetComment(seq Seq, text string) {
	s.note(func(n *notes) { n.change(seq, func(note *stream.Note) { note.Comment = text }) }, seq)
}

// note changes the notes, and has views look again at the event.
func (s *Store) note(change func(*notes), seq Seq) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.content
	c.notes = c.notes.clone()
	change(&c.notes)
	if c.has(seq) {
		c.touched.append(uint32(seq))
	}
	s.announce()
}

// Mark returns the event with a name, or false if there is none. It may be
// evicted.
func (s *Store) Mark(name string) (Seq, bool) {
	c := s.snapshot()
	seq, ok := c.notes.marks[name]
	return seq, ok
}

// Marks returns all marks in order of their events.
func (s *Store) Marks() []Mark {
	c := s.snapshot()
	marks := make([]Mark, 0, len(c.notes.marks))
	for name, seq := range c.notes.marks {
		marks = append(marks, Mark{name, seq})
	}
	slices.SortFunc(marks, func(a, b Mark) int {
		if a.Seq != b.Seq {
			return int(int64(a.Seq - b.Seq))
		}
		return strings.Compare(a.Name, b.Name)
	})
	return marks
}

// Note returns what was written at an event, nil if nothing was.
func (s *Store) Note(seq Seq) *stream.Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.content.notes.at[seq]
}

// Comment returns the text at an event, or nothing.
func (s *Store) Comment(seq Seq) string {
	if n := s.Note(seq); n != nil {
		return n.Comment
	}
	return ""
}

func (n notes) clone() notes {
	n = notes{maps.Clone(n.at), maps.Clone(n.marks)}
	if n.at == nil {
		n.at, n.marks = make(map[Seq]*stream.Note), make(map[string]Seq)
	}
	return n
}

// take notes what came with events, of which the first has a number.
func (n *notes) take(first Seq, events []decode.Event) {
	fresh := false
	for i := range events {
		note, seq := events[i].Note, first+Seq(i)
		if note == nil || len(n.at) >= maxNotes {
			continue
		}
		if !fresh {
			*n, fresh = n.clone(), true
		}
		for _, r := range note.Mark {
			n.mark(string(r), seq)
		}
		n.change(seq, func(mine *stream.Note) { mine.Comment = note.Comment })
	}
}

// change replaces the note of an event by a changed one, or by none if that is empty.
func (n *notes) change(seq Seq, change func(*stream.Note)) {
	var note stream.Note
	if was := n.at[seq]; was != nil {
		note = *was
	}
	if change(&note); note == (stream.Note{}) {
		delete(n.at, seq)
		return
	}
	n.at[seq] = &note
}

func (n *notes) mark(name string, seq Seq) {
	n.unmark(name)
	n.marks[name] = seq
	n.change(seq, func(note *stream.Note) { note.Mark += name })
}

func (n *notes) unmark(name string) {
	if seq, ok := n.marks[name]; ok {
		n.change(seq, func(note *stream.Note) { note.Mark = strings.ReplaceAll(note.Mark, name, "") })
		delete(n.marks, name)
	}
}

// moved returns the notes where their events have moved to.
func (n notes) moved(m moves) notes {
	now := notes{}.clone()
	for seq, note := range n.at {
		now.at[m.at(seq)] = note
	}
	for name, seq := range n.marks {
		now.marks[name] = m.at(seq)
	}
	return now
}
