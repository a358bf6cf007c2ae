package store

import "sort"

// moves say where events went: each holds from its old number up to the next.
type moves []move

type move struct {
	old Seq
	by  int64
}

// note adds an event, in order of the old numbers.
func (m *moves) note(old, now Seq) {
	by := int64(now - old)
	if n := len(*m); n == 0 && by == 0 || n > 0 && (*m)[n-1].by == by {
		return
	}
	*m = append(*m, move{old, by})
}

// at returns the new number of an event.
func (m moves) at(old Seq) Seq {
	i := sort.Search(len(m), func(i int) bool { return m[i].old > old })
	if i == 0 {
		return old
	}
	return old + Seq(m[i-1].by)
}

// history is where events went by the latest epochs.
type history struct {
	epoch uint64
	moves []moves // the last one led to the epoch
}

const maxHistory = 16

func (h *history) add(m moves) {
	h.epoch++
	if len(h.moves) == maxHistory {
		h.moves = append(h.moves[:0], h.moves[1:]...)
	}
	h.moves = append(h.moves, m)
}

// Epoch returns how often events have moved: a number that was noted at another
// epoch must go through [Store.Moved].
func (s *Store) Epoch() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.content.epoch
}

// Moved returns the number that an event has now, of which the number at an
// earlier epoch is known. After sixteen epochs it gives up and returns the number
// as it was.
func (s *Store) Moved(seq Seq, epoch uint64) Seq {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := &s.moved
	if h.epoch-epoch > uint64(len(h.moves)) {
		return seq
	}
	for _, m := range h.moves[len(h.moves)-int(h.epoch-epoch):] {
		seq = m.at(seq)
	}
	return seq
}
