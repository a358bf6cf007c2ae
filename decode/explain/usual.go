package explain

import (
	"fmt"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
)

// Usual returns a number as people who know CoAP write it, and as lists of messages
// do: 4.04, and IDs in hex too. It is "" for all others.
func Usual(f *field.Field) string {
	if f.Def == nil || f.Value.Type() != field.Uint {
		return ""
	}
	n := f.Value.Uint()
	switch f.Def.Key {
	case "coap.code":
		return coap.Code(n).String()
	case "coap.mid", "photon.request_mid":
		return fmt.Sprintf("0x%04x = %d", n, n)
	}
	return ""
}
