package explain

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/lightssl"
)

// worked computes the field from its own bytes, step by step, or is empty if there
// is nothing to compute.
func (x *explanation) worked() string {
	f := x.Field
	b := x.Layers[x.Layer].Bytes[f.Start:f.End]
	if len(b) == 0 {
		return ""
	}
	if w, ok := byName[nameOf(f.Def)]; ok {
		if len(b) > w.most {
			return ""
		}
		return w.compute(x, b)
	}
	if f.Value.Type() == field.Uint && len(b) > 1 && len(b) <= 8 && bigEndian(b) == f.Value.Uint() {
		return sum(b)
	}
	return ""
}

func nameOf(d *field.Def) string {
	if d.Key == "" {
		return d.Label
	}
	return d.Key
}

// byName has the arithmetic of fields that are more than a number, and how many
// bytes they have at most: others are damaged, or of another protocol.
var byName = map[string]struct {
	most    int
	compute func(x *explanation, b []byte) string
}{
	"coap.type":                     {1, firstByte},
	"coap.code":                     {1, code},
	"Option header":                 {5, optionHeader},
	"coap.opt.block1":               {3, blockOption},
	"coap.opt.block2":               {3, blockOption},
	"frame.len":                     {2, frameLength},
	"frame.padding":                 {lightssl.BlockLen, padding},
	"photon.ota.crc":                {4, checksum},
	"photon.time.value":             {4, clock},
	"photon.func.result":            {4, signed},
	"photon.hello.flags":            {2, flags},
	"photon.event.public":           {1, letter},
	"photon.identity.key":           {lightssl.DeviceKeyLen, announcedKey},
	"photon.describe.flags":         {1, flags},
	"photon.goodbye.flags":          {9, varint},
	"photon.goodbye.cloud_reason":   {9, varint},
	"photon.goodbye.reset_reason":   {9, varint},
	"photon.goodbye.sleep_seconds":  {9, varint},
	"photon.goodbye.network_reason": {9, varint},
}

func bigEndian(b []byte) uint64 {
	var buf [8]byte
	copy(buf[8-len(b):], b)
	return binary.BigEndian.Uint64(buf[:])
}

// sum writes a big endian number as the sum that it is.
func sum(b []byte) string {
	if len(b) == 2 {
		return fmt.Sprintf("%02x %02x = %d × 256 + %d = %d", b[0], b[1], b[0], b[1], bigEndian(b))
	}
	return fmt.Sprintf("%s = 0x%x = %d", spaced(b), bigEndian(b), bigEndian(b))
}

func firstByte(_ *explanation, b []byte) string {
	c := b[0]
	return fmt.Sprintf("%02x = %02b %02b %04b: version %d, type %d (%s), token of %s", c, c>>6, c>>4&3, c&15, c>>6, c>>4&3, coap.Type(c>>4&3), count(int(c&15), "byte"))
}

func code(_ *explanation, b []byte) string {
	c := b[0]
	return fmt.Sprintf("%02x = %03b %05b: class %d, detail %d, so %d.%02d %s", c, c>>5, c&31, c>>5, c&31, c>>5, c&31, coap.Code(c).Name())
}

// optionHeader adds the delta to the number of the option before.
func optionHeader(x *explanation, b []byte) string {
	var m coap.Message
	m.Parse(x.Layers[x.Layer].Bytes) // what follows the options does not matter
	before := uint16(0)
	for _, o := range m.Options {
		if o.Start == x.Field.Start {
			return fmt.Sprintf("%s: upper half %d, lower half %d. %d + %d = option %d, %s; value of %s",
				spaced(b), b[0]>>4, b[0]&15, before, o.Number-before, o.Number, coap.Lookup(o.Number).Name, count(len(o.Value), "byte"))
		}
		before = o.Number
	}
	return ""
}

func blockOption(_ *explanation, b []byte) string {
	n := bigEndian(b)
	return fmt.Sprintf("0x%x: number %d, more to follow %d, size exponent %d: blocks of %d bytes", n, n>>4, n>>3&1, n&7, 16<<(n&7))
}

func frameLength(_ *explanation, b []byte) string {
	n := int(bigEndian(b))
	return fmt.Sprintf("%s: %s of %d", sum(b), count(n/lightssl.BlockLen, "block"), lightssl.BlockLen)
}

func padding(x *explanation, b []byte) string {
	n := x.Field.Start
	want := lightssl.BlockLen - n%lightssl.BlockLen
	verdict := "as it is"
	if len(b) != want || strings.Count(string(b), string(rune(want))) != want {
		verdict = "which is not what stands here"
	}
	return fmt.Sprintf("The message has %s: 16 - (%d modulo 16) = %d, so %d times %02x, %s", count(n, "byte"), n, want, want, want, verdict)
}

func checksum(x *explanation, b []byte) string {
	m, ok := x.Event.Body.(*decode.Message)
	if !ok || len(b) != 4 {
		return ""
	}
	var c coap.Message
	c.Parse(m.Plain)
	got := crc32.ChecksumIEEE(c.Payload)
	verdict := "the same: right"
	if uint64(got) != bigEndian(b) {
		verdict = fmt.Sprintf("but %08x stands here: wrong", bigEndian(b))
	}
	return fmt.Sprintf("CRC-32 of the %s of data is %08x, %s", count(len(c.Payload), "byte"), got, verdict)
}

func clock(_ *explanation, b []byte) string {
	return fmt.Sprintf("%s = %d s after 1970: %s", spaced(b), bigEndian(b), time.Unix(int64(bigEndian(b)), 0).UTC().Format("2006-01-02 15:04:05 UTC"))
}

func signed(_ *explanation, b []byte) string {
	if len(b) != 4 {
		return ""
	}
	n := binary.BigEndian.Uint32(b)
	if n>>31 == 0 {
		return sum(b)
	}
	return fmt.Sprintf("%s = %d; the top bit is set, so minus 2^32: %d", spaced(b), n, int32(n))
}

func flags(_ *explanation, b []byte) string {
	var set []string
	n := bigEndian(b)
	for bit := 15; bit >= 0; bit-- {
		if n>>bit&1 != 0 {
			set = append(set, fmt.Sprintf("0x%02x", uint64(1)<<bit))
		}
	}
	if len(set) == 0 {
		return "no bit is set"
	}
	return fmt.Sprintf("%s = %s", spaced(b), strings.Join(set, " + "))
}

func letter(_ *explanation, b []byte) string {
	return fmt.Sprintf("%02x is the letter %s; e is 65, E is 45", b[0], field.AppendPrintable(nil, b[:1]))
}

func announcedKey(_ *explanation, b []byte) string {
	if len(b) != lightssl.DeviceKeyLen {
		return ""
	}
	return fmt.Sprintf("29 + 128 + 5 bytes; the modulus begins with %02x and has %d bits", b[29], 1024-leadingZeros(b[29:157]))
}

func leadingZeros(b []byte) (n int) {
	for _, c := range b {
		for bit := 7; bit >= 0; bit-- {
			if c>>bit&1 != 0 {
				return n
			}
			n++
		}
	}
	return n
}

func varint(_ *explanation, b []byte) string {
	n, parts := uint64(0), make([]string, len(b))
	for i, c := range b {
		n |= uint64(c&0x7f) << (7 * i)
		parts[i] = fmt.Sprintf("%d × 2^%d", c&0x7f, 7*i)
	}
	return fmt.Sprintf("%s = %s = %d", spaced(b), strings.Join(parts, " + "), n)
}
