package ui

import "fmt"

// twin is the other side of the encryption, below the bytes: the ciphertext of
// what is selected in the plaintext, or the plaintext of selected ciphertext.
type twin struct {
	hex   *hexPane
	shown bool
	title Safe
	text  []Safe // how the one becomes the other
}

// link shows the AES blocks that the selected bytes of a layer lie in, and
// what becomes of them on the other side of the encryption. Without a selection
// that is the block under the cursor.
func (m *messages) link(layer int, s byteRange) {
	if s.to == s.from {
		s = byteRange{m.hex.cursor, m.hex.cursor + 1}
	}
	layers := m.tree.layers
	k, ok := linkBlocks(layers, layer, s.from, s.to)
	m.twin.shown, m.hex.mixed = ok, byteRange{}
	if !ok {
		m.linkLength(layer, s)
		return
	}
	other, lit, mixed := k.wire, k.inWire(), k.mixed()
	if layer == k.wire {
		other, lit, mixed = k.plain, k.inPlain(), byteRange{}
		m.hex.mixed = k.mixed()
	}
	m.twin.hex.show(layers[other].Bytes, lettersOf(layers[other].Fields))
	m.twin.hex.mark(lit.from, lit.to)
	m.twin.hex.mixed = mixed
	m.twin.title = Safe(fmt.Sprintf("%s %d bytes", layers[other].Name, len(layers[other].Bytes)))
	m.twin.text = []Safe{k.text()}
	if e := m.rows.event(m.shown); k.first == 0 {
		m.twin.text = append(m.twin.text, m.rows.ivText(m.shown, &e))
	}
}

// linkLength tells how the length before the ciphertext comes about, beside the
// plaintext that it follows from, if bytes of it are selected.
func (m *messages) linkLength(layer int, s byteRange) {
	layers := m.tree.layers
	k, ok := linkBlocks(layers, layer, lenBytes, lenBytes+1)
	if !ok || layer != k.wire || s.from >= lenBytes {
		return
	}
	plain := layers[k.plain]
	m.twin.shown = true
	m.twin.hex.show(plain.Bytes, lettersOf(plain.Fields))
	m.twin.hex.mark(0, len(plain.Bytes))
	m.twin.hex.mixed = byteRange{}
	m.twin.title = Safe(fmt.Sprintf("%s %d bytes", plain.Name, len(plain.Bytes)))
	m.twin.text = []Safe{lengthText(layers[k.wire].Bytes, plain.Bytes)}
}

// Bytes and their other side need a height of minTwin together; where the bytes
// do not fit above it and have less than roomyTwin, only its text stands there, as
// long as it leaves those of a block.
const (
	minTwin   = 9
	roomyTwin = 20
)

// drawBytes draws the bytes and, where there is room, their other side below.
func (m *messages) drawBytes(c canvas) {
	m.twin.hex.hidden = m.hex.hidden
	if !m.twin.shown || m.hex.hidden != "" || c.h < minTwin {
		c.put(m.hex)
		return
	}
	var text []Safe
	for _, t := range m.twin.text {
		text = append(text, wrap(t, c.w, 0)...)
	}
	room := c.h - 1 - len(text)
	if room < 2*min(m.hex.rowsAt(c.w), blockLen/bytesPerRow(c.w)) {
		c.put(m.hex)
		return
	}
	upper := min(2*m.hex.rowsAt(c.w)+1, max(room-2*m.twin.hex.rowsAt(c.w), room/2))
	if upper < 2*m.hex.rowsAt(c.w) && c.h < roomyTwin {
		upper = room
	}
	c.sub(0, 0, c.w, upper).put(m.hex)
	c.rule(upper, m.twin.title, false)
	for i, t := range text {
		c.text(0, upper+1+i, t, normal)
	}
	c.sub(0, upper+1+len(text), c.w, room-upper).put(m.twin.hex)
}

// rowsAt returns how many rows the bytes take in a width.
func (h *hexPane) rowsAt(w int) int {
	n := bytesPerRow(w)
	return (len(h.data) + n - 1) / n
}
