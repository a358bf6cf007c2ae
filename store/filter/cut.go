package filter

import (
	"strconv"
	"strings"
)

// cut is a part of a value: length bytes from an offset, which counts from the
// end if it is negative.
type cut struct {
	offset int
	length int // toEnd: all that is left
}

const (
	toEnd    = -1
	maxIndex = 1 << 20
)

func parseCut(s string) (*cut, bool) {
	if before, after, ok := strings.Cut(s, ":"); ok {
		c := cut{length: toEnd}
		okOffset, okLength := true, true
		if before != "" {
			c.offset, okOffset = integer(before)
		}
		if after != "" {
			c.length, okLength = integer(after)
			okLength = okLength && c.length > 0
		}
		return &c, okOffset && okLength && s != ":"
	}
	if n, ok := integer(s); ok {
		return &cut{n, 1}, true
	}
	first, last, _ := strings.Cut(s, "-")
	a, okFirst := integer(first)
	b, okLast := integer(last)
	return &cut{a, b - a + 1}, okFirst && okLast && a >= 0 && b >= a
}

func integer(s string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	return n, err == nil && n > -maxIndex && n < maxIndex
}

// of returns the part of b, if b is long enough.
func (c *cut) of(b []byte) ([]byte, bool) {
	from := c.offset
	if from < 0 {
		from += len(b)
	}
	to := from + c.length
	if c.length == toEnd {
		to = len(b)
	}
	if from < 0 || to < from || to > len(b) {
		return nil, false
	}
	return b[from:to], true
}

func (c *cut) print(dst []byte) []byte {
	dst = append(dst, '[')
	dst = strconv.AppendInt(dst, int64(c.offset), 10)
	switch c.length {
	case toEnd:
		dst = append(dst, ':')
	case 1:
	default:
		dst = append(dst, ':')
		dst = strconv.AppendInt(dst, int64(c.length), 10)
	}
	return append(dst, ']')
}
