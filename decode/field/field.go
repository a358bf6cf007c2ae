// Package field is the form in which every decoder says what bytes mean: a
// tree of named, typed values with their byte ranges.
//
// A [Def] is a row of the table of all fields: its Key is at once the name in
// NDJSON, in -e, in the filter language and in the documentation. A [Field] is
// one occurrence of a Def on some bytes. Each decoding package keeps the table
// of its own fields; nothing is named twice. Begin with Field and [Value].
package field

// Def is one row of the table of fields. Defs are package variables of the
// decoding packages, read only, and compared by address.
type Def struct {
	Key   string // name for machines, such as "coap.mid"; "" for a node that only groups
	Label string // name for people, such as "Message ID"
	Type  Type   // type of the value; None for a node that only groups
	Help  string // one sentence: what it means, its unit, where it is defined
	Many  bool   // may occur more than once in a message: an array in NDJSON
}

// Field is one occurrence of a Def: a value on the bytes [Start, End) of its
// layer. The children of a field partition its range: no byte of a parent lies
// in two children or in none. A field without children is a leaf.
type Field struct {
	*Def
	Value  Value
	Note   string // the value in words, such as "CON" for coap.type 0; trusted text; "" if there is nothing to add
	Start  int
	End    int
	Fields []Field
}

// Leaf reports whether the field has no children.
func (f *Field) Leaf() bool { return len(f.Fields) == 0 }

// Leaves calls yield for every leaf below fields in order of appearance, until
// yield returns false. It reports whether it visited all.
func Leaves(fields []Field, yield func(*Field) bool) bool {
	for i := range fields {
		f := &fields[i]
		if f.Leaf() {
			if !yield(f) {
				return false
			}
		} else if !Leaves(f.Fields, yield) {
			return false
		}
	}
	return true
}
