package decode

// arena hands out copies of bytes, cut from large chunks, so that an event's
// bytes cost no allocation of their own. A chunk lives as long as any event
// that holds a part of it.
type arena struct{ chunks[byte] }

// slab hands out values of one type, many to an allocation.
type slab[T any] struct{ chunks[T] }

const (
	firstChunk = 4 << 10 // each chunk is twice as long as the one before
	arenaChunk = 64 << 10
	slabLen    = 128
	keptChunks = 32 // for use again
)

// copy returns a copy of b that nobody else will write to.
func (a *arena) copy(b []byte) []byte {
	dst := a.take(len(b))
	copy(dst, b)
	return dst
}

// take returns n bytes, zero or not.
func (a *arena) take(n int) []byte {
	if n > arenaChunk/4 {
		return make([]byte, n)
	}
	return a.cut(n, max(firstChunk, n), arenaChunk)
}

func (s *slab[T]) new() *T {
	v := &s.cut(1, slabLen/16, slabLen)[0]
	*v = *new(T)
	return v
}

// chunks is memory that is handed out piece by piece, and again once the caller
// says that nobody uses any of it.
type chunks[T any] struct {
	free  []T // of the chunk at hand
	size  int // of the latest chunk that was made
	again bool
	used  [][]T // chunks since then, if there will be a next time
	spare [][]T
}

// cut returns n values. A chunk has from first to most of them.
func (c *chunks[T]) cut(n, first, most int) []T {
	if n > len(c.free) {
		c.free = c.next(n, first, most)
	}
	v := c.free[:n:n]
	c.free = c.free[n:]
	return v
}

func (c *chunks[T]) next(n, first, most int) []T {
	var chunk []T
	if last := len(c.spare) - 1; last >= 0 && len(c.spare[last]) >= n {
		chunk, c.spare = c.spare[last], c.spare[:last]
	} else {
		c.size = min(max(2*c.size, first), most)
		chunk = make([]T, c.size)
	}
	if c.again && len(c.used) < keptChunks {
		c.used = append(c.used, chunk)
	}
	return chunk
}

// reuse hands out again what was handed out so far. What was not needed since
// the last time is given up.
func (c *chunks[T]) reuse() {
	clear(c.spare)
	c.used, c.spare = c.spare[:0], c.used
	c.free, c.again = nil, true
}
