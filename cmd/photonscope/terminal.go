package main

import (
	"io"
	"io/fs"
	"os"
)

// colourChoices are the values of --color.
var colourChoices = []string{"auto", "always", "never"}

// colours reports whether text on w is coloured: as --color says, and by itself
// on a terminal that has colours and whose user did not decline them
// (https://no-color.org).
func (a *app) colours(choice string, w io.Writer) bool {
	if choice != "auto" {
		return choice == "always"
	}
	term := a.getenv("TERM")
	return isTerminal(w) && a.getenv("NO_COLOR") == "" && term != "" && term != "dumb"
}

// isTerminal reports whether w may be a terminal: a device of characters.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&fs.ModeCharDevice != 0
}
