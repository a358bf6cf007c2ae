package decode

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
)

// The fields of the CoAP layer, named as Wireshark names them.
var (
	defCoapType    = field.Def{Key: "coap.type", Label: "Type", Type: field.Uint, Help: "0 CON (an answer is welcome), 1 NON, 2 ACK, 3 RST; shares its byte with version and token length"}
	defCoapCode    = field.Def{Key: "coap.code", Label: "Code", Type: field.Uint, Help: "class in the upper 3 bits and detail: 1 GET, 2 POST, 3 PUT, 68 2.04 Changed, 69 2.05 Content, 128 4.00, 0 empty"}
	defCoapMID     = field.Def{Key: "coap.mid", Label: "Message ID", Type: field.Uint, Help: "number of the message, big endian; the servers hang up if those from a device do not rise by one"}
	defCoapToken   = field.Def{Key: "coap.token", Label: "Token", Type: field.Bytes, Help: "joins a response to its request"}
	defCoapOption  = field.Def{Label: "Option", Help: "one option: header and value"}
	defOptHeader   = field.Def{Label: "Option header", Type: field.Bytes, Help: "delta to the previous option's number and length of the value (RFC 7252 section 3.1)"}
	defMarker      = field.Def{Label: "Payload marker", Type: field.Bytes, Help: "0xff stands between options and payload"}
	defCoapPayload = field.Def{Key: "coap.payload", Label: "Payload", Type: field.Bytes, Help: "what follows the payload marker"}
)

var coapDefs = []*field.Def{&defCoapType, &defCoapCode, &defCoapMID, &defCoapToken, &defCoapPayload}

// optionDefs has a Def for every registered option, by number.
var optionDefs = func() map[uint16]*field.Def {
	defs := make(map[uint16]*field.Def, len(coap.Options))
	for i := range coap.Options {
		o := &coap.Options[i]
		defs[o.Number] = &field.Def{Key: o.Key(), Label: o.Name, Type: optionType(o.Format), Help: o.Describe(), Many: o.Repeatable}
	}
	return defs
}()

// commonOptions has the Defs of the options that nearly every message uses.
var commonOptions = func() (defs [coap.Block1 + 1]*field.Def) {
	for number := range defs {
		defs[number] = optionDefs[uint16(number)]
	}
	return defs
}()

func optionType(f coap.Format) field.Type {
	switch f {
	case coap.UintFormat:
		return field.Uint
	case coap.StringFormat:
		return field.Text
	}
	return field.Bytes
}

// optionDef returns the Def of an option number, registered or not.
func optionDef(number uint16) *field.Def {
	if int(number) < len(commonOptions) && commonOptions[number] != nil {
		return commonOptions[number]
	}
	if d := optionDefs[number]; d != nil {
		return d
	}
	return unknownDef(number)
}

// unknownDef returns the Def of an option that no registry names, and of one that
// occurs again though it may not: that counts as unknown (RFC 7252 section 5.4.5).
func unknownDef(number uint16) *field.Def {
	return &field.Def{Key: unknownOption + strconv.Itoa(int(number)), Label: fmt.Sprintf("Option %d", number), Type: field.Bytes, Help: coap.Lookup(number).Describe(), Many: true}
}

// optionField returns an option's value with its range in the message.
func optionField(o *coap.Option) field.Field {
	def := optionDef(o.Number)
	return field.Field{Def: def, Value: optionValue(def, o.Value), Start: o.Data, End: o.Data + len(o.Value)}
}

// optionValue types an option's value. An integer of more than eight bytes is
// none, so its bytes are shown. Uri-Query is text in RFC 7252, but Particle
// packs flags and CRCs into it; as text that is not UTF-8 it is escaped.
func optionValue(def *field.Def, b []byte) field.Value {
	switch def.Type {
	case field.Uint:
		if len(b) > 8 {
			return field.BytesOf(b)
		}
		var buf [8]byte
		copy(buf[8-len(b):], b)
		return field.UintOf(binary.BigEndian.Uint64(buf[:]))
	case field.Text:
		return field.TextOf(b)
	}
	return field.BytesOf(b)
}
