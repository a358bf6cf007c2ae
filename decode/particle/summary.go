package particle

import (
	"cmp"
	"strconv"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
)

// maxShown is how many bytes of foreign text a summary shows.
const maxShown = 120

// AppendSummary appends what the message says to people, in one line without a
// newline and without the name of its kind. It may be nothing: then the kind says
// all. m is the message that g was made for.
func (g Meaning) AppendSummary(dst []byte, m *coap.Message) []byte {
	switch g.Kind {
	case KindHello:
		return appendHelloSummary(dst, m.Payload)
	case KindGoodbye, KindPresence, KindMetrics:
		return g.appendFieldSummary(dst, m)
	case KindTimeReply:
		if len(m.Payload) >= 4 {
			return timeOf(m.Payload).AppendFormat(dst, time.RFC3339)
		}
	case KindDescribe, KindDescribePost, KindDescribeReply, KindDescribeBlock:
		return appendDescribeSummary(dst, m)
	case KindFunctionCall:
		return appendCallSummary(dst, m)
	case KindFunctionResult, KindVariableReply:
		return g.appendResult(dst, m)
	case KindVariable:
		return appendShown(dst, joined(nil, nameParts(m)))
	case KindEvent:
		return appendEventSummary(dst, m)
	case KindSubscribe:
		return appendSubscribeSummary(dst, m)
	case KindSignal:
		return append(dst, signalWord(m)...)
	case KindUpdateBegin, KindSaveBegin:
		return appendBeginSummary(dst, m.Payload)
	case KindUpdateReady:
		return append(dst, fastNote(m.Payload, "fast transfer", "chunk by chunk")...)
	case KindChunk, KindChunkAck, KindChunkReceived, KindChunkRefused:
		return g.appendChunkSummary(dst, m)
	case KindChunkMissed:
		return appendMissedSummary(dst, m.Payload)
	case KindUpdateDoneReply, KindUpdateIncomplete:
		return g.appendDoneSummary(dst, m)
	case KindRequest:
		return appendRequestSummary(dst, m)
	}
	return g.appendAnswerSummary(dst, m)
}

// appendAnswerSummary says what an answer answers, and its code if that says no.
func (g Meaning) appendAnswerSummary(dst []byte, m *coap.Message) []byte {
	start := len(dst)
	if len(g.Name) > 0 {
		dst = appendShown(dst, g.Name)
	} else if g.HasRTT && (g.Kind.Generic() || g.Kind == KindReset) {
		dst = append(append(dst, "to "...), g.Answers.String()...)
	}
	if m.Code.IsError() || g.Kind == KindResponse {
		dst = appendCode(separate(dst, start), m.Code)
	}
	if g.Misnumbered {
		dst = append(separate(dst, start), "under a wrong message ID"...)
	}
	return dst
}

// separate separates what follows from what there is since start.
func separate(dst []byte, start int) []byte {
	if len(dst) > start {
		return append(dst, ", "...)
	}
	return dst
}

func appendCode(dst []byte, c coap.Code) []byte {
	dst = append(dst, c.String()...)
	if name := c.Name(); name != "" {
		dst = append(append(dst, ' '), name...)
	}
	return dst
}

// appendShown appends foreign text, cut if it is long.
func appendShown(dst, text []byte) []byte {
	if len(text) <= maxShown {
		return field.AppendPrintable(dst, text)
	}
	cut := maxShown
	for cut > maxShown-4 && text[cut]&0xc0 == 0x80 {
		cut--
	}
	dst = field.AppendPrintable(dst, text[:cut])
	return appendCount(append(dst, "… ("...), len(text), " bytes)")
}

func appendCount(dst []byte, n int, what string) []byte {
	return append(strconv.AppendInt(dst, int64(n), 10), what...)
}

func appendHelloSummary(dst, b []byte) []byte {
	if len(b) < 6 {
		return appendCount(dst, len(b), " bytes, too short for a hello")
	}
	dst = strconv.AppendUint(append(dst, "product "...), bigEndian(b[:2]), 10)
	dst = strconv.AppendUint(append(dst, " v"...), bigEndian(b[2:4]), 10)
	if len(b) >= 8 {
		dst = appendPlatform(append(dst, ", "...), bigEndian(b[6:8]))
	}
	dst = append(dst, ", flags 0x"...)
	dst = field.AppendHex(dst, b[4:6])
	if len(b) >= 12 && b[9] == 0 {
		dst = strconv.AppendUint(append(dst, ", system "...), bigEndian(b[10:12]), 10)
	}
	return dst
}

// goodbyeWords stand for the labels of a goodbye's fields, which are too wide for
// a line.
var goodbyeWords = map[*field.Def]string{
	&defGoodbyeCloud: "disconnect", &defGoodbyeReset: "reset", &defGoodbyeSleep: "sleep (s)", &defGoodbyeNetwork: "network",
}

// appendFieldSummary lists the kind's own fields with their labels.
func (g Meaning) appendFieldSummary(dst []byte, m *coap.Message) []byte {
	start := len(dst)
	p := payload{m: m}
	g.appendPayload(&p)
	if g.Kind == KindMetrics {
		return appendCount(dst, max(len(p.dst)-3, 0), " figures")
	}
	for i := range p.dst {
		f := &p.dst[i]
		if f.Def == &defGoodbyeFlags {
			continue
		}
		dst = append(append(separate(dst, start), cmp.Or(goodbyeWords[f.Def], f.Label)...), ": "...)
		if f.Note != "" {
			dst = append(dst, f.Note...)
		} else {
			dst = f.Value.AppendText(dst, false)
		}
	}
	return dst
}

func appendDescribeSummary(dst []byte, m *coap.Message) []byte {
	start := len(dst)
	if q := queries(m); len(q) > 0 && len(q[0].Value) == 1 {
		if words := describeFlags[uint64(q[0].Value[0])]; words != "" {
			dst = append(dst, words...)
		} else {
			dst = field.AppendHex(append(dst, "flags 0x"...), q[0].Value)
		}
	}
	if b, ok := blockOf(m, coap.Block1); ok {
		dst = appendCount(append(separate(dst, start), "block "...), int(b.number), "")
	} else if b, ok := blockOf(m, coap.Block2); ok {
		dst = appendCount(append(separate(dst, start), "block "...), int(b.number), "")
	}
	if len(m.Payload) == 0 {
		return dst
	}
	var counts [dependencyValue + 1]int
	walkDescription(m.Payload, func(d described) bool {
		counts[d.what]++
		return true
	})
	any := false
	for _, c := range [...]struct {
		what describedWhat
		name string
	}{{functionName, "function"}, {variableName, "variable"}, {moduleStart, "module"}} {
		if n := counts[c.what]; n > 0 {
			any = true
			dst = appendCount(separate(dst, start), n, " "+c.name)
			if n > 1 {
				dst = append(dst, 's')
			}
		}
	}
	if !any {
		dst = appendCount(separate(dst, start), len(m.Payload), " bytes")
	}
	return dst
}

func appendCallSummary(dst []byte, m *coap.Message) []byte {
	dst = appendShown(dst, joined(nil, nameParts(m)))
	dst = append(dst, '(')
	if q := queries(m); len(q) > 0 {
		dst = append(dst, '"')
		dst = appendShown(dst, q[0].Value)
		dst = append(dst, '"')
	}
	return append(dst, ')')
}

// appendResult appends a name and its value. A value of unknown type is shown as
// bytes: what it may mean is in the fields.
func (g Meaning) appendResult(dst []byte, m *coap.Message) []byte {
	if len(g.Name) > 0 {
		dst = append(appendShown(dst, g.Name), " = "...)
	}
	t := g.Type
	if g.Kind == KindFunctionResult {
		t = Int
	}
	v, ok := readVariable(t, m.Payload)
	if ok && t != String {
		return v.AppendText(dst, false)
	}
	if ok {
		return append(appendShown(append(dst, '"'), m.Payload), '"')
	}
	dst = append(dst, "0x"...)
	dst = field.AppendHex(dst, m.Payload[:min(len(m.Payload), maxShown)])
	return append(dst, " (type unknown)"...)
}

func appendEventSummary(dst []byte, m *coap.Message) []byte {
	dst = appendShown(dst, joined(nil, nameParts(m)))
	if m.Marker {
		dst = appendShown(append(dst, " = "...), m.Payload)
	}
	if m.Path() == 'E' {
		return append(dst, " (private)"...)
	}
	return append(dst, " (public)"...)
}

func appendSubscribeSummary(dst []byte, m *coap.Message) []byte {
	dst = appendShown(dst, joined(nil, nameParts(m)))
	switch scopeOf(m) {
	case "mine":
		return append(dst, " of my devices"...)
	case "device":
		return appendShown(append(dst, " of device "...), m.Payload)
	}
	return append(dst, " of all devices"...)
}

func signalWord(m *coap.Message) string {
	switch q := queries(m); {
	case len(q) == 0 || len(q[0].Value) != 1:
		return ""
	case q[0].Value[0] == 0:
		return "off"
	}
	return "on"
}

func appendBeginSummary(dst, b []byte) []byte {
	if len(b) < updateBeginLen {
		return append(dst, "without figures"...)
	}
	dst = strconv.AppendUint(dst, bigEndian(b[3:7]), 10)
	dst = strconv.AppendUint(append(dst, " bytes, chunks of "...), bigEndian(b[1:3]), 10)
	if to := destinations[uint64(b[7])]; to != "" {
		dst = append(append(dst, ", to "...), to...)
	}
	return append(append(dst, ", "...), fastNote(b, "fast", "one by one")...)
}

func (g Meaning) appendChunkSummary(dst []byte, m *coap.Message) []byte {
	if !g.Update.Known || g.Kind != KindChunk && !g.HasRTT {
		return g.appendAnswerSummary(dst, m)
	}
	dst = strconv.AppendUint(append(dst, "chunk "...), uint64(g.Update.Index), 10)
	if g.Update.Total > 0 {
		dst = strconv.AppendUint(append(dst, " of "...), uint64(g.Update.Total), 10)
	}
	switch {
	case g.Kind == KindChunkRefused:
		dst = appendCode(append(dst, ", "...), m.Code)
	case g.Kind == KindChunk:
		dst = appendCount(append(dst, ", "...), len(m.Payload), " bytes")
		if !g.Update.CRCOK {
			dst = append(dst, ", CRC-32 wrong"...)
		}
		if g.Update.Repeated {
			dst = append(dst, ", repeated"...)
		}
	}
	return dst
}

// appendMissedSummary lists the first of the chunks that a device misses.
func appendMissedSummary(dst, b []byte) []byte {
	dst = appendCount(dst, len(b)/2, " missing: ")
	for i := 0; i+1 < len(b); i += 2 {
		if i == 20 {
			return append(dst, ", …"...)
		}
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = strconv.AppendUint(dst, bigEndian(b[i:i+2]), 10)
	}
	return dst
}

func (g Meaning) appendDoneSummary(dst []byte, m *coap.Message) []byte {
	if g.Kind == KindUpdateIncomplete {
		return append(dst, "chunks are missing"...)
	}
	dst = append(dst, "complete"...)
	if len(m.Payload) > 0 {
		dst = appendShown(append(dst, ", "...), m.Payload)
	}
	return dst
}

func appendRequestSummary(dst []byte, m *coap.Message) []byte {
	dst = appendCode(dst, m.Code)
	for _, o := range optionsOf(m, coap.URIPath, 0) {
		dst = appendShown(append(dst, " /"...), o.Value)
	}
	return dst
}
