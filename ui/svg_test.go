package ui

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/gdamore/tcell/v2"
)

// A picture is a screen as SVG. Letters are the reader's monospaced font, made to
// fit their cells; lines, bars and signs are drawn, so that they meet whatever the
// font has.
const (
	cellWidth  = 9 // units; a letter of most monospaced fonts is 0.6 of its size wide
	cellHeight = 19
	fontSize   = 15
	baseline   = 14 // below the upper edge of a cell
	margin     = 14

	paper = 0x15171c // where the theme leaves the terminal's own colours
	ink   = 0xd9dde5
)

// picture is what is being drawn.
type picture struct{ bytes.Buffer }

// drawing returns a screen as a picture with a title for those who do not see it.
func drawing(screen tcell.SimulationScreen, title string) []byte {
	screen.Show()
	w, h := screen.Size()
	var p picture
	fmt.Fprintf(&p, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="%d">`+"\n",
		w*cellWidth+2*margin, h*cellHeight+2*margin, fontSize)
	fmt.Fprintf(&p, "<title>%s</title>\n", escaped(title))
	fmt.Fprintf(&p, `<rect width="100%%" height="100%%" rx="8" fill="#%06x"/>`+"\n", paper)
	fmt.Fprintf(&p, `<g transform="translate(%d %[1]d)">`+"\n", margin)
	for y := range h {
		p.row(screen, y)
	}
	p.WriteString("</g>\n</svg>\n")
	return p.Bytes()
}

// row draws a row, as many cells at a time as look the same.
func (p *picture) row(screen tcell.SimulationScreen, y int) {
	w, _ := screen.Size()
	for x := 0; x < w; {
		var run []string
		_, style, _ := screen.Get(x, y)
		for x+len(run) < w {
			s, st, _ := screen.Get(x+len(run), y)
			if st != style {
				break
			}
			run = append(run, max(s, " "))
		}
		p.run(x, y, run, style)
		x += len(run)
	}
}

// run draws cells of one style: their ground, their signs, and their words.
func (p *picture) run(x, y int, cells []string, style tcell.Style) {
	front, back, attr := style.Decompose()
	fill, ground := hexOf(front, ink), hexOf(back, paper)
	if attr&tcell.AttrReverse != 0 {
		fill, ground = ground, fill
	}
	if ground != paper {
		fmt.Fprintf(p, `<rect x="%d" y="%d" width="%d" height="%d" fill="#%06x"/>`+"\n", x*cellWidth, y*cellHeight, len(cells)*cellWidth, cellHeight, ground)
	}
	if attr&tcell.AttrDim != 0 {
		fill = between(fill, ground)
	}
	looks := fmt.Sprintf(` fill="#%06x"`, fill)
	if attr&tcell.AttrBold != 0 {
		looks += ` font-weight="bold"`
	}
	for i := 0; i < len(cells); {
		n := len(word(cells[i:]))
		switch {
		case n > 0:
			p.word(x+i, y, cells[i:i+n], looks)
		case cells[i] != " ":
			for i+n < len(cells) && cells[i+n] == cells[i] {
				n++
			}
			p.signs(x+i, y, cells[i:i+n], fill)
		}
		i += max(n, 1)
	}
}

// word returns the cells up to the first that is drawn or the first of two blanks.
func word(cells []string) []string {
	for i, s := range cells {
		if _, drawn := shapes[s]; drawn || s == " " && (i == 0 || i+1 == len(cells) || cells[i+1] == " ") {
			return cells[:i]
		}
	}
	return cells
}

func (p *picture) word(x, y int, cells []string, looks string) {
	fmt.Fprintf(p, `<text x="%d" y="%d" textLength="%d" lengthAdjust="spacingAndGlyphs"%s>%s</text>`+"\n",
		x*cellWidth, y*cellHeight+baseline, len(cells)*cellWidth, looks, escaped(strings.Join(cells, "")))
}

// signs draws the same character some times, which no font is asked for.
func (p *picture) signs(x, y int, cells []string, fill int32) {
	if span, ok := spans[cells[0]]; ok {
		p.path(x, y, box(0, span.y, len(cells)*cellWidth, span.h), fill)
		return
	}
	for i, s := range cells {
		p.path(x+i, y, shapes[s], fill)
	}
}

func (p *picture) path(x, y int, d string, fill int32) {
	fmt.Fprintf(p, `<path transform="translate(%d %d)" d="%s" fill="#%06x"/>`+"\n", x*cellWidth, y*cellHeight, d, fill)
}

// spans are the characters that go from one side of a cell to the other.
var spans = map[string]struct{ y, h int }{"─": {9, 1}, "━": {8, 3}, "█": {0, cellHeight}}

// box is the path of a rectangle.
func box(x, y, w, h int) string { return fmt.Sprintf("M%d %dh%dv%dh-%dz", x, y, w, h, w) }

// shapes are what drawn characters look like in a cell.
var shapes = func() map[string]string {
	left, right := box(0, 9, 5, 1), box(4, 9, 5, 1)
	up, down := box(4, 0, 1, 10), box(4, 9, 1, 10)
	m := map[string]string{
		"─": left + right, "━": box(0, 8, 9, 3), "┄": box(1, 9, 3, 1) + box(6, 9, 2, 1), "╌": box(1, 9, 3, 1) + box(5, 9, 3, 1),
		"│": up + down, "┊": box(4, 2, 1, 4) + box(4, 8, 1, 4) + box(4, 14, 1, 4),
		"┌": right + down, "┐": left + down, "└": right + up, "┘": left + up,
		"├": up + down + right, "┤": up + down + left, "┬": left + right + down, "┴": left + right + up, "┼": left + right + up + down,
		"►": "M0 4L9 9.5L0 15z", "◄": "M9 4L0 9.5L9 15z", "▸": "M2 5.5L7 9.5L2 13.5z", "▾": "M.5 7h8L4.5 12z", "▼": "M0 5h9L4.5 14z",
		"●": "M.5 9.5a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
		"○": "M.5 9.5a4 4 0 1 0 8 0a4 4 0 1 0-8 0zM1.7 9.5a2.8 2.8 0 1 1 5.6 0a2.8 2.8 0 1 1-5.6 0z",
		"■": box(1, 6, 7, 7),
	}
	for i, s := range []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"} {
		high := cellHeight * (i + 1) / 8
		m[s] = box(0, cellHeight-high, cellWidth, high)
	}
	for i, s := range []string{"▏", "▎", "▍", "▌", "▋", "▊", "▉"} {
		m[s] = box(0, 0, cellWidth*(i+1)/8, cellHeight)
	}
	return m
}()

func hexOf(c tcell.Color, ours int32) int32 {
	if c == tcell.ColorDefault {
		return ours
	}
	return c.Hex()
}

// between returns a colour that is more of the first than of the second.
func between(a, b int32) (mixed int32) {
	for shift := 0; shift < 24; shift += 8 {
		mixed |= (a>>shift&0xff*5 + b>>shift&0xff*4) / 9 << shift
	}
	return mixed
}

func escaped(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s))
	return b.String()
}
