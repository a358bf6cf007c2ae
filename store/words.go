package store

import "encoding/binary"

// words keeps texts that recur, such as reasons and the names of events, once.
// Foreign ones are unbounded in number, so only so many are kept; the others lie
// with their events.
type words struct {
	numbers map[string]uint64
}

const (
	maxWords   = 4096
	maxWordLen = 256
)

func newWords() words { return words{numbers: make(map[string]uint64)} }

// append appends a text: its number plus one, or 0 and the text.
func (w *words) append(c *content, dst []byte, s string) []byte {
	n, ok := w.numbers[s]
	if !ok {
		if len(c.words) == maxWords || len(s) > maxWordLen {
			return appendString(append(dst, 0), s)
		}
		n = uint64(len(c.words))
		w.numbers[s] = n
		c.words = append(c.words, []byte(s))
	}
	return binary.AppendUvarint(dst, n+1)
}

// appendName is append for bytes.
func (w *words) appendName(c *content, dst, name []byte) []byte {
	if n, ok := w.numbers[string(name)]; ok { // without a copy
		return binary.AppendUvarint(dst, n+1)
	}
	return w.append(c, dst, string(name))
}

// word reads a text. Its bytes must not be changed.
func (l *loader) word(c *cursor) []byte {
	if n := c.uint(); n > 0 {
		return l.words[n-1]
	}
	return c.bytes()
}
