package particle

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/photonscope/photonscope/decode/coap"
)

// ComposeCall returns a function call. Each argument is a Uri-Query of its own
// (spark-protocol cuts one at every &), of which devices read the first; servers
// send an empty one for no argument. With none at all a device takes the padding
// for its argument.
func ComposeCall(id uint16, token []byte, name string, args ...string) coap.Message {
	m := withOption(compose(template{coap.Confirmable, coap.POST, 'f'}, id, token), coap.URIPath, []byte(name))
	for _, a := range args {
		m = withOption(m, coap.URIQuery, []byte(a))
	}
	return m
}

// ComposeFunctionResult returns what a function returned; it follows a separate
// acknowledgement.
func ComposeFunctionResult(id uint16, token []byte, v int32) coap.Message {
	return ComposeNonReply(coap.Changed, id, token, binary.BigEndian.AppendUint32(nil, uint32(v)))
}

// ComposeVariableRequest returns a question for a variable.
func ComposeVariableRequest(id uint16, token []byte, name string) coap.Message {
	return withOption(compose(template{coap.Confirmable, coap.GET, 'v'}, id, token), coap.URIPath, []byte(name))
}

// ComposeVariableValue returns the value of a variable: piggybacked on an
// acknowledgement before Device OS 1.5.0, in a NON of its own since.
func ComposeVariableValue(t coap.Type, id uint16, token []byte, v any) coap.Message {
	return coap.Message{Type: t, Code: coap.Content, ID: id, Token: token, Payload: AppendValue(nil, v)}
}

// AppendValue appends a variable's value as it travels: a bool as one byte, an
// int32 as four bytes big endian, a float64 as eight bytes little endian, a string
// as its bytes. It panics on any other type.
func AppendValue(dst []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		if v {
			return append(dst, 1)
		}
		return append(dst, 0)
	case int32:
		return binary.BigEndian.AppendUint32(dst, uint32(v))
	case float64:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
	case string:
		return append(dst, v...)
	}
	panic(fmt.Sprintf("particle: a variable cannot be a %T", v))
}
