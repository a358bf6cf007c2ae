package ui

// class is a size of the screen for which there is a layout of its own.
type class uint8

const (
	tooSmall class = iota // says so in one line
	tiny                  // rows of two lines, dialogs fill the screen
	narrow                // one pane at a time
	standard              // list above, fields and bytes side by side, 8 bytes a row
	wide                  // 16 bytes a row
	large                 // more columns
)

// sizes are the smallest columns and lines of each class.
var sizes = [...]struct{ w, h int }{
	tiny: {40, 10}, narrow: {60, 16}, standard: {80, 24}, wide: {100, 28}, large: {140, 40},
}

func classOf(w, h int) class {
	for c := large; c > tooSmall; c-- {
		if w >= sizes[c].w && h >= sizes[c].h {
			return c
		}
	}
	return tooSmall
}
