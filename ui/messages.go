package ui

import (
	"fmt"
	"strconv"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store"
)

// messages is view 2: what was said, one event a row; below it the fields of the
// selected one and its bytes, which lead to each other.
type messages struct {
	app    *app
	list   *list
	tree   *tree
	hex    *hexPane
	about  *textPane // instead of fields and bytes, if there are none
	twin   twin
	rows   *eventRows
	shown  store.Seq    // the event whose fields are shown
	loaded bool         // there is one
	note   *stream.Note // that was written at it then
}

func newMessages(a *app) *messages {
	m := &messages{app: a, rows: &eventRows{model: a.model, look: a.look, app: a}}
	m.list = newList(a.look, m.rows)
	m.list.follow, m.list.atHead = true, !a.opt.Live
	m.tree = newTree(a.look)
	m.tree.empty = []Safe{"Of an event that is selected the fields stand here."}
	m.hex = newHexPane(a.look)
	m.twin.hex = newHexPane(a.look)
	m.about = newTextPane(a.look)
	m.list.moved = m.load
	m.tree.moved = m.treeMoved
	m.hex.moved = func() { m.tree.reveal(m.tree.layer, m.hex.cursor); m.treeMoved() }
	return m
}

func (m *messages) name() Safe { return "Messages" }

func (m *messages) place() place { return inMessages }

func (m *messages) panes() []pane {
	if m.wordy() {
		return []pane{m.list, m.about}
	}
	return []pane{m.list, m.tree, m.hex}
}

// wordy reports whether the selected event has no fields, so that words tell of it.
func (m *messages) wordy() bool { return m.loaded && len(m.tree.layers) == 0 }

// words tell all of an event without fields.
func (m *messages) words() []line {
	e := m.rows.event(m.shown)
	if f, ok := e.Body.(*decode.Finding); ok {
		return m.app.model.tellFinding(m.shown, f, nil)
	}
	return m.app.aboutEvent(m.shown, true)
}

// events implements eventLister.
func (m *messages) events() *list { return m.list }

func (m *messages) context() Safe {
	text := m.app.model.label() + m.app.model.sortText()
	switch {
	case !m.app.opt.grows():
	case m.list.follow && !m.list.atHead:
		text += "   following"
	case m.list.below() > 0:
		text += Safe(fmt.Sprintf("   ▼ %d new below, G follows", m.list.below()))
	}
	return text
}

// refresh implements view.
func (m *messages) refresh() {
	m.list.empty = m.app.model.emptyText()
	m.list.refresh()
	m.load()
}

// load shows the selected event in the tree and the bytes.
func (m *messages) load() {
	if m.list.sel >= m.rows.Len() {
		m.loaded = false
		m.tree.show(nil)
		m.treeMoved()
		return
	}
	seq := m.rows.view.At(m.list.sel)
	note := m.rows.store.Note(seq)
	if m.loaded && m.shown == seq && m.note == note {
		return
	}
	m.shown, m.loaded, m.note = seq, true, note
	m.about.top = 0
	e := m.rows.event(m.shown)
	m.tree.show(m.app.model.dissect(&e))
	m.treeMoved()
}

// treeMoved shows the bytes of the field that the tree has selected.
func (m *messages) treeMoved() {
	m.tree.pick()
	layer, from, to := m.tree.selected()
	if layer >= len(m.tree.layers) {
		m.hex.show(nil, nil)
		m.twin.shown = false
		return
	}
	l := &m.tree.layers[layer]
	m.hex.show(l.Bytes, m.tree.letters)
	m.hex.mark(from, to)
	m.link(layer, byteRange{from, to})
	m.maskKeys()
}

// maskKeys hides the session's keys, or shows them if they were asked for.
func (m *messages) maskKeys() {
	m.tree.secrets, m.hex.hidden = m.app.opt.ShowSecrets, ""
	if !m.loaded {
		m.hex.hidden = "Of an event that is selected the bytes stand here."
		return
	}
	if m.app.model.private {
		m.hex.hidden = noBytes
		return
	}
	if i := m.tree.layer; i < len(m.tree.layers) && m.tree.layers[i].Secret && !m.tree.secrets {
		m.hex.hidden = "[secret] These bytes are the session's keys. K explains them, and there s shows them."
	}
}

// do implements view.
func (m *messages) do(act action) bool {
	switch act {
	case actLayer:
		m.nextLayer()
	case actOpen:
		if !m.app.unfold(m.list) {
			m.app.cycle(1)
		}
	case actExplain:
		m.explain()
	case actValue:
		m.filterValue()
	case actFind:
		m.app.focusOn(m.hex)
		m.app.openFind(m.hex, "find in these bytes: ")
	case actNext, actPrev:
		return m.app.pane() == pane(m.hex) && m.hex.findNext(m.app, stepOf(act))
	default:
		return false
	}
	return true
}

// explain explains the selected event, field or byte.
func (m *messages) explain() {
	if !m.loaded {
		m.app.say(quiet, "There is nothing yet to explain.")
		return
	}
	t := topic{seq: m.shown, event: m.rows.event(m.shown), layers: m.tree.layers, layer: m.tree.layer, offset: -1}
	if n := m.tree.current(); n != nil && m.app.pane() != pane(m.list) {
		t.field = n.field
	}
	if m.app.pane() == pane(m.hex) {
		t.offset = m.hex.cursor
	}
	m.app.open(newExplain(m.app, t))
}

// filterValue narrows the list to what has the value under the cursor: in the
// list the kind, in fields and bytes the field's value.
func (m *messages) filterValue() {
	if !m.loaded {
		return
	}
	e := m.rows.event(m.shown)
	n := m.tree.current()
	switch {
	case m.app.pane() == pane(m.list):
		key := "type"
		if _, ok := e.Body.(*decode.Message); ok {
			key = "photon.msg"
		}
		m.app.filterOn(&e, key, field.WordOf(string(kindOf(&e))))
	case n != nil && n.field != nil && n.field.Key != "":
		m.app.filterOn(&e, n.field.Key, n.field.Value)
	default:
		m.app.say(quiet, "This has no name in filters.")
	}
}

// nextLayer shows the next layer's bytes, at the place that the cursor has in
// this one.
func (m *messages) nextLayer() {
	n := len(m.tree.layers)
	if n < 2 {
		m.app.say(quiet, map[bool]Safe{true: "There is only one layer here.", false: "This event has no bytes of its own."}[n == 1])
		return
	}
	next := (m.tree.layer + 1) % n
	m.tree.reveal(next, samePlace(m.tree.layers, m.tree.layer, next, m.hex.cursor))
	m.treeMoved()
}

// samePlace returns where in layer to lies what is at an offset of layer from:
// plaintext lies behind the length of its frame, the payload at the end of the
// message.
func samePlace(layers []decode.Layer, from, to, offset int) int {
	return max(min(offset+layerBase(layers, from)-layerBase(layers, to), len(layers[to].Bytes)-1), 0)
}

// layerBase returns where on the wire a layer's first byte has its place.
func layerBase(layers []decode.Layer, i int) int {
	switch layers[i].Name {
	case decode.Plain:
		return lenBytes
	case decode.Payload:
		return lenBytes + payloadStart(layers)
	}
	return 0
}

// payloadStart returns where the payload lies in the plain layer.
func payloadStart(layers []decode.Layer) int {
	var plain, payload []byte
	for _, l := range layers {
		switch l.Name {
		case decode.Plain:
			plain = l.Bytes
		case decode.Payload:
			payload = l.Bytes
		}
	}
	if len(payload) == 0 || len(plain) == 0 {
		return len(plain)
	}
	for i := range plain {
		if &plain[i] == &payload[0] {
			return i
		}
	}
	return 0
}

// draw implements view.
func (m *messages) draw(c canvas, size class, only pane) {
	m.rows.size = size
	m.list.plan = m.rows.plan(c.w)
	m.rows.markSorted(m.list.plan)
	m.maskKeys()
	if only != nil {
		m.drawAlone(c, only)
		return
	}
	upper := listShare(c.h, size)
	c.sub(0, 0, c.w, upper).put(m.list)
	if m.wordy() {
		c.rule(upper, m.aboutTitle(), m.about.HasFocus())
		m.about.lines = wrapped(m.words(), c.w-4)
		c.sub(2, upper+1, c.w-4, c.h-upper-1).put(m.about)
		c.place(upper, m.about)
		return
	}
	left := c.w / 2
	if roomy := c.w - hexWidth(16) - 3; roomy >= c.w*2/5 {
		left = min(left, roomy)
	}
	c.rule(upper, "fields", m.tree.HasFocus())
	c.sub(left, upper, c.w-left, 1).rule(0, m.hexTitle(), m.hex.HasFocus())
	c.text(left, upper, "┬", quiet)
	lower := c.h - upper - 1
	for y := range lower {
		c.text(left, upper+1+y, "│", quiet)
	}
	c.sub(0, upper+1, left-1, lower).put(m.tree)
	c.sub(0, upper, left, 1).placed(0, m.tree.top, lower, m.tree.Len())
	m.drawBytes(c.sub(left+2, upper+1, c.w-left-2, lower))
}

// listShare returns how many lines of a body the list has. The size alone decides:
// what the selected event has to show would move everything from row to row.
func listShare(h int, size class) int {
	if size == large {
		return h * 3 / 5
	}
	return h / 2
}

func (m *messages) drawAlone(c canvas, only pane) {
	if only == pane(m.list) {
		c.put(m.list)
		return
	}
	inside := c.sub(1, 1, c.w-2, c.h-1)
	if only == pane(m.hex) {
		c.rule(0, m.hexTitle(), true)
		m.drawBytes(inside)
		return
	}
	if only == pane(m.about) {
		c.rule(0, m.aboutTitle(), true)
		m.about.lines = wrapped(m.words(), inside.w)
		inside.put(m.about)
		return
	}
	c.rule(0, "fields", true)
	inside.put(only)
}

func (m *messages) aboutTitle() Safe { return Safe(fmt.Sprintf("event %d", m.shown+1)) }

func (m *messages) hexTitle() Safe {
	if m.tree.layer >= len(m.tree.layers) {
		return "bytes"
	}
	l := &m.tree.layers[m.tree.layer]
	return Safe(fmt.Sprintf("%s %d bytes", l.Name, len(l.Bytes)))
}

// showEvent shows an event among the messages: all of them, if those shown are
// without it.
func (a *app) showEvent(seq store.Seq) bool {
	s := a.model.scope
	if _, ok := a.model.RowOf(uint64(seq)); !ok {
		s = scope{}
	}
	a.enter(inMessages, s)
	row, ok := a.model.RowOf(uint64(seq))
	a.view().(*messages).list.choose(row)
	return ok
}

// goToNumber selects the event with a number in the list.
func goToNumber(a *app, arg string) Safe {
	n, err := strconv.Atoi(arg)
	if err != nil || n < 1 {
		return clean(arg) + " is no number of an event"
	}
	a.goToPlace(inMessages)
	row, ok := a.model.RowOf(uint64(n - 1))
	a.view().(*messages).list.choose(row)
	if !ok {
		return "event " + Safe(arg) + " is not among those shown; the next one is selected"
	}
	return ""
}
