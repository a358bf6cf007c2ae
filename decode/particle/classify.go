package particle

import (
	"bytes"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/stream"
)

// requests says by sender, method and first letter of the path what a request
// means. It is asked for every message, so it is no map.
var requests = [2][coap.PUT + 1][128]Kind{
	stream.FromDevice: {
		coap.GET: {
			't': KindTime,
			'e': KindSubscribe,
			'E': KindSubscribe,
			'c': KindChunkMissed,
		},
		coap.POST: {
			'h': KindHello,
			'x': KindGoodbye,
			'd': KindDescribePost,
			'e': KindEvent,
			'E': KindEvent,
			'A': KindOTA3ChunkAck,
		},
		coap.PUT: {
			'u': KindUpdateDone,
		},
	},
	stream.FromCloud: {
		coap.GET: {
			'd': KindDescribe,
			'v': KindVariable,
		},
		coap.POST: {
			'h': KindHelloReply,
			'f': KindFunctionCall,
			'e': KindEvent,
			'E': KindEvent,
			'u': KindUpdateBegin,
			's': KindSaveBegin,
			'c': KindChunk,
			'S': KindOTA3Start,
			'F': KindOTA3Finish,
			'C': KindOTA3Chunk,
		},
		coap.PUT: {
			'k': KindKeyChange,
			's': KindSignal,
			'u': KindUpdateDone,
		},
	},
}

// presenceLen is the length of the device ID that a multicast announcement
// carries, under the message ID 0.
const presenceLen = 12

// requestKind returns the kind of a request or of an empty CON.
func requestKind(from stream.Direction, m *coap.Message) Kind {
	if m.Code == coap.Empty && m.Type == coap.Confirmable {
		return KindPing
	}
	kind := NoKind
	if letter := m.Path(); m.Code <= coap.PUT && letter < 128 {
		kind = requests[from][m.Code][letter]
	}
	switch kind {
	case NoKind:
		return KindRequest
	case KindHello:
		if len(m.Payload) == presenceLen && m.ID == 0 {
			return KindPresence
		}
	case KindDescribePost:
		if block, ok := blockOf(m, coap.Block1); ok && block.number > 0 {
			return KindDescribeBlock
		}
	}
	return kind
}

// answer says how a request is answered: what an empty acknowledgement, a
// success and an error mean.
type answer struct{ ack, reply, refused Kind }

var answers = [len(kinds)]answer{
	KindHello:         {ack: KindHelloAck},
	KindHelloReply:    {ack: KindHelloAck},
	KindPing:          {ack: KindPingAck},
	KindKeyChange:     {KindKeyChangeAck, KindKeyChangeAck, NoKind},
	KindTime:          {reply: KindTimeReply},
	KindDescribe:      {KindDescribeAck, KindDescribeReply, KindDescribeRefused},
	KindDescribeReply: {ack: KindDescribeReplyAck},
	KindDescribePost:  {KindDescribePostAck, KindDescribePostAck, NoKind},
	KindDescribeBlock: {KindDescribePostAck, KindDescribePostAck, NoKind},
	KindFunctionCall:  {KindFunctionAck, KindFunctionResult, KindFunctionRefused},
	KindVariable:      {KindVariableAck, KindVariableReply, KindVariableError},
	KindEvent:         {KindEventAck, KindEventAck, KindEventRefused},
	KindSubscribe:     {KindSubscribeAck, KindSubscribeAck, KindSubscribeRefused},
	KindSignal:        {KindSignalAck, KindSignalAck, NoKind},
	KindUpdateBegin:   {KindUpdateAck, KindUpdateReady, KindUpdateRefused},
	KindSaveBegin:     {KindUpdateAck, KindUpdateReady, KindUpdateRefused},
	KindChunk:         {KindChunkAck, KindChunkReceived, KindChunkRefused},
	KindUpdateDone:    {KindUpdateDoneAck, KindUpdateDoneReply, KindUpdateIncomplete},
	KindChunkMissed:   {KindChunkMissedAck, KindChunkMissedAck, NoKind},
	KindOTA3Start:     {KindOTA3Ack, KindOTA3Reply, KindOTA3Refused},
	KindOTA3Finish:    {KindOTA3Ack, KindOTA3Reply, KindOTA3Refused},
	KindOTA3Chunk:     {KindOTA3Ack, KindOTA3Reply, KindOTA3Refused},
}

// answerKind returns the kind of m, an answer to a request of the given kind.
func answerKind(req Kind, m *coap.Message) Kind {
	a := answers[req]
	switch {
	case m.Type == coap.ResetMessage:
		return KindReset
	case m.Code == coap.Empty:
		return orElse(a.ack, KindAck)
	case m.Code.IsError():
		return orElse(a.refused, KindResponse)
	case a.reply == KindDescribeReply:
		return describeReplyKind(m)
	}
	return orElse(a.reply, KindResponse)
}

func orElse(k, otherwise Kind) Kind {
	if k == NoKind {
		return otherwise
	}
	return k
}

func describeReplyKind(m *coap.Message) Kind {
	if block, ok := blockOf(m, coap.Block2); ok && block.number > 0 {
		return KindDescribeBlock
	}
	if bytes.HasPrefix(m.Payload, metricsHead) {
		return KindMetrics
	}
	return KindDescribeReply
}

// formKind guesses the kind of a response whose request was not seen by its
// form alone, or returns KindResponse.
func formKind(from stream.Direction, m *coap.Message, updating bool) Kind {
	if m.Code == coap.BadRequest && m.Type == coap.NonConfirmable && len(m.Token) == 0 {
		return KindUpdateAbort
	}
	if from == stream.FromCloud {
		if m.Code == coap.Content {
			return KindTimeReply
		}
		return KindResponse
	}
	switch m.Code {
	case coap.Content:
		if kind := describeReplyKind(m); kind != KindDescribeReply || bytes.HasPrefix(m.Payload, []byte("{")) {
			return kind
		}
		return KindVariableReply
	case coap.Changed:
		return changedKind(m, updating)
	case coap.NotFound, coap.InternalError:
		return KindVariableError
	case coap.ServiceUnavailable:
		return KindUpdateRefused
	case coap.BadRequest:
		if m.Type == coap.NonConfirmable {
			return KindChunkRefused
		}
	}
	return KindResponse
}

// changedKind guesses what a device's 2.04 means.
func changedKind(m *coap.Message, updating bool) Kind {
	switch {
	case bytes.HasPrefix(m.Payload, []byte("{")):
		return KindUpdateDoneReply
	case len(m.Payload) == 4:
		return KindFunctionResult
	case len(m.Payload) == 1:
		return KindUpdateReady
	case len(m.Payload) > 0:
		return KindResponse
	case m.Type != coap.Acknowledgement:
		return KindChunkReceived
	case updating:
		return KindUpdateDoneReply
	}
	return KindSignalAck
}

// block is the value of a Block1 or Block2 option (RFC 7959 section 2.2).
type block struct {
	number uint32
	more   bool
	size   int // bytes of a full block
	at     int // index of the option
}

// blockOf returns the value of a block option, if there is one that is valid.
func blockOf(m *coap.Message, number uint16) (block, bool) {
	for i := range m.Options {
		o := &m.Options[i]
		if o.Number != number || len(o.Value) > 3 {
			continue
		}
		v := uint32(bigEndian(o.Value))
		return block{number: v >> 4, more: v&8 != 0, size: 16 << (v & 7), at: i}, true
	}
	return block{}, false
}

// bigEndian returns the integer in at most eight bytes.
func bigEndian(b []byte) uint64 {
	var v uint64
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}
