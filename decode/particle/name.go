package particle

import (
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
)

// nameParts returns the Uri-Path options behind the resource letter. A device
// sends a name as one option that holds its slashes, a server as one option for
// each part.
func nameParts(m *coap.Message) []coap.Option { return optionsOf(m, coap.URIPath, 1) }

// queries returns the Uri-Query options.
func queries(m *coap.Message) []coap.Option { return optionsOf(m, coap.URIQuery, 0) }

// optionsOf returns the options with a number, without the first skip of them.
// Options of one number stand together, because their numbers ascend.
func optionsOf(m *coap.Message, number uint16, skip int) []coap.Option {
	start, end := 0, 0
	for i := range m.Options {
		if m.Options[i].Number == number {
			if end == 0 {
				start = i
			}
			end = i + 1
		}
	}
	return m.Options[min(start+skip, end):end]
}

// appendJoined appends the parts of a name with slashes between them.
func appendJoined(dst []byte, parts []coap.Option) []byte {
	for i := range parts {
		if i > 0 {
			dst = append(dst, '/')
		}
		dst = append(dst, parts[i].Value...)
	}
	return dst
}

// joined returns a name as one piece: that of the message if it is one option
// there, or else one in room, if that is long enough.
func joined(room []byte, parts []coap.Option) []byte {
	if len(parts) == 1 {
		return parts[0].Value
	}
	return appendJoined(room[:0], parts)
}

// appendName appends a name as one field over its options.
func appendName(dst []field.Field, def *field.Def, parts []coap.Option) []field.Field {
	if len(parts) == 0 {
		return dst
	}
	last := &parts[len(parts)-1]
	return append(dst, field.Field{Def: def, Value: field.TextOf(joined(nil, parts)), Start: parts[0].Data, End: last.Data + len(last.Value)})
}
