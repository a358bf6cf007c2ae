package ui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/diagnose"
	"github.com/photonscope/photonscope/store"
)

// Findings say why a session failed: they stand among the events, below the
// handshake, and beside the device.

// finding returns the first finding about a session, nil if there is none.
func (m *model) finding(s *store.Session) *decode.Finding {
	if s == nil || len(s.Findings) == 0 {
		return nil
	}
	e := m.event(s.Findings[0])
	f, _ := e.Body.(*decode.Finding)
	return f
}

// findingLines tell all of the first finding about a session, and of the others
// what they are.
func (m *model) findingLines(s *store.Session) []line {
	f := m.finding(s)
	if f == nil {
		return nil
	}
	return m.tellFinding(s.Findings[0], f, s.Findings[1:])
}

// tellFinding tells all of a finding, and of others what they are.
func (m *model) tellFinding(seq store.Seq, f *decode.Finding, others []store.Seq) []line {
	w := wordWriter{width: 10}
	w.add(clean(f.ID), clean(f.Confidence)+": "+clean(f.Title))
	for _, seq := range others {
		e := m.event(seq)
		if other, ok := e.Body.(*decode.Finding); ok {
			w.add(clean(other.ID), clean(other.Confidence)+": "+clean(other.Title))
		}
	}
	w.gap()
	if m.private {
		f = public(f)
		w.add("evidence", noBytes)
	}
	w.list("evidence", m.evidence(seq, f))
	w.list("ruled out", f.RuledOut)
	w.add("on device", clean(f.Device))
	w.list("remedy", f.Remedy)
	if f.Repair != "" {
		w.add("repair", "such sessions live with photonscope proxy --repair "+clean(f.Repair))
	}
	w.add("more", "photonscope explain "+clean(f.ID))
	return w.lines
}

// list adds lines of which the first has the word.
func (w *wordWriter) list(word Safe, texts []string) {
	for _, text := range texts {
		w.add(word, clean(text))
		word = ""
	}
}

// public returns what the catalogue says of a finding's cause, and nothing of
// whose session it is.
func public(f *decode.Finding) *decode.Finding {
	cause, nobody := diagnose.Find(f.ID), diagnose.Place{}
	shown := &decode.Finding{ID: f.ID, Title: f.Title, Confidence: f.Confidence, Repair: f.Repair}
	if cause == nil {
		return shown
	}
	shown.Device = nobody.Fill(cause.Device)
	for _, step := range cause.Remedy {
		shown.Remedy = append(shown.Remedy, nobody.Fill(step))
	}
	return shown
}

// remedyItems are what a finding has to copy, if there is one.
func (a *app) remedyItems(f *decode.Finding) []menuItem {
	if f == nil {
		return nil
	}
	if a.model.private {
		f = public(f)
	}
	items := []menuItem{{'r', "the remedy", func() { a.copy(strings.Join(f.Remedy, "\n")) }}}
	key := '1'
	for _, step := range f.Remedy {
		if command, ok := strings.CutPrefix(step, "$ "); ok && key <= '9' {
			items = append(items, menuItem{key, clean(command), func() { a.copy(command) }})
			key++
		}
	}
	return items
}

// goToFinding selects the next finding behind the selected event, or the first
// one.
func goToFinding(a *app, _ string) Safe {
	var all []store.Seq
	for i := range a.model.sessions {
		all = append(all, a.model.sessions[i].Findings...)
	}
	slices.Sort(all)
	if len(all) == 0 {
		return "there is no finding"
	}
	at, _ := a.selectedEvent()
	next := all[0]
	for _, seq := range all {
		if seq > at {
			next = seq
			break
		}
	}
	if !a.showEvent(next) {
		return Safe(fmt.Sprintf("the finding is event %d, which the filter hides", next+1))
	}
	return ""
}
