package particle

import (
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// Meaning is what one message means, as far as its conversation tells more than
// its bytes. It is small, and owns nothing: fields are made from it and the
// message by [Meaning.AppendFields].
type Meaning struct {
	Kind        Kind
	From        stream.Direction
	Answers     Kind // the kind of the message that this one answers, NoKind if it answers none that was seen
	HasRTT      bool // RTT and RequestID hold: Answers is not NoKind
	Misnumbered bool // an acknowledgement under an ID that is not its request's (protocol.md section 8.2)
	Type        VarType
	RequestID   uint16        // message ID of the message that is answered
	MIDGap      int16         // this message ID minus the one that a server expects, 0 if it is that one or nothing is expected
	RTT         time.Duration // time from the request to this answer
	Name        []byte        // name of the function, variable or event that the request names; shared, not to be changed
	Update      Progress      // of the firmware transfer, for its kinds
}

// Progress is the state of a firmware transfer behind one of its messages.
type Progress struct {
	Known    bool // the message belongs to a transfer
	CRCOK    bool // a chunk's CRC-32 is right
	Repeated bool // a chunk that was there before
	Index    uint32
	Received uint32 // chunks that are there and right
	Total    uint32 // chunks of the whole image, 0 if not announced
}

// Percent returns how much of the image is there, from 0 to 100, or 0 if its
// size was not announced.
func (p Progress) Percent() float64 {
	if p.Total == 0 {
		return 0
	}
	return 100 * float64(min(p.Received, p.Total)) / float64(p.Total)
}

// VarType is the type of a variable as the description numbers it
// (particle-iot/device-os@v2.3.1:system/src/system_info.cpp).
type VarType uint8

// The types. The zero value is no type that is known.
const (
	UnknownType VarType = 0
	Bool        VarType = 1 // one byte, 00 or 01
	Int         VarType = 2 // four bytes, big endian, signed
	String      VarType = 4 // text without a terminator
	Double      VarType = 9 // IEEE 754, eight bytes, little endian
)

// String returns "bool", "int", "string", "double" or "unknown".
func (t VarType) String() string {
	switch t {
	case Bool:
		return "bool"
	case Int:
		return "int"
	case String:
		return "string"
	case Double:
		return "double"
	}
	return "unknown"
}

// Stack is which of two implementations a device runs (protocol.md section 0.3).
type Stack uint8

// The stacks.
const (
	UnknownStack  Stack = iota // nothing seen tells
	LegacyStack                // Spark Core; Photon and P1 up to 0.7.0
	LightSSLStack              // Photon and P1 since 0.8.0
)

// String returns "legacy", "LightSSL" or "unknown".
func (s Stack) String() string { return [...]string{"unknown", "legacy", "LightSSL"}[s%3] }
