package main

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/term"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/diagnose"
	"github.com/photonscope/photonscope/store"
	"github.com/photonscope/photonscope/ui"
)

// tui takes a source's events for the screen. If the screen fails, the source
// goes on, and its events are printed as text.
//
// Two goroutines beside the source's own: the one that called onScreen runs the
// screen, and waits for the source, which onScreen starts and cancels.
type tui struct {
	app   *app // of the terminal
	store *store.Store
	log   *ui.Log
	ready chan struct{} // closed once the source is under way

	// Set before ready is closed:
	meddle     *ui.Meddling // what can be done to messages that pass
	noMeddling string       // why nothing can

	once  sync.Once
	shown atomic.Bool // the terminal belongs to the screen: notes go to its log

	notes sync.Mutex // guards the app's standard error: the source's notes and ours go there

	mu     sync.Mutex
	late   lateKeys
	doctor *diagnose.Diagnoser // nil: nothing is diagnosed
	batch  []decode.Event
	text   *output // events are printed there; nil: the screen shows them
	oneLeg decode.OneLeg
	single []decode.Event
}

// autoFormat stands for the screen on a terminal, and text elsewhere.
const autoFormat = "auto"

// choose decides whether the screen shows the events.
func (o *outputFlags) choose(a *app) {
	if o.format != autoFormat {
		return
	}
	o.format = "text"
	if len(o.fields) == 0 && !o.tree && !o.show.required && a.hasScreen() {
		o.format = screenFormat
	}
}

// screenFormat is the value of -T for the screen.
const screenFormat = "tui"

// hasScreen reports whether the program has a terminal that can show a screen.
func (a *app) hasScreen() bool {
	name := a.getenv("TERM")
	out, ok := a.stdout.(*os.File)
	return ok && a.stdin != nil && term.IsTerminal(int(out.Fd())) && term.IsTerminal(int(a.stdin.Fd())) &&
		(runtime.GOOS == "windows" || name != "" && name != "dumb")
}

// onScreen reports whether the events are for the screen and it is not yet there.
func (o *outputFlags) onScreen() bool { return o.format == screenFormat && o.screen == nil }

// show runs a source and shows its events on the screen until the user quits or
// ctx ends. The source is run with an app whose notes go to the screen.
func (a *app) show(ctx context.Context, o *outputFlags, opt ui.Options, source func(context.Context, *app) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &tui{app: a, store: store.New(0), log: new(ui.Log), ready: make(chan struct{})}
	o.screen = s
	beside := *a
	beside.stderr = s
	var over atomic.Bool
	ended := make(chan error, 1)
	go func() {
		err := source(ctx, &beside)
		if over.Store(true); err != nil && !errors.Is(err, context.Canceled) {
			s.log.Add(err.Error())
		}
		ended <- err
	}()
	select {
	case err := <-ended: // before there was anything to see
		return err
	case <-s.ready:
	}
	s.shown.Store(true)
	opt.Store, opt.Log, opt.ShowSecrets = s.store, s.log, o.showSecrets
	opt.Theme, opt.ASCII = a.theme(o), a.onlyASCII()
	opt.Ended, opt.Filter = over.Load, o.show.expr
	if !opt.Live {
		opt.Loading = func() bool { return !over.Load() }
	}
	opt.Filters, opt.Columns = beside.readFilters(), beside.readColumns()
	files := &screenFiles{app: a, state: a.stateFolder()}
	defer files.forget()
	opt.Actions = files.actions()
	opt.Actions.Meddle, opt.Actions.NoMeddling = s.meddle, s.noMeddling
	watched := s.watchKeys(ctx, over.Load)
	err := ui.Run(ctx, opt)
	watched()
	s.shown.Store(false)
	if err != nil {
		s.printFromNowOn(o, err)
	} else {
		cancel()
	}
	err = <-ended
	s.end()
	return afterQuit(ctx, err)
}

// afterQuit is the outcome of a source that the user ended by leaving the screen.
func afterQuit(ctx context.Context, err error) error {
	var exit *exitError
	if ctx.Err() != nil && errors.As(err, &exit) && exit.code == exitInterrupted {
		return nil
	}
	return err
}

// begin tells that the source is under way.
func (s *tui) begin() { s.once.Do(func() { close(s.ready) }) }

// Write implements io.Writer: it takes notes, a line each.
func (s *tui) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		s.log.Add(strings.TrimSuffix(line, "\n"))
	}
	if s.shown.Load() {
		return len(b), nil
	}
	s.notes.Lock()
	defer s.notes.Unlock()
	return s.app.stderr.Write(b)
}

// event implements sink.
func (s *tui) event(e *decode.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.batch)
	s.batch = append(s.batch, *e)
	if s.doctor != nil {
		s.batch = s.doctor.Feed(s.batch, e)
	}
	if s.text != nil {
		for _, e := range s.batch[n:] {
			s.print(e)
		}
		s.batch = s.batch[:n]
		return
	}
	if len(s.batch) >= eventsAtOnce {
		s.keep()
	}
}

// eventsAtOnce is as many as the decoder makes room for at once.
const eventsAtOnce = 128

// holding implements passer: the store copies what it keeps.
func (s *tui) holding() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.text != nil {
		return s.oneLeg.Holding() || s.text.holding()
	}
	return len(s.batch) > 0
}

// flush implements sink.
func (s *tui) flush() {
	s.begin()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.text != nil {
		s.text.flush()
		return
	}
	s.keep()
}

// keep puts what waits into the store.
func (s *tui) keep() {
	s.store.Append(s.batch)
	clear(s.batch)
	s.batch = s.batch[:0]
}

// print prints an event, of a proxied pair what one leg shows.
func (s *tui) print(e decode.Event) {
	s.single = s.oneLeg.Feed(s.single[:0], e)
	for i := range s.single {
		s.text.event(&s.single[i])
	}
}

// end prints what was still held back, if events are printed.
func (s *tui) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.text == nil {
		return
	}
	s.single = s.oneLeg.Finish(s.single[:0])
	for i := range s.single {
		s.text.event(&s.single[i])
	}
	s.text.flush()
}

// printFromNowOn says why there is no screen, and prints what it had shown, and
// all that comes.
func (s *tui) printFromNowOn(o *outputFlags, why error) {
	told := *s.app
	told.stderr = s
	var fault *ui.PanicError
	if errors.As(why, &fault) {
		told.say("photonscope: %v; all else goes on, as text", why)
		for line := range strings.Lines(string(fault.Stack)) {
			told.say("%s", strings.TrimSpace(line))
		}
	} else {
		told.say("photonscope: no screen: %v; the events follow as text", why)
	}
	flags := *o
	flags.format = "text"
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = s.app.newOutput(s.app.stdout, &flags)
	first, end := s.store.Bounds()
	for seq := first; seq < end; seq++ {
		if e, ok := s.store.At(seq); ok {
			s.print(e)
		}
	}
	for _, e := range s.batch {
		s.print(e)
	}
	s.batch = nil
	s.text.flush()
}

// theme returns the colours of the screen.
func (a *app) theme(o *outputFlags) ui.Theme {
	if o.color == "never" || o.color == "auto" && a.getenv("NO_COLOR") != "" {
		return ui.Mono
	}
	if t, err := ui.ParseTheme(o.theme); err == nil {
		return t
	}
	return ui.Ansi
}

// onlyASCII reports whether the terminal's locale knows no more.
func (a *app) onlyASCII() bool {
	if runtime.GOOS == "windows" {
		return false
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(a.getenv(name)); locale != "" {
			return !strings.Contains(locale, "utf-8") && !strings.Contains(locale, "utf8")
		}
	}
	return true
}

// themeNames are the values of --theme.
func themeNames() []string {
	var names []string
	for _, t := range ui.Themes {
		names = append(names, string(t))
	}
	return names
}

// checkTheme refuses a theme that there is none of.
func (o *outputFlags) checkTheme() error {
	if !slices.Contains(themeNames(), o.theme) {
		return usageError("one of: "+strings.Join(themeNames(), ", "), "--theme %s means nothing", o.theme)
	}
	return nil
}

// printOf returns the sink and the output of a source: the screen, which prints
// nothing, or what -T names.
func (a *app) printOf(w io.Writer, o *outputFlags) (sink, *output) {
	if o.screen != nil {
		flags := *o
		flags.show = filterFlags{}
		return o.screen, a.newOutput(io.Discard, &flags)
	}
	if o.silent {
		return nobody{}, a.newOutput(io.Discard, o)
	}
	out := a.newOutput(w, o)
	return out, out
}
