package ui

import (
	"fmt"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/explain"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/store"
)

const (
	blockLen = lightssl.BlockLen
	lenBytes = lightssl.FrameHeaderLen
)

// blockLink says which AES blocks of a frame a range of bytes lies in. CBC keeps
// lengths: block i of the ciphertext, which begins behind the two bytes of the
// length, is block i of the padded plaintext.
type blockLink struct {
	wire, plain int // the layers
	first, end  int // blocks, counted from 0; end is the one behind the last
	count       int // blocks of the frame
}

// linkBlocks returns the blocks around the bytes from start to end of a layer. ok
// is false if these are in no block, or the event is no frame that was opened.
func linkBlocks(layers []decode.Layer, layer, start, end int) (k blockLink, ok bool) {
	k.wire, k.plain = layerNamed(layers, decode.Wire), layerNamed(layers, decode.Plain)
	if k.wire < 0 || k.plain < 0 || layer >= len(layers) || end <= start {
		return k, false
	}
	n := len(layers[k.plain].Bytes)
	if n == 0 || n%blockLen != 0 || len(layers[k.wire].Bytes) != n+lenBytes {
		return k, false
	}
	behind := layerBase(layers, layer) - lenBytes
	start, end = max(start+behind, 0), min(end+behind, n)
	if end <= start {
		return k, false
	}
	k.first, k.end, k.count = start/blockLen, (end+blockLen-1)/blockLen, n/blockLen
	return k, true
}

// layerNamed returns the place of a layer, or -1.
func layerNamed(layers []decode.Layer, name string) int {
	for i := range layers {
		if layers[i].Name == name {
			return i
		}
	}
	return -1
}

// inWire returns where the blocks lie in the frame.
func (k *blockLink) inWire() byteRange {
	return byteRange{lenBytes + k.first*blockLen, lenBytes + k.end*blockLen}
}

// mixed returns where the block lies that the first one is XORed with after its
// decryption: nowhere in this frame, if that is the IV.
func (k *blockLink) mixed() byteRange {
	if k.first == 0 {
		return byteRange{}
	}
	return byteRange{lenBytes + (k.first-1)*blockLen, lenBytes + k.first*blockLen}
}

// inPlain returns where they lie in the padded message.
func (k *blockLink) inPlain() byteRange { return byteRange{k.first * blockLen, k.end * blockLen} }

// byteRange is a range of bytes: from is in it, to is not.
type byteRange struct{ from, to int }

func (s byteRange) has(at int) bool { return at >= s.from && at < s.to }

// String writes the first and the last byte as the offsets before the bytes.
func (s byteRange) String() string { return fmt.Sprintf("%04x-%04x", s.from, s.to-1) }

// text says how the plaintext of the blocks comes about.
func (k *blockLink) text() Safe {
	if k.end == k.first+1 {
		with := "the IV"
		if k.first > 0 {
			with = fmt.Sprintf("block %d", k.first-1)
		}
		return Safe(fmt.Sprintf("Block %d of %d, decrypted and XORed with %s, is plain %s.", k.first, k.count, with, k.inPlain()))
	}
	with := "the block before it, the first one with the IV"
	if k.first > 0 {
		with = "the block before it"
	}
	return Safe(fmt.Sprintf("Blocks %d to %d of %d, each decrypted and XORed with %s, are plain %s.", k.first, k.end-1, k.count, with, k.inPlain()))
}

// lengthText says what the first two bytes of a frame count, and why it is so many.
func lengthText(wire, plain []byte) Safe {
	n := len(plain)
	text := fmt.Sprintf("Length %02x %02x, high byte first: %d bytes of ciphertext follow, %d × %d.", wire[0], wire[1], n, n/blockLen, blockLen)
	if pad := int(plain[n-1]); pad > 0 && pad <= blockLen {
		text += fmt.Sprintf(" The message has %d, its padding %d.", n-pad, pad)
	}
	return Safe(text)
}

// ivText says where the IV of a frame comes from: the credentials or an earlier
// frame. It says so only if the bytes are equal; "" without the session's key.
func (m *model) ivText(seq store.Seq, e *decode.Event) Safe {
	credentials, padded := m.credentialsOf(seq), paddedOf(e)
	if credentials == nil || padded == nil {
		return ""
	}
	iv, ok := explain.FrameIV(e.Raw, padded, credentials)
	if !ok {
		return ""
	}
	if string(iv) == string(credentials.IV()) {
		return "The IV is that of the credentials: this is the first frame in its direction."
	}
	before, ok := m.frameBefore(seq)
	switch head := (byteRange{lenBytes, lenBytes + blockLen}); {
	case !ok:
		return "The IV is the first 16 bytes of ciphertext of the frame before in this direction."
	case len(before.Raw) >= head.to && string(before.Raw[head.from:head.to]) == string(iv):
		return Safe(fmt.Sprintf("The IV is wire %s of event %d, the frame before in this direction.", head, before.seq+1))
	}
	return "The frame before in this direction is missing, and with it the IV: the first block is not what was sent."
}

// paddedOf returns what decryption gave of a frame, nil if it is none or sealed.
func paddedOf(e *decode.Event) []byte {
	switch b := e.Body.(type) {
	case *decode.Message:
		return b.Padded
	case *decode.Malformed:
		return b.Padded
	}
	return nil
}

// placed is an event and its place.
type placed struct {
	decode.Event
	seq store.Seq
}

// frameBefore returns the frame that went before in the same direction of the
// same connection, or the gap where it would have been.
func (m *model) frameBefore(seq store.Seq) (placed, bool) {
	row, _ := m.store.Row(seq)
	first, _ := m.store.Bounds()
	for at := seq; at > first && seq-at < maxBack; at-- {
		r, held := m.store.Row(at - 1)
		if !held || r.Conn != row.Conn || r.From != row.From {
			continue
		}
		switch r.Type {
		case store.TypeMessage, store.TypeMalformed, store.TypeSealed, store.TypeGap:
			return placed{m.event(r.Seq), r.Seq}, true
		}
	}
	return placed{}, false
}
