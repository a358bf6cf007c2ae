package ui

import (
	"strings"

	"github.com/gdamore/tcell/v2"
)

// maxColumns bounds a choice.
const maxColumns = 30

// setColumns chooses the columns of the list of events by their names.
func setColumns(a *app, arg string) Safe {
	if arg == "" {
		a.open(newColumnsView(a))
		return ""
	}
	if arg == "default" {
		a.useColumns(nil)
		return ""
	}
	chosen, trouble := checkColumns(strings.FieldsFunc(arg, func(r rune) bool { return r == ',' || r == ' ' }))
	if trouble == "" {
		a.useColumns(chosen)
	}
	return trouble
}

// checkColumns returns the columns of a choice, or what is wrong with a name.
func checkColumns(names []string) (chosen []eventColumn, trouble Safe) {
	all := allColumns()
	for _, name := range names {
		i := indexColumn(all, name)
		if i < 0 {
			return nil, "there is no column " + clean(name) + nearColumns(all, name)
		}
		if indexColumn(chosen, name) < 0 {
			chosen = append(chosen, all[i])
		}
	}
	if len(chosen) == 0 || len(chosen) > maxColumns {
		return nil, "columns takes 1 to 30 names, such as no,time,kind,coap.mid,info"
	}
	return chosen, ""
}

// nearColumns names columns that a wrong name may mean.
func nearColumns(all []eventColumn, name string) Safe {
	var near []string
	for _, c := range all {
		if known := string(c.name); len(near) < 4 && (strings.Contains(known, name) || strings.Contains(name, known)) {
			near = append(near, known)
		}
	}
	if len(near) == 0 {
		return "; o lists them"
	}
	return "; near it: " + clean(strings.Join(near, ", "))
}

// usualColumns are the names of those that are no fields, and what resets a choice.
func usualColumns() []string {
	names := []string{"default"}
	for _, c := range eventColumns {
		names = append(names, string(c.name))
	}
	return names
}

// useColumns shows other columns, nil for the usual ones, and keeps that.
func (a *app) useColumns(chosen []eventColumn) {
	a.model.columns = chosen
	var names []string
	for _, c := range chosen {
		names = append(names, string(c.name))
	}
	if chosen == nil {
		a.say(good, "The list of messages has its usual columns.")
	} else {
		a.say(good, "The list of messages has the columns that were chosen.")
	}
	if keep := a.opt.Actions.KeepColumns; keep != nil {
		a.beside(func() (string, error) { return keep(names) })
	}
}

// keptColumns shows the columns that were chosen in an earlier run.
func (a *app) keptColumns() {
	if len(a.opt.Columns) == 0 {
		return
	}
	chosen, trouble := checkColumns(a.opt.Columns)
	if trouble != "" {
		a.opt.Log.Add("the columns that were kept are not shown: " + string(trouble))
	}
	a.model.columns = chosen
}

// columnsView is the window in which columns are chosen: first those that are shown,
// in their order, then all others.
type columnsView struct {
	app  *app
	list []columnChoice
	at   int
}

type columnChoice struct {
	eventColumn
	on bool
}

func newColumnsView(a *app) *columnsView {
	v := &columnsView{app: a}
	chosen := a.messagesView().rows.chosen()
	for _, c := range chosen {
		v.list = append(v.list, columnChoice{c, true})
	}
	for _, c := range allColumns() {
		if indexColumn(chosen, string(c.name)) < 0 {
			v.list = append(v.list, columnChoice{c, false})
		}
	}
	return v
}

func (v *columnsView) place() place { return inDialog }

func (v *columnsView) footer() Safe {
	return "Space on or off  J K move  u usual columns  a letter goes there  Enter  Esc"
}

// key implements overlay.
func (v *columnsView) key(ev *tcell.EventKey) bool {
	if ev.Key() != tcell.KeyRune {
		return false
	}
	switch r := ev.Rune(); r {
	case ' ':
		v.list[v.at].on = !v.list[v.at].on
	case 'J':
		v.move(1)
	case 'K':
		v.move(-1)
	case 'u':
		v.app.closeTop()
		v.app.useColumns(nil)
	case 'j', 'k', 'g', 'G', 'q':
		return false
	default:
		v.jump(string(r))
	}
	return true
}

// move changes places with a neighbour.
func (v *columnsView) move(by int) {
	if to := v.at + by; to >= 0 && to < len(v.list) {
		v.list[v.at], v.list[to] = v.list[to], v.list[v.at]
		v.at = to
	}
}

// jump goes to the next name that begins so, or whose last part does.
func (v *columnsView) jump(letter string) {
	for i := 1; i <= len(v.list); i++ {
		at := (v.at + i) % len(v.list)
		name := string(v.list[at].name)
		if strings.HasPrefix(name, letter) || strings.HasPrefix(name[strings.LastIndexByte(name, '.')+1:], letter) {
			v.at = at
			return
		}
	}
}

// do implements overlay.
func (v *columnsView) do(act action) bool {
	last := len(v.list) - 1
	switch act {
	case actBack, actEscape:
		v.app.closeTop()
	case actOpen:
		v.accept()
	case actDown:
		v.at = min(v.at+1, last)
	case actUp:
		v.at = max(v.at-1, 0)
	case actTop:
		v.at = 0
	case actBottom:
		v.at = last
	case actPageDown:
		v.at = min(v.at+10, last)
	case actPageUp:
		v.at = max(v.at-10, 0)
	default:
		return false
	}
	return true
}

// accept shows what is chosen.
func (v *columnsView) accept() {
	var chosen []eventColumn
	for _, c := range v.list {
		if c.on {
			chosen = append(chosen, c.eventColumn)
		}
	}
	if len(chosen) == 0 || len(chosen) > maxColumns {
		v.app.say(bad, "Choose 1 to 30 columns.")
		return
	}
	v.app.closeTop()
	v.app.useColumns(chosen)
}

// draw implements overlay.
func (v *columnsView) draw(c canvas, size class) {
	in := window(c, size).frame("columns of the list of messages")
	first := min(max(0, v.at-in.h/2), max(0, len(v.list)-in.h))
	for i := range min(in.h, len(v.list)) {
		n := first + i
		item, row := &v.list[n], in.row(i)
		if n == v.at {
			row.reverse = true
			row.fill(' ', normal)
		}
		mark, style := Safe("[ ] "), quiet
		if item.on {
			mark, style = "[x] ", normal
		}
		x := row.text(0, 0, mark+item.name, style)
		row.text(max(x+2, min(30, row.w/2)), 0, v.app.model.hide(item.means), quiet)
	}
}
