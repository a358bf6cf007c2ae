package ui

import (
	"fmt"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/explain"
	"github.com/photonscope/photonscope/decode/field"
)

// tree shows the layers of one event and their fields as an indented list.
type tree struct {
	*list
	layers  []decode.Layer
	nodes   []node          // visible ones
	folded  map[string]bool // by path; what is not in it is as fold says
	secrets bool
	letters letters // of the layer that the bytes are shown of
	layer   int     // which that is
}

// node is one row of a tree: a layer, or a field of it.
type node struct {
	layer int
	field *field.Field // nil: the layer itself
	depth int
	path  string
}

func newTree(l *look) *tree {
	t := &tree{folded: make(map[string]bool)}
	t.list = newList(l, t)
	t.bare = true
	t.plan = []column{{}, {width: 3}}
	return t
}

func (t *tree) place() place { return inTree }

// show shows an event's layers. The place in the tree is kept where the event
// has the same fields as the one before.
func (t *tree) show(layers []decode.Layer) {
	path := ""
	if n := t.current(); n != nil && len(t.layers) > 1 {
		path = n.path
	}
	t.layers = layers
	t.build()
	t.sel = t.find(path)
	t.pick()
}

// find returns the row with a path, or of the layer to begin with.
func (t *tree) find(path string) int {
	for i := range t.nodes {
		if t.nodes[i].path == path {
			return i
		}
	}
	for i := range t.nodes {
		if n := &t.nodes[i]; n.field == nil && t.layers[n.layer].Name != decode.Wire {
			return i
		}
	}
	return 0
}

// build makes the visible rows.
func (t *tree) build() {
	t.nodes = t.nodes[:0]
	for i := range t.layers {
		l := &t.layers[i]
		t.nodes = append(t.nodes, node{layer: i, path: l.Name})
		if !t.isFolded(t.nodes[len(t.nodes)-1]) {
			t.add(i, l.Fields, node{depth: 1, path: l.Name})
		}
	}
}

func (t *tree) add(layer int, fields []field.Field, under node) {
	for i := range fields {
		f := &fields[i]
		n := node{layer, f, under.depth, fmt.Sprintf("%s/%d%s", under.path, i, f.Label)}
		t.nodes = append(t.nodes, n)
		if !t.isFolded(n) {
			t.add(layer, f.Fields, node{depth: n.depth + 1, path: n.path})
		}
	}
}

// isFolded reports whether the rows below a node are hidden: at first those of
// the wire, if it was opened.
func (t *tree) isFolded(n node) bool {
	if folded, ok := t.folded[n.path]; ok {
		return folded
	}
	return n.field == nil && t.layers[n.layer].Name == decode.Wire && len(t.layers) > 1
}

func (t *tree) parent(n node) bool {
	if n.field == nil {
		return len(t.layers[n.layer].Fields) > 0
	}
	return len(n.field.Fields) > 0
}

// current returns the selected node, nil if there is none.
func (t *tree) current() *node {
	if t.sel < 0 || t.sel >= len(t.nodes) {
		return nil
	}
	return &t.nodes[t.sel]
}

// pick lets the letters be those of the selected node's layer.
func (t *tree) pick() {
	if n := t.current(); n != nil {
		t.layer = n.layer
		t.letters = lettersOf(t.layers[n.layer].Fields)
	}
}

// selected returns the range of bytes of the selected field, and its layer.
func (t *tree) selected() (layer, start, end int) {
	n := t.current()
	switch {
	case n == nil:
		return 0, 0, 0
	case n.field == nil:
		return n.layer, 0, 0
	}
	return n.layer, n.field.Start, n.field.End
}

// reveal selects the innermost field around a byte and unfolds what is above it.
func (t *tree) reveal(layer, offset int) {
	if layer >= len(t.layers) {
		return
	}
	path := t.layers[layer].Name
	fields := t.layers[layer].Fields
	for {
		i, f := fieldAt(fields, offset)
		if f == nil {
			break
		}
		t.folded[path] = false
		path = fmt.Sprintf("%s/%d%s", path, i, f.Label)
		fields = f.Fields
	}
	t.build()
	t.sel = t.find(path)
	t.pick()
}

func fieldAt(fields []field.Field, offset int) (int, *field.Field) {
	for i := range fields {
		if f := &fields[i]; f.Start <= offset && offset < f.End {
			return i, f
		}
	}
	return 0, nil
}

// do implements pane.
func (t *tree) do(act action) bool {
	n := t.current()
	if n == nil {
		return false
	}
	switch folded := t.isFolded(*n); {
	case act == actOpen && t.parent(*n):
		t.fold(*n, !folded)
	case act == actLeft && t.parent(*n) && !folded:
		t.fold(*n, true)
	case act == actLeft:
		for i := t.sel; i >= 0; i-- {
			if t.nodes[i].depth < n.depth {
				t.choose(i)
				break
			}
		}
	case act == actRight && t.parent(*n) && folded:
		t.fold(*n, false)
	case act == actRight:
		t.choose(t.sel + 1)
	default:
		done := t.list.do(act)
		t.follow = false
		return done
	}
	return true
}

func (t *tree) fold(n node, folded bool) {
	t.folded[n.path] = folded
	t.build()
}

// Len implements rowSource.
func (t *tree) Len() int { return len(t.nodes) }

// Row implements rowSource.
func (t *tree) Row(dst []cell, i int) []cell {
	n := t.nodes[i]
	sign := Safe("  ")
	switch {
	case t.parent(n) && t.isFolded(n):
		sign = "▸ "
	case t.parent(n):
		sign = "▾ "
	}
	text := Safe(fmt.Sprintf("%*s", 2*n.depth, "")) + sign
	if n.field == nil {
		l := &t.layers[n.layer]
		return append(dst, cell{text + Safe(fmt.Sprintf("%s  %d bytes", l.Name, len(l.Bytes))), strong}, cell{})
	}
	r := normal
	if n.field.Value.Type() == field.Secret {
		r = secret
	}
	letter := Safe("")
	if n.layer == t.layer {
		letter = t.letters.of(n.field)
	}
	return append(dst, cell{text + fieldText(n.field, t.secrets), r}, cell{letter, quiet})
}

// maxHex is how many hex digits of a field are shown; the bytes are beside it.
const maxHex = 64

// fieldText returns a field's label, value and note in one line.
func fieldText(f *field.Field, secrets bool) Safe {
	text := Safe(f.Label)
	if value := valueText(f, secrets); value != "" {
		text += "  " + value
	}
	return text
}

// valueText returns a field's value and what it means.
func valueText(f *field.Field, secrets bool) (text Safe) {
	if f.Value.Type() != field.None {
		text = Safe(f.Value.AppendText(nil, secrets))
		if as := explain.Usual(f); as != "" {
			text = Safe(as)
		}
		if f.Value.Type() == field.Bytes && len(text) > maxHex {
			text = text[:maxHex] + "…"
		}
		if f.Value.Type() == field.Text {
			text = `"` + text + `"`
		}
	}
	switch {
	case f.Note == "":
		return text
	case text == "":
		return Safe(f.Note)
	}
	return text + Safe(" ("+f.Note+")")
}
