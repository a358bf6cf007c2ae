package store

import "encoding/binary"

// The bytes of an event are a sequence of numbers as varints and of byte strings
// after their length. They are written and read by this package alone, so that
// reading trusts them.

// appendBytes appends a byte string. nil and empty remain different.
func appendBytes(dst, b []byte) []byte {
	if b == nil {
		return append(dst, 0)
	}
	dst = binary.AppendUvarint(dst, uint64(len(b))+1)
	return append(dst, b...)
}

func appendString(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s))+1)
	return append(dst, s...)
}

func appendBool(dst []byte, bools ...bool) []byte {
	var v byte
	for i, b := range bools {
		if b {
			v |= 1 << i
		}
	}
	return append(dst, v)
}

// cursor reads what the functions above wrote.
type cursor struct{ b []byte }

func (c *cursor) byte() byte {
	v := c.b[0]
	c.b = c.b[1:]
	return v
}

func (c *cursor) uint() uint64 {
	if v := c.b[0]; v < 0x80 {
		c.b = c.b[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(c.b)
	c.b = c.b[n:]
	return v
}

func (c *cursor) int() int64 {
	v := c.uint()
	return int64(v>>1) ^ -int64(v&1)
}

// take returns the next n bytes, which share the chunk.
func (c *cursor) take(n int) []byte {
	v := c.b[:n:n]
	c.b = c.b[n:]
	return v
}

func (c *cursor) bytes() []byte {
	n := c.uint()
	if n == 0 {
		return nil
	}
	return c.take(int(n - 1))
}

func (c *cursor) string() string { return string(c.bytes()) }

func (c *cursor) bool(i int) bool { return c.b[0]>>i&1 != 0 }
