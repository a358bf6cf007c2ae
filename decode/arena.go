package decode

// arena hands out copies of bytes, cut from large chunks, so that an event's
// bytes cost no allocation of their own. A chunk lives as long as any event
// that holds a part of it.
type arena struct {
	free  []byte
	chunk int // length of the latest chunk
}

const (
	firstChunk = 4 << 10 // each chunk is twice as long as the one before
	arenaChunk = 64 << 10
	slabLen    = 128
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
	if n > len(a.free) {
		a.chunk = min(max(2*a.chunk, firstChunk, n), arenaChunk)
		a.free = make([]byte, a.chunk)
	}
	b := a.free[:n:n]
	a.free = a.free[n:]
	return b
}

// slab hands out values of one type, many to an allocation.
type slab[T any] struct {
	free []T
	size int // of the latest allocation
}

func (s *slab[T]) new() *T {
	if len(s.free) == 0 {
		s.size = min(max(2*s.size, slabLen/16), slabLen)
		s.free = make([]T, s.size)
	}
	v := &s.free[0]
	s.free = s.free[1:]
	return v
}
