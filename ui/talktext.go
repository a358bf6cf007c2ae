package ui

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/photonscope/photonscope/decode/coap"
)

// requestLine returns method and path, or the response code, as CoAP has them.
func requestLine(m *coap.Message) Safe {
	text := Safe(m.Code.String())
	if name := m.Code.Name(); name != "" && m.Code.IsRequest() {
		text = Safe(name)
	}
	if m.Code.IsRequest() {
		text += " "
	}
	query := Safe("?")
	for i := range m.Options {
		switch o := &m.Options[i]; o.Number {
		case coap.URIPath:
			text += "/" + clean(o.Value)
		case coap.URIQuery:
			text += query + clean(o.Value)
			query = "&"
		}
	}
	if m.Code == 0 {
		text = "empty"
	}
	return text + Safe(fmt.Sprintf("   %s 0x%04x", m.Type, m.ID))
}

// textLines returns text, JSON with its members below each other.
func textLines(b []byte, indent Safe) []line {
	var pretty bytes.Buffer
	if b[0] == '{' && json.Indent(&pretty, b, "", "  ") == nil {
		b = pretty.Bytes()
	}
	var lines []line
	for text := range bytes.Lines(b) {
		text = bytes.TrimRight(text, "\r\n")
		lines = append(lines, line{text: indent + clean(text), role: normal, hang: len(indent)})
	}
	return lines
}

// isText reports whether bytes are mostly to be read as text.
func isText(b []byte) bool {
	odd := 0
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			odd++
		}
	}
	return odd == 0
}
