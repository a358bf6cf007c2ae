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
func width(s Safe) int {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return uniseg.StringWidth(string(s))
		}
	}
	return len(s)
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

// prefix returns how many bytes of the text fit into w cells.
func prefix(s Safe, w int) (end int) {
	rest, state, used := string(s), -1, 0
	for rest != "" {
		var cluster string
		var n int
		cluster, rest, n, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used+n > w {
			break
		}
		used += n
		end += len(cluster)
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
