package ui

import (
	"strings"

	"github.com/photonscope/photonscope/decode/stream"
)

// sections are the parts of the help, in order.
var sections = []struct {
	in    place
	title Safe
}{
	{inList, "lists"}, {inTree, "fields"}, {inHex, "bytes"}, {inText, "text"},
	{inSessions, "sessions"}, {inMessages, "messages"}, {inHandshake, "handshake"}, {inLadder, "ladder"},
	{inFollow, "follow"}, {inStats, "statistics"}, {inStart, "start page"}, {inDialog, "dialogs"}, {inExplain, "explanations"}, {inHeld, "held messages"}, {anywhere, "everywhere"},
}

// newHelp shows the keys that work where the user is: in two columns, if there is
// room.
func newHelp(a *app) *dialog {
	places := a.places()
	if a.at == startView {
		places = places[:1] // as in the footer: of the others there is nothing yet
	}
	return newDialog(a, "help: keys of "+a.view().name(), func(w int) []line {
		told := make(map[action]bool)
		var here, everywhere []line
		for _, p := range places {
			if p == anywhere {
				everywhere = helpSection(p, told)
			} else {
				here = append(here, helpSection(p, told)...)
			}
		}
		here = append(here, line{text: "SIGNS", role: strong})
		for _, s := range helpSigns {
			here = append(here, helpLine(a.look.signOf(s.sign), s.means))
		}
		if w < twoColumns {
			return wrapped(append(here, everywhere...), w)
		}
		return besideEachOther(wrapped(here, w/2-2), wrapped(everywhere, w-w/2))
	})
}

// twoColumns is how wide the help must be for two of them.
const twoColumns = 72

func besideEachOther(left, right []line) []line {
	for len(left) < len(right) {
		left = append(left, line{})
	}
	for i := range right {
		left[i].beside = &right[i]
	}
	return left
}

func helpSection(p place, told map[action]bool) []line {
	var lines []line
	for _, b := range bindings {
		if b.in&p == 0 || told[b.do] {
			continue
		}
		told[b.do] = true
		lines = append(lines, helpLine(shownKeys(b.keys), b.help))
	}
	if len(lines) == 0 {
		return nil
	}
	return append([]line{{text: upper(titleOf(p)), role: strong}}, append(lines, line{})...)
}

// helpLine is a key or a sign, and what it does or means.
func helpLine(what, text Safe) line {
	return line{text: " " + padded(what, 10) + text, role: normal, hang: 11}
}

// shownKeys returns the keys of a row, those of two words short.
func shownKeys(keys string) Safe {
	return Safe(strings.NewReplacer("Ctrl-", "^").Replace(keys))
}

func titleOf(p place) Safe {
	for _, s := range sections {
		if s.in == p {
			return s.title
		}
	}
	return ""
}

var helpSigns = []struct{ sign, means Safe }{
	{"►", "selected"},
	{"▼", "more below"},
	{"D→S", "device to cloud"},
	{"S→D", "cloud to device"},
	{"●", "online"},
	{"◐", "in the handshake"},
	{"○", "closed"},
	{"✓", "passed"},
	{"✗", "failed"},
	{"·", "not checked; as sender: nobody"},
	{"!", "a problem"},
	{";", "a comment; a letter: a mark"},
	{"[d]", "letter of a field, under its bytes too"},
}

// signOf returns a sign as lists have it, which for who sent something is not that of
// its characters.
func (l *look) signOf(s Safe) Safe {
	for _, from := range []stream.Direction{stream.FromDevice, stream.FromCloud} {
		if s == (&look{}).direction(from) {
			return l.direction(from)
		}
	}
	return l.words(s)
}

// padded fills text with spaces to w cells, at least one.
func padded(s Safe, w int) Safe {
	return s + Safe(strings.Repeat(" ", max(w-width(s), 1)))
}

func upper(s Safe) Safe {
	b := []byte(s)
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return Safe(b)
}
