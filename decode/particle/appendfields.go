package particle

import (
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
)

// AppendFields appends the fields of the message's kind to dst. m is the message
// that g was made for. Offsets count in the message. Fields of options lie on the
// option's value; those in the payload partition it; those whose start is their
// end are computed. Values share the bytes of m.
func (g Meaning) AppendFields(dst []field.Field, m *coap.Message) []field.Field {
	dst = g.appendAnswers(dst, m)
	dst = g.appendOptions(dst, m)
	p := payload{dst: dst, m: m}
	g.appendPayload(&p)
	p.rest()
	return g.appendUpdate(p.dst, m)
}

// computed returns a field that rests on no byte.
func computed(def *field.Def, v field.Value, m *coap.Message) field.Field {
	return field.Field{Def: def, Value: v, Start: m.PayloadStart, End: m.PayloadStart}
}

// appendAnswers appends what the message answers, and what is odd about its ID.
func (g Meaning) appendAnswers(dst []field.Field, m *coap.Message) []field.Field {
	if g.HasRTT {
		dst = append(dst, computed(&defRequestMID, field.UintOf(uint64(g.RequestID)), m))
		if g.Kind.Generic() || g.Kind == KindReset {
			dst = append(dst, computed(&defRequestKind, field.WordOf(g.Answers.String()), m))
		}
	}
	if g.MIDGap != 0 {
		dst = append(dst, computed(&defMIDGap, field.IntOf(int64(g.MIDGap)), m))
	}
	if g.Misnumbered {
		dst = append(dst, computed(&defMisnumbered, field.BoolOf(true), m))
	}
	if reason := g.Reason(); reason != "" {
		dst = append(dst, computed(&defGeneric, field.WordOf(reason), m))
	}
	return dst
}

// Reason says why the kind is no better one than request, response or ack. It is
// empty for every other kind.
func (g Meaning) Reason() string {
	switch {
	case g.Kind == KindRequest:
		return "no message of the catalogue has this method and first path letter from this side"
	case g.Kind == KindAck && g.HasRTT:
		return "the message it acknowledges is not one that is acknowledged"
	case g.Kind == KindAck:
		return "it acknowledges no message that was seen"
	case g.Kind == KindResponse && g.HasRTT:
		return "the catalogue has no such response to the request it answers"
	case g.Kind == KindResponse:
		return "it answers no request that was seen, and its form does not tell"
	}
	return ""
}

// appendOptions appends what the kind's options say.
func (g Meaning) appendOptions(dst []field.Field, m *coap.Message) []field.Field {
	switch g.Kind {
	case KindEvent:
		return appendEventOptions(dst, m)
	case KindSubscribe:
		dst = appendName(dst, &defSubPrefix, nameParts(m))
		return appendScope(dst, m)
	case KindFunctionCall:
		dst = appendName(dst, &defFuncName, nameParts(m))
		return appendArgument(dst, m)
	case KindVariable:
		return appendName(dst, &defVarName, nameParts(m))
	case KindDescribe, KindDescribePost, KindDescribeReply, KindDescribeBlock:
		dst = appendQueryByte(dst, &defDescFlags, m, describeFlags)
		return appendBlock(dst, m)
	case KindSignal:
		return appendSignal(dst, m)
	case KindKeyChange:
		return appendQueryByte(dst, &defKeyChange, m, nil)
	case KindChunk:
		return g.appendChunkOptions(dst, m)
	case KindOTA3Start, KindOTA3Finish, KindOTA3Chunk, KindOTA3ChunkAck, KindOTA3Reply:
		return appendOTA3(dst, m)
	}
	return dst
}

// appendPayload appends what the kind's payload says. What it leaves is shown as
// not decoded.
func (g Meaning) appendPayload(p *payload) {
	switch g.Kind {
	case KindHello:
		p.hello()
	case KindPresence:
		p.bytes(&defPresenceID, presenceLen)
	case KindGoodbye:
		p.goodbye()
	case KindTimeReply:
		p.time()
	case KindDescribeReply, KindDescribePost:
		p.description()
	case KindDescribeBlock:
		p.text(&defDescPart)
	case KindMetrics:
		p.metrics()
	case KindFunctionResult:
		g.named(p, &defFuncName)
		p.signed(&defFuncResult)
	case KindFunctionAck, KindFunctionRefused:
		g.named(p, &defFuncName)
	case KindVariableReply:
		g.named(p, &defVarName)
		p.variable(g.Type)
	case KindVariableAck, KindVariableError:
		g.named(p, &defVarName)
	case KindEvent:
		if p.m.Marker {
			p.text(&defEventData)
		}
	case KindSubscribe:
		if len(p.m.Payload) > 0 {
			p.text(&defSubDevice)
		}
	case KindUpdateBegin, KindSaveBegin:
		p.updateBegin()
	case KindUpdateReady:
		p.uint(&defOTAFlags, 1)
		p.note(fastNote(p.m.Payload, "fast transfer accepted", "chunk by chunk"))
	case KindChunk, KindOTA3Chunk:
		p.bytes(&defOTAData, len(p.m.Payload))
	case KindChunkMissed:
		for len(p.left()) >= 2 {
			p.uint(&defOTAMissing, 2)
		}
	case KindUpdateDoneReply, KindUpdateDone:
		if len(p.m.Payload) > 0 {
			p.text(&defOTAReport)
		}
	case KindOTA3ChunkAck:
		p.bytes(&defOTABitmap, len(p.m.Payload))
	}
}

// named appends the name that the answered request had.
func (g Meaning) named(p *payload, def *field.Def) {
	if len(g.Name) > 0 {
		p.dst = append(p.dst, computed(def, field.TextOf(g.Name), p.m))
	}
}
