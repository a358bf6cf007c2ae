package ui

import (
	"errors"
	"fmt"
	"strings"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/store"
	"github.com/photonscope/photonscope/store/filter"
)

// filtering is what the lists are narrowed to, beside the scope.
type filtering struct {
	text     string         // as it was entered
	compiled *filter.Filter // nil: everything
	off      bool           // for the moment
}

// setFilter narrows the lists to what an expression matches; an empty one ends
// that. If the expression is wrong, nothing changes.
func (m *model) setFilter(expr string) error {
	if strings.TrimSpace(expr) == "" {
		m.filter = filtering{}
		m.apply()
		return nil
	}
	f, err := filter.Parse(expr, m.names)
	if err != nil {
		return err
	}
	m.filter = filtering{text: expr, compiled: f}
	m.apply()
	return nil
}

// label says what the lists are narrowed to, and how many events that leaves.
func (m *model) label() Safe {
	n, total := m.view.Len(), int(m.end)
	text := "/ " + m.filterText()
	switch {
	case m.filter.text == "":
		text = "/ none"
	case m.filter.off:
		text = `\ off: ` + m.filterText()
	}
	if m.onlyBad {
		text += "   ! problems only"
	}
	if m.filter.text == "" && !m.onlyBad && m.scopeLabel() == "" {
		if m.more || n >= total {
			return text + "   " + plural(total, "event")
		}
		if m.view.Folding() {
			return text + Safe(fmt.Sprintf("   %d rows of %d events, pings folded", n, total))
		}
		return text + "   " + plural(n, "event") + Safe(fmt.Sprintf(", %d on both legs", total))
	}
	if done, all := m.view.Progress(); m.more && all > 0 {
		return text + Safe(fmt.Sprintf("   %d so far, %d %%", n, 100*done/all))
	}
	return text + Safe(fmt.Sprintf("   %d of %d", n, total))
}

// filterText is the filter as it was entered.
func (m *model) filterText() Safe { return m.hide(clean(m.filter.text)) }

// emptyText says why a list has no rows.
func (m *model) emptyText() []Safe {
	_, total := m.store.Bounds()
	switch {
	case total == 0:
		return []Safe{"Nothing has been said yet.", "1 tells what there is to wait for."}
	case m.more:
		return []Safe{"Still looking."}
	case m.onlyBad:
		return []Safe{Safe(fmt.Sprintf("No problem among %d events.", total)), "! shows all of them."}
	case m.filter.text != "" && !m.filter.off:
		return []Safe{"No event matches " + Safe(strings.TrimSpace(string(m.filterText()))) + ".", Safe(fmt.Sprintf(`%d are hidden. \ shows them, / changes the filter.`, total))}
	}
	return []Safe{"No event of " + m.scopeLabel() + " is held."}
}

// openFilter opens the prompt for an expression: what is typed is shown at once,
// and Esc takes it back.
func (a *app) openFilter() {
	before, selected := a.model.filter, a.selectedKey()
	back := func() {
		a.model.filter = before
		a.model.apply()
		a.refresh()
		a.selectKey(selected)
	}
	p := &prompt{app: a, sign: "/ ", history: &a.filterHistory, keys: "Tab complete  ↑ history  Enter filter  Ctrl-F find, text too  Esc cancel"}
	if p.line.set(before.text); a.model.private {
		p.line.set("")
		p.history = nil
	}
	p.complete = func(text string, at int) []candidate { return a.completeFilter(text, at) }
	p.check = func(text string) (Safe, role) { return a.checkFilter(p, text) }
	p.preview = func(text string) {
		if a.model.setFilter(text) == nil {
			a.refresh()
		}
	}
	p.cancel = back
	p.accept = func(text string) bool {
		if err := a.model.setFilter(text); err != nil {
			return false // the prompt says why
		}
		a.refresh()
		return true
	}
	p.find = func(text string) bool {
		if text = strings.TrimSpace(text); text == "" {
			return false
		}
		back()
		a.search = a.searchFor(text)
		a.searching = clean(text)
		a.next(1)
		return true
	}
	p.update()
	a.open(p)
}

// searchFor returns what to look for: what an expression matches, or, if it is none,
// a text in the lines of the list.
func (a *app) searchFor(text string) store.Match {
	if f, err := filter.Parse(text, a.model.names); err == nil {
		return store.MatchOf(f)
	}
	n := needle{text: []byte(strings.Trim(text, `"`))}
	return store.Match{Event: func(e *decode.Event, _ *store.Row) bool {
		return n.in([]byte(kindOf(e) + " " + a.summaryOf(e)))
	}}
}

// completeFilter returns what may stand at a place of an expression.
func (a *app) completeFilter(text string, at int) []candidate {
	runes := []rune(text)
	pos := len(string(runes[:at]))
	names := a.model.names
	if a.model.private {
		names = nil // with their names come what they stand for
	}
	var list []candidate
	for _, c := range filter.Complete(text, pos, names) {
		list = append(list, candidate{text: c.Text, from: len([]rune(text[:c.Start])), help: clean(c.Help)})
	}
	return list
}

// checkFilter says beside the prompt what is wrong with an expression, or how
// many events it matches, and marks the place in the line.
func (a *app) checkFilter(p *prompt, text string) (Safe, role) {
	p.wrongFrom, p.wrongTo = 0, 0
	if strings.TrimSpace(text) == "" {
		return "", quiet
	}
	_, err := filter.Parse(text, a.model.names)
	var wrong *filter.Error
	if errors.As(err, &wrong) {
		p.wrongFrom, p.wrongTo = len([]rune(text[:wrong.Offset])), len([]rune(text[:wrong.End]))
		return Safe(fmt.Sprintf("column %d: ", p.wrongFrom+1)) + clean(wrong.Reason), bad
	}
	return Safe(fmt.Sprintf("%d of %d", a.model.view.Len(), a.model.end)), good
}

// toggleFilter turns the filter off for the moment, and on again.
func (a *app) toggleFilter() {
	m := a.model
	if m.filter.text == "" {
		a.say(quiet, "There is no filter. / makes one.")
		return
	}
	m.filter.off = !m.filter.off
	m.apply()
	a.refresh()
}

// filterOn narrows the lists to what has a field's value.
func (a *app) filterOn(e *decode.Event, key string, v field.Value) {
	for _, literal := range literals(v) {
		expr := key + " == " + literal
		if f, err := filter.Parse(expr, nil); err == nil && f.Match(e) {
			a.model.setFilter(expr)
			a.filterHistory.add(expr)
			a.refresh()
			return
		}
	}
	a.say(warning, "No filter can name this value.")
}

// literals returns ways to write a value in an expression.
func literals(v field.Value) []string {
	switch v.Type() {
	case field.Text, field.Bytes:
		var hex []string
		for _, b := range v.Data() {
			hex = append(hex, fmt.Sprintf("%02x", b))
		}
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(string(v.Data())) + `"`
		if v.Type() == field.Bytes {
			quoted = ""
		}
		return []string{quoted, strings.Join(hex, ":")}
	case field.Word:
		return []string{`"` + v.Word() + `"`}
	}
	return []string{string(v.AppendText(nil, false))}
}

// saveFilter gives the filter a name, which the command keeps for the next time.
func saveFilter(a *app, name string) Safe {
	if a.model.filter.text == "" {
		return "there is no filter to give a name to; / makes one"
	}
	names := map[string]string{name: a.model.filter.text}
	for k, v := range a.model.names {
		if k != name {
			names[k] = v
		}
	}
	if _, err := filter.Parse("@"+name, names); err != nil {
		return clean(name) + " cannot be the name of a filter"
	}
	a.model.names = names
	a.say(good, "The filter is known as "+clean(name)+" until photonscope ends.")
	if keep, expr := a.opt.Actions.KeepFilter, names[name]; keep != nil {
		a.beside(func() (string, error) { return keep(name, expr) })
	}
	return ""
}

// applyFilter is the command with an expression behind it.
func applyFilter(a *app, expr string) Safe {
	if err := a.model.setFilter(expr); err != nil {
		var wrong *filter.Error
		if errors.As(err, &wrong) {
			return Safe(fmt.Sprintf("column %d: ", wrong.Offset+1)) + clean(wrong.Reason)
		}
		return clean(err.Error())
	}
	a.filterHistory.add(expr)
	a.refresh()
	return ""
}
