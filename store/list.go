package store

// list is a list that grows at its end and is dropped from its front, while its
// items keep their numbers. A copy of the list is a snapshot: it sees what there
// was, whatever is appended or dropped later. Its zero value is empty.
type list[T any] struct {
	base  uint64 // number of the first item
	items []T
}

// end returns the number that the next item will have.
func (l *list[T]) end() uint64 { return l.base + uint64(len(l.items)) }

// at returns an item that is there.
func (l *list[T]) at(i uint64) T { return l.items[i-l.base] }

// ref returns the place of an item that is there.
func (l *list[T]) ref(i uint64) *T { return &l.items[i-l.base] }

// has reports whether an item is there.
func (l *list[T]) has(i uint64) bool { return i >= l.base && i < l.end() }

func (l *list[T]) append(v T) { l.items = append(l.items, v) }

// drop forgets the items below a number. Snapshots keep theirs, and nothing
// else does, so the rest moves to memory of its own once that is worth it.
func (l *list[T]) drop(below uint64) {
	n := min(below, l.end())
	if n <= l.base {
		return
	}
	rest := l.items[n-l.base:]
	l.items = append(make([]T, 0, len(rest)+len(rest)/8+16), rest...)
	l.base = n
}
