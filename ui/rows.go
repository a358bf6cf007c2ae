package ui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/store"
	"github.com/photonscope/photonscope/store/filter"
)

// eventRows are the rows of the list.
type eventRows struct {
	*model
	look  *look
	size  class
	app   *app
	shown []eventColumn // for which there is room
	left  int           // those without
}

// eventRow is a row of the list.
type eventRow struct {
	i    int
	seq  store.Seq
	e    *decode.Event
	fold Safe // what the row stands for, "" if it is one event
}

// eventColumn is a column of the list.
type eventColumn struct {
	name, title Safe
	means       Safe
	width       int // 0: it takes what the others leave
	wider       int // how much more it has on large screens
	right       bool
	cell        func(r *eventRows, v *eventRow) cell
}

// eventColumns are the columns that are no fields of the filter language.
var eventColumns = []eventColumn{
	{"no", "NO", "number of the event", 6, 2, true, func(_ *eventRows, v *eventRow) cell { return cell{Safe(fmt.Sprint(v.seq + 1)), normal} }},
	{"time", "TIME", "when it passed; t changes how", 9, 1, true, func(r *eventRows, v *eventRow) cell { return cell{r.rowTime(v.i, v.e.At), normal} }},
	{"session", "SESS", "number of the session", 5, 0, true, func(_ *eventRows, v *eventRow) cell { return cell{Safe(fmt.Sprint(v.e.Session)), normal} }},
	{"device", "DEVICE", "end of the device's ID, or # of its session", 6, 0, false, func(r *eventRows, v *eventRow) cell { return cell{r.deviceOf(v.e), normal} }},
	{"leg", "LEG", "the leg that it was seen on", 6, 0, false, func(_ *eventRows, v *eventRow) cell { return cell{Safe(v.e.Conn.Leg.String()), normal} }},
	{"dir", "DIR", "who sent it", 3, 0, false, (*eventRows).dirCell},
	{"kind", "KIND", "what it is", 14, 4, false, (*eventRows).kindCell},
	{"code", "CODE", "CoAP's method or response code", 6, 0, false, func(_ *eventRows, v *eventRow) cell { return cell{codeOf(v.e), normal} }},
	{"id", "ID", "CoAP's message ID", 6, 0, false, func(_ *eventRows, v *eventRow) cell { return cell{idOf(v.e), normal} }},
	{"info", "INFO", "what it says", 0, 0, false, (*eventRows).infoCell},
	{"len", "LEN", "bytes on the wire", 5, 1, true, (*eventRows).lenCell},
	{"rtt", "RTT", "how long the answer took", 7, 1, true, func(r *eventRows, v *eventRow) cell { return r.rttCell(v.seq, v.e) }},
}

// leastInfo is the room that columns leave for what an event says.
const leastInfo = 8

// plan returns the columns that a size and a width have room for.
func (r *eventRows) plan(w int) []column {
	r.shown = r.chosen()
	small := r.size == tiny && len(r.columns) == 0
	room := w - marker
	for i := range r.shown {
		c := &r.shown[i]
		if r.size >= large {
			c.width += c.wider
		}
		switch {
		case c.name == "time":
			c.width = r.timeWidth(c.width)
		case c.width == 0:
			room -= leastInfo + 1
			continue
		}
		room -= c.width + 1
	}
	r.left = 0
	for n := len(r.shown); room < -1 && n > 1 && !small; n-- {
		if c := r.shown[n-1]; c.width > 0 {
			room += c.width + 1
			r.shown = append(r.shown[:n-1], r.shown[n:]...)
			r.left++
		}
	}
	plan := make([]column, len(r.shown), len(r.shown)+1)
	for i, c := range r.shown {
		plan[i] = column{title: c.title, width: c.width, right: c.right}
		if small && c.name == "info" {
			plan[i].line = 1
		} else if small && c.name == "kind" {
			plan[i].width = 0
		}
	}
	if r.left > 0 {
		plan = append(plan, column{title: Safe(fmt.Sprintf("+%d", r.left)), width: 2})
	}
	return plan
}

// chosen returns the columns that the user wants, or those that a size has.
func (r *eventRows) chosen() []eventColumn {
	var names []string
	switch {
	case len(r.columns) > 0:
		return slices.Clone(r.columns)
	case r.size == tiny:
		names = []string{"no", "dir", "kind", "len", "info"}
	case r.size == narrow:
		names = []string{"no", "time", "dir", "kind", "info"}
	case r.size < large:
		names = []string{"no", "time", "dir", "kind", "info", "len", "rtt"}
	default:
		names = []string{"no", "time", "device", "dir", "kind", "info", "len", "rtt"}
	}
	var usual []eventColumn
	for _, name := range names {
		if i := indexColumn(eventColumns, name); i >= 0 {
			usual = append(usual, eventColumns[i])
		}
	}
	return usual
}

// allColumns are the columns that there are, those that are no fields first.
func allColumns() []eventColumn {
	all := slices.Clone(eventColumns)
	for _, f := range filter.Fields() {
		all = append(all, fieldColumn(f))
	}
	return all
}

func indexColumn(all []eventColumn, name string) int {
	return slices.IndexFunc(all, func(c eventColumn) bool { return string(c.name) == name })
}

// fieldColumn is a column of a field's values.
func fieldColumn(f filter.Field) eventColumn {
	last := f.Key[strings.LastIndexByte(f.Key, '.')+1:]
	c := eventColumn{name: clean(f.Key), title: clean(strings.ToUpper(last)), means: clean(f.Help), width: 12}
	switch f.Type {
	case filter.Uint, filter.Int, filter.Float:
		c.width, c.right = 8, true
	}
	c.width = max(c.width, min(width(c.title), 16))
	key := f.Key
	c.cell = func(r *eventRows, v *eventRow) cell {
		var text []byte
		for i, value := range r.app.printer.Lookup(nil, v.e, key) {
			if i > 0 {
				text = append(text, ", "...)
			}
			text = value.AppendText(text, false)
		}
		return cell{clean(string(text)), normal}
	}
	return c
}

// Sign implements signed.
func (r *eventRows) Sign(i int) (Safe, role) { return r.sign(r.view.At(i)) }

// Row implements rowSource.
func (r *eventRows) Row(dst []cell, i int) []cell {
	seq := r.view.At(i)
	e := r.event(seq)
	if e.Body == nil {
		return append(dst, cell{Safe(fmt.Sprint(seq + 1)), quiet})
	}
	v := eventRow{i: i, seq: seq, e: &e}
	if fold, ok := r.view.Fold(i); ok {
		v.fold = foldText(&fold)[len("···· "):]
	}
	for _, c := range r.shown {
		dst = append(dst, c.cell(r, &v))
	}
	if r.left > 0 {
		dst = append(dst, cell{})
	}
	return dst
}

func (r *eventRows) dirCell(v *eventRow) cell {
	if !said(v.e) {
		return cell{" · ", quiet}
	}
	return cell{r.look.direction(v.e.From), roleOf(v.e)}
}

func (r *eventRows) kindCell(v *eventRow) cell {
	if v.fold != "" {
		return cell{"····", quiet}
	}
	return cell{kindOf(v.e), kindRole(v.e)}
}

func (r *eventRows) infoCell(v *eventRow) cell {
	if v.fold != "" {
		return cell{v.fold, quiet}
	}
	return cell{r.app.legSummary(v.seq, v.e), normal}
}

func (r *eventRows) lenCell(v *eventRow) cell {
	if len(v.e.Raw) == 0 {
		return cell{}
	}
	return cell{Safe(fmt.Sprint(len(v.e.Raw))), normal}
}

// codeOf is the code of a message: a method by its name, a response by its number.
func codeOf(e *decode.Event) Safe {
	m, ok := e.Body.(*decode.Message)
	if !ok || len(m.Plain) < coap.HeaderLen {
		return ""
	}
	code := coap.Code(m.Plain[1])
	if code.IsRequest() && code.Name() != "" {
		return Safe(code.Name())
	}
	return Safe(code.String())
}

// idOf is the ID of a message.
func idOf(e *decode.Event) Safe {
	m, ok := e.Body.(*decode.Message)
	if !ok || len(m.Plain) < coap.HeaderLen {
		return ""
	}
	return Safe("0x") + Safe(field.AppendHex(nil, m.Plain[2:coap.HeaderLen]))
}
