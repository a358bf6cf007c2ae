package ui

import (
	"fmt"
	"net/netip"
)

// wordWriter makes lines with a word in front of each.
type wordWriter struct {
	width int // of the words
	lines []line
}

// add adds a line, unless it says nothing.
func (w *wordWriter) add(word, text Safe) {
	if text != "" {
		w.lines = append(w.lines, line{text: padded(word, w.width) + text, role: normal, hang: w.width})
	}
}

// gap adds an empty line behind others.
func (w *wordWriter) gap() {
	if n := len(w.lines); n > 0 && w.lines[n-1].text != "" {
		w.lines = append(w.lines, line{})
	}
}

// plural returns a number with its noun.
func plural(n int, noun Safe) Safe {
	if n == 1 {
		return "1 " + noun
	}
	return Safe(fmt.Sprint(n)) + " " + noun + "s"
}

// bytesText returns a number of bytes in few digits.
func bytesText(n int) Safe {
	switch {
	case n < 10_000:
		return Safe(fmt.Sprintf("%d B", n))
	case n < 10_000_000:
		return Safe(fmt.Sprintf("%.1f kB", float64(n)/1e3))
	}
	return Safe(fmt.Sprintf("%.1f MB", float64(n)/1e6))
}

// addr returns an address, which a source may not know.
func addr(a netip.AddrPort) Safe {
	if !a.IsValid() {
		return "unknown"
	}
	return clean(a.String())
}
