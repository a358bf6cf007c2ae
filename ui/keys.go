package ui

import (
	"strings"

	"github.com/gdamore/tcell/v2"
)

// action is something a user can do. Its text is its name in the palette and on
// the command line.
type action string

// place is where a key works: a set of panes and views.
type place uint32

const (
	anywhere place = 1 << iota
	inList
	inTree
	inHex
	inText // a pane of lines that scrolls
	inSessions
	inMessages
	inHandshake
	inLadder
	inFollow
	inStats
	inStart
	inDialog
	inExplain
	inHeld
	inPrompt

	inViews = inSessions | inMessages | inHandshake | inLadder | inFollow | inStats
	inPanes = inList | inTree | inHex | inText
)

// The actions.
const (
	actUp       action = "up"
	actDown     action = "down"
	actLeft     action = "left"
	actRight    action = "right"
	actTop      action = "top"
	actBottom   action = "bottom"
	actPageUp   action = "page-up"
	actPageDown action = "page-down"
	actHalfUp   action = "half-up"
	actHalfDown action = "half-down"

	actSessions  action = "sessions"
	actMessages  action = "messages"
	actHandshake action = "handshake"
	actLadder    action = "ladder"
	actFollow    action = "follow"
	actStats     action = "stats"

	actNextPane action = "next-pane"
	actPrevPane action = "previous-pane"
	actZoom     action = "zoom"
	actOpen     action = "open"
	actBack     action = "back"
	actEscape   action = "escape"
	actQuit     action = "quit"
	actHelp     action = "help"
	actPalette  action = "palette"
	actCommand  action = "command"
	actLog      action = "log"
	actMouse    action = "mouse"
	actPrivacy  action = "privacy"
	actRedraw   action = "redraw"

	actPause    action = "pause"
	actFilter   action = "filter"
	actFind     action = "find"
	actNext     action = "next"
	actPrev     action = "previous"
	actValue    action = "filter-value"
	actToggle   action = "filter-off"
	actProblems action = "problems"

	actFold    action = "fold-pings"
	actColumns action = "choose-columns"
	actLayer   action = "layer"
	actMark    action = "mark"
	actGoMark  action = "go-to-mark"
	actComment action = "comment"
	actTimes   action = "times"
	actZero    action = "zero-here"
	actSort    action = "sort"
	actCopy    action = "copy"
	actExport  action = "export"
	actWrite   action = "write"

	actSlower   action = "slower"
	actFaster   action = "faster"
	actStep     action = "step"
	actStepBack action = "step-back"
	actBefore   action = "seek-back"
	actAfter    action = "seek-on"

	actSide     action = "side"
	actWindow   action = "window"
	actGroup    action = "group"
	actExchange action = "exchange"
	actFollowIt action = "follow-this"
	actOlder    action = "older"
	actNewer    action = "newer"
	actExplain  action = "explain"
	actSecrets  action = "secrets"

	actIntercept action = "intercept"
	actHeld      action = "held"
	actEdit      action = "edit"
	actEditText  action = "edit-text"
	actEditHex   action = "edit-hex"
	actSend      action = "send"
	actDrop      action = "drop"
	actLonger    action = "longer"
	actAlive     action = "keep-alive"
)

// binding is a row of the key table, from which the handler, the footer, the
// help, the palette and the README come.
type binding struct {
	do   action
	keys string // names separated by spaces; the first is the one the footer shows
	in   place
	foot Safe // what the footer calls it, "" if it does not
	help Safe
}

// bindings is the key table. Rows of a pane or a view come before those that
// hold anywhere; among rows of one kind the footer keeps their order.
var bindings = []binding{
	{actSecrets, "s", inExplain, "secrets", "show the sessions' keys, or hide them"},
	{actCopy, "y", inExplain, "copy", "copy a command, or the explanation"},
	{actEdit, "Enter e", inHeld, "edit", "edit the message, part by part"},
	{actEditText, "t", inHeld, "as text", "edit its payload as text"},
	{actEditHex, "x", inHeld, "as hex", "edit it byte by byte"},
	{actSend, "s", inHeld, "send", "send it as it is"},
	{actDrop, "d", inHeld, "drop", "drop it"},
	{actLonger, "Space", inHeld, "longer", "hold it 10 s longer"},
	{actAlive, "a", inHeld, "keep alive", "answer both peers meanwhile, so that neither gives up"},
	{actDown, "j Down", inHeld, "", "the next one that is held"},
	{actUp, "k Up", inHeld, "", "the one before"},
	{actBack, "Esc q", inHeld, "close", "close; what is held stays held"},
	{actBack, "Esc q", inDialog, "close", "close"},
	{actFind, "/", inDialog, "find", "find text in this window"},
	{actNext, "n", inDialog, "", "next hit"},
	{actPrev, "N", inDialog, "", "the hit before"},
	{actPageDown, "PgDn Ctrl-F", inDialog, "page", "a page down"},
	{actOpen, "Enter", inDialog, "", "close, or do what the window asks"},
	{actOpen, "Enter", inPanes | inStart, "open", "go in, open, choose"},

	{actDown, "j Down", inStart, "down", "next choice"},
	{actUp, "k Up", inStart, "up", "previous choice"},
	{actBack, "q", inStart, "quit", "quit"},
	{actDown, "j Down", inPanes | inDialog, "", "next row, line or byte row"},
	{actUp, "k Up", inPanes | inDialog, "", "previous"},
	{actLeft, "h Left", inTree | inHex | inDialog, "", "fold, byte to the left"},
	{actRight, "l Right", inTree | inHex | inDialog, "", "unfold, byte to the right"},
	{actTop, "g Home", inPanes | inDialog, "", "first"},
	{actBottom, "G End", inPanes | inDialog, "", "last; follows what comes"},
	{actPageDown, "PgDn Ctrl-F", inPanes, "", "a page down"},
	{actPageUp, "PgUp Ctrl-B", inPanes | inDialog, "", "a page up"},
	{actHalfDown, "Ctrl-D", inPanes | inDialog, "", "half a page down"},
	{actHalfUp, "Ctrl-U", inPanes | inDialog, "", "half a page up"},

	{actLayer, "x", inMessages, "layer", "layer: wire, plain, payload"},
	{actLayer, "x", inFollow, "form", "as text, hex or summary"},
	{actSide, "b", inFollow, "side", "both ways, device only, cloud only"},
	{actExchange, "T", inFollow, "exchange", "the messages of this exchange alone, and back"},
	{actWindow, "w", inStats, "window", "rates of a minute, 10 minutes, an hour, all"},
	{actGroup, "d", inStats, "by device", "a row for each device or for each kind"},
	{actValue, "*", inMessages, "", "filter on the value under the cursor"},

	{actOlder, "[", inHandshake, "older", "the attempt before"},
	{actNewer, "]", inHandshake, "newer", "the attempt after"},

	{actFind, "/", inHex | inFollow, "find", "find text or hex bytes in these bytes, in this conversation"},

	{actNextPane, "Tab", anywhere, "pane", "next pane"},
	{actPrevPane, "Shift-Tab", anywhere, "", "previous pane"},
	{actFilter, "/", anywhere, "filter", "filter, or find with Ctrl-F"},
	{actExplain, "K", anywhere, "explain", "explain what is under the cursor"},
	{actPause, "Space", anywhere, "pause", "pause, go on: nothing is lost; a capture: play it"},
	{actFollowIt, "f", anywhere, "follow", "follow the conversation of this event"},
	{actNext, "n", anywhere, "problem", "next hit; without a search the next problem"},
	{actPrev, "N", anywhere, "", "the one before"},
	{actProblems, "!", anywhere, "", "problems only, and back"},
	{actMark, "m", anywhere, "", "mark the selected event with a letter"},
	{actGoMark, "'", anywhere, "", "go to a mark"},
	{actComment, ";", anywhere, "", "comment on the selected event"},
	{actSlower, "[", inMessages | inLadder, "", "play slower"},
	{actFaster, "]", inMessages | inLadder, "", "play faster"},
	{actStep, ".", inMessages | inLadder, "", "one event on"},
	{actStepBack, ",", inMessages | inLadder, "", "one event back"},
	{actBefore, "Left", inList, "", "5 s back"},
	{actAfter, "Right", inList, "", "5 s on"},
	{actTimes, "t", inMessages | inLadder, "", "times: since the beginning, since the event before, of day"},
	{actZero, "T", inMessages | inLadder, "", "times count from here, and back"},
	{actSort, "s", inMessages | inLadder | inStats, "", "sort"},
	{actCopy, "y", anywhere, "copy", "copy: line, JSON, field, hex, Go"},
	{actExport, "e", anywhere, "export", "export: text, NDJSON, Mermaid, a capture, this screen"},
	{actWrite, "w", anywhere, "", "write the sessions of the events shown to a new capture, with marks and comments"},
	{actFold, "P", inMessages | inLadder, "", "fold pings, or unfold them"},
	{actColumns, "o", inMessages, "", "choose the columns of the list"},
	{actToggle, "\\", anywhere, "", "filter off, and on again"},
	{actZoom, "z |", anywhere, "", "one pane alone, and back"},
	{actIntercept, "i", anywhere, "", "hold messages that match a filter, until you decide on each"},
	{actHeld, "I", anywhere, "", "the messages that are held: edit, send, drop"},
	{actSessions, "1", anywhere, "", "sessions"},
	{actMessages, "2", anywhere, "", "messages"},
	{actHandshake, "3", anywhere, "", "handshake"},
	{actLadder, "4", anywhere, "", "ladder"},
	{actFollow, "5", anywhere, "", "follow a conversation"},
	{actStats, "6", anywhere, "", "statistics"},
	{actCommand, ":", anywhere, "", "a command by its name"},
	{actPalette, "Ctrl-P", anywhere, "", "find a command by a word"},
	{actLog, "L", anywhere, "", "event log of photonscope"},
	{actMouse, "M", anywhere, "", "mouse on or off"},
	{actPrivacy, "p", anywhere, "", "hide whose devices these are and what is said, and show it again"},
	{actRedraw, "Ctrl-L", anywhere, "", "draw the screen anew"},
	{actHelp, "? F1", anywhere, "help", "keys of this pane"},
	{actBack, "q", anywhere, "back", "back; at the top: quit"},
	{actEscape, "Esc", anywhere, "", "close what is on top"},
	{actQuit, "Q Ctrl-C", anywhere, "", "quit"},
}

// lookup returns the row of a key where the places have one, the most specific
// place first.
func lookup(key string, places ...place) (binding, bool) {
	for _, p := range places {
		for _, b := range bindings {
			if b.in&p != 0 && b.has(key) {
				return b, true
			}
		}
	}
	return binding{}, false
}

func (b binding) has(key string) bool {
	for name := range strings.FieldsSeq(b.keys) {
		if name == key {
			return true
		}
	}
	return false
}

// first returns the key that footers show.
func (b binding) first() Safe {
	name, _, _ := strings.Cut(b.keys, " ")
	return Safe(name)
}

// keyNames are the names of keys that have no character of their own.
var keyNames = map[tcell.Key]string{
	tcell.KeyEnter: "Enter", tcell.KeyEsc: "Esc", tcell.KeyTab: "Tab", tcell.KeyBacktab: "Shift-Tab",
	tcell.KeyUp: "Up", tcell.KeyDown: "Down", tcell.KeyLeft: "Left", tcell.KeyRight: "Right",
	tcell.KeyHome: "Home", tcell.KeyEnd: "End", tcell.KeyPgUp: "PgUp", tcell.KeyPgDn: "PgDn",
	tcell.KeyBackspace: "Backspace", tcell.KeyBackspace2: "Backspace", tcell.KeyDelete: "Delete", tcell.KeyInsert: "Insert",
}

// keyName returns how a key is written in the key table.
func keyName(ev *tcell.EventKey) string {
	if name, ok := keyNames[ev.Key()]; ok {
		return name
	}
	switch k := ev.Key(); {
	case k == tcell.KeyRune && ev.Rune() == '\\':
		return `\` // which clean would double
	case k == tcell.KeyRune && ev.Rune() == ' ':
		return "Space"
	case k == tcell.KeyRune && ev.Modifiers()&tcell.ModAlt != 0:
		return "Alt-" + string(clean(string(ev.Rune())))
	case k == tcell.KeyRune:
		return string(clean(string(ev.Rune())))
	case k >= tcell.KeyCtrlA && k <= tcell.KeyCtrlZ:
		return "Ctrl-" + string(rune('A'+k-tcell.KeyCtrlA))
	}
	return ev.Name()
}
