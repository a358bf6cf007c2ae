// Package ui is the screen: six views over the events in the store, live or
// from a capture. Begin with [Run], which shows it, and with app.go, which holds
// what is on it.
//
// The screen only reads the store, some twenty times a second, and only the
// loop's goroutine touches what is on the screen; nothing here is ever called
// from where traffic passes.
//
// # How it is made
//
//	ui.go loop.go tty.go             Run, the two goroutines, quitting
//	app.go act.go bars.go size.go    what is on the screen; what keys do anywhere; the lines around a view; sizes
//	keys.go commands.go help.go      the key table, and what comes from it
//	safe.go canvas.go theme.go       text that may be drawn; drawing; roles and their styles
//	list.go tree.go letters.go hex.go text.go spark.go              widgets
//	dialog.go menu.go prompt.go editor.go explain.go                what lies on a view
//	needle.go hexfind.go followfind.go                              finding inside of bytes and of a conversation
//	model.go scope.go filter.go find.go clock.go sort.go marks.go   the events as the screen sees them
//	privacy.go copy.go export.go replay.go log.go    what else can be done with them
//	start.go sessions.go device.go messages.go event.go handshake.go ladder.go follow.go stats.go   views
//
// # How to add a view
//
//  1. A file named after the view, with a type that implements view (app.go) and
//     a function newX(*app). Widgets implement pane (pane.go): embed a list, tree,
//     hexPane or textPane, or a *tview.Box and draw onto boxCanvas.
//  2. Its place among newViews (views.go), and its place bit in keys.go.
//  3. Keys: an action constant and a row in bindings (keys.go); the view's do
//     handles the action. Footer, help, palette, commands and docs/keys.md
//     follow from the row. What has no key is a row of ownCommands (commands.go).
//  4. A test that draws it at screenSizes with golden (golden_test.go), and a
//     story with drive (driver_test.go). go test ./ui -update writes
//     testdata/screens; read them as pictures.
//
// All text that is drawn is of type Safe. A constant is; what was foreign passes
// clean. What package decode prints (summaries, values) is clean already and is
// converted, Safe(…), and nothing else is.
package ui
