package decode

// Memory is what the bytes and the messages of events lie in. It is for those who
// hand events over to another goroutine, and get the memory back from there. The
// zero value is empty.
type Memory struct {
	arena    arena
	messages slab[Message]
}

// Recycle tells that no event returned so far is used any more, nor anything in
// them: events to come take their place in memory. It is for those who read
// events as they come. Who never calls it may keep events as long as they like.
func (d *Decoder) Recycle() {
	if d.memory.arena.used() >= recycled { // before, the twin of the frame at hand may come next
		d.Into(d.memory)
	}
}

// Into has events to come lie in m, where they take the place of those that lie
// there: nobody uses these any more. Events that lie elsewhere stay as they are, and
// the decoder has nothing to do with their memory from now on.
func (d *Decoder) Into(m *Memory) {
	m.arena.recycle()
	m.messages.recycle()
	d.memory, d.twin = m, twin{}
}

// arena hands out copies of bytes, cut from large chunks, so that an event's
// bytes cost no allocation of their own. A chunk lives as long as any event
// that holds a part of it.
type arena struct {
	chunk []byte // the latest
	free  []byte // of it
}

const (
	firstChunk = 4 << 10 // each chunk is twice as long as the one before
	arenaChunk = 64 << 10
	slabLen    = 128
	recycled   = 8 << 10 // bytes after which a chunk is begun again, if its reader is done
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
		a.chunk = make([]byte, min(max(2*len(a.chunk), firstChunk, n), arenaChunk))
		a.free = a.chunk
	}
	b := a.free[:n:n]
	a.free = a.free[n:]
	return b
}

// used returns how much of the latest chunk was handed out.
func (a *arena) used() int { return len(a.chunk) - len(a.free) }

// recycle takes back what was handed out.
func (a *arena) recycle() { a.free = a.chunk }

// slab hands out values of one type, many to an allocation.
type slab[T any] struct {
	latest []T // allocation
	free   []T // of it
}

// recycle takes back what was handed out.
func (s *slab[T]) recycle() { s.free = s.latest }

// new returns a value, zero or not.
func (s *slab[T]) new() *T {
	if len(s.free) == 0 {
		s.latest = make([]T, min(max(2*len(s.latest), slabLen/16), slabLen))
		s.free = s.latest
	}
	v := &s.free[0]
	s.free = s.free[1:]
	return v
}
