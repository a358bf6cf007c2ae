package explain

import (
	"crypto/hmac"
	"crypto/sha1"
	"fmt"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
)

// origin says how the event's bytes came about, with the session's own values.
func (x *explanation) origin() {
	switch b := x.Event.Body.(type) {
	case *decode.Nonce:
		x.say("made", "The cloud draws 40 random bytes for this connection alone. Nothing is computed from them; they come back inside the identity.")
		x.say("here", hexOf(b.Nonce[:]))
	case *decode.Identity:
		x.identity(b)
	case *decode.Credentials:
		x.credentials(b)
	case *decode.Message:
		x.message(b)
	}
}

// identity shows the block that was encrypted.
func (x *explanation) identity(b *decode.Identity) {
	x.say("made", "The device puts the nonce, its ID and its public key together, pads them to the 256 bytes of the cloud's RSA key, and takes that as a number m: on the wire is m^65537 mod n, which only the holder of the private key can undo.")
	if !b.Opened {
		return
	}
	padding := lightssl.IdentityLen - 3 - len(b.Plain)
	x.sayf("here", "00 02 | %d random bytes | 00 | nonce %s | ID %s | %s", padding, short(b.Identity.Nonce[:]), b.Identity.Device, keyText(b))
	switch {
	case !b.HasNonce:
		x.say("check", "The nonce that the cloud sent was not seen, so it cannot be compared.")
	case b.NonceOK:
		x.say("check", "✓ the nonce inside is the one that the cloud sent")
	default:
		x.sayf("check", "✗ the nonce inside is not the one that the cloud sent: %s", short(b.Nonce[:]))
	}
}

func keyText(b *decode.Identity) string {
	if len(b.Identity.Key) == 0 {
		return "no public key"
	}
	return "public key " + short(b.Identity.Key)
}

// short writes the beginning and the end of bytes.
func short(b []byte) string {
	if len(b) <= 12 {
		return hexOf(b)
	}
	return hexOf(b[:4]) + "…" + hexOf(b[len(b)-4:])
}

// credentials shows what was encrypted and what was signed.
func (x *explanation) credentials(b *decode.Credentials) {
	x.say("made", "The cloud draws 40 random bytes: AES key (16), IV (16), salt (8). It encrypts them with the device's public RSA key (128 bytes) and signs that with its own (256 bytes).")
	if !b.Opened {
		return
	}
	c := &b.Credentials
	salt := "unknown"
	if c.HasSalt() {
		salt = x.secret(c.Salt())
	}
	x.sayf("here", "00 02 | 85 random bytes | 00 | key %s | IV %s | salt %s", x.secret(c.Key()), x.secret(c.IV()), salt)
	if len(x.Event.Raw) != lightssl.CredentialsRecordLen || !c.HasSalt() {
		return
	}
	mac := hmac.New(sha1.New, c[:])
	mac.Write(x.Event.Raw[:lightssl.SealedCredentialsLen])
	x.sayf("signed", "00 01 | 233 bytes ff | 00 | %x, which is HMAC-SHA1(key: the 40 bytes, message: the 128 encrypted ones)", mac.Sum(nil))
	x.sayf("check", "%s signature %s", mark(b.Signature), b.Signature)
	if x.ShowSecrets {
		legacy, light := c.FirstMessageIDs()
		s := c.Salt()
		x.sayf("counts", "The device's first message ID is %02x %02x plus one: %d read little endian (firmware since 0.8.0), %d big endian.", s[0], s[1], light, legacy)
	}
}

// mark is the sign for the outcome of the check of a signature.
func mark(outcome string) string {
	switch outcome {
	case lightssl.SignatureVerified.String():
		return "✓"
	case lightssl.SignatureFailed.String():
		return "✗"
	}
	return "·"
}

func (x *explanation) secret(b []byte) string {
	if x.ShowSecrets {
		return hexOf(b)
	}
	return field.Masked
}

// message says how a frame was sealed.
func (x *explanation) message(b *decode.Message) {
	if m := b.Meaning; m.Kind == particle.KindHello || m.Kind == particle.KindHelloReply {
		x.say("step", helloText(m.Kind))
	}
	n := len(b.Padded) - len(b.Plain)
	x.sayf("sealed", "%s of message and %d of padding make %s of 16, encrypted with AES-128-CBC under the session's key. In front go two bytes with the length: %d on the wire.",
		count(len(b.Plain), "byte"), n, count(len(b.Padded)/lightssl.BlockLen, "block"), len(x.Event.Raw))
	if x.Credentials == nil {
		return
	}
	iv, ok := FrameIV(x.Event.Raw, b.Padded, x.Credentials)
	if !ok {
		return
	}
	first := string(iv) == string(x.Credentials.IV())
	if first {
		x.sayf("IV", "%s, from the credentials: this is the first frame in its direction", x.secret(iv))
	} else {
		x.sayf("IV", "%s, the first 16 ciphertext bytes of the frame before in this direction", spaced(iv))
	}
	if i := x.block(); i >= 0 && (i+1)*lightssl.BlockLen <= len(b.Padded) {
		x.chain(b, i, iv, first && i == 0)
	}
}

func helloText(k particle.Kind) string {
	if k == particle.KindHello {
		return "The fourth step of the handshake: the device's first message under AES. That the cloud can read it proves that the device could read the credentials: only now is its ID more than a claim."
	}
	return "The fifth step of the handshake: the cloud's first message under AES. A device that waits for it in vain gives up after 2 s (firmware up to 0.7.0) or 4 s."
}

// block returns the block of the frame that the subject lies in, -1 if in none.
func (x *explanation) block() int {
	if x.Field == nil || x.Field.End <= x.Field.Start {
		return -1
	}
	at := x.Offset
	if at < x.Field.Start || at >= x.Field.End {
		at = x.Field.Start
	}
	switch x.Layers[x.Layer].Name {
	case decode.Wire:
		if at < lightssl.FrameHeaderLen {
			return -1
		}
		at -= lightssl.FrameHeaderLen
	case decode.Payload:
		at += payloadStart(x.Layers)
	}
	return at / lightssl.BlockLen
}

// payloadStart returns where the payload lies in the plain layer: it ends where
// the padding begins.
func payloadStart(layers []decode.Layer) int {
	for _, l := range layers {
		if l.Name == decode.Plain && len(l.Fields) > 0 {
			last := l.Fields[len(l.Fields)-1]
			return last.Start - len(layers[len(layers)-1].Bytes)
		}
	}
	return 0
}

// chain shows how one block was encrypted.
func (x *explanation) chain(b *decode.Message, i int, iv []byte, ivSecret bool) {
	const n = lightssl.BlockLen
	cipher := x.Event.Raw[lightssl.FrameHeaderLen:]
	plain := b.Padded[i*n : (i+1)*n]
	before, name := iv, "the IV"
	if i > 0 {
		before, name = cipher[(i-1)*n:i*n], "the block before"
	}
	x.sayf("block", "%d of this frame, bytes %d to %d on the wire", i, lightssl.FrameHeaderLen+i*n, lightssl.FrameHeaderLen+i*n+n-1)
	if ivSecret && !x.ShowSecrets {
		x.say("", fmt.Sprintf("%s  plain, XOR with the IV, through AES gives", spaced(plain)))
	} else {
		mixed := make([]byte, n)
		for k := range mixed {
			mixed[k] = plain[k] ^ before[k]
		}
		x.sayf("", "%s  plain", spaced(plain))
		x.sayf("", "%s  XOR %s", spaced(before), name)
		x.sayf("", "%s  is what goes into AES, and out comes", spaced(mixed))
	}
	x.sayf("", "%s  on the wire", spaced(cipher[i*n:(i+1)*n]))
}

// FrameIV returns the IV that a frame was sealed with: what its first block gives
// without chaining, XOR the plaintext. ok is false if the credentials are not the
// frame's.
func FrameIV(raw, padded []byte, c *lightssl.Credentials) (iv []byte, ok bool) {
	const n = lightssl.BlockLen
	if len(raw) < lightssl.FrameHeaderLen+n || len(padded) != len(raw)-lightssl.FrameHeaderLen {
		return nil, false
	}
	cipher := lightssl.NewCipher(*c)
	cipher.SetHead(make([]byte, n))
	opened, _ := cipher.Open(nil, raw[lightssl.FrameHeaderLen:][:n]) // one block has no padding of its own
	iv = make([]byte, n)
	for i := range iv {
		iv[i] = opened[:n][i] ^ padded[i]
	}
	cipher.SetHead(iv)
	sealed := append(make([]byte, lightssl.FrameHeaderLen), cipher.SealRaw(nil, padded)...)
	return iv, string(sealed[lightssl.FrameHeaderLen:]) == string(raw[lightssl.FrameHeaderLen:])
}
