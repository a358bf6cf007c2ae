package captures

import (
	"cmp"
	"container/heap"
	"errors"
	"iter"
)

// merge passes on the packets of all inputs in the order of their times.
func (a *assembler) merge(inputs []Input) error {
	var waiting heads
	faults := make([]error, len(inputs))
	for i, from := range inputs {
		next, stop := iter.Pull(a.packets(from, &faults[i]))
		defer stop()
		if p, ok := next(); ok {
			waiting = append(waiting, head{p, i, next})
		}
	}
	heap.Init(&waiting)
	for len(waiting) > 0 && a.handle(waiting[0].packet) {
		if p, ok := waiting[0].next(); ok {
			waiting[0].packet = p
			heap.Fix(&waiting, 0)
		} else {
			heap.Pop(&waiting)
		}
	}
	return errors.Join(faults...)
}

// packets yields those of one input, each valid until the next one, and stores
// what was wrong with it.
func (a *assembler) packets(from Input, fault *error) iter.Seq[*packet] {
	return func(yield func(*packet) bool) {
		*fault = newReader(from, a.stats, yield).read()
	}
}

// head is the next packet of an input.
type head struct {
	packet *packet
	input  int
	next   func() (*packet, bool)
}

// heads is a heap with the earliest packet first.
type heads []head

func (h heads) Len() int      { return len(h) }
func (h heads) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *heads) Push(x any)   { *h = append(*h, x.(head)) }

func (h heads) Less(i, j int) bool {
	return cmp.Or(h[i].packet.at.Compare(h[j].packet.at), cmp.Compare(h[i].input, h[j].input)) < 0
}

func (h *heads) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
