package ui

import (
	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// pane is a widget that can have the focus.
type pane interface {
	tview.Primitive
	place() place
	// do does what a key asks for; false if that is none of the pane's actions.
	do(action) bool
	// clicked takes a click at a cell of the screen.
	clicked(x, y int) bool
}

// boxCanvas returns the canvas of a widget.
func boxCanvas(b *tview.Box, screen tcell.Screen, l *look) canvas {
	x, y, w, h := b.GetRect()
	return canvas{screen: screen, look: l, x: x, y: y, w: max(w, 0), h: max(h, 0)}
}

// put draws a widget on the canvas.
func (c canvas) put(p tview.Primitive) {
	p.SetRect(c.x, c.y, c.w, c.h)
	p.Draw(c.screen)
}
