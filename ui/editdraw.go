package ui

import (
	"fmt"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
)

const labelWidth = 10 // of a row

// draw implements overlay.
func (v *editView) draw(c canvas, size class) {
	h, held := v.now()
	title := "edit, from " + Safe(h.From.String()) + ", " + leftOf(h, v.app.now())
	if !held {
		title = "edit: no longer held"
	}
	in := window(c, size).frame(title)
	v.drawLevels(in.row(0))
	below := v.below(in.w, h, held)
	need := 0 // lines of before and after
	if in.h >= 10 {
		need = min(2*byteLines(in.w, max(len(v.held.Message), len(v.after))), in.h/2-2)
		need = max(need, 2)
	}
	rows := min(len(v.rows), max(1, in.h-1-need-len(below)))
	v.drawRows(in.sub(0, 1, in.w, rows))
	if need > 0 {
		v.drawBytes(in.sub(0, 1+rows, in.w, need))
	}
	for i, l := range below {
		if y := 1 + rows + need + i; y < in.h {
			in.text(0, y, l.text, l.role)
		}
	}
}

// drawLevels shows which level it is, and which there are.
func (v *editView) drawLevels(c canvas) {
	x := 0
	for i, name := range levelNames {
		if editLevel(i) == v.level {
			x = c.text(x, 0, "["+name+"] ", strong)
		} else {
			x = c.text(x, 0, " "+name+"  ", quiet)
		}
	}
	c.right(c.w, 0, "Ctrl-T changes", quiet)
}

// drawRows shows the lines of input, the one with the cursor among them.
func (v *editView) drawRows(c canvas) {
	first := min(max(0, v.at-c.h+1), len(v.rows)-c.h)
	for i := range c.h {
		n := first + i
		r, row := &v.rows[n], c.row(i)
		label, style := clean(r.name), normal
		switch {
		case r.name == "" && v.level == asFields:
			label, style = "add", quiet
		case r.name == "":
			label = levelNames[v.level]
		}
		if n == v.wrong {
			style = bad
		}
		row.text(0, 0, label, style)
		input := row.sub(labelWidth, 0, row.w-labelWidth, 1)
		if was := r.wasText(); was != "" && row.w >= 60 && v.level == asFields {
			room := max(width(was)+2, input.w/3)
			input.sub(input.w-min(room, input.w/2)+2, 0, min(room, input.w/2)-2, 1).text(0, 0, was, altered)
			input = input.sub(0, 0, input.w-min(room, input.w/2), 1)
		}
		text := clean(r.line.String())
		switch {
		case n == v.at:
			if n != v.wrong {
				v.wrongFrom, v.wrongTo = 0, 0
			}
			r.line.draw(input, "", v.wrongFrom, v.wrongTo)
		case r.name == "" && text == "" && v.level == asFields:
			input.text(0, 0, "a further part, such as query=x or token=55", quiet)
		default:
			input.text(0, 0, text, normal)
		}
	}
}

// wasText says what stood in a row that was changed.
func (r *editRow) wasText() Safe {
	switch text := r.line.String(); {
	case r.name == "" || !r.lacks && text == r.was:
		return ""
	case r.lacks:
		return "new"
	default:
		return "was " + clean(r.was)
	}
}

// byteLines is how many lines so many bytes take.
func byteLines(w, n int) int {
	per := max(1, (w-labelWidth)/3)
	return max(1, (n+per-1)/per)
}

// drawBytes shows the message before and after, what differs marked.
func (v *editView) drawBytes(c canvas) {
	before, after := v.held.Message, v.after
	if after == nil {
		after = v.base
	}
	same := 0
	for same < min(len(before), len(after)) && before[same] == after[same] {
		same++
	}
	end := 0
	for end < min(len(before), len(after))-same && before[len(before)-1-end] == after[len(after)-1-end] {
		end++
	}
	half := c.h / 2
	drawMarked(c.sub(0, 0, c.w, half), "before", before, byteRange{same, len(before) - end})
	drawMarked(c.sub(0, half, c.w, half), "after", after, byteRange{same, len(after) - end})
}

// drawMarked shows bytes, those that differ marked; of more than fit, the
// lines around these.
func drawMarked(c canvas, label Safe, b []byte, differs byteRange) {
	per := max(1, (c.w-labelWidth)/3)
	first := 0
	if last := (len(b) - 1) / per; last >= c.h {
		first = min(differs.from/per, last-c.h+1)
	}
	c.text(0, 0, label, normal)
	for y := range c.h {
		for i := range per {
			at := (first+y)*per + i
			if at >= len(b) {
				return
			}
			style := normal
			if differs.has(at) {
				style = altered
			}
			c.text(labelWidth+3*i, y, Safe(fmt.Sprintf("%02x", b[at])), style)
		}
	}
}

// below is what stands under the bytes: whether it can be sent, and what is mended on
// the way.
func (v *editView) below(w int, h Held, held bool) []line {
	var lines []line
	switch {
	case held && h.Alive:
		lines = append(lines, line{text: keptAlive, role: quiet})
	case held && !h.Fuse.IsZero():
		lines = append(lines, line{text: fuseText(h, v.app.now()), role: quiet})
	}
	switch {
	case !held:
		lines = append(lines, line{text: "It was sent or dropped meanwhile. Esc closes this window.", role: bad})
	case v.after == nil:
		lines = append(lines, line{text: "✗ " + v.fault, role: bad, hang: 2})
	default:
		lines = append(lines, line{text: "✓ " + v.verdict(), role: good, hang: 2})
	}
	if held && v.after != nil && w >= 60 {
		lines = append(lines, line{text: "Length, padding and the CRC of a chunk are made for it, its ID is that which the receiver expects, and this direction is sealed anew from here on. The recording keeps both versions.", role: quiet})
	}
	return wrapped(lines, w)
}

// verdict says what the edited message is.
func (v *editView) verdict() Safe {
	size := func(b []byte) int { return lightssl.FrameHeaderLen + (len(b)/lightssl.BlockLen+1)*lightssl.BlockLen }
	text := fmt.Sprintf("%d bytes in a frame of %d, were %d in %d", len(v.after), size(v.after), len(v.held.Message), size(v.held.Message))
	var m coap.Message
	if err := m.Parse(v.after); err != nil {
		return clean("not CoAP, but it can be sent: " + text)
	}
	return requestLine(&m) + clean(", "+text)
}
