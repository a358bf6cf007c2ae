package captures

// spill is a queue of blocks in memory. Blocks added together stay together: a
// chunk ends where a block ends.
type spill struct {
	chunks [][]byte
	bytes  int
	spare  []byte // an emptied chunk, to be used again
}

const spillChunk = 256 << 10

// add appends blocks, which it copies.
func (s *spill) add(blocks []byte) {
	if len(blocks) == 0 {
		return
	}
	last := len(s.chunks) - 1
	if last < 0 || cap(s.chunks[last])-len(s.chunks[last]) < len(blocks) {
		s.chunks = append(s.chunks, s.newChunk(len(blocks)))
		last++
	}
	s.chunks[last] = append(s.chunks[last], blocks...)
	s.bytes += len(blocks)
}

func (s *spill) newChunk(need int) []byte {
	if cap(s.spare) >= need {
		c := s.spare[:0]
		s.spare = nil
		return c
	}
	return make([]byte, 0, max(spillChunk, need))
}

// first returns the oldest chunk. It stays in the queue.
func (s *spill) first() []byte { return s.chunks[0] }

// pop takes the oldest chunk out of the queue and returns it.
func (s *spill) pop() []byte {
	c := s.chunks[0]
	n := copy(s.chunks, s.chunks[1:])
	s.chunks[n] = nil
	s.chunks = s.chunks[:n]
	s.bytes -= len(c)
	return c
}

// recycle gives back a chunk that pop returned, once nobody reads it.
func (s *spill) recycle(c []byte) { s.spare = c }
