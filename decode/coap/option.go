package coap

import (
	"strconv"
	"strings"
)

// The option numbers that Particle's protocol uses.
const (
	ETag       = 4
	URIPath    = 11
	MaxAge     = 14
	URIQuery   = 15
	Block2     = 23
	Block1     = 27
	NoResponse = 258
)

// MaxOptions is the number of options that [Message.Parse] reads. A message
// with more is not a Photon's; what follows is left alone and reported.
const MaxOptions = 256

// Format is the format of an option's value (RFC 7252 section 3.2).
type Format uint8

// The formats.
const (
	OpaqueFormat Format = iota // any bytes
	UintFormat                 // unsigned integer, big endian, without leading zeros; no bytes mean 0
	StringFormat               // UTF-8
	EmptyFormat                // no bytes
)

// String returns "opaque", "uint", "string" or "empty", the words of RFC 7252.
func (f Format) String() string { return [...]string{"opaque", "uint", "string", "empty"}[f&3] }

// OptionInfo describes an option number.
type OptionInfo struct {
	Number     uint16
	Name       string // as registered, such as "Uri-Path"
	Format     Format
	Repeatable bool   // may occur more than once in a message
	Source     string // who defines it; "" if nobody is known to
}

// Options are the options of the IANA registry "CoAP Option Numbers", and those
// that Particle's OTA protocol 3 took without registering them (Gen 3 devices,
// never a Photon; particle-iot/device-os@v3.3.1:communication/src/firmware_update.cpp),
// in order of their numbers. 2049 and 2053 are registered for OCF, and mean a
// chunk index and a window size when Particle uses them.
var Options = []OptionInfo{
	{1, "If-Match", OpaqueFormat, true, "RFC 7252"},
	{3, "Uri-Host", StringFormat, false, "RFC 7252"},
	{ETag, "ETag", OpaqueFormat, true, "RFC 7252"},
	{5, "If-None-Match", EmptyFormat, false, "RFC 7252"},
	{6, "Observe", UintFormat, false, "RFC 7641"},
	{7, "Uri-Port", UintFormat, false, "RFC 7252"},
	{8, "Location-Path", StringFormat, true, "RFC 7252"},
	{9, "OSCORE", OpaqueFormat, false, "RFC 8613"},
	{URIPath, "Uri-Path", StringFormat, true, "RFC 7252"},
	{12, "Content-Format", UintFormat, false, "RFC 7252"},
	{MaxAge, "Max-Age", UintFormat, false, "RFC 7252"},
	{URIQuery, "Uri-Query", StringFormat, true, "RFC 7252"},
	{16, "Hop-Limit", UintFormat, false, "RFC 8768"},
	{17, "Accept", UintFormat, false, "RFC 7252"},
	{19, "Q-Block1", UintFormat, false, "RFC 9177"},
	{20, "Location-Query", StringFormat, true, "RFC 7252"},
	{21, "EDHOC", EmptyFormat, false, "RFC 9668"},
	{Block2, "Block2", UintFormat, false, "RFC 7959"},
	{Block1, "Block1", UintFormat, false, "RFC 7959"},
	{28, "Size2", UintFormat, false, "RFC 7959"},
	{31, "Q-Block2", UintFormat, true, "RFC 9177"},
	{35, "Proxy-Uri", StringFormat, false, "RFC 7252"},
	{39, "Proxy-Scheme", StringFormat, false, "RFC 7252"},
	{60, "Size1", UintFormat, false, "RFC 7252"},
	{235, "Proxy-Cri", OpaqueFormat, false, "draft-ietf-core-href"},
	{239, "Proxy-Scheme-Number", UintFormat, false, "draft-ietf-core-href"},
	{252, "Echo", OpaqueFormat, false, "RFC 9175"},
	{NoResponse, "No-Response", UintFormat, false, "RFC 7967"},
	{292, "Request-Tag", OpaqueFormat, true, "RFC 9175"},
	{2049, "OCF-Accept-Content-Format-Version", UintFormat, false, "Open Connectivity Foundation; in Particle's OTA protocol 3 the chunk index"},
	{2053, "OCF-Content-Format-Version", UintFormat, false, "Open Connectivity Foundation; in Particle's OTA protocol 3 the window size"},
	{2055, "SCP82-Params", OpaqueFormat, false, "GlobalPlatform GPC_SPE_207"},
	{2056, "X-Admin-Protocol", StringFormat, false, "GSMA SGP.32"},
	{2057, "Particle-File-Size", UintFormat, false, "Particle's OTA protocol 3, not registered"},
	{2061, "Particle-File-SHA-256", OpaqueFormat, false, "Particle's OTA protocol 3, not registered"},
	{2065, "Particle-Chunk-Size", UintFormat, false, "Particle's OTA protocol 3, not registered"},
	{2069, "Particle-Discard-Data", EmptyFormat, false, "Particle's OTA protocol 3, not registered"},
	{2073, "Particle-Cancel-Update", EmptyFormat, false, "Particle's OTA protocol 3, not registered"},
}

// Lookup returns what is known of an option number. Of one that is not in
// [Options] nothing but its number is: it counts as opaque and repeatable.
func Lookup(number uint16) OptionInfo {
	if o := find(number); o != nil {
		return *o
	}
	return OptionInfo{Number: number, Name: "Option " + strconv.Itoa(int(number)), Repeatable: true}
}

func find(number uint16) *OptionInfo {
	for i := range Options {
		if Options[i].Number >= number {
			if Options[i].Number == number {
				return &Options[i]
			}
			break
		}
	}
	return nil
}

// Known reports whether the number is in [Options].
func (o OptionInfo) Known() bool { return o.Source != "" }

// Critical reports whether a receiver that does not know the option must refuse
// the message (RFC 7252 section 5.4.6: odd numbers).
func (o OptionInfo) Critical() bool { return o.Number&1 != 0 }

// Unsafe reports whether a proxy that does not know the option must not forward
// the message (RFC 7252 section 5.4.6).
func (o OptionInfo) Unsafe() bool { return o.Number&2 != 0 }

// NoCacheKey reports whether the option is not part of a cache's key
// (RFC 7252 section 5.4.6).
func (o OptionInfo) NoCacheKey() bool { return o.Number&0x1e == 0x1c }

// Key returns the option's name in NDJSON and filters: "coap.opt." and the name
// in lower case with underscores, such as "coap.opt.uri_path". For the options
// that occur with Photons (except No-Response) that is Wireshark's name too. An
// option that nobody is known to define is "coap.opt.unknown_" and its number.
func (o OptionInfo) Key() string {
	if !o.Known() {
		return "coap.opt.unknown_" + strconv.Itoa(int(o.Number))
	}
	return "coap.opt." + strings.ReplaceAll(strings.ToLower(o.Name), "-", "_")
}

// Describe returns a sentence on the option: number, format, what a receiver or
// proxy must do that does not know it, and where it is defined.
func (o OptionInfo) Describe() string {
	s := "option " + strconv.Itoa(int(o.Number)) + ", "
	if o.Known() {
		s += o.Format.String() + ", "
	}
	s += choose(o.Critical(), "critical", "elective") + ", " + choose(o.Unsafe(), "unsafe to forward", "safe to forward")
	if o.NoCacheKey() {
		s += ", not part of the cache key"
	}
	if !o.Known() {
		return s + "; not registered"
	}
	return s + " (" + o.Source + ")"
}

func choose(yes bool, then, otherwise string) string {
	if yes {
		return then
	}
	return otherwise
}
