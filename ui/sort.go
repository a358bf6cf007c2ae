package ui

import "github.com/photonscope/photonscope/store"

// sortColumns are what the events can be sorted by.
var sortColumns = []struct {
	key  rune
	name Safe
	by   store.Column
}{
	{'a', "arrival", store.ByArrival}, {'t', "time", store.ByTime}, {'d', "device", store.ByDevice}, {'s', "session", store.BySession},
	{'x', "direction", store.ByDirection}, {'n', "kind", store.ByKind}, {'c', "code", store.ByCode}, {'i', "message ID", store.ByID},
	{'l', "length", store.ByLen}, {'r', "response time", store.ByRTT}, {'p', "time in the proxy", store.ByProxy},
}

// sortMenu asks what to sort the events by; the same again turns the order round.
func (a *app) sortMenu() {
	m := &menu{app: a, title: "sort by"}
	for _, c := range sortColumns {
		m.items = append(m.items, menuItem{c.key, c.name, func() { a.sortBy(c.by, c.name) }})
	}
	a.open(m)
}

func (a *app) sortBy(by store.Column, name Safe) {
	before, down := a.model.view.Order()
	down = by != store.ByArrival && (by != before || !down)
	a.model.view.SetOrder(by, down)
	a.refresh()
	if by == store.ByArrival {
		a.say(normal, "In order of arrival.")
		return
	}
	a.say(normal, "Sorted by "+name+map[bool]Safe{true: ", greatest first.", false: ", least first."}[down]+" The same again turns it round.")
}
