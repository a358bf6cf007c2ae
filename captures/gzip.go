package captures

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// gzip goes on with what the input unpacks to.
func (rd *reader) gzip() error {
	packed := &packedInput{rd.in}
	z, err := gzip.NewReader(packed)
	if err != nil {
		return &FormatError{What: fmt.Sprintf("not a capture: it begins like gzip, but %v", err)}
	}
	rd.packed = true
	rd.in = newInput(&unpacker{z: z, in: rd.in})
	return rd.capture()
}

// packedInput lets gzip read from an input byte by byte, never beyond what it
// needs.
type packedInput struct{ in *input }

func (p *packedInput) ReadByte() (byte, error) {
	b, err := p.in.peek(1)
	if err != nil {
		return 0, err
	}
	p.in.advance(1)
	return b[0], nil
}

func (p *packedInput) Read(b []byte) (int, error) {
	if _, err := p.in.peek(1); err != nil {
		return 0, err
	}
	n := copy(b, p.in.buf[p.in.start:p.in.end])
	p.in.advance(n)
	return n, nil
}

// unpacker bounds what comes out of gzip, and names its errors.
type unpacker struct {
	z   *gzip.Reader
	in  *input // the packed bytes
	out int64
}

func (u *unpacker) Read(b []byte) (int, error) {
	n, err := u.z.Read(b)
	u.out += int64(n)
	var corrupt flate.CorruptInputError
	switch {
	case u.out > maxUnpacked || u.out > maxExpansion*u.in.offset+maxBuffer:
		err = &FormatError{Offset: u.out, What: fmt.Sprintf("compressed beyond belief: %d bytes became more than %d", u.in.offset, u.out)}
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = &FormatError{Offset: u.out, What: "compressed data is cut off"}
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, &corrupt):
		err = &FormatError{Offset: u.out, What: "compressed data is damaged"}
	}
	return n, err
}
