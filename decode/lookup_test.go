package decode

import (
	"testing"

	"github.com/photonscope/photonscope/decode/field"
)

// Whatever has a name in the tree or in the list of an event is found by it, and
// nothing is shown where values are hidden.
func TestLookupFindsEveryFieldOfTheTree(t *testing.T) {
	found := make(map[string]bool)
	look := func(e *Event, key string) {
		var p Printer
		if values := p.Lookup(nil, e, key); len(values) == 0 {
			t.Errorf("%s of a %s is not found", key, e.Body.Name())
		}
		private := Printer{Private: true}
		for _, v := range private.Lookup(nil, e, key) {
			if got := string(v.AppendText(nil, true)); got != Masked && !isHarmless(key) {
				t.Errorf("%s of a %s is shown: %s", key, e.Body.Name(), got)
			}
		}
		found[key] = true
	}
	for _, name := range vectorNames {
		for _, e := range decodeAll(vectorKeys(t), loadVectors(t, name).items(t)) {
			for _, layer := range Dissect(&e) {
				lookAt(layer.Fields, func(key string) { look(&e, key) })
			}
			new(Printer).Each(&e, func(def *field.Def, _ field.Value) { look(&e, def.Key) })
		}
	}
	for _, key := range treeKeys {
		if !found[key] && key != defRest.Key {
			t.Errorf("no event has %s", key)
		}
	}
}

// lookAt calls visit for the named fields of a tree that have a value.
func lookAt(tree []field.Field, visit func(key string)) {
	for i := range tree {
		if f := &tree[i]; f.Key != "" && f.Value.Type() != field.None {
			visit(f.Key)
		}
		lookAt(tree[i].Fields, visit)
	}
}
