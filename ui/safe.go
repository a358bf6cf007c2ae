package ui

import (
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/photonscope/photonscope/decode/field"
)

// Safe is text that may be drawn: words of ours, or foreign text that passed
// clean. Everything that draws takes Safe, so the compiler finds text that did
// not. A constant is Safe by itself; the only other conversions are of text that
// package decode has made, which passed the same sanitiser there.
type Safe string

// clean makes foreign text safe: what could steer a terminal, hide or reorder
// text becomes a visible escape. It is the one way in.
func clean[T string | []byte](s T) Safe { return Safe(field.AppendPrintable(nil, s)) }

// width returns how many cells the text takes.
func width(s Safe) (w int) {
	for s != "" {
		_, n, size := next(s)
		s = s[size:]
		w += n
	}
	return w
}

// next returns the first character of a text with what combines with it, how many
// cells it takes and how many bytes.
func next(s Safe) (cluster Safe, cells, size int) {
	r, n := utf8.DecodeRuneInString(string(s))
	if single(r) && (n == len(s) || s[n] < utf8.RuneSelf || single(firstRune(s[n:]))) {
		return s[:n], 1, n
	}
	text, _, cells, _ := uniseg.FirstGraphemeClusterInString(string(s), -1)
	return s[:len(text)], cells, len(text)
}

func firstRune(s Safe) rune {
	r, _ := utf8.DecodeRuneInString(string(s))
	return r
}

// single reports whether a character is one that is known to take one cell and to
// combine with nothing: ASCII and most of our signs.
func single(r rune) bool {
	return ' ' <= r && r <= '~' || 0x2500 <= r && r <= 0x25bc || r == '→' || r == '·' || r == '…' || r == '✓' || r == '✗'
}

// clip cuts text to w cells; what is cut ends in "…".
func clip(s Safe, w int) Safe {
	if len(s) <= w || width(s) <= w {
		return s
	}
	if w <= 0 {
		return ""
	}
	return s[:prefix(s, w-1)] + "…"
}

// shortened returns the text in at most w cells, with "…" for its middle: of a
// path the end, which names the file, tells most.
func shortened(s Safe, w int) Safe {
	if width(s) <= w {
		return s
	}
	head := prefix(s, (w-1)/3)
	tail := head + prefix(s[head:], width(s)-w+1)
	if width(s[tail:]) > w-1-width(s[:head]) { // half of a wide character
		tail += prefix(s[tail:], 2)
	}
	return s[:head] + "…" + s[tail:]
}

// prefix returns how many bytes of the text fit into w cells.
func prefix(s Safe, w int) (end int) {
	for end < len(s) {
		_, cells, size := next(s[end:])
		if cells > w {
			break
		}
		w -= cells
		end += size
	}
	return end
}

// wrap breaks text into lines of at most w cells, at spaces where it can. What
// goes on does so at column hang, or below where the text began if hang is 0.
func wrap(s Safe, w, hang int) []Safe {
	var lines []Safe
	for {
		line, rest, more := cutLine(s)
		lines = append(lines, wrapLine(line, max(w, 1), hang)...)
		if !more {
			return lines
		}
		s = rest
	}
}

func cutLine(s Safe) (line, rest Safe, more bool) {
	for i := range len(s) {
		if s[i] == '\n' {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

func wrapLine(s Safe, w, hang int) []Safe {
	if hang == 0 {
		hang = len(s) - len(trimLeft(s))
	}
	if hang > w/2 {
		hang = 0
	}
	indent := padded("", hang)[:hang]
	var lines []Safe
	for width(s) > w {
		head := prefix(s, w)
		cut := head
		for cut > len(indent) && s[cut] != ' ' {
			cut--
		}
		if cut <= len(indent) {
			cut = max(head, 1)
		}
		lines = append(lines, s[:cut])
		s = indent + trimLeft(s[cut:])
	}
	return append(lines, s)
}

func trimLeft(s Safe) Safe {
	for s != "" && s[0] == ' ' {
		s = s[1:]
	}
	return s
}
