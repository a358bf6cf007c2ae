package ui

// startView is the place of the start page among the views: before the numbered
// ones.
const startView = 0

// newViews makes all views, in order of their numbers.
func newViews(a *app) []view {
	return []view{newMessages(a), newMessages(a), newMessages(a)}
}

// viewNames are the names of the views that actions lead to.
var viewNames = map[action]string{
	actSessions: "Sessions", actMessages: "Messages", actHandshake: "Handshake",
	actLadder: "Ladder", actFollow: "Follow", actStats: "Stats",
}
