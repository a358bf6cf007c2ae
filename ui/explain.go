package ui

import (
	"encoding/binary"
	"fmt"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/store"
)

// topic is what is explained: a field of an event, and a byte of it.
type topic struct {
	seq    store.Seq
	event  decode.Event
	layers []decode.Layer
	layer  int
	field  *field.Field // nil: the event as a whole
	offset int          // of a byte of the layer, -1: none
}

// explainer writes an explanation, always in the same order: what the bytes are,
// what they mean, why they are there, how they came about, where that is written.
type explainer struct {
	topic
	wordWriter
	model   *model
	secrets bool
}

// newExplain opens the explanation of a topic.
func newExplain(a *app, t topic) *dialog {
	x := &explainer{topic: t, wordWriter: wordWriter{width: 10}, model: a.model, secrets: a.opt.ShowSecrets}
	x.write()
	return newDialog(a, x.title(), func(w int) []line { return wrapped(x.lines, w) })
}

func (x *explainer) title() Safe {
	if x.field == nil {
		return "explain: " + kindOf(&x.event)
	}
	return "explain: " + Safe(x.field.Label)
}

func (x *explainer) write() {
	if x.field != nil {
		x.bytes()
		x.meaning()
	}
	x.message()
	x.origin()
	x.sources()
}

// sayf adds a line with a word in front.
func (x *explainer) sayf(word Safe, format string, args ...any) {
	x.add(word, Safe(fmt.Sprintf(format, args...)))
}

// hideBytes reports whether the bytes are keys that are not to be shown.
func (x *explainer) hideBytes() bool {
	return !x.secrets && (x.layers[x.layer].Secret || x.field.Value.Type() == field.Secret)
}

// bytes says where the field lies and what its bytes are.
func (x *explainer) bytes() {
	f, l := x.field, &x.layers[x.layer]
	if f.End <= f.Start {
		x.add("bytes", "none of its own: computed from the rest of the session")
		return
	}
	x.sayf("bytes", "%d to %d of the %s layer, %d in all", f.Start, f.End-1, l.Name, f.End-f.Start)
	if x.hideBytes() {
		x.add("", field.Masked)
		return
	}
	b := l.Bytes[f.Start:f.End]
	shown := b[:min(len(b), 64)]
	more := Safe("")
	if len(shown) < len(b) {
		more = " …"
	}
	x.add("", Safe(fmt.Sprintf("% x", shown))+more)
	if at := x.offset; at >= f.Start && at < f.End {
		c := l.Bytes[at]
		x.sayf("byte", "0x%02x at %d: bits %04b %04b, unsigned %d, signed %d", c, at, c>>4, c&15, c, int8(c))
	}
	x.numbers(b)
}

// numbers reads short fields as numbers.
func (x *explainer) numbers(b []byte) {
	switch len(b) {
	case 2:
		x.sayf("number", "big endian %d, little endian %d", binary.BigEndian.Uint16(b), binary.LittleEndian.Uint16(b))
	case 4:
		x.sayf("number", "big endian %d, little endian %d", binary.BigEndian.Uint32(b), binary.LittleEndian.Uint32(b))
	}
}

// meaning says what the field is.
func (x *explainer) meaning() {
	f := x.field
	x.gap()
	x.add("field", fieldText(f, x.secrets))
	if f.Key != "" {
		x.sayf("name", "%s, in filters, in -e and in NDJSON", f.Key)
	}
	x.add("means", Safe(f.Help))
	x.add("why", lessonOf(f.Key).why)
}

// message says what the event is.
func (x *explainer) message() {
	x.gap()
	switch b := x.event.Body.(type) {
	case *decode.Message:
		x.sayf("message", "%s: %s", b.Meaning.Kind, b.Meaning.Kind.Means())
	case *decode.Sealed:
		x.add("sealed", Safe(b.Reason))
	case *decode.Malformed:
		x.sayf("fault", "%s, at offset %d of the %s layer", b.Reason, b.Offset, b.Layer)
	}
}

// origin says how the bytes came about, with the session's own values where they
// may be shown, and how to do it again without us.
func (x *explainer) origin() {
	x.gap()
	switch b := x.event.Body.(type) {
	case *decode.Nonce:
		x.add("made", "40 random bytes from the cloud. The device repeats them in its identity, so that nobody can play back an old one.")
	case *decode.Identity:
		x.identity(b)
	case *decode.Credentials:
		x.credentials(b)
	case *decode.Message:
		x.frame()
	}
}

func (x *explainer) identity(b *decode.Identity) {
	x.add("made", "The device takes the nonce (40 bytes), its ID (12) and its public key (162), pads them to 256 bytes (PKCS #1 v1.5, type 2: 00 02, random bytes, 00) and encrypts that with the server's public key: c = m^e mod n.")
	if b.Opened && b.HasNonce {
		x.sayf("check", "the nonce inside is the one that was sent: %v", b.NonceOK)
	}
	x.gap()
	x.add("again", "with the 256 bytes of the wire layer in identity.bin and the server's private key:")
	x.add("", "openssl pkeyutl -decrypt -inkey server.pem -in identity.bin | xxd")
}

func (x *explainer) credentials(b *decode.Credentials) {
	x.add("made", "The cloud draws an AES key (16 bytes), an IV (16) and a salt (8), encrypts these 40 with the device's public key (128 bytes), and signs with its own key (256 bytes) the HMAC-SHA1 of the 128 bytes, keyed with the 40.")
	x.sayf("check", "signature %s", b.Signature)
	x.gap()
	x.add("again", "with the first 128 bytes in sealed.bin, the last 256 in signature.bin:")
	x.add("", "openssl pkeyutl -decrypt -inkey device.pem -in sealed.bin | xxd")
	x.add("", "openssl pkeyutl -verifyrecover -pubin -inkey server.pub.pem -in signature.bin | xxd")
	x.add("", Safe("openssl dgst -sha1 -mac HMAC -macopt hexkey:"+string(x.secretHex(b.Credentials[:], "CREDENTIALS"))+" sealed.bin"))
	x.add("", "The last two print the same 20 bytes if the signature is right.")
}

// frame says how the plaintext was sealed.
func (x *explainer) frame() {
	block := x.block()
	x.add("sealed", "The message is padded to whole blocks of 16 bytes (PKCS #7) and encrypted with AES-128-CBC with the session's key. In front go two bytes with the length.")
	if block >= 0 {
		x.sayf("block", "%d of the frame: bytes %d to %d on the wire. Before AES each byte was combined (XOR) with the block before it, the first block with the IV.", block, 2+16*block, 2+16*block+15)
	}
	key, iv, from, ok := x.model.cipherAt(x.seq)
	if !ok {
		return
	}
	x.add("IV", from)
	x.gap()
	x.add("again", "the whole frame, without us:")
	x.add("", Safe(fmt.Sprintf("echo %x | xxd -r -p | openssl enc -d -aes-128-cbc -nopad -K %s -iv %s | xxd",
		x.event.Raw[lightssl.FrameHeaderLen:], x.secretHex(key, "KEY"), x.secretHex(iv, "IV"))))
}

// block returns the cipher block that the topic lies in, -1 if that is none.
func (x *explainer) block() int {
	at := x.offset
	if at < 0 && x.field != nil {
		at = x.field.Start
	}
	if x.field == nil || x.field.End <= x.field.Start {
		return -1
	}
	switch l := &x.layers[x.layer]; l.Name {
	case decode.Wire:
		if at < lightssl.FrameHeaderLen {
			return -1
		}
		return (at - lightssl.FrameHeaderLen) / lightssl.BlockLen
	case decode.Payload:
		at += payloadStart(x.layers)
	}
	return at / lightssl.BlockLen
}

// secretHex writes key material, or what stands for it.
func (x *explainer) secretHex(b []byte, stands Safe) Safe {
	if !x.secrets {
		return stands
	}
	return Safe(field.AppendHex(nil, b))
}

// sources says where all this is written.
func (x *explainer) sources() {
	x.gap()
	if x.field != nil {
		x.add("source", lessonOf(x.field.Key).source)
	}
	if m, ok := x.event.Body.(*decode.Message); ok {
		for _, k := range particle.Kinds() {
			if k.Kind == m.Meaning.Kind && k.Source != "" {
				x.add("source", Safe(k.Source))
			}
		}
	}
	if x.event.Body != nil && !x.secrets {
		if _, ok := x.event.Body.(*decode.Message); ok {
			x.gap()
			x.lines = append(x.lines, line{text: "KEY and IV stand for the session's secrets; --show-secrets puts them in.", role: quiet})
		}
	}
}
