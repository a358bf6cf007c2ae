package particle

import (
	"strconv"

	"github.com/photonscope/photonscope/decode/field"
)

// helloFlags are the bits of a hello's flags
// (particle-iot/device-os@v3.3.1:communication/src/messages.cpp).
var helloFlags = [...]string{"ota-succeeded", "diagnostics", "immediate-updates", "reserved", "goodbye", "self-describe", "compressed-ota", "ota-3"}

// platforms are the platforms that speak this protocol.
var platforms = map[uint64]string{0: "Core", 3: "virtual device", 6: "Photon", 8: "P1", 10: "Electron", 12: "Argon", 13: "Boron", 14: "Xenon"}

// hello cuts a device's hello: 6 bytes from Core firmware, 8 up to 2.3.1, 20
// since 3.0.0 (protocol.md section 5.2).
func (p *payload) hello() {
	if !p.uint(&defProductID, 2) || !p.uint(&defProductVer, 2) || !p.uint(&defHelloFlags, 2) {
		return
	}
	flags := p.m.Payload[5]
	for bit, name := range helloFlags {
		if flags>>bit&1 != 0 {
			p.compute(&defHelloFlag, field.WordOf(name))
		}
	}
	if !p.uint(&defPlatform, 2) {
		return
	}
	p.note(platforms[bigEndian(p.m.Payload[6:8])])
	if !p.uint(&defHelloReserved, 1) || !p.uint(&defHelloIDLen, 1) {
		return
	}
	if n := int(p.m.Payload[p.at-1]); n > 0 {
		if n > len(p.left()) {
			return
		}
		p.bytes(&defHelloID, n)
	}
	if len(p.left()) == 2 { // firmware between the two lengths
		p.uint(&defHelloMaxMsg, 2)
		return
	}
	_ = p.uint(&defHelloModule, 2) && p.uint(&defHelloMaxMsg, 2) && p.uint(&defHelloMaxBin, 4) && p.uint(&defHelloChunk, 2)
}

// goodbyeReasons are the parts of a goodbye's payload by the bits of its flags
// (particle-iot/device-os@v2.3.1:services/inc/system_defs.h).
var goodbyeReasons = [...]struct {
	def   *field.Def
	words map[uint64]string
}{
	{&defGoodbyeCloud, map[uint64]string{1: "error", 2: "user", 3: "network disconnect", 4: "listening mode", 5: "system reset", 6: "sleep", 7: "unknown"}},
	{&defGoodbyeReset, map[uint64]string{10: "unknown", 20: "pin", 30: "power management", 40: "power down", 50: "brownout", 60: "watchdog", 70: "update",
		80: "update error", 90: "update timeout", 100: "factory reset", 110: "safe mode", 120: "DFU", 130: "panic", 140: "user"}},
	{&defGoodbyeSleep, nil},
	{&defGoodbyeNetwork, map[uint64]string{1: "error", 2: "user", 3: "network off", 4: "listening mode", 5: "sleep", 6: "reset to recover from cloud errors", 7: "unknown"}},
}

// goodbye cuts the reasons of a disconnect.
func (p *payload) goodbye() {
	flags, ok := p.varint(&defGoodbyeFlags)
	for bit := 0; ok && bit < len(goodbyeReasons); bit++ {
		if flags>>bit&1 == 0 {
			continue
		}
		var v uint64
		reason := &goodbyeReasons[bit]
		if v, ok = p.varint(reason.def); ok {
			p.note(reason.words[v])
		}
	}
}

// varint cuts an unsigned integer in LEB128: seven bits a byte, the lowest first.
func (p *payload) varint(def *field.Def) (v uint64, ok bool) {
	for i, c := range p.left() {
		if i == 9 {
			break
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c&0x80 == 0 {
			p.take(def, i+1, field.UintOf(v))
			return v, true
		}
	}
	return 0, false
}

// appendPlatform appends a platform's number and name.
func appendPlatform(dst []byte, id uint64) []byte {
	dst = strconv.AppendUint(append(dst, "platform "...), id, 10)
	if name := platforms[id]; name != "" {
		dst = append(append(append(dst, " ("...), name...), ')')
	}
	return dst
}
