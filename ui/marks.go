package ui

import (
	"fmt"

	"github.com/photonscope/photonscope/store"
)

// selectedEvent returns the event that is selected where the user is.
func (a *app) selectedEvent() (store.Seq, bool) {
	switch v := a.view().(type) {
	case eventLister:
		return store.Seq(v.events().key), v.events().hasKey
	case *follow:
		return v.talk.selected()
	}
	l := a.messagesView().list
	return store.Seq(l.key), l.hasKey
}

// setMark gives the selected event a letter.
func (a *app) setMark() {
	seq, ok := a.selectedEvent()
	if !ok {
		a.say(quiet, "There is no event to mark.")
		return
	}
	a.open(&letterPrompt{app: a, ask: Safe(fmt.Sprintf("mark event %d with which letter?", seq+1)), take: func(name string) {
		if at, ok := a.model.store.Mark(name); ok && at == seq {
			a.model.store.RemoveMark(name)
			a.refresh()
			a.say(good, "The mark "+clean(name)+" is gone.")
			return
		}
		a.model.store.SetMark(name, seq)
		a.refresh()
		a.say(good, Safe(fmt.Sprintf("Event %d is marked. '%s leads there, w writes marks to a capture.", seq+1, clean(name))))
	}})
}

// goToMark leads to a marked event.
func (a *app) goToMark() {
	marks := a.model.store.Marks()
	if len(marks) == 0 {
		a.say(quiet, "Nothing is marked yet. m marks the selected event.")
		return
	}
	ask := Safe("go to which mark?  ")
	for _, m := range marks {
		ask += clean(m.Name) + " "
	}
	a.open(&letterPrompt{app: a, ask: ask, take: func(name string) {
		seq, ok := a.model.store.Mark(name)
		if !ok {
			a.say(warning, "Nothing is marked with "+clean(name)+".")
			return
		}
		a.showEvent(seq)
	}})
}

// comment asks for a text at the selected event.
func (a *app) comment() {
	seq, ok := a.selectedEvent()
	if !ok {
		a.say(quiet, "There is no event to comment on.")
		return
	}
	if a.model.private {
		a.say(warning, "Comments are hidden while privacy is on. p shows them again.")
		return
	}
	p := &prompt{app: a, sign: "; ", history: &a.commentHistory, keys: "Enter keep the comment  Esc cancel"}
	p.line.set(a.model.store.Comment(seq))
	p.accept = func(text string) bool {
		a.model.store.SetComment(seq, text)
		a.refresh()
		if text != "" {
			a.say(good, "Kept until photonscope ends; w writes comments to a capture.")
		}
		return true
	}
	a.open(p)
}

// noteOf returns what is held, the comment at the selected event of a list, the one
// sentence on what is wrong, or what the selected row had no room for.
func (a *app) noteOf() Safe {
	if held := a.opt.held(); len(held) > 0 {
		return a.heldText(held)
	}
	seq, ok := a.selectedEvent()
	if !ok || a.at == startView {
		return ""
	}
	_, list := a.view().(eventLister)
	if text := a.model.store.Comment(seq); text != "" && list {
		return "; " + a.model.hide(clean(text))
	}
	if n := a.model.trouble.Len(); n > 0 && a.view().place() == inSessions {
		return plural(n, "problem") + ": n goes to the next, ! shows them alone"
	}
	if m, ok := a.view().(*messages); ok && !m.wordy() {
		return m.list.clipped
	}
	return ""
}

// firstMark returns the first of an event's marks, if it is one cell wide.
func firstMark(marks Safe) Safe {
	for _, letter := range string(marks) {
		return clip(Safe(letter), 1)
	}
	return ""
}

// signs are what stands before events in lists: their mark, that they have a
// comment, that they are a problem.
func (m *model) sign(seq store.Seq) (Safe, role) {
	switch note := m.store.Note(seq); {
	case note == nil:
	case note.Mark != "":
		return firstMark(clean(note.Mark)), strong
	default:
		return ";", strong
	}
	if row, ok := m.store.Row(seq); ok && row.Flags&store.Problem != 0 {
		return "!", warning
	}
	return "", normal
}
