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
	return joinFaults(faults)
}

// joinFaults joins the faults of inputs, each of which may be joined of several.
func joinFaults(faults []error) error {
	var all []error
	for _, err := range faults {
		if several, ok := err.(interface{ Unwrap() []error }); ok {
			all = append(all, several.Unwrap()...)
		} else {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// packets yields those of one input, each valid until the next one, and stores
// what was wrong with it.
func (a *assembler) packets(from Input, fault *error) iter.Seq[*packet] {
	return func(yield func(*packet) bool) {
		rd := newReader(from, a.stats, yield)
		rd.in.one = true
		*fault = rd.read()
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
	end := len(*h) - 1
	last := (*h)[end]
	(*h)[end] = head{} // let go of the input
	*h = (*h)[:end]
	return last
}
