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
	a.hunt = &hunt{seeker: a.model.view.Seek(a.selectedRow(), by < 0, match), what: what, back: by < 0}
	a.goToPlace(inMessages)
	a.goOn()
}

// stepOf is the direction in which a key looks for a hit.
func stepOf(act action) int { return map[action]int{actNext: 1, actPrev: -1}[act] }

// hunt is a search that goes on.
type hunt struct {
	seeker *store.Seeker
	what   Safe
	back   bool
}

// goOn looks on for what is searched.
func (a *app) goOn() {
	if a.hunt == nil {
		return
	}
	seq, found, more := a.hunt.seeker.Next(lookFor)
	switch {
	case found:
		a.hunt = nil
		a.selectKey(uint64(seq))
		return
	case more:
		a.say(quiet, "Looking for "+a.hunt.what+" …")
		return
	}
	where := map[bool]Safe{false: " below", true: " above"}[a.hunt.back]
	a.say(quiet, "No "+a.hunt.what+where+".")
	a.hunt = nil
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

func (a *app) selectedRow() int { return a.messagesView().list.sel }

// selectedKey returns the selected event, as the list knows it.
func (a *app) selectedKey() uint64 { return a.messagesView().list.key }

// selectKey selects an event, or the one after it if it is not among those shown.
func (a *app) selectKey(key uint64) {
	row, _ := a.model.RowOf(key)
	a.messagesView().list.choose(row)
}
