package main

import "github.com/photonscope/photonscope/decode/stream"

// batch is some items in order, kept for another goroutine. The zero value is empty.
type batch struct {
	items  []queued
	data   []byte // the segments' bytes; grows by new chunks, never moves what items refer to
	opened bool   // some item opened a connection
}

// queued is an item. Segments are not kept as stream.Item, because nearly all
// items are segments, and each would be an allocation.
type queued struct {
	segment stream.Segment
	other   stream.Item // nil: it is the segment
}

// A batch grows from the first size by doubling up to the second. What was
// larger is not kept for the next time.
const (
	firstChunk   = 16 << 10
	largestChunk = 256 << 10
	keptItems    = 4 << 10
)

// item returns it as what it is.
func (q *queued) item() stream.Item {
	if q.other != nil {
		return q.other
	}
	return &q.segment
}

// add keeps a copy of an item.
func (b *batch) add(it stream.Item) {
	if seg, ok := it.(*stream.Segment); ok {
		b.segment(seg, b.keep(seg.Data))
		return
	}
	b.other(stream.Clone(it))
}

// segment adds a segment, of which data is the copy of its bytes.
func (b *batch) segment(seg *stream.Segment, data []byte) {
	b.items = append(b.items, queued{segment: *seg})
	b.items[len(b.items)-1].segment.Data = data
}

// other adds an item that is no segment and stays as it is.
func (b *batch) other(it stream.Item) {
	if _, ok := it.(*stream.Opened); ok {
		b.opened = true
	}
	b.items = append(b.items, queued{other: it})
}

// keep copies bytes.
func (b *batch) keep(data []byte) []byte {
	if cap(b.data)-len(b.data) < len(data) {
		size := min(max(firstChunk, 2*cap(b.data)), largestChunk)
		b.data = make([]byte, 0, max(size, len(data)))
	}
	start := len(b.data)
	b.data = append(b.data, data...)
	return b.data[start:len(b.data):len(b.data)]
}

// reset empties a batch for its next use.
func (b *batch) reset() {
	b.opened = false
	clear(b.items)
	if b.items = b.items[:0]; cap(b.items) > keptItems {
		b.items = nil
	}
	if b.data = b.data[:0]; cap(b.data) > largestChunk {
		b.data = nil
	}
}
