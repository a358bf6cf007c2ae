package ui

import (
	"github.com/photonscope/photonscope/store"
)

// next goes to the next hit of the search, or the one before; without a search to
// the next problem. What takes long goes on with the next look at the store.
func (a *app) next(by int) {
	match, what := a.search, a.model.hide(a.searching)
	if what == "" {
		match, what = store.Problems, "problem"
	}
	a.hunt = &hunt{seeker: a.model.view.Seek(a.selectedRow(), by < 0, match), match: match, what: what, back: by < 0}
	if _, lists := a.view().(eventLister); !lists {
		a.goToPlace(inMessages)
	}
	a.goOn()
}

// stepOf is the direction in which a key looks for a hit.
func stepOf(act action) int { return map[action]int{actNext: 1, actPrev: -1}[act] }

// hunt is a search that goes on. Behind the end it goes on from the other one.
type hunt struct {
	seeker *store.Seeker
	match  store.Match
	what   Safe
	back   bool
	around bool // it did
}

// turn has the search go on from the other end.
func (h *hunt) turn(v *store.View) {
	h.around = true
	if h.back {
		h.seeker = v.Seek(v.Len(), true, h.match)
	} else {
		h.seeker = v.Seek(-1, false, h.match)
	}
}

// goOn looks on for what is searched.
func (a *app) goOn() {
	if a.hunt == nil {
		return
	}
	seq, found, more := a.hunt.seeker.Next(lookFor)
	switch {
	case found:
		a.found(seq)
	case more:
		a.say(quiet, "Looking for "+a.hunt.what+" …")
	case a.hunt.around:
		a.say(quiet, "There is no "+a.hunt.what+" here.")
		a.hunt = nil
	default:
		a.hunt.turn(a.model.view)
		a.goOn()
	}
}

// found selects what was looked for.
func (a *app) found(seq store.Seq) {
	h, before := a.hunt, a.selectedKey()
	a.hunt = nil
	a.selectKey(uint64(seq))
	switch {
	case h.around && uint64(seq) == before:
		a.say(quiet, "There is no other "+h.what+" here.")
	case h.around && h.back:
		a.say(quiet, "None above; this one is the last.")
	case h.around:
		a.say(quiet, "None below; this one is the first.")
	}
}

// messagesView returns the view that lists the events.
func (a *app) messagesView() *messages {
	for _, v := range a.views {
		if m, ok := v.(*messages); ok {
			return m
		}
	}
	return nil
}

// eventList returns the list of events that is shown, or else that of the messages.
func (a *app) eventList() *list {
	if v, ok := a.view().(eventLister); ok {
		return v.events()
	}
	return a.messagesView().list
}

func (a *app) selectedRow() int { return a.eventList().sel }

// selectedKey returns the selected event, as the list knows it.
func (a *app) selectedKey() uint64 { return a.eventList().key }

// selectKey selects an event, or the one after it if it is not among those shown.
func (a *app) selectKey(key uint64) {
	row, _ := a.model.RowOf(key)
	a.eventList().choose(row)
}
