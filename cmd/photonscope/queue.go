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
	items   []stream.Item
	data    []byte // the segments' bytes; grows by new chunks, never moves what items refer to
	bytes   int
	skipped map[skipKey]int // bytes left out since the direction's last item
	lost    int             // bytes left out in all
}

type skipKey struct {
	conn stream.ConnID
	from stream.Direction
}

const (
	queueLimit = 64 << 20 // bytes of segments waiting to be decoded
	itemCost   = 64       // what an item without bytes counts for
	queueChunk = 256 << 10
)

// offer appends items, whose bytes it copies.
func (q *queue) offer(items []stream.Item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, it := range items {
		q.add(it)
	}
}

func (q *queue) add(it stream.Item) {
	seg, ok := it.(stream.Segment)
	if !ok {
		q.items = append(q.items, it)
		q.bytes += itemCost
		return
	}
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
		q.items = append(q.items, stream.Gap{At: seg.At, Conn: seg.Conn, From: seg.From, Len: n})
		delete(q.skipped, key)
	}
	seg.Data = q.keep(seg.Data)
	q.items = append(q.items, seg)
	q.bytes += len(seg.Data) + itemCost
}

func (q *queue) keep(b []byte) []byte {
	if cap(q.data)-len(q.data) < len(b) {
		q.data = make([]byte, 0, max(queueChunk, len(b)))
	}
	start := len(q.data)
	q.data = append(q.data, b...)
	return q.data[start:len(q.data):len(q.data)]
}

// take returns everything that waits, in order, and empties the queue. spare
// is used for the next items.
func (q *queue) take(spare []stream.Item) []stream.Item {
	q.mu.Lock()
	defer q.mu.Unlock()
	items := q.items
	clear(spare[:cap(spare)])
	q.items, q.bytes = spare[:0], 0
	return items
}

// missed returns how many bytes were left out for display.
func (q *queue) missed() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.lost
}
