package ui

import "fmt"

// useless says of a key that does nothing here where it does something, or what shows
// those that do. The name is clean.
func (a *app) useless(name string) Safe {
	said := "The key " + Safe(name) + " does nothing "
	if a.top() != nil {
		return said + "in this window. Esc closes it."
	}
	if where := elsewhere(name); where != "" && a.at != startView {
		return said + "here, only " + where + "."
	}
	return said + "here. ? shows the keys that do."
}

// elsewhere lists the views and panes in which a key does something.
func elsewhere(name string) Safe {
	var in place
	for _, b := range bindings {
		if b.has(name) {
			in |= b.in
		}
	}
	var names []Safe
	for _, p := range namedPlaces {
		if in&p.place != 0 {
			names = append(names, p.name)
		}
	}
	return enumerated(names)
}

// namedPlaces are where keys work that do not work anywhere.
var namedPlaces = []struct {
	place place
	name  Safe
}{
	{inSessions, viewPlace(actSessions)}, {inMessages, viewPlace(actMessages)}, {inHandshake, viewPlace(actHandshake)},
	{inLadder, viewPlace(actLadder)}, {inFollow, viewPlace(actFollow)}, {inStats, viewPlace(actStats)},
	{inList, "in lists of events"}, {inTree, "among fields"}, {inHex, "among bytes"}, {inHeld, "on held messages (I)"},
}

// viewPlace names a view with the key that leads there.
func viewPlace(act action) Safe {
	for _, b := range bindings {
		if b.do == act {
			return Safe(fmt.Sprintf("in %s (%s)", viewNames[act], b.first()))
		}
	}
	return ""
}

// enumerated joins words as a sentence does.
func enumerated(words []Safe) Safe {
	var text Safe
	for i, w := range words {
		switch {
		case i > 0 && i == len(words)-1:
			text += " and "
		case i > 0:
			text += ", "
		}
		text += w
	}
	return text
}
