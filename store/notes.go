package store

import (
	"maps"
	"slices"
	"strings"
)

// notes is what the user wrote at events.
type notes struct {
	marks    map[string]Seq
	comments map[Seq]string
}

// Mark is a named place.
type Mark struct {
	Name string
	Seq  Seq
}

// SetMark gives an event a name, which no other event keeps.
func (s *Store) SetMark(name string, seq Seq) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.notes.marks == nil {
		s.notes.marks = make(map[string]Seq)
	}
	s.notes.marks[name] = seq
}

// RemoveMark forgets a mark.
func (s *Store) RemoveMark(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.notes.marks, name)
}

// Mark returns the event with a name, or false if there is none. It may be
// evicted.
func (s *Store) Mark(name string) (Seq, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seq, ok := s.notes.marks[name]
	return seq, ok
}

// Marks returns all marks in order of their events.
func (s *Store) Marks() []Mark {
	s.mu.Lock()
	defer s.mu.Unlock()
	marks := make([]Mark, 0, len(s.notes.marks))
	for name, seq := range s.notes.marks {
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

// SetComment writes a text at an event; an empty one removes it.
func (s *Store) SetComment(seq Seq, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text == "" {
		delete(s.notes.comments, seq)
		return
	}
	if s.notes.comments == nil {
		s.notes.comments = make(map[Seq]string)
	}
	s.notes.comments[seq] = text
}

// Comment returns the text at an event, or nothing.
func (s *Store) Comment(seq Seq) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.notes.comments[seq]
}

// Commented returns the events that have a text, in order.
func (s *Store) Commented() []Seq {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.notes.comments))
}
