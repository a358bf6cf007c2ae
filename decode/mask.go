package decode

import (
	"slices"
	"strings"

	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
)

// Masked stands for what a masking [Printer] and [Mask] do not tell: whose device it
// is, where it is, what its owner named and what was said. Whatever is not known to
// be harmless is masked.
const Masked = "[masked]"

// harmless are the fields that a masking printer prints: the form of the traffic,
// which is the same for every owner of a Photon. A name that ends in a dot stands for
// all that begin with it.
var harmless = []string{
	"type", "time", "photon.session", "photon.leg", "photon.dir", "photon.msg", "photon.msg.reason", "photon.rtt", "photon.close", "photon.opened",
	"photon.layer", "photon.offset", "photon.gap", "photon.altered", "photon.mark", "photon.finding", "photon.answered",
	"photon.identity.nonce_ok", "photon.credentials.signature", "photon.credentials.source",
	"photon.request_mid", "photon.request", "photon.mid_gap", "photon.misnumbered", "photon.block", "photon.block.more",
	"photon.hello.flags", "photon.hello.flag", "photon.hello.platform_id", "photon.hello.reserved", "photon.hello.device_id_length",
	"photon.hello.system_version", "photon.hello.max_message", "photon.hello.max_binary", "photon.hello.ota_chunk_size",
	"photon.goodbye.", "photon.time.", "photon.key_change.", "photon.signal.", "photon.event.public", "photon.event.ttl",
	"photon.subscribe.scope", "photon.describe.flags", "photon.describe.platform_id", "photon.describe.variable_type", "photon.var.type",
	"photon.ota.flags", "photon.ota.chunk_size", "photon.ota.file_size", "photon.ota.destination", "photon.ota.address", "photon.ota.crc_ok",
	"photon.ota.chunk_index", "photon.ota.repeated", "photon.ota.received", "photon.ota.chunks", "photon.ota.percent", "photon.ota.missing", "photon.ota.window",
	"coap.type", "coap.code", "coap.mid", "coap.opt.content_format", "coap.opt.max_age", "coap.opt.observe", "coap.opt.block1", "coap.opt.block2",
	"coap.opt.size1", "coap.opt.size2", "coap.opt.no_response", "frame.len", "frame.padding",
}

// isHarmless reports whether a field may be shown where others are masked.
func isHarmless(key string) bool {
	return slices.ContainsFunc(harmless, func(h string) bool {
		return key == h || strings.HasSuffix(h, ".") && strings.HasPrefix(key, h)
	})
}

// Mask returns layers in which only harmless fields have their values, and no layer
// has bytes. The fields keep their places.
func Mask(layers []Layer) []Layer {
	masked := make([]Layer, len(layers))
	for i, l := range layers {
		masked[i] = Layer{Name: l.Name, Bytes: make([]byte, len(l.Bytes)), Secret: l.Secret, Fields: maskFields(l.Fields)}
	}
	return masked
}

func maskFields(fields []field.Field) []field.Field {
	masked := slices.Clone(fields)
	for i := range masked {
		f := &masked[i]
		if f.Fields = maskFields(f.Fields); f.Value.Type() != field.None && !isHarmless(f.Key) {
			f.Value, f.Note = field.WordOf(Masked), ""
		}
	}
	return masked
}

// quietKinds are the kinds of messages of which the summary tells nothing of anybody.
var quietKinds = []particle.Kind{
	particle.KindHelloReply, particle.KindHelloAck, particle.KindPing, particle.KindPingAck, particle.KindGoodbye, particle.KindTime, particle.KindTimeReply,
	particle.KindDescribe, particle.KindDescribePost, particle.KindDescribeReply, particle.KindDescribeBlock, particle.KindMetrics, particle.KindSignal,
	particle.KindUpdateBegin, particle.KindSaveBegin, particle.KindUpdateReady, particle.KindUpdateIncomplete,
	particle.KindChunk, particle.KindChunkAck, particle.KindChunkReceived, particle.KindChunkRefused, particle.KindChunkMissed,
}

// tellsNothing reports whether an event's summary is harmless.
func tellsNothing(e *Event) bool {
	switch b := e.Body.(type) {
	case *Message:
		return slices.Contains(quietKinds, b.Meaning.Kind)
	case *Credentials:
		return b.Opened
	case *Gap, *Closed:
		return true
	}
	return false
}
