package particle

import (
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
)

// destinations are where an image goes (particle-iot/device-os@v2.3.1:communication/src/file_transfer.h).
var destinations = map[uint64]string{0: "firmware", 1: "system", 128: "application slot"}

// updateBegin cuts an offer. Without its 12 bytes the device assumes a size of 0.
func (p *payload) updateBegin() {
	if !p.uint(&defOTAFlags, 1) {
		return
	}
	p.note(fastNote(p.m.Payload, "fast transfer offered", "chunk by chunk"))
	if p.uint(&defOTAChunkLen, 2) && p.uint(&defOTASize, 4) && p.uint(&defOTADest, 1) {
		p.note(destinations[uint64(p.m.Payload[7])])
		p.uint(&defOTAAddress, 4)
	}
}

func fastNote(b []byte, yes, no string) string {
	if len(b) > 0 && b[0]&1 != 0 {
		return yes
	}
	return no
}

// appendChunkOptions appends a chunk's CRC-32 and index.
func (g Meaning) appendChunkOptions(dst []field.Field, m *coap.Message) []field.Field {
	indexed := false
	for i, q := range queries(m) {
		f := field.Field{Value: field.UintOf(bigEndian(q.Value)), Start: q.Data, End: q.Data + len(q.Value)}
		switch {
		case i == 0 && len(q.Value) == 4:
			f.Def, f.Note = &defOTACRC, "wrong"
			if g.Update.CRCOK {
				f.Note = "right"
			}
		case i == 1 && len(q.Value) == 2:
			f.Def, indexed = &defOTAIndex, true
		default:
			continue
		}
		dst = append(dst, f)
	}
	if !indexed && g.Update.Known {
		dst = append(dst, computed(&defOTAIndex, field.UintOf(uint64(g.Update.Index)), m))
	}
	return dst
}

// appendUpdate appends where the firmware transfer stands.
func (g Meaning) appendUpdate(dst []field.Field, m *coap.Message) []field.Field {
	u := g.Update
	if !u.Known {
		return dst
	}
	switch g.Kind {
	case KindChunk:
		dst = append(dst, computed(&defOTACRCOK, field.BoolOf(u.CRCOK), m))
		if u.Repeated {
			dst = append(dst, computed(&defOTARepeated, field.BoolOf(true), m))
		}
	case KindChunkAck, KindChunkReceived, KindChunkRefused:
		if g.HasRTT {
			dst = append(dst, computed(&defOTAIndex, field.UintOf(uint64(u.Index)), m))
		}
	}
	dst = append(dst, computed(&defOTAReceived, field.UintOf(uint64(u.Received)), m))
	if u.Total > 0 {
		dst = append(dst, computed(&defOTATotal, field.UintOf(uint64(u.Total)), m), computed(&defOTAPercent, field.FloatOf(u.Percent()), m))
	}
	return dst
}

// ota3Options are the options of OTA protocol 3, by number.
var ota3Options = map[uint16]*field.Def{
	2049: &defOTAIndex, 2053: &defOTAWindow, 2057: &defOTASize, 2061: &defOTASHA, 2065: &defOTAChunkLen, 2069: &defOTADiscard, 2073: &defOTACancel,
}

func appendOTA3(dst []field.Field, m *coap.Message) []field.Field {
	for i := range m.Options {
		o := &m.Options[i]
		def := ota3Options[o.Number]
		repeated := i > 0 && m.Options[i-1].Number == o.Number
		if def == nil || repeated || def.Type == field.Uint && len(o.Value) > 8 {
			continue
		}
		f := field.Field{Def: def, Start: o.Data, End: o.Data + len(o.Value)}
		switch def.Type {
		case field.Uint:
			f.Value = field.UintOf(bigEndian(o.Value))
		case field.Bool:
			f.Value = field.BoolOf(true)
		default:
			f.Value = field.BytesOf(o.Value)
		}
		if f.Start == f.End {
			f.Start, f.End = m.PayloadStart, m.PayloadStart
		}
		dst = append(dst, f)
	}
	return dst
}
