package ui

// startView is the place of the start page among the views: before the numbered
// ones.
const startView = 0

// firstView is the place of the first numbered one.
const firstView = 1

// newViews makes all views, in order of their numbers.
func newViews(a *app) []view {
	return []view{newStart(a), newSessions(a), newMessages(a), newHandshake(a), newLadder(a), newFollow(a), newStats(a)}
}

// viewNames are the names of the views that actions lead to.
var viewNames = map[action]string{
	actSessions: "Sessions", actMessages: "Messages", actHandshake: "Handshake",
	actLadder: "Ladder", actFollow: "Follow", actStats: "Stats",
}
