package ui

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"github.com/photonscope/photonscope/store"
)

// driver runs the real loop on a simulated screen and plays a user. It waits for
// draws and never for time to pass.
type driver struct {
	t      *testing.T
	screen tcell.SimulationScreen
	store  *store.Store
	cancel context.CancelFunc
	result chan error

	mu    sync.Mutex
	cond  *sync.Cond
	draws int
	text  []string // of the latest draw
}

// drive starts a screen.
func drive(t *testing.T, w, h int, opt Options) *driver {
	t.Helper()
	d := &driver{t: t, store: stored(), result: make(chan error, 1)}
	d.cond = sync.NewCond(&d.mu)
	d.screen = tcell.NewSimulationScreen("UTF-8")
	if err := d.screen.Init(); err != nil {
		t.Fatal(err)
	}
	d.screen.SetSize(w, h)
	ctx, cancel := context.WithCancel(t.Context())
	d.cancel = cancel
	if opt.Store == nil {
		opt.Store = d.store
	}
	opt.Screen = sizedScreen{d.screen, w, h}
	opt.drawn = d.drawn
	go func() { d.result <- Run(ctx, opt) }()
	d.wait("the first draw", func() bool { return d.draws > 0 })
	t.Cleanup(d.end)
	return d
}

// sizedScreen keeps its size when it is initialised a second time, which tview does.
type sizedScreen struct {
	tcell.SimulationScreen
	w, h int
}

func (s sizedScreen) Init() error {
	err := s.SimulationScreen.Init()
	s.SetSize(s.w, s.h)
	return err
}

// drawn is called by the loop, so the screen may be read.
func (d *driver) drawn(n int) {
	w, h := d.screen.Size()
	text := make([]string, h)
	for y := range h {
		var b strings.Builder
		for x := range w {
			s, _, _ := d.screen.Get(x, y)
			b.WriteString(s)
		}
		text[y] = b.String()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.draws, d.text = n, text
	d.cond.Broadcast()
}

const patience = 10 * time.Second

// wait waits until a draw makes something true.
func (d *driver) wait(what string, is func() bool) {
	d.t.Helper()
	timeout := time.AfterFunc(patience, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.cond.Broadcast()
	})
	defer timeout.Stop()
	deadline := time.Now().Add(patience)
	d.mu.Lock()
	defer d.mu.Unlock()
	for !is() {
		if time.Now().After(deadline) {
			d.t.Fatalf("waited in vain for %s; the screen is\n%s", what, strings.Join(d.text, "\n"))
		}
		d.cond.Wait()
	}
}

// see waits until the screen shows a text.
func (d *driver) see(text string) *driver {
	d.t.Helper()
	d.wait("the text "+text, func() bool { return strings.Contains(strings.Join(d.text, "\n"), text) })
	return d
}

// gone waits until the screen does not show a text.
func (d *driver) gone(text string) *driver {
	d.t.Helper()
	d.wait("the end of the text "+text, func() bool { return !strings.Contains(strings.Join(d.text, "\n"), text) })
	return d
}

// press types keys, each when the one before was drawn.
func (d *driver) press(keys ...string) *driver {
	d.t.Helper()
	for _, k := range keys {
		d.mu.Lock()
		before := d.draws
		d.mu.Unlock()
		ev := keyEvent(k)
		d.screen.InjectKey(ev.Key(), ev.Rune(), ev.Modifiers())
		d.wait("a draw after "+k, func() bool { return d.draws > before })
	}
	return d
}

// quits waits for the end.
func (d *driver) quits() {
	d.t.Helper()
	select {
	case err := <-d.result:
		d.result <- nil
		if err != nil {
			d.t.Fatal(err)
		}
	case <-time.After(patience):
		d.t.Fatal("the screen does not end")
	}
}

func (d *driver) end() {
	d.cancel()
	d.quits()
}

func TestAUserReadsAMessageAndQuits(t *testing.T) {
	d := drive(t, 80, 24, Options{Title: "test", Live: true})
	d.see("LIVE")
	d.store.Append(talk(t))
	d.press("2").see("250 events").press("g", "j", "j", "Tab", "Tab").press("?").see("help: keys of Messages").press("Esc").gone("help: keys")
	d.screen.InjectKey(tcell.KeyRune, 'Q', tcell.ModNone)
	d.quits()
}
