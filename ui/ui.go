package ui

import (
	"context"
	"fmt"
	"io"
	"iter"
	"runtime/debug"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/store"
)

// Options say what the screen shows and what it can do.
type Options struct {
	Screen tcell.Screen     // nil: the terminal that the program runs in
	Store  *store.Store     // the events; the screen only reads it
	Title  string           // what is watched: an address, a file's name; may be foreign text
	Log    *Log             // what the program has to say; nil: nothing
	Live   bool             // sessions are going on, in contrast to a capture
	Hint   string           // what to do as long as there is no session
	Now    func() time.Time // nil: time.Now

	Ended   func() bool // the live source is over; nil: never
	Loading func() bool // a capture is still being read; nil: no
	// Progress tells how much of it was read; nil: nobody knows.
	Progress func() Progress

	Actions Actions           // what only the command can do
	Filters map[string]string // the user's own named filters; nil: none
	Columns []string          // of the list of messages; nil: the usual ones
	Filter  string            // what the lists are narrowed to at first
	Choices []Choice          // of the start page; nil: there is none, the sessions are shown

	Theme       Theme // "": Ansi
	ASCII       bool  // draw no characters beyond ASCII
	Mouse       bool  // take the mouse from the terminal
	ShowSecrets bool  // show AES keys, IVs and salts

	drawn func(int) // told of every draw, by its number; for tests
}

// Progress is how many bytes of a capture were read, and how many there are, 0 if
// that is not known: a pipe.
type Progress struct {
	Read, Total int64
	Following   bool // all that there was is read; the capture may grow
}

// text writes the progress for the first line.
func (p Progress) text() Safe {
	switch {
	case p.Total > 0:
		return Safe(fmt.Sprintf("%d %%", min(100*p.Read/p.Total, 100)))
	case p.Read > 0:
		return bytesText(int(p.Read))
	}
	return ""
}

func (o *Options) loading() bool { return o.Loading != nil && o.Loading() }

func (o *Options) progress() Safe {
	if o.Progress == nil {
		return ""
	}
	return o.Progress().text()
}

// following reports whether a capture is read on as it grows.
func (o *Options) following() bool { return o.loading() && o.Progress != nil && o.Progress().Following }

// grows reports whether what comes last is news.
func (o *Options) grows() bool { return o.live() || o.following() }

// live reports whether traffic is watched that goes on. What has ended is like a
// capture that was read.
func (o *Options) live() bool { return o.Live && !o.ended() }

func (o *Options) ended() bool { return o.Ended != nil && o.Ended() }

// Actions are what the screen asks the command to do. One that is nil is not
// offered.
type Actions struct {
	// Meddle holds, edits and injects messages. Nil: nobody can, and NoMeddling says
	// why; "": since nothing passes.
	Meddle     *Meddling
	NoMeddling string
	// KeepCopy keeps what was copied in a file, and returns its name.
	KeepCopy func(text []byte) (path string, err error)
	// Save creates a file with a name like the one given, in the current folder and
	// beside others, has it written and returns its name. It is called on a goroutine
	// of its own.
	Save func(name string, write func(io.Writer) error) (path string, err error)
	// KeepFilter keeps a named filter for the next time, and returns the name of the
	// file. It is called like Save.
	KeepFilter func(name, expr string) (path string, err error)
	// KeepColumns keeps the names of the columns of the list of messages for the next
	// time, none for the usual ones, and returns the name of the file. It is called like
	// Save.
	KeepColumns func(names []string) (path string, err error)
	// SaveCapture writes whole sessions to a new capture of that name, or of one that
	// it finds for "", with what is written at their events. It returns in words what
	// it wrote, such as a file's name, and is called like Save.
	SaveCapture func(name string, events iter.Seq[*decode.Event]) (written string, err error)
}

// PanicError is a fault of the screen. The terminal is restored; what the
// program does beside the screen is not touched by it.
type PanicError struct {
	Value any
	Stack []byte
}

// Error says what went wrong, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("internal error on the screen: %v", e.Value) }

// Run shows the screen until ctx ends or the user quits, and gives the terminal
// back. It returns nil then, and else an error that says why there is no screen:
// no terminal, a terminal that went away, or *PanicError.
//
// Two goroutines: the loop, which alone touches what is on the screen, and the
// refresher, which looks at the store some twenty times a second, or less often
// while a capture loads, and asks the loop to draw if there is anything new. Nobody
// else asks. To quit, the refresher ends first, because asking a loop that has ended
// would wait for ever.
func Run(ctx context.Context, opt Options) (err error) {
	screen := &quietScreen{Screen: opt.Screen}
	if opt.Screen == nil {
		if screen, err = openScreen(opt.Log); err != nil {
			return err
		}
	}
	opt.Screen = screen
	defer func() {
		if fault := recover(); fault != nil {
			err = &PanicError{fault, debug.Stack()}
		}
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a := newApp(opt)
	a.quit = cancel
	tv := tview.NewApplication()
	a.attach(tv)
	r := &refresher{app: a, tv: tv, screen: screen, over: make(chan struct{})}
	done := make(chan struct{})
	go func() { defer close(done); r.run(ctx) }()
	defer func() { close(r.over); cancel(); <-done; a.work.Wait() }()
	return tv.Run()
}

// attach connects the app to the loop.
func (a *app) attach(tv *tview.Application) {
	screen := a.opt.Screen
	tv.SetScreen(screen).EnablePaste(true).SetRoot(a, true).SetFocus(a)
	a.setMouse = func(on bool) {
		tv.EnableMouse(on)
		if on {
			screen.EnableMouse(tcell.MouseButtonEvents | tcell.MouseDragEvents)
		}
	}
	if a.mouse = a.opt.Mouse; a.mouse {
		a.setMouse(true)
	}
	screen.SetTitle("photonscope")
	tv.SetInputCapture(func(ev *tcell.EventKey) *tcell.EventKey {
		a.handleKey(ev)
		return nil
	})
	draws := 0
	tv.SetAfterDrawFunc(func(tcell.Screen) {
		draws++
		if a.opt.drawn != nil {
			a.opt.drawn(draws)
		}
	})
}

// Draw implements tview.Primitive: the whole screen.
func (a *app) Draw(screen tcell.Screen) {
	screen.HideCursor()
	a.drawAll(boxCanvas(a.Box, screen, a.look))
}

// PasteHandler implements tview.Primitive. Only a line of input takes what is
// pasted: elsewhere its letters would be keys.
func (a *app) PasteHandler() func(string, func(tview.Primitive)) {
	return func(text string, _ func(tview.Primitive)) {
		if p, ok := a.top().(interface{ paste(string) }); ok {
			a.guard(func() { p.paste(text) })
			return
		}
		a.say(warning, "There is no line of input here to paste into; nothing was done.")
	}
}

// MouseHandler implements tview.Primitive: it chooses the pane and the row that is
// clicked, and scrolls.
func (a *app) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	return func(act tview.MouseAction, ev *tcell.EventMouse, _ func(tview.Primitive)) (consumed bool, _ tview.Primitive) {
		if a.quitting || a.top() != nil {
			return false, nil
		}
		a.guard(func() { consumed = a.pointed(act, ev) })
		return consumed, nil
	}
}

// pointed does what a mouse action asks for.
func (a *app) pointed(act tview.MouseAction, ev *tcell.EventMouse) bool {
	switch act {
	case tview.MouseLeftClick:
		a.click(ev.Position())
	case tview.MouseScrollDown:
		a.pane().do(actDown)
	case tview.MouseScrollUp:
		a.pane().do(actUp)
	default:
		return false
	}
	return true
}

func (a *app) click(x, y int) {
	for _, p := range a.view().panes() {
		px, py, w, h := p.GetRect()
		if x >= px && x < px+w && y >= py && y < py+h {
			a.focusOn(p)
			p.clicked(x, y)
			return
		}
	}
}
