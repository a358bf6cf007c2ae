package decode

import (
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// Layer is one view of an event's bytes: "wire" (as they travelled), "plain"
// (opened) and "payload" (what a CoAP payload means). The leaves of its fields
// partition its bytes: every byte lies in exactly one of them. Fields whose
// Start equals their End rest on no byte of their own: they are computed.
type Layer struct {
	Name   string
	Bytes  []byte
	Secret bool // the bytes themselves are key material
	Fields []field.Field
}

// The names of the layers.
const (
	Wire    = "wire"
	Plain   = "plain"
	Payload = "payload"
)

// Dissect explains an event byte by byte. Events without bytes have no layers.
// What people wrote at the event comes first in what was opened.
func Dissect(e *Event) []Layer {
	layers := layersOf(e)
	if len(layers) > 0 && e.Note != nil {
		opened := &layers[min(len(layers)-1, 1)]
		opened.Fields = append(noteFields(e.Note), opened.Fields...)
	}
	return layers
}

func layersOf(e *Event) []Layer {
	switch b := e.Body.(type) {
	case *Nonce:
		return []Layer{whole(Wire, e.Raw, &defNonce)}
	case *Identity:
		return dissectIdentity(e, b)
	case *Credentials:
		return dissectCredentials(e, b)
	case *Message:
		return dissectMessage(e, b)
	case *Sealed:
		return []Layer{frameLayer(e.Raw)}
	case *Malformed:
		return dissectMalformed(e, b)
	}
	return nil
}

// noteFields returns what people wrote at an event as fields without bytes.
func noteFields(n *stream.Note) (fields []field.Field) {
	if n == nil {
		return nil
	}
	if n.Mark != "" {
		fields = append(fields, field.Field{Def: &defMark, Value: field.TextOf([]byte(n.Mark))})
	}
	if n.Comment != "" {
		fields = append(fields, field.Field{Def: &defComment, Value: field.TextOf([]byte(n.Comment))})
	}
	return fields
}

// whole is a layer of a single leaf.
func whole(name string, b []byte, def *field.Def) Layer {
	return Layer{Name: name, Bytes: b, Fields: parts(b, cut{def, len(b)})}
}

// cut is a part of known length in front of the rest.
type cut struct {
	def *field.Def
	n   int
}

// parts cuts b into leaves. What the cuts do not cover is not decoded; cuts
// beyond the end of b are shortened or left out.
func parts(b []byte, cuts ...cut) []field.Field {
	fields := make([]field.Field, 0, len(cuts)+1)
	at := 0
	for _, c := range append(cuts, cut{&defRest, len(b)}) {
		if n := min(c.n, len(b)-at); n > 0 {
			fields = append(fields, leaf(c.def, b, at, at+n))
			at += n
		}
	}
	return fields
}

// leaf is the field of b[start:end].
func leaf(def *field.Def, b []byte, start, end int) field.Field {
	v := field.BytesOf(b[start:end])
	if def.Type == field.Secret {
		v = field.SecretOf(b[start:end])
	}
	return field.Field{Def: def, Value: v, Start: start, End: end}
}

func dissectIdentity(e *Event, b *Identity) []Layer {
	layers := []Layer{whole(Wire, e.Raw, &defSealedID)}
	if !b.Opened {
		return layers
	}
	fields := parts(b.Plain, cut{&defIDNonce, lightssl.NonceLen}, cut{&defIDDevice, lightssl.DeviceIDLen}, cut{&defIDKey, len(b.Plain)})
	if key := &fields[len(fields)-1]; key.Def == &defIDKey {
		key.Fields = parts(b.Identity.Key, cut{&defIDKeyHead, 29}, cut{&defIDModulus, 128}, cut{&defIDExponent, 5})
		shift(key.Fields, key.Start)
	}
	return append(layers, Layer{Name: Plain, Bytes: b.Plain, Fields: fields})
}

// shift moves fields to where their bytes lie in the layer around them.
func shift(fields []field.Field, by int) {
	for i := range fields {
		fields[i].Start += by
		fields[i].End += by
		shift(fields[i].Fields, by)
	}
}

func dissectCredentials(e *Event, b *Credentials) []Layer {
	wire := parts(e.Raw, cut{&defSealedCreds, lightssl.SealedCredentialsLen}, cut{&defSignature, lightssl.SignatureLen})
	layers := []Layer{{Name: Wire, Bytes: e.Raw, Fields: wire}}
	if !b.Opened {
		return layers
	}
	plain := b.Credentials[:]
	if !b.Credentials.HasSalt() {
		plain = plain[:lightssl.CredentialsLen-8]
	}
	return append(layers, Layer{Name: Plain, Bytes: plain, Secret: true,
		Fields: parts(plain, cut{&defKey, 16}, cut{&defIV, 16}, cut{&defSalt, 8})})
}

// frameLayer dissects a frame as it travelled. A length that lies about what
// follows does not lead past the end.
func frameLayer(raw []byte) Layer {
	fields := parts(raw, cut{&defFrameLen, lightssl.FrameHeaderLen})
	if len(raw) >= lightssl.FrameHeaderLen {
		length := lightssl.FrameLen(raw) - lightssl.FrameHeaderLen
		fields = fields[:1]
		fields[0].Value = field.UintOf(uint64(length))
		body := raw[lightssl.FrameHeaderLen:]
		var cuts []cut
		for range len(body) / lightssl.BlockLen {
			cuts = append(cuts, cut{&defBlock, lightssl.BlockLen})
		}
		blocks := parts(body, cuts...)
		if len(cuts) > 0 {
			blocks[0].Note = "IV of the next frame in this direction"
		}
		shift(blocks, lightssl.FrameHeaderLen)
		fields = append(fields, blocks...)
	}
	return Layer{Name: Wire, Bytes: raw, Fields: fields}
}

func dissectMessage(e *Event, b *Message) []Layer {
	var m coap.Message
	m.Parse(b.Plain) // was parsed once, so it parses
	kind := b.Meaning.AppendFields(nil, &m)
	plain := append(coapTree(b.Plain, &m), parts(b.Padded[len(b.Plain):], cut{&defPadding, lightssl.BlockLen})...)
	shift(plain[len(plain)-1:], len(b.Plain))
	inPayload, elsewhere := splitFields(kind, m.PayloadStart, len(b.Plain))
	plain = annotate(plain, elsewhere)
	layers := []Layer{frameLayer(e.Raw), {Name: Plain, Bytes: b.Padded, Fields: plain}}
	if len(m.Payload) == 0 && len(inPayload) == 0 {
		return layers
	}
	shift(inPayload, -m.PayloadStart)
	return append(layers, Layer{Name: Payload, Bytes: m.Payload, Fields: fill(inPayload, m.Payload)})
}

// dissectMalformed shows a whole frame as one, and of what decryption gave the
// message up to its fault.
func dissectMalformed(e *Event, b *Malformed) []Layer {
	if b.Padded == nil {
		if b.Layer == Wire && lightssl.FrameLen(e.Raw) == len(e.Raw) {
			return []Layer{frameLayer(e.Raw)}
		}
		return []Layer{whole(Wire, e.Raw, &defRest)}
	}
	var m coap.Message
	var fields []field.Field
	at := 0
	if len(b.Plain) < len(b.Padded) && b.Offset >= coap.HeaderLen && m.Parse(b.Plain) != nil {
		fields = coapTree(b.Plain[:b.Offset], &m)
		at = fields[len(fields)-1].End
	}
	rest := parts(b.Padded[at:], cut{&defRest, len(b.Plain) - at}, cut{&defPadding, lightssl.BlockLen})
	shift(rest, at)
	return []Layer{frameLayer(e.Raw), {Name: Plain, Bytes: b.Padded, Fields: append(fields, rest...)}}
}
