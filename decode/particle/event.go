package particle

import (
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
)

// appendEventOptions appends an event's name, scope and time to live.
func appendEventOptions(dst []field.Field, m *coap.Message) []field.Field {
	letter := optionsOf(m, coap.URIPath, 0)[0]
	dst = append(dst, field.Field{Def: &defEventPublic, Value: field.BoolOf(letter.Value[0] == 'e'), Start: letter.Data, End: letter.Data + 1})
	dst = appendName(dst, &defEventName, nameParts(m))
	ages := optionsOf(m, coap.MaxAge, 0)
	if len(ages) == 0 || len(ages[0].Value) > 8 {
		f := computed(&defEventTTL, field.UintOf(defaultTTL), m)
		f.Note = "the default"
		return append(dst, f)
	}
	return append(dst, field.Field{Def: &defEventTTL, Value: field.UintOf(bigEndian(ages[0].Value)), Start: ages[0].Data, End: ages[0].Data + len(ages[0].Value)})
}

// scopeOf returns whose events a subscription means.
func scopeOf(m *coap.Message) string {
	switch q := queries(m); {
	case len(q) > 0 && string(q[0].Value) == "u":
		return "mine"
	case len(m.Payload) > 0:
		return "device"
	}
	return "all"
}

func appendScope(dst []field.Field, m *coap.Message) []field.Field {
	scope := scopeOf(m)
	f := computed(&defSubScope, field.WordOf(scope), m)
	if scope == "mine" {
		q := queries(m)[0]
		f.Start, f.End = q.Data, q.Data+1
	}
	return append(dst, f)
}

// appendArgument appends the argument of a function call. Without a Uri-Query
// there is none on the wire, and devices take what lies behind the message for it
// (protocol.md section 8.5).
func appendArgument(dst []field.Field, m *coap.Message) []field.Field {
	for i, q := range queries(m) {
		def := &defFuncArg
		if i > 0 {
			def = &defFuncMore
		}
		dst = append(dst, field.Field{Def: def, Value: field.TextOf(q.Value), Start: q.Data, End: q.Data + len(q.Value)})
	}
	return dst
}

// appendSignal appends whether the signal shall be on.
func appendSignal(dst []field.Field, m *coap.Message) []field.Field {
	q := queries(m)
	if len(q) == 0 || len(q[0].Value) != 1 {
		return dst
	}
	return append(dst, field.Field{Def: &defSignalOn, Value: field.BoolOf(q[0].Value[0] != 0), Start: q[0].Data, End: q[0].Data + 1})
}

// appendQueryByte appends the one byte of the first Uri-Query, with words for it
// if there are any.
func appendQueryByte(dst []field.Field, def *field.Def, m *coap.Message, words map[uint64]string) []field.Field {
	q := queries(m)
	if len(q) == 0 || len(q[0].Value) != 1 {
		return dst
	}
	v := uint64(q[0].Value[0])
	return append(dst, field.Field{Def: def, Value: field.UintOf(v), Note: words[v], Start: q[0].Data, End: q[0].Data + 1})
}

// describeFlags are the flags of a describe in words.
var describeFlags = map[uint64]string{1: "system", 2: "application", 3: "system and application", 4: "metrics"}

// appendBlock appends which block of a description a message asks for or holds.
func appendBlock(dst []field.Field, m *coap.Message) []field.Field {
	for _, number := range [...]uint16{coap.Block1, coap.Block2} {
		b, ok := blockOf(m, number)
		if !ok {
			continue
		}
		o := &m.Options[b.at]
		dst = append(dst, field.Field{Def: &defBlock, Value: field.UintOf(uint64(b.number)), Start: o.Data, End: o.Data + len(o.Value)},
			computed(&defBlockMore, field.BoolOf(b.more), m))
		break
	}
	return dst
}
