package decode

import (
	"slices"
	"strings"

	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
)

// Fields returns the table of all fields with a name, sorted by it: the one
// source of NDJSON, -e and the documentation.
func Fields() []*field.Def {
	defs := slices.Concat(envelopeDefs, coapDefs, particle.Defs())
	for _, d := range optionDefs {
		defs = append(defs, d)
	}
	defs = slices.DeleteFunc(defs, func(d *field.Def) bool { return d.Key == "" })
	slices.SortFunc(defs, func(a, b *field.Def) int { return strings.Compare(a.Key, b.Key) })
	return slices.CompactFunc(defs, func(a, b *field.Def) bool { return a.Key == b.Key })
}

// unknownOption begins the key of an option that no registry names; its number
// follows.
const unknownOption = "coap.opt.unknown_"

// IsField reports whether a field has this name.
func IsField(key string) bool {
	return strings.HasPrefix(key, unknownOption) ||
		slices.ContainsFunc(Fields(), func(d *field.Def) bool { return d.Key == key })
}
