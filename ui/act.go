package ui

import "time"

// do hands an action to what is on top, the pane, the view and at last to what
// works anywhere.
func (a *app) do(act action) bool {
	if o := a.top(); o != nil {
		return o.do(act) || a.doAnywhere(act)
	}
	return a.pane().do(act) || a.view().do(act) || a.doAnywhere(act)
}

func (a *app) doAnywhere(act action) bool {
	switch act {
	case actNextPane:
		a.cycle(1)
	case actPrevPane:
		a.cycle(-1)
	case actZoom:
		a.toggleZoom()
	case actPause:
		a.pause()
	case actBack:
		a.back()
	case actEscape:
		a.escape()
	case actQuit:
		a.quitting = true
		a.quit()
	case actMouse:
		a.mouse = !a.mouse
		a.setMouse(a.mouse)
		a.say(normal, map[bool]Safe{true: "The mouse chooses panes and rows. M gives it back to the terminal.", false: "The mouse selects text in the terminal again."}[a.mouse])
	case actPrivacy:
		a.togglePrivacy()
	case actRedraw: // every key draws
	default:
		return a.doView(act) || a.doOverlay(act) || a.doFilter(act) || a.doEvent(act)
	}
	return true
}

// toggleZoom shows one pane alone, where that is not so anyway.
func (a *app) toggleZoom() {
	if _, _, w, h := a.GetRect(); classOf(w, h) < standard {
		a.say(quiet, "There is room for one pane only. Tab shows the next one.")
		return
	}
	a.zoom = !a.zoom
}

// doFilter narrows and searches.
func (a *app) doFilter(act action) bool {
	switch act {
	case actNext, actPrev:
		a.next(stepOf(act))
	case actToggle:
		a.toggleFilter()
	case actFollowIt:
		a.followSelected()
	case actColumns:
		a.open(newColumnsView(a))
	case actFold:
		on := !a.model.view.Folding()
		a.model.view.SetFold(on)
		a.refresh()
		a.say(normal, map[bool]Safe{true: "Pings in succession are one row; Enter unfolds them.", false: "Every ping is a row."}[on])
	case actProblems:
		a.model.onlyBad = !a.model.onlyBad
		a.model.apply()
		a.refresh()
		if _, lists := a.view().(eventLister); !lists && a.model.onlyBad {
			a.goToPlace(inMessages)
		}
		a.say(normal, map[bool]Safe{true: "Problems only. ! shows all again.", false: "All events are shown."}[a.model.onlyBad])
	default:
		return false
	}
	return true
}

// doEvent does what is done with the selected event, or with all.
func (a *app) doEvent(act action) bool {
	switch act {
	case actMark:
		a.setMark()
	case actGoMark:
		a.goToMark()
	case actComment:
		a.comment()
	case actTimes:
		a.nextTimes()
	case actZero:
		a.zeroHere()
	case actSort:
		a.sortMenu()
	case actCopy:
		a.copyMenu()
	case actExport:
		a.exportMenu()
	case actWrite:
		a.saveCapture("", a.shown())
	case actSlower, actFaster:
		a.faster(map[action]int{actSlower: -1, actFaster: 1}[act])
	case actStepBack, actStep:
		a.choose(a.selectedRow() + map[action]int{actStepBack: -1, actStep: 1}[act])
	case actBefore, actAfter:
		a.seek(map[action]time.Duration{actBefore: -seekBy, actAfter: seekBy}[act])
	default:
		return false
	}
	return true
}

// doView shows the view with the name of the action.
func (a *app) doView(act action) bool {
	for i, v := range a.views {
		if string(v.name()) == viewNames[act] {
			a.overlays = nil
			a.goTo(i)
			return true
		}
	}
	return false
}

// doOverlay opens what lies on top of any view.
func (a *app) doOverlay(act action) bool {
	switch act {
	case actHelp:
		a.open(newHelp(a))
	case actLog:
		a.alarmsSeen = a.opt.Log.raised()
		a.open(newLogView(a))
	case actPalette:
		a.open(newPalette(a))
	case actCommand:
		a.open(newCommandLine(a))
	case actFilter:
		a.openFilter()
	case actIntercept:
		a.askIntercept()
	case actHeld:
		if a.opt.Actions.Meddle == nil {
			a.say(quiet, a.noMeddling())
			break
		}
		a.open(newHeldView(a))
	default:
		return false
	}
	return true
}
