package decode

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/stream"
)

// AppendLine appends the event as one line for people, newline included: time
// of day in UTC, session, device, direction, what it is, and what it says. What
// it says begins in column 47, so that most lines fit a narrow terminal.
func (p *Printer) AppendLine(dst []byte, e *Event) []byte {
	dst = e.At.UTC().AppendFormat(dst, "15:04:05.000 ")
	dst = appendPadded(dst, 3, strconv.AppendUint(nil, uint64(e.Session), 10))
	dst = appendPadded(dst, 6, p.appendDevice(nil, e))
	dst = p.appendTitle(dst, e)
	dst = appendAltered(appendRTT(p.appendSummary(dst, e), e), e)
	for dst[len(dst)-1] == ' ' {
		dst = dst[:len(dst)-1]
	}
	return append(dst, '\n')
}

// appendTitle appends who sent it and what it is, in colour if asked for. The
// colour ends with the words, so that none is at the end of a line.
func (p *Printer) appendTitle(dst []byte, e *Event) []byte {
	begin, end := "", ""
	if p.Colour {
		begin = colour(e)
	}
	if begin != "" {
		end = colourEnd
	}
	dst = appendPadded(append(dst, begin...), 2, []byte(legArrow(e)))
	words := title(e)
	dst = append(append(dst, words...), end...)
	return appendPadded(dst, 18-utf8.RuneCountInString(words), nil)
}

// AppendComment appends what a message means in one line, for a packet's
// comment in a recording: its kind, what it says, and its response time.
func (p *Printer) AppendComment(dst []byte, e *Event) []byte {
	dst = append(dst, title(e)...)
	start := len(append(dst, ": "...))
	if said := p.appendSummary(append(dst, ": "...), e); len(said) > start {
		dst = said
	}
	return appendAltered(appendRTT(dst, e), e)
}

// appendAltered marks what the other leg does not carry.
func appendAltered(dst []byte, e *Event) []byte {
	if !e.Altered {
		return dst
	}
	if dst[len(dst)-1] != ' ' {
		dst = append(dst, "  "...)
	}
	return append(dst, "altered"...)
}

func appendRTT(dst []byte, e *Event) []byte {
	m, ok := e.Body.(*Message)
	if !ok || !m.Meaning.HasRTT {
		return dst
	}
	if dst[len(dst)-1] != ' ' {
		dst = append(dst, "  "...)
	}
	dst = appendDuration(append(dst, '('), m.Meaning.RTT)
	return append(dst, ')')
}

// appendPadded appends text and spaces up to the width, at least one.
func appendPadded(dst []byte, width int, text []byte) []byte {
	dst = append(dst, text...)
	for n := utf8.RuneCount(text); n < width; n++ {
		dst = append(dst, ' ')
	}
	return append(dst, ' ')
}

// appendDevice appends the last six digits of the device ID, which differ
// between devices where the first ones do not.
func (p *Printer) appendDevice(dst []byte, e *Event) []byte {
	if !e.Known || p.Private {
		return append(dst, '-')
	}
	id := e.Device.String()
	return append(dst, id[len(id)-6:]...)
}

// legArrow shows who sent the bytes, with a "c" if they are those of the
// proxy's leg to the cloud.
func legArrow(e *Event) string {
	a := arrow(e.From)
	switch e.Body.(type) {
	case *Opened, *Finding: // nobody sends these
		a = "·"
	}
	if e.Conn.Leg == stream.CloudLeg {
		return a + "c"
	}
	return a
}

func title(e *Event) string {
	if m, ok := e.Body.(*Message); ok {
		return m.Meaning.Kind.String()
	}
	return e.Body.Name()
}

// AppendSummary appends what the event says, in one line without a newline, as
// AppendLine does in its last column.
func (p *Printer) AppendSummary(dst []byte, e *Event) []byte {
	p.told = sealing{} // it may stand alone: "as above" would mean nothing
	return p.appendSummary(dst, e)
}

// appendSummary appends what the event says, in one line without a newline, or
// that it says something.
func (p *Printer) appendSummary(dst []byte, e *Event) []byte {
	start := len(dst)
	dst = p.appendSaid(dst, e)
	if p.Private && len(dst) > start && !tellsNothing(e) {
		return append(dst[:start], Masked...)
	}
	return dst
}

func (p *Printer) appendSaid(dst []byte, e *Event) []byte {
	switch b := e.Body.(type) {
	case *Opened:
		return appendEnd(append(appendEnd(dst, e.Conn.Device), " → "...), e.Conn.Cloud)
	case *Nonce:
		return fmt.Appendf(dst, "%x…", b.Nonce[:8])
	case *Identity:
		return appendIdentity(dst, b)
	case *Credentials:
		if !b.Opened {
			return p.appendSealed(dst, sealing{e.Session, b.Reason})
		}
		return fmt.Appendf(dst, "opened by %s, signature %s", b.OpenedBy(), b.Signature)
	case *Message:
		p.msg.Parse(b.Plain) // was parsed once, so it parses
		return b.Meaning.AppendSummary(dst, &p.msg)
	case *Sealed:
		return p.appendSealed(fmt.Appendf(dst, "%d bytes; ", len(e.Raw)), sealing{e.Session, b.Reason})
	case *Malformed:
		return fmt.Appendf(dst, "%d bytes; %s (%s offset %d)", len(e.Raw), b.Reason, b.Layer, b.Offset)
	case *Gap:
		if b.Len == 0 {
			return append(dst, "bytes are missing, how many is unknown"...)
		}
		return fmt.Appendf(dst, "%d bytes are missing", b.Len)
	case *Closed:
		return appendClosed(dst, e, b)
	case *Finding:
		return appendFinding(dst, b)
	}
	return dst
}

// appendEnd appends an end's address, which a source may not know.
func appendEnd(dst []byte, a netip.AddrPort) []byte {
	if !a.IsValid() {
		return append(dst, "unknown"...)
	}
	return a.AppendTo(dst)
}

// sealing is why bytes of a session stay sealed.
type sealing struct {
	session uint32
	reason  string
}

// appendSealed appends the reason once, and of the lines after it with the same
// one no more than that: a closed session has thousands.
func (p *Printer) appendSealed(dst []byte, why sealing) []byte {
	if p.told == why {
		return append(dst, "sealed as above"...)
	}
	p.told = why
	return append(dst, why.reason...)
}

// OpenedBy says in words what opened the credentials. What the key log holds a
// proxy knows of itself, so no log is spoken of.
func (b *Credentials) OpenedBy() string {
	switch b.Source {
	case "key log":
		return "known session keys"
	case otherLeg:
		return "the credentials of the other leg"
	}
	return "the " + b.Source
}

func appendIdentity(dst []byte, b *Identity) []byte {
	if !b.Opened {
		return append(dst, b.Reason...)
	}
	dst = append(dst, b.Identity.Device.String()...)
	switch {
	case len(b.Identity.Key) == 0:
		dst = append(dst, ", announces no key"...)
	default:
		dst = append(dst, ", announces its key"...)
		if _, err := b.Identity.PublicKey(); err != nil {
			dst = append(dst, ", which is no valid one"...)
		}
	}
	if b.HasNonce && !b.NonceOK {
		dst = append(dst, "; its nonce is not the one the cloud sent"...)
	}
	return dst
}

func appendClosed(dst []byte, e *Event, b *Closed) []byte {
	switch b.How {
	case stream.Fin:
		return append(dst, "the "+e.From.String()+" closed (fin)"...)
	case stream.Reset:
		return append(dst, "the "+e.From.String()+" reset the connection (rst)"...)
	}
	return append(dst, "still open from the "+e.From.String()+" when the recording ended (cut)"...)
}

// appendDuration appends a response time with three digits of precision.
func appendDuration(dst []byte, d time.Duration) []byte {
	switch {
	case d < time.Millisecond:
		return fmt.Appendf(dst, "%d µs", d.Microseconds())
	case d < time.Second:
		return fmt.Appendf(dst, "%.1f ms", float64(d.Microseconds())/1e3)
	}
	return fmt.Appendf(dst, "%.2f s", d.Seconds())
}

// AppendTree appends the event's line and below it every layer's field tree
// with offsets, and the layer's bytes in hex.
func (p *Printer) AppendTree(dst []byte, e *Event) []byte {
	dst = p.AppendLine(dst, e)
	layers := Dissect(e)
	notes := noteFields(e.Note)
	if p.Private {
		layers, notes = Mask(layers), maskFields(notes)
	}
	if len(layers) == 0 {
		dst = p.appendFields(dst, notes, "      ")
	}
	for _, layer := range layers {
		dst = fmt.Appendf(dst, "    %s, %d bytes\n", layer.Name, len(layer.Bytes))
		dst = p.appendFields(dst, layer.Fields, "      ")
		if layer.Secret && !p.ShowSecrets || p.Private {
			continue
		}
		dst = appendHexDump(dst, layer.Bytes, "        ")
	}
	return dst
}

func (p *Printer) appendFields(dst []byte, fields []field.Field, indent string) []byte {
	for i := range fields {
		f := &fields[i]
		dst = append(dst, indent...)
		dst = append(dst, f.Label...)
		dst = p.appendValue(dst, f)
		if f.End > f.Start {
			dst = fmt.Appendf(dst, "  [%d:%d]", f.Start, f.End)
		}
		dst = append(dst, '\n')
		dst = p.appendFields(dst, f.Fields, indent+"  ")
	}
	return dst
}

func (p *Printer) appendValue(dst []byte, f *field.Field) []byte {
	if f.Value.Type() != field.None {
		dst = append(dst, ": "...)
		dst = shorten(f.Value.AppendText(dst, p.ShowSecrets), len(dst), f)
	}
	if f.Note != "" {
		dst = append(dst, " ("...)
		dst = append(dst, f.Note...)
		dst = append(dst, ')')
	}
	return dst
}

// maxTreeHex is how many hex digits of a field the tree shows; the dump below
// it has all bytes.
const maxTreeHex = 64

// shorten cuts long hex that begins at start.
func shorten(dst []byte, start int, f *field.Field) []byte {
	if f.Value.Type() == field.Bytes && len(dst)-start > maxTreeHex {
		return append(dst[:start+maxTreeHex], "…"...)
	}
	return dst
}

// appendHexDump appends 16 bytes a line with their offset and as ASCII.
func appendHexDump(dst []byte, b []byte, indent string) []byte {
	for at := 0; at < len(b); at += 16 {
		row := b[at:min(at+16, len(b))]
		dst = fmt.Appendf(dst, "%s%04x  % -48x  ", indent, at, row)
		for _, c := range row {
			if c < ' ' || c > '~' {
				c = '.'
			}
			dst = append(dst, c)
		}
		dst = append(dst, '\n')
	}
	return dst
}

func appendFinding(dst []byte, b *Finding) []byte {
	dst = append(dst, b.ID...)
	if b.Confidence != "" {
		dst = append(append(dst, ' '), b.Confidence...)
	}
	return append(append(dst, ": "...), b.Title...)
}
