package main

import (
	"sync"

	"github.com/photonscope/photonscope/decode/stream"
)

// queue carries items from the traffic's goroutines to the one consumer that
// decodes them. Offering an item is a short critical section and never wakes
// anybody: the consumer comes by on its own, a few dozen times a second. When
// the queue is full the newest items are left out, for display only, and
// counted: the consumer sees a gap where they were.
type queue struct {
	mu      sync.Mutex
	waiting batch
	bytes   int
	skipped map[skipKey]int // bytes left out since the direction's last item
	lost    int             // bytes left out in all
	used    bool            // something was offered
}

type skipKey struct {
	conn stream.ConnID
	from stream.Direction
}

const (
	queueLimit = 64 << 20 // bytes of segments waiting to be decoded
	itemCost   = 64       // what an item without bytes counts for
)

// offer appends items, whose bytes it copies: once, if both legs carry the same.
func (q *queue) offer(items []stream.Item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used = true
	var last pair
	for _, it := range items {
		if seg, ok := it.(*stream.Segment); ok {
			q.add(seg, &last)
			continue
		}
		q.other(stream.Clone(it))
	}
}

// pair is the bytes of an item as they were offered and as they are kept.
type pair struct{ offered, kept []byte }

func (q *queue) add(seg *stream.Segment, last *pair) {
	key := skipKey{seg.Conn, seg.From}
	if q.bytes+len(seg.Data) > queueLimit {
		if q.skipped == nil {
			q.skipped = make(map[skipKey]int)
		}
		q.skipped[key] += len(seg.Data)
		q.lost += len(seg.Data)
		return
	}
	if n := q.skipped[key]; n > 0 {
		q.other(&stream.Gap{At: seg.At, Conn: seg.Conn, From: seg.From, Len: n})
		delete(q.skipped, key)
	}
	if !sameMemory(seg.Data, last.offered) {
		*last = pair{seg.Data, q.waiting.keep(seg.Data)}
	}
	q.waiting.segment(seg, last.kept)
	q.bytes += len(seg.Data) + itemCost
}

func sameMemory(a, b []byte) bool {
	return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0]
}

func (q *queue) other(it stream.Item) {
	q.waiting.other(it)
	q.bytes += itemCost
}

// take returns everything that waits, in order, and empties the queue. done is
// a batch that the consumer is done with: its room is used for the next items.
func (q *queue) take(done batch) batch {
	done.reset()
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.waiting
	q.waiting, q.bytes = done, 0
	return taken
}

// missed returns how many bytes were left out for display.
func (q *queue) missed() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.lost
}

// untouched reports whether nothing was ever offered.
func (q *queue) untouched() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.used
}
