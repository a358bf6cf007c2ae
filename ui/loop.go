package ui

import (
	"context"
	"time"

	"github.com/rivo/tview"
)

// refreshEvery is how often the store is looked at.
const refreshEvery = 40 * time.Millisecond

// While a capture loads, a look at what there is already is followed by a pause of
// so many times what it took: little of the processor goes into what is soon
// replaced.
const (
	loadingPause = 15
	longestPause = 250 * time.Millisecond
)

// refresher asks the loop to draw what is new. It is the only one that asks, and
// it is the one that stops the loop.
type refresher struct {
	app    *app
	tv     *tview.Application
	screen *quietScreen
	over   chan struct{} // closed when the loop has ended by itself
	seen   drawState     // as drawn last
	rests  time.Time     // until when what loads is left alone
}

// drawState is what a draw depends on beside keys: it is read without the loop.
type drawState struct {
	notes int

	ended bool
	loads bool
	read  Safe
	grows bool

	held int
	beat int64 // fifths of a second while something is held: its time runs down
}

// run looks at the store until ctx ends, and then stops the loop.
func (r *refresher) run(ctx context.Context) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	changed := r.app.opt.Store.Changed()
	r.seen.notes = -1 // what came before is still to be drawn
	for {
		select {
		case <-r.over:
			return
		case <-ctx.Done():
			defer r.screen.dropWhatSticks()()
			r.screen.hush(r.over)
			r.tv.Stop()
			return
		case <-tick.C:
		}
		state := r.app.drawState()
		if state.loads && !state.grows && !r.app.busy.Load() && time.Now().Before(r.rests) {
			continue
		}
		select {
		case <-changed:
			changed = r.app.opt.Store.Changed()
		default:
			if state == r.seen && !r.app.busy.Load() && !r.app.playing.Load() && r.app.finished.Load() == nil {
				continue
			}
		}
		r.seen = state
		began := time.Now()
		_, end := r.app.opt.Store.Bounds()
		if r.draw(ctx); end > 0 {
			r.rests = time.Now().Add(min(loadingPause*time.Since(began), longestPause))
		}
	}
}

// drawState returns what a draw depends on beside the store. It is safe to call
// beside the loop.
func (a *app) drawState() drawState {
	s := drawState{notes: a.opt.Log.count(), ended: a.opt.ended(), loads: a.opt.loading(), read: a.opt.progress(), grows: a.opt.grows(), held: len(a.opt.held())}
	if s.held > 0 {
		s.beat = a.now().UnixMilli() / 200
	}
	return s
}

// draw has the loop take notice of the store and draw. It waits for that, but
// not for a loop that has ended meanwhile, nor beyond ctx.
func (r *refresher) draw(ctx context.Context) {
	drawn := make(chan struct{})
	go func() {
		r.tv.QueueUpdateDraw(func() { r.app.refresh() })
		close(drawn)
	}()
	select {
	case <-drawn:
	case <-r.over:
	case <-ctx.Done():
	}
}
