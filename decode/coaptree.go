package decode

import (
	"slices"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
)

// coapTree is the field tree of a CoAP message: its leaves partition b.
func coapTree(b []byte, m *coap.Message) []field.Field {
	fields := []field.Field{
		{Def: &defCoapType, Value: field.UintOf(uint64(m.Type)), Note: m.Type.String(), Start: 0, End: 1},
		{Def: &defCoapCode, Value: field.UintOf(uint64(m.Code)), Note: m.Code.Name(), Start: 1, End: 2},
		{Def: &defCoapMID, Value: field.UintOf(uint64(m.ID)), Start: 2, End: coap.HeaderLen},
	}
	if len(m.Token) > 0 {
		fields = append(fields, leaf(&defCoapToken, b, coap.HeaderLen, m.OptionsStart))
	}
	for i := range m.Options {
		fields = append(fields, optionTree(b, &m.Options[i]))
	}
	if m.Marker {
		fields = append(fields, leaf(&defMarker, b, m.PayloadStart-1, m.PayloadStart))
	}
	if len(m.Payload) > 0 {
		fields = append(fields, leaf(&defCoapPayload, b, m.PayloadStart, len(b)))
	}
	return fields
}

// optionTree is an option with its header and, unless it is empty, its value.
func optionTree(b []byte, o *coap.Option) field.Field {
	value := optionField(o)
	node := field.Field{Def: &defCoapOption, Note: value.Label, Start: o.Start, End: value.End,
		Fields: []field.Field{leaf(&defOptHeader, b, o.Start, o.Data)}}
	if value.End > value.Start {
		node.Fields = append(node.Fields, value)
	}
	return node
}

// splitFields separates the fields that lie in [start, end), the payload, and
// those that are computed, from those that lie elsewhere in the message.
func splitFields(fields []field.Field, start, end int) (inside, elsewhere []field.Field) {
	for _, f := range fields {
		switch {
		case f.Start == f.End:
			f.Start, f.End = start, start
			inside = append(inside, f)
		case f.Start >= start && f.End <= end:
			inside = append(inside, f)
		default:
			elsewhere = append(elsewhere, f)
		}
	}
	return inside, elsewhere
}

// annotate hangs what the kind knows of options into the CoAP tree: a field
// that is one option's value goes below that value, one that spans several
// options becomes the node around them. Any other stands below what it begins
// in, without bytes of its own.
func annotate(tree, found []field.Field) []field.Field {
	for _, f := range found {
		i := slices.IndexFunc(tree, func(t field.Field) bool { return t.End > f.Start })
		if i < 0 {
			continue
		}
		j := i
		for j < len(tree)-1 && tree[j].End < f.End {
			j++
		}
		if i < j && tree[i].Start <= f.Start && tree[j].End == f.End {
			f.Start, f.End = tree[i].Start, tree[j].End
			f.Fields = slices.Clone(tree[i : j+1])
			tree = slices.Replace(tree, i, j+1, f)
			continue
		}
		if !below(tree[i].Fields, f) {
			f.Start, f.End = tree[i].Start, tree[i].Start
			tree[i].Fields = append(tree[i].Fields, f)
		}
	}
	return tree
}

// below puts f under the leaf with exactly its range, if there is one.
func below(fields []field.Field, f field.Field) bool {
	for i := range fields {
		t := &fields[i]
		if t.Start == f.Start && t.End == f.End && t.Leaf() {
			t.Fields = []field.Field{f}
			return true
		}
		if below(t.Fields, f) {
			return true
		}
	}
	return false
}

// fill sorts fields by their place in b, adds leaves for the bytes that no field
// covers, and leaves to a field that overlaps the one before no bytes of its own.
// Computed fields keep their neighbours.
func fill(fields []field.Field, b []byte) []field.Field {
	end := 0
	for i := range fields {
		if f := &fields[i]; f.Start == f.End {
			f.Start, f.End = end, end
		} else {
			end = f.End
		}
	}
	slices.SortStableFunc(fields, func(x, y field.Field) int { return x.Start - y.Start })
	var out []field.Field
	at := 0
	for _, f := range fields {
		if f.Start < at || f.End > len(b) {
			f.Start, f.End = at, at
		}
		if f.Start > at {
			out = append(out, leaf(&defRest, b, at, f.Start))
		}
		out = append(out, f)
		at = f.End
	}
	if at < len(b) {
		out = append(out, leaf(&defRest, b, at, len(b)))
	}
	return out
}
