package ui

import (
	"fmt"
	"time"
)

// timeMode is how lists show times.
type timeMode int

const (
	sinceStart timeMode = iota // seconds since the first event, or since the zero that was set
	sincePrevious
	ofDay // UTC
	timeModes
)

var timeModeNames = [timeModes]Safe{"seconds since the beginning", "seconds since the event before", "time of day, UTC"}

// timeText writes the time of an event. before is that of the row before, the
// zero value for the first one.
func (m *model) timeText(at, before time.Time) Safe {
	switch m.times {
	case sincePrevious:
		if before.IsZero() {
			return "-"
		}
		return Safe(fmt.Sprintf("%+.3f", at.Sub(before).Seconds()))
	case ofDay:
		return Safe(at.UTC().Format(dayTime))
	}
	zero := m.origin
	if !m.zero.IsZero() {
		zero = m.zero
	}
	return Safe(fmt.Sprintf("%.3f", at.Sub(zero).Seconds()))
}

// dayTime is how a time of day is written.
const dayTime = "15:04:05.000"

// timeWidth is how wide a column of times is that has usual cells for seconds.
func (m *model) timeWidth(usual int) int {
	if m.times == ofDay {
		return len(dayTime)
	}
	return usual
}

// rowTime writes the time of a row.
func (m *model) rowTime(row int, at time.Time) Safe {
	var before time.Time
	if m.times == sincePrevious && row > 0 {
		if r, ok := m.store.Row(m.view.At(row - 1)); ok {
			before = r.At
		}
	}
	return m.timeText(at, before)
}

// nextTimes shows times in another way.
func (a *app) nextTimes() {
	a.model.times = (a.model.times + 1) % timeModes
	a.say(normal, "Times are "+timeModeNames[a.model.times]+".")
}

// zeroHere has times count from the selected event.
func (a *app) zeroHere() {
	seq, ok := a.selectedEvent()
	row, held := a.model.store.Row(seq)
	if !ok || !held {
		a.say(quiet, "There is no event to count from.")
		return
	}
	if a.model.zero.Equal(row.At) {
		a.model.zero = time.Time{}
		a.say(normal, "Times count from the first event again.")
		return
	}
	a.model.zero, a.model.times = row.At, sinceStart
	a.say(normal, "Times count from this event. T here again: from the first one.")
}
