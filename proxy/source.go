package proxy

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
)

// The sizes of read buffers: most reads of a Photon's session need the first,
// the last holds the longest frame.
var bufferSizes = [...]int{4 << 10, 16 << 10, 66 << 10}

// buffer is a read buffer of one of the sizes.
type buffer struct {
	b    []byte
	size int8 // index into bufferSizes
}

// bufferPool lends read buffers to whoever has bytes to put in.
type bufferPool struct{ pools [len(bufferSizes)]sync.Pool }

func (p *bufferPool) get(size int8) *buffer {
	if b, ok := p.pools[size].Get().(*buffer); ok {
		return b
	}
	return &buffer{make([]byte, bufferSizes[size]), size}
}

func (p *bufferPool) put(b *buffer) { p.pools[b.size].Put(b) }

// source reads one leg. It holds a buffer only while bytes are pending in it,
// so that thousands of quiet devices cost little memory.
type source struct {
	conn net.Conn
	raw  syscall.RawConn // nil: conn is read the ordinary way
	pool *bufferPool

	buf  *buffer // nil: nothing pending
	n    int     // bytes pending at the front of buf
	size int8    // of the next buffer: grows while reads fill it

	want    int                // bytes that must fit into the buffer
	try     func(uintptr) bool // s.tryRead, made once
	got     int                // its results
	readErr error
}

func newSource(c net.Conn, p *bufferPool) source { return source{conn: c, pool: p} }

func (s *source) pending() []byte {
	if s.buf == nil {
		return nil
	}
	return s.buf.b[:s.n]
}

// fill waits for bytes and adds what one read returns to the pending ones. want
// is how many must fit in all.
func (s *source) fill(want int) (int, error) {
	s.want, s.got, s.readErr = want, 0, nil
	if s.raw == nil {
		s.reserve()
		s.got, s.readErr = s.conn.Read(s.buf.b[s.n:])
	} else if err := s.raw.Read(s.try); err != nil {
		return 0, err
	}
	s.resize()
	s.n += s.got
	s.release()
	return s.got, s.readErr
}

// reserve makes room for want bytes in all.
func (s *source) reserve() {
	size := s.size
	for bufferSizes[size] < s.want {
		size++
	}
	if s.buf == nil {
		s.buf = s.pool.get(size)
		return
	}
	if len(s.buf.b) >= s.want {
		return
	}
	bigger := s.pool.get(size)
	copy(bigger.b, s.buf.b[:s.n])
	s.pool.put(s.buf)
	s.buf = bigger
}

// resize chooses the next buffer's size by how much of this one was used.
func (s *source) resize() {
	switch room := len(s.buf.b) - s.n; {
	case s.got == room:
		s.size = min(s.buf.size+1, int8(len(bufferSizes)-1))
	case s.got < room/4 && s.size > 0:
		s.size--
	}
}

// consume takes n bytes off the front of the pending ones.
func (s *source) consume(n int) {
	s.n = copy(s.buf.b, s.buf.b[n:s.n])
	s.release()
}

// release gives the buffer back if nothing is pending in it.
func (s *source) release() {
	if s.n == 0 && s.buf != nil {
		s.pool.put(s.buf)
		s.buf = nil
	}
}

// fault says what a failed read or write means.
type fault uint8

const (
	faultClosed  fault = iota // we closed it ourselves
	faultFin                  // the peer will send no more
	faultReset                // the peer aborted the connection
	faultLost                 // the peer does not answer any more
	faultExpired              // our deadline
)

func faultOf(err error) fault {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, io.EOF):
		return faultFin
	case errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		return faultClosed
	case errors.Is(err, syscall.ETIMEDOUT), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return faultLost
	case errors.As(err, &timeout) && timeout.Timeout():
		return faultExpired
	}
	return faultReset
}
