package ui

import (
	"fmt"
	"strings"

	"github.com/gdamore/tcell/v2"

	"github.com/photonscope/photonscope/decode/stream"
)

// Theme names a set of colours. Signs and words carry the meaning; colour only
// repeats it.
type Theme string

// The themes. Ansi uses the terminal's own sixteen colours on its own
// background, Mono none at all.
const (
	Ansi  Theme = "ansi"
	Dark  Theme = "dark"
	Light Theme = "light"
	Mono  Theme = "mono"
)

// Themes lists them.
var Themes = []Theme{Ansi, Dark, Light, Mono}

// ParseTheme returns the theme of a name.
func ParseTheme(name string) (Theme, error) {
	for _, t := range Themes {
		if string(t) == name {
			return t, nil
		}
	}
	return "", fmt.Errorf("no theme %q; one of: ansi, dark, light, mono", name)
}

// role is what something drawn means.
type role uint8

const (
	normal     role = iota
	quiet           // lines and labels that are only there for order
	strong          // titles, the focused pane, the chosen view
	fromDevice      // sent by the device
	fromCloud       // sent by the cloud
	good
	warning
	bad
	secret
	altered // held, edited, injected
	hue0    // fields in the bytes: six hues that alternate
	hue1
	hue2
	hue3
	hue4
	hue5
	roles
)

const hues = int(hue5-hue0) + 1

// look is how everything looks: the styles of a theme, and whether the terminal
// knows more than ASCII.
type look struct {
	theme  Theme
	ascii  bool
	styles [roles]tcell.Style
}

// palette is the part of a theme that is colour, in order from fromDevice to
// altered, and the hues.
var palettes = map[Theme]struct{ roles, hues []tcell.Color }{
	Ansi: {
		[]tcell.Color{tcell.ColorTeal, tcell.ColorPurple, tcell.ColorGreen, tcell.ColorOlive, tcell.ColorMaroon, tcell.ColorDefault, tcell.ColorPurple},
		[]tcell.Color{tcell.ColorTeal, tcell.ColorPurple, tcell.ColorGreen, tcell.ColorOlive, tcell.ColorTeal, tcell.ColorPurple},
	},
	Dark: {
		hexColors(0x60a5e5, 0xe6660a, 0xa9fed6, 0xf5ef7c, 0xf69b74, 0xae81a7, 0xae81a7),
		hexColors(0x60a5e5, 0xe6660a, 0xa9fed6, 0xf5ef7c, 0xf69b74, 0xae81a7),
	},
	Light: {
		hexColors(0x132757, 0xbb16cf, 0x14816f, 0x76570e, 0x571404, 0x422837, 0x422837),
		hexColors(0x132757, 0xbb16cf, 0x14816f, 0x76570e, 0x571404, 0x422837),
	},
}

func hexColors(values ...int32) []tcell.Color {
	colors := make([]tcell.Color, len(values))
	for i, v := range values {
		colors[i] = tcell.NewHexColor(v)
	}
	return colors
}

// newLook returns the look of a theme. An unknown theme is Ansi.
func newLook(t Theme, ascii bool) *look {
	l := &look{theme: t, ascii: ascii}
	base := tcell.StyleDefault
	for r := range l.styles {
		l.styles[r] = base
	}
	l.styles[strong] = base.Bold(true)
	l.styles[bad] = base.Bold(true).Underline(true)
	l.styles[warning] = base.Bold(true)
	l.styles[secret] = base.Bold(true)
	l.styles[altered] = base.Reverse(true)
	if t == Mono {
		return l
	}
	p, ok := palettes[t]
	if !ok {
		p = palettes[Ansi]
	}
	l.styles[bad] = base.Bold(true)
	l.styles[quiet] = base.Dim(true)
	for i, color := range p.roles {
		l.styles[int(fromDevice)+i] = l.styles[int(fromDevice)+i].Foreground(color)
	}
	for i, color := range p.hues {
		l.styles[int(hue0)+i] = base.Foreground(color)
	}
	return l
}

func (l *look) style(r role) tcell.Style { return l.styles[r] }

// sender returns the role of what a side sent.
func sender(from stream.Direction) role {
	if from == stream.FromCloud {
		return fromCloud
	}
	return fromDevice
}

// direction returns the sign of who sent something: three cells.
func (l *look) direction(from stream.Direction) Safe {
	switch {
	case l.ascii && from == stream.FromCloud:
		return "<- "
	case l.ascii:
		return "-> "
	case from == stream.FromCloud:
		return "S→D"
	}
	return "D→S"
}

// asciiGlyphs says what stands for a sign of ours where a terminal knows only
// ASCII. All are one cell wide, as the signs are.
var asciiGlyphs = map[rune]rune{
	'─': '-', '━': '=', '┄': '-', '╌': '-', '│': '|', '┊': ':',
	'┌': '+', '┐': '+', '└': '+', '┘': '+', '├': '+', '┤': '+', '┼': '+', '┬': '+', '┴': '+',
	'●': '*', '○': 'o', '◐': '@', '■': '#',
	'►': '>', '◄': '<', '▸': '+', '▾': '-', '▼': 'v',
	'✗': 'x', '·': '.', '…': '~', '–': '-', '×': 'x', '§': 'S', 'µ': 'u',
	'→': '>', '←': '<', '↑': '^', '↓': 'v',
	'▁': '.', '▂': ':', '▃': '-', '▄': '=', '▅': '+', '▆': '*', '▇': '%', '█': '#',
	'▏': '.', '▎': ':', '▍': '-', '▌': '=', '▋': '+', '▊': '*', '▉': '%',
}

// words returns a text with what has no sign in ASCII as a word.
func (l *look) words(s Safe) Safe {
	if !l.ascii || !strings.ContainsRune(string(s), '✓') {
		return s
	}
	return Safe(strings.ReplaceAll(string(s), "✓", "ok"))
}

// glyph returns what is drawn for a character.
func (l *look) glyph(r rune) rune {
	if !l.ascii || r < 0x80 {
		return r
	}
	if g, ok := asciiGlyphs[r]; ok {
		return g
	}
	return '?'
}
