package field

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendHex appends b as lower-case hexadecimal digits.
func AppendHex[T string | []byte](dst []byte, b T) []byte {
	start := len(dst)
	dst = slices.Grow(dst, 2*len(b))[:start+2*len(b)]
	out := dst[start:]
	for len(b) >= 8 && len(out) >= 16 {
		binary.LittleEndian.PutUint64(out, hex4(b[0], b[1], b[2], b[3]))
		binary.LittleEndian.PutUint64(out[8:], hex4(b[4], b[5], b[6], b[7]))
		b, out = b[8:], out[16:]
	}
	for i := range len(b) {
		out[2*i], out[2*i+1] = hexDigits[b[i]>>4], hexDigits[b[i]&15]
	}
	return dst
}

// hex4 returns the eight digits of four bytes, the first in the lowest byte.
func hex4(a, b, c, d byte) uint64 {
	return uint64(hexPairs[a]) | uint64(hexPairs[b])<<16 | uint64(hexPairs[c])<<32 | uint64(hexPairs[d])<<48
}

// hexPairs holds the two digits of each byte, the first in the lower byte.
var hexPairs = func() (pairs [256]uint16) {
	for i := range pairs {
		pairs[i] = uint16(hexDigits[i>>4]) | uint16(hexDigits[i&15])<<8
	}
	return pairs
}()

// AppendPrintable is the sanitiser: the one way foreign bytes become text for
// a screen, a log or a report. What could steer a terminal, reorder or hide
// text appears as a visible escape: bytes that are not UTF-8 and control
// characters as \xNN, invisible and direction-changing characters as \uNNNN.
// A backslash is doubled, so the result can be read back without doubt.
func AppendPrintable[T string | []byte](dst []byte, s T) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			dst = appendPrintableASCII(dst, c)
			i++
			continue
		}
		r, n := decodeRune(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst = appendByteEscape(dst, c)
		case unsafeRune(r):
			dst = appendRuneEscape(dst, r)
		default:
			dst = append(dst, s[i:i+n]...)
		}
		i += n
	}
	return dst
}

func appendPrintableASCII(dst []byte, c byte) []byte {
	switch {
	case c == '\\':
		return append(dst, '\\', '\\')
	case c < ' ' || c == 0x7f:
		return appendByteEscape(dst, c)
	}
	return append(dst, c)
}

// AppendJSONString appends s as a JSON string. Valid UTF-8 survives a round
// trip through a JSON parser; a byte that is not UTF-8 becomes the four
// characters \xNN. Control, invisible and direction-changing characters are
// written as \u escapes, so the raw line is as safe on a terminal as any other
// output.
func AppendJSONString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	dst, at := appendJSONASCII(dst, s)
	if at < len(s) {
		dst = appendJSONText(dst, s[at:])
	}
	return append(dst, '"')
}

// appendJSONASCII appends s up to the first byte that is not ASCII, and returns
// where that is. It takes eight bytes at once, and writes all of them: what must be
// escaped is written over.
func appendJSONASCII[T string | []byte](dst []byte, s T) ([]byte, int) {
	at := 0
	for len(s)-at >= 8 {
		dst = slices.Grow(dst, 8)
		b, n := s[at:at+8], len(dst)
		x := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		binary.LittleEndian.PutUint64(dst[n:n+8], x)
		bad := unsafeBytes(x)
		if bad == 0 {
			dst, at = dst[:n+8], at+8
			continue
		}
		safe := bits.TrailingZeros64(bad) / 8
		dst, at = dst[:n+safe], at+safe
		if s[at] >= utf8.RuneSelf {
			return dst, at
		}
		dst = appendJSONEscape(dst, s[at])
		at++
	}
	for ; at < len(s) && s[at] < utf8.RuneSelf; at++ {
		if jsonSafe[s[at]] {
			dst = append(dst, s[at])
		} else {
			dst = appendJSONEscape(dst, s[at])
		}
	}
	return dst, at
}

// unsafeBytes sets the highest bit of each byte that a JSON string must escape:
// control characters, '"', '\\', and all that is not ASCII. Above the first of
// them others may be set wrongly, because subtraction borrows.
func unsafeBytes(x uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, slash, del := x^'"'*ones, x^'\\'*ones, x^0x7f*ones
	control := x - ' '*ones
	return (control | (quote - ones) | (slash - ones) | (del - ones) | x) & highs
}

// appendJSONText appends any text.
func appendJSONText[T string | []byte](dst []byte, s T) []byte {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			var n int
			dst, n = appendJSONASCII(dst, s[i:])
			i += n
			continue
		}
		r, n := decodeRune(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst = append(dst, '\\', '\\', 'x', hexDigits[s[i]>>4], hexDigits[s[i]&15])
		case unsafeRune(r):
			dst = appendJSONRune(dst, r)
		default:
			dst = append(dst, s[i:i+n]...)
		}
		i += n
	}
	return dst
}

// jsonSafe marks the ASCII bytes that stand for themselves in a JSON string.
var jsonSafe = func() (safe [256]bool) {
	for c := range utf8.RuneSelf {
		safe[c] = c >= ' ' && c != '"' && c != '\\' && c != 0x7f
	}
	return safe
}()

func appendJSONEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// appendJSONRune writes a rune as one or, above the basic plane, two \u escapes.
func appendJSONRune(dst []byte, r rune) []byte {
	if r > 0xffff {
		r -= 0x10000
		dst = appendU(dst, 0xd800+r>>10)
		return appendU(dst, 0xdc00+r&0x3ff)
	}
	return appendU(dst, r)
}

func appendRuneEscape(dst []byte, r rune) []byte {
	if r > 0xffff {
		dst = append(dst, '\\', 'U', '0', '0', hexDigits[r>>20&15], hexDigits[r>>16&15])
		return append(dst, hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
	}
	return appendU(dst, r)
}

func appendU(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

func appendByteEscape(dst []byte, c byte) []byte {
	return append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
}

// unsafeRune reports whether a rune may steer a terminal, change the direction
// of text, or be invisible: controls, formats (bidi, zero width, tags), line
// and paragraph separators, surrogates and private use. Spaces other than U+0020
// and unassigned code points count too: neither shows what it is.
func unsafeRune(r rune) bool {
	return !unicode.IsPrint(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

func decodeRune[T string | []byte](s T) (rune, int) {
	if len(s) > utf8.UTFMax {
		s = s[:utf8.UTFMax]
	}
	var buf [utf8.UTFMax]byte
	return utf8.DecodeRune(buf[:copy(buf[:], s)])
}
