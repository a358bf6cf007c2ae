package ui

import (
	"fmt"
	"sort"
	"time"

	"github.com/photonscope/photonscope/store"
)

// player moves the selection through a capture at the pace at which it happened.
// It shows nothing to anybody: a capture stays as it is.
type player struct {
	on    bool
	speed int       // index of speeds
	at    time.Time // in the capture
	since time.Time // when it was there
}

// speeds are how fast a capture is played.
var speeds = []float64{0.25, 0.5, 1, 2, 4, 8, 16, 64}

const normalSpeed = 2 // index of 1

// seekBy is how far the arrow keys go.
const seekBy = 5 * time.Second

// maxPause is how long silence lasts at most while a capture is played.
const maxPause = 2 * time.Second

// play starts and stops playing from the selected event on.
func (a *app) play() {
	seq, ok := a.selectedEvent()
	row, held := a.model.store.Row(seq)
	if !ok || !held {
		a.say(quiet, "There is nothing to play.")
		return
	}
	if a.player.on = !a.player.on; a.player.on {
		if a.selectedRow() == a.model.Len()-1 {
			a.choose(0)
			row, _ = a.model.store.Row(a.model.view.At(0))
		}
		a.player.at, a.player.since = row.At, a.opt.Now()
		if !a.pauseShows() {
			a.say(normal, "Playing from the selected event on; 2 and 4 show it, Space stops.")
		}
	}
	a.playing.Store(a.player.on)
}

// faster plays faster or slower.
func (a *app) faster(by int) {
	p := &a.player
	p.speed = max(min(p.speed+by, len(speeds)-1), 0)
	text := Safe(fmt.Sprintf("Speed %gx.", speeds[p.speed]))
	if !p.on {
		text += " Space plays."
	}
	a.say(normal, text)
}

// advance goes on playing: the selection moves to the last event that has happened
// by now.
func (a *app) advance() {
	p := &a.player
	if !p.on {
		return
	}
	now := a.opt.Now()
	p.at, p.since = p.at.Add(time.Duration(float64(now.Sub(p.since))*speeds[p.speed])), now
	row := a.selectedRow()
	for row+1 < a.model.Len() {
		next, ok := a.model.store.Row(a.model.view.At(row + 1))
		if !ok || next.At.After(p.at) {
			if wait := next.At.Sub(p.at); ok && wait > maxPause {
				p.at = next.At.Add(-maxPause)
			}
			break
		}
		row++
	}
	a.choose(row)
	if row == a.model.Len()-1 {
		p.on = false
		a.playing.Store(false)
		a.say(normal, "The end of the capture. Space plays from the beginning.")
	}
}

// choose selects a row in every list of events.
func (a *app) choose(row int) {
	for _, v := range a.views {
		if l, ok := v.(eventLister); ok {
			l.events().follow = false
			l.events().choose(row)
		}
	}
}

// seek selects the event that is some time before or after the selected one. Over a
// silence that is longer it goes to the next one.
func (a *app) seek(by time.Duration) {
	row, ok := a.model.store.Row(store.Seq(a.selectedKey()))
	if !ok {
		return
	}
	to := a.rowAt(row.At.Add(by))
	if at := a.selectedRow(); by > 0 && to <= at {
		to = at + 1
	}
	a.choose(to)
	if row, ok = a.model.store.Row(store.Seq(a.selectedKey())); ok {
		a.player.at, a.player.since = row.At, a.opt.Now()
	}
}

// rowAt returns the last row at or before a time.
func (a *app) rowAt(at time.Time) int {
	n := a.model.Len()
	i := sort.Search(n, func(i int) bool {
		r, ok := a.model.store.Row(a.model.view.At(i))
		return ok && r.At.After(at)
	})
	return max(i-1, 0)
}

// seekTo is the command with seconds behind it.
func seekTo(a *app, arg string) Safe {
	seconds, err := time.ParseDuration(arg + "s")
	if err != nil {
		return clean(arg) + " is no number of seconds since the beginning"
	}
	a.goToPlace(inMessages)
	a.choose(a.rowAt(a.model.origin.Add(seconds)))
	return ""
}

// maxScrubMarks is how many problems are looked for a mark on the bar.
const maxScrubMarks = 500

// someProblems returns when there were problems: of very many only some.
func (m *model) someProblems() []time.Time {
	var times []time.Time
	step := max(m.trouble.Len()/maxScrubMarks, 1)
	for i := 0; i < m.trouble.Len(); i += step {
		if row, ok := m.store.Row(m.trouble.At(i)); ok {
			times = append(times, row.At)
		}
	}
	return times
}

// drawScrub draws where in the capture the selected event is, and where there are
// problems.
func (a *app) drawScrub(c canvas) {
	first, end := a.model.store.Bounds()
	begin, ok := a.model.store.Row(first)
	if end == first || !ok {
		return
	}
	last, _ := a.model.store.Row(end - 1)
	seq, selected := a.selectedEvent()
	here, ok := a.model.store.Row(seq)
	total := last.At.Sub(begin.At)
	if !ok || !selected || total <= 0 {
		return
	}
	right := Safe(fmt.Sprintf("%.1f of %.1f s  %gx", here.At.Sub(begin.At).Seconds(), total.Seconds(), speeds[a.player.speed]))
	w := max(c.w-width(right)-4, 1)
	column := func(at time.Time) int {
		return max(min(int(float64(at.Sub(begin.At))/float64(total)*float64(w-1)), w-1), 0)
	}
	played := column(here.At)
	bar := c.sub(1, 0, w, 1)
	bar.fill('━', quiet)
	bar.sub(0, 0, played, 1).fill('┄', quiet)
	for _, at := range a.model.someProblems() {
		bar.text(column(at), 0, "!", warning)
	}
	bar.text(played, 0, "●", strong)
	c.right(c.w-1, 0, right, quiet)
}
