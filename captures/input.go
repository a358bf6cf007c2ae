package captures

import "io"

// input is a window on the bytes of a capture. It reads only when more bytes are
// asked for than it has, and then once, so that on a pipe nothing waits for what
// comes later.
type input struct {
	r          io.Reader
	buf        []byte
	start, end int
	offset     int64 // of buf[start] in the capture
	err        error // what r ended with
	one        bool  // of several: holds no more than it must
}

func newInput(r io.Reader) *input { return &input{r: r} }

func (in *input) buffered() int { return in.end - in.start }

// peek returns the next n bytes without passing them; n is at most maxBuffer.
// They are valid until the next call of a method. It fails with io.EOF if there
// are none, with io.ErrUnexpectedEOF if there are fewer, or as r did.
func (in *input) peek(n int) ([]byte, error) {
	for in.buffered() < n {
		if in.err != nil {
			return nil, in.ended()
		}
		in.fill(n)
	}
	return in.buf[in.start : in.start+n], nil
}

// advance passes n bytes that peek has shown.
func (in *input) advance(n int) {
	in.start += n
	in.offset += int64(n)
}

// skip passes n bytes without holding them.
func (in *input) skip(n int64) error {
	for n > 0 {
		if in.buffered() == 0 {
			if _, err := in.peek(1); err != nil {
				return err
			}
		}
		step := min(n, int64(in.buffered()))
		in.advance(int(step))
		n -= step
	}
	return nil
}

func (in *input) ended() error {
	switch {
	case in.err != io.EOF:
		return in.err
	case in.buffered() > 0:
		return io.ErrUnexpectedEOF
	}
	return io.EOF
}

// fill reads once. What a caller wants does not make the buffer longer, only
// bytes that have arrived do.
func (in *input) fill(n int) {
	if in.start == in.end {
		in.start, in.end = 0, 0
	}
	if in.start > 0 && in.start+n > len(in.buf) {
		in.move(in.buf)
	}
	if in.end == len(in.buf) {
		in.grow()
	}
	free := len(in.buf) - in.end
	for range 100 {
		got, err := in.r.Read(in.buf[in.end:])
		in.end += got
		in.err = err
		if got == free && len(in.buf) < maxBuffer && !in.one {
			in.grow() // the source has more than fits
		}
		if got > 0 || err != nil {
			return
		}
	}
	in.err = io.ErrNoProgress
}

func (in *input) grow() { in.move(make([]byte, min(max(2*len(in.buf), minBuffer), maxBuffer))) }

// move moves what is buffered to the front of a buffer.
func (in *input) move(to []byte) {
	in.end = copy(to, in.buf[in.start:in.end])
	in.start = 0
	in.buf = to
}
