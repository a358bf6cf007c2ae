package particle

import (
	"encoding/binary"

	"github.com/photonscope/photonscope/decode/coap"
)

// The Compose functions build every message of the catalogue, as either end
// sends it: pure functions, the opposite of [Conversation]. An ID and a token
// are the caller's; where a token is a slice, nil means none. The bytes are those
// of genuine firmware and servers (particle-iot/device-os@v2.3.1:communication/src/messages.cpp,
// particle-iot/device-os@v0.4.9:communication/src/spark_protocol.cpp,
// particle-iot/spark-protocol@2c745e7:js/lib/Messages.js,
// Brewskey/spark-protocol@f664ab3:src/lib/MessageSpecifications.js). Nothing is
// shared with the arguments but the bytes of tokens and payloads.

// ComposeEmpty returns a message without content: with coap.Confirmable a ping,
// with coap.Acknowledgement what acknowledges one, with coap.ResetMessage a
// reset. A token, which RFC 7252 forbids here, is what spark-protocol adds: 00
// to every acknowledgement, a counted one to a ping.
func ComposeEmpty(t coap.Type, id uint16, token []byte) coap.Message {
	return coap.Message{Type: t, Code: coap.Empty, ID: id, Token: token}
}

// ComposeAckReply returns a response that is piggybacked on the acknowledgement
// of a request, under the ID of that.
func ComposeAckReply(code coap.Code, id uint16, token, payload []byte) coap.Message {
	return coap.Message{Type: coap.Acknowledgement, Code: code, ID: id, Token: token, Payload: payload}
}

// ComposeNonReply returns a response of its own that needs no acknowledgement,
// under the sender's next ID.
func ComposeNonReply(code coap.Code, id uint16, token, payload []byte) coap.Message {
	return coap.Message{Type: coap.NonConfirmable, Code: code, ID: id, Token: token, Payload: payload}
}

// ComposeConReply is ComposeNonReply for a response that asks for an
// acknowledgement, as descriptions since Device OS 2.0 do.
func ComposeConReply(code coap.Code, id uint16, token, payload []byte) coap.Message {
	return coap.Message{Type: coap.Confirmable, Code: code, ID: id, Token: token, Payload: payload}
}

// template is what the requests of one kind have in common; the resource is a
// letter.
type template struct {
	typ      coap.Type
	method   coap.Code
	resource byte
}

// compose returns a request.
func compose(t template, id uint16, token []byte) coap.Message {
	return coap.Message{Type: t.typ, Code: t.method, ID: id, Token: token, Options: []coap.Option{
		{Number: coap.URIPath, Value: []byte{t.resource}},
	}}
}

// withOption returns m with one more option.
func withOption(m coap.Message, number uint16, value []byte) coap.Message {
	m.Options = append(m.Options, coap.Option{Number: number, Value: value})
	return m
}

// HelloLen is the length of a Hello's payload in bytes, which tells the firmware
// generation.
type HelloLen int

// The lengths.
const (
	HelloCore   HelloLen = 6  // Spark Core before 0.4.0
	HelloPhoton HelloLen = 8  // 0.4.0 to 2.3.1
	HelloLong   HelloLen = 20 // 3.0.0 and later
)

// Bits of a Hello's flags.
const (
	HelloUpdated     = 0x01 // the last firmware update succeeded
	HelloDiagnostics = 0x02 // metrics can be asked for, since 0.8.0
	HelloImmediate   = 0x04 // immediate updates, since 1.2.0
	HelloGoodbye     = 0x10 // says Goodbye, since 2.0.0
	HelloDescribes   = 0x20 // posts its description unasked, since 2.0.0
)

// HelloBody is the content of a device's Hello. All numbers travel big endian.
type HelloBody struct {
	ProductID      uint16 // Photon 6, P1 8 by default
	ProductVersion uint16 // 65535: not set
	Flags          uint16 // HelloUpdated and so on
	PlatformID     uint16 // 0 Core, 6 Photon, 8 P1

	// Of a HelloLong only.
	SystemVersion uint16 // such as 3301
	MaxMessage    uint16 // bytes
	MaxBinary     uint32 // bytes
	ChunkSize     uint16 // bytes of an update's chunk
}

// Append appends the payload in one of its lengths (particle-iot/device-os@v3.3.1:
// communication/src/messages.cpp). The device ID that the long form has room for is
// left empty, as over TCP.
func (h HelloBody) Append(dst []byte, n HelloLen) []byte {
	be := binary.BigEndian
	dst = be.AppendUint16(dst, h.ProductID)
	dst = be.AppendUint16(dst, h.ProductVersion)
	dst = be.AppendUint16(dst, h.Flags)
	if n <= HelloCore {
		return dst
	}
	dst = be.AppendUint16(dst, h.PlatformID)
	if n <= HelloPhoton {
		return dst
	}
	dst = append(dst, 0, 0) // reserved, length of the device ID
	dst = be.AppendUint16(dst, h.SystemVersion)
	dst = be.AppendUint16(dst, h.MaxMessage)
	dst = be.AppendUint32(dst, h.MaxBinary)
	return be.AppendUint16(dst, h.ChunkSize)
}

// ComposeHello returns the device's Hello.
func ComposeHello(id uint16, h HelloBody, n HelloLen) coap.Message {
	m := compose(template{coap.NonConfirmable, coap.POST, 'h'}, id, nil)
	m.Payload = h.Append(nil, n)
	return m
}

// ComposeHelloReply returns the cloud's Hello; spark-protocol sends it with a
// token.
func ComposeHelloReply(id uint16, token []byte) coap.Message {
	return compose(template{coap.NonConfirmable, coap.POST, 'h'}, id, token)
}

// Bits of a Goodbye's flags: which of its fields it has.
const (
	GoodbyeCloud   = 0x01
	GoodbyeReset   = 0x02
	GoodbyeSleep   = 0x04
	GoodbyeNetwork = 0x08
)

// GoodbyeBody is the content of a Goodbye. Flags says which of the fields are
// sent.
type GoodbyeBody struct {
	Flags   uint32
	Cloud   uint32 // why the cloud is left: 2 user, 5 system reset, 6 sleep …
	Reset   uint32 // why the device resets: 70 update, 140 user …
	Sleep   uint32 // seconds
	Network uint32 // why the network is left
}

// ComposeGoodbye returns a Goodbye (Device OS 2.0 and later).
func ComposeGoodbye(id uint16, g GoodbyeBody) coap.Message {
	m := withOption(compose(template{coap.NonConfirmable, coap.POST, 'x'}, id, nil), coap.NoResponse, nil)
	m.Payload = binary.AppendUvarint(nil, uint64(g.Flags))
	for i, v := range [...]uint32{g.Cloud, g.Reset, g.Sleep, g.Network} {
		if g.Flags>>i&1 != 0 {
			m.Payload = binary.AppendUvarint(m.Payload, uint64(v))
		}
	}
	return m
}

// ComposeKeyChange returns the cloud's request for other keys, with the query
// that has the session discarded or without.
func ComposeKeyChange(id uint16, token []byte, discard bool) coap.Message {
	m := compose(template{coap.Confirmable, coap.PUT, 'k'}, id, token)
	if discard {
		m = withOption(m, coap.URIQuery, []byte{1})
	}
	return m
}

// ComposeSignal returns the cloud's request to start or stop the rainbow.
func ComposeSignal(id uint16, token []byte, on bool) coap.Message {
	v := []byte{0}
	if on {
		v[0] = 1
	}
	return withOption(compose(template{coap.Confirmable, coap.PUT, 's'}, id, token), coap.URIQuery, v)
}

// ComposeTimeRequest returns the device's question for the time.
func ComposeTimeRequest(id uint16, token byte) coap.Message {
	return compose(template{coap.Confirmable, coap.GET, 't'}, id, []byte{token})
}

// ComposeTimeReply returns the time in seconds since 1970. A device takes the
// bytes 6 to 9 of any 2.05 for the time, so the token must be one byte.
func ComposeTimeReply(id uint16, token []byte, seconds uint32) coap.Message {
	return ComposeAckReply(coap.Content, id, token, binary.BigEndian.AppendUint32(nil, seconds))
}
