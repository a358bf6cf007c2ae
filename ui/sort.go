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
	if by == store.ByArrival {
		a.refresh()
		a.say(normal, "In order of arrival.")
		return
	}
	text := "Sorted by " + name + map[bool]Safe{true: ", greatest first", false: ", least first"}[down] + "; again: turned round."
	if a.stopFollowing() {
		text += " Not following."
	}
	a.refresh()
	a.say(normal, text)
}

// stopFollowing keeps the selected event selected when others come, which in
// another order than that of arrival need not be the last ones. It reports whether
// the list of messages followed.
func (a *app) stopFollowing() (followed bool) {
	followed = a.messagesView().list.follow && a.opt.grows()
	for _, v := range a.views {
		if l, ok := v.(eventLister); ok {
			l.events().follow, l.events().seen = false, l.events().rows.Len()
		}
	}
	return followed
}

// sortText says what the events are sorted by, "" if by arrival.
func (m *model) sortText() Safe {
	by, down := m.view.Order()
	for _, c := range sortColumns {
		if c.by == by && by != store.ByArrival {
			return "   sorted by " + c.name + " " + sortSign(down)
		}
	}
	return ""
}

func sortSign(down bool) Safe { return map[bool]Safe{true: "↓", false: "↑"}[down] }

// sortTitles are the columns that show what the events are sorted by.
var sortTitles = map[store.Column]Safe{
	store.ByTime: "TIME", store.ByDevice: "DEVICE", store.ByDirection: "DIR", store.ByKind: "KIND", store.ByLen: "LEN", store.ByRTT: "RTT",
}

// markSorted puts the sign of the order behind the title of its column.
func (m *model) markSorted(plan []column) {
	by, down := m.view.Order()
	title := sortTitles[by]
	for i := range plan {
		if c := &plan[i]; title != "" && c.title == title {
			if n := c.width - 1; n > 0 && len(title) > n {
				title = title[:n]
			}
			c.title = title + sortSign(down)
		}
	}
}
