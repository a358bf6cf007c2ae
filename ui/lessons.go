package ui

import "strings"

// lesson is what a field's own help does not say: why there is such a field, and
// where that is written.
type lesson struct {
	why, source Safe
}

// lessonOf returns the lesson of a field: that of the longest beginning of its
// name that has one.
func lessonOf(key string) lesson {
	for {
		if l, ok := lessons[key]; ok {
			return l
		}
		at := strings.LastIndexAny(key, "._")
		if at < 0 {
			return lesson{}
		}
		key = key[:at]
	}
}

// lessons by field name, or by its beginning where one lesson serves many.
var lessons = map[string]lesson{
	"frame":       {"TCP carries a stream without borders. The length in front tells the receiver how many bytes belong to one message.", "docs/protocol.md §1.4"},
	"frame.len":   {"TCP carries a stream without borders. The length in front tells the receiver how many bytes belong to one message; it is not encrypted.", "docs/protocol.md §1.4"},
	"frame.block": {"AES works on 16 bytes at a time. Chaining (CBC) makes equal blocks look different; the first block of a frame also is the IV of the next one in this direction.", "docs/protocol.md §1.4"},
	"frame.padding": {
		"A message seldom fills whole blocks. Each padding byte holds the number of padding bytes, so the receiver knows what to take away; 16 of them if the message did fit.", "docs/protocol.md §1.4, RFC 5652 §6.3"},
	"frame.rest": {"What the protocol does not have at this place is shown as bytes and never dropped.", "docs/protocol.md §1.6"},

	"coap.version":     {"Always 1. A first byte with other upper bits is no CoAP at all.", "RFC 7252 §3"},
	"coap.type":        {"On a network that loses packets a CON is repeated until an ACK comes. TCP loses none, but the protocol was made for both, so the types are still there.", "RFC 7252 §4.2, docs/protocol.md §4.2"},
	"coap.code":        {"Three bits class, five bits detail, as in 4.04. Class 0 are requests, 2 success, 4 and 5 failures.", "RFC 7252 §12.1, docs/protocol.md §4.6"},
	"coap.mid":         {"It ties an ACK to what it acknowledges and unmasks repetitions. The servers also use the device's as a counter: a jump ends the session.", "RFC 7252 §4.4, docs/protocol.md §4.4"},
	"coap.token":       {"The asker chooses it, the answer repeats it: the only tie between a request and an answer that comes later.", "RFC 7252 §5.3.1, docs/protocol.md §4.1"},
	"coap.opt":         {"Options come sorted by number, and only the difference to the number before is sent: one byte carries difference and length. A small packet for a small device.", "RFC 7252 §3.1, docs/protocol.md §4.5"},
	"coap.opt.uri":     {"The path names what is asked for. Particle uses one letter as the first segment: e for events, f for functions, v for variables.", "RFC 7252 §5.10.1, docs/protocol.md §5"},
	"coap.opt.max_age": {"For an event, how long the cloud keeps it, in seconds. 60 is meant when it is absent.", "RFC 7252 §5.10.5, docs/protocol.md §5.6"},
	"coap.payload":     {"What the message is about. The byte ff before it says that the options are over.", "RFC 7252 §3"},

	"photon.nonce":       {"A random number that is used once: an identity that was recorded earlier holds another one and is refused.", "docs/protocol.md §2.2"},
	"photon.identity":    {"The device says who it is, and sends its public key, sealed so that only the cloud can read it.", "docs/protocol.md §2.3"},
	"photon.credentials": {"The cloud gives the session its keys, sealed so that only this device can read them, and signed so that the device knows who sent them.", "docs/protocol.md §2.4"},
	"photon.rtt":         {"The time from the request to its answer as it was seen here: network and device together.", ""},
	"photon.request":     {"An answer names nothing. What it means follows from the request with its token or message ID.", "docs/protocol.md §4.3"},
	"photon.mid":         {"Servers expect each message ID of a device to be the one before plus one, and hang up otherwise.", "docs/protocol.md §4.4"},
	"photon.misnumbered": {"Newer firmware acknowledges some requests under a number of its own; the servers let that pass.", "docs/protocol.md §8.2"},
	"photon.hello":       {"With its first message the device says which product and firmware it is, and what it can do.", "docs/protocol.md §5.2"},
	"photon.goodbye":     {"A device that leaves on purpose says why, so that nobody has to guess from the silence.", "docs/protocol.md §5.9"},
	"photon.time":        {"A Photon has no clock that runs without power: it asks the cloud after connecting.", "docs/protocol.md §5.3"},
	"photon.key_change":  {"Meant for UDP, where a session outlives its connection. Over TCP there is nothing to discard.", "docs/protocol.md §5.1"},
	"photon.signal":      {"Makes the LED shine in all colours, so that one finds the device among others.", "docs/protocol.md §5.7"},
	"photon.func":        {"The cloud calls a function that the application registered with Particle.function(); the device answers with its number.", "docs/protocol.md §5.5"},
	"photon.var":         {"The cloud asks for a variable that the application registered with Particle.variable(). The answer holds the bare value, so its type must be known from the description.", "docs/protocol.md §5.5"},
	"photon.event":       {"Particle.publish() of the application, or an event that the device subscribed to.", "docs/protocol.md §5.6"},
	"photon.subscribe":   {"Particle.subscribe() of the application: it gets the events whose names begin so.", "docs/protocol.md §5.6"},
	"photon.describe":    {"The device lists its functions, variables and firmware modules, so that the cloud knows what can be asked for.", "docs/protocol.md §5.4"},
	"photon.metrics":     {"Figures on the health of the device, such as its signal strength.", "docs/protocol.md §5.4"},
	"photon.ota":         {"A new firmware travels in chunks, each with a checksum; what got lost or damaged is asked for again.", "docs/protocol.md §5.8"},
	"photon.block":       {"A description that is too long for one message comes in blocks.", "RFC 7959"},
}
