package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
)

func newExportPayloadsCommand(a *app) *cobra.Command {
	x := new(export)
	x.app = a
	return x.register(&cobra.Command{
		Use:   "payloads [flags] FILE...|-",
		Short: "Write what events, functions and variables carried",
		Long: `Prints one JSON object a line for each event, function call, function result and
value of a variable: time, session, device, who sent it, what it is, its name,
and its bytes, in hex (payload) and, if they are text, as that (text).

With -o FOLDER each goes to a file of its own, DEVICE_ID-NUMBER-KIND.bin, and
the lines name the file instead. Files are the owner's alone, never overwritten,
and never named by what a device or a cloud says.`,
		Example: `  photonscope export payloads run.pcapng | jq 'select(.name == "temperature")'
  photonscope export payloads -k keys/ -o readings/ session.pcapng`,
	}, "`folder` for one file each; without, all is printed", func() collector { return &payloadCollector{x: x} })
}

// payloadCollector prints or writes payloads as they come.
type payloadCollector struct {
	x       *export
	number  int
	printer decode.Printer
	values  []field.Value
	buf     []byte
}

// payloadFields are the fields that hold name and bytes of what is exported.
var payloadFields = map[particle.Kind]struct{ name, data string }{
	particle.KindEvent:          {"photon.event.name", "coap.payload"},
	particle.KindFunctionCall:   {"photon.func.name", "photon.func.arg"},
	particle.KindFunctionResult: {"photon.func.name", "coap.payload"},
	particle.KindVariableReply:  {"photon.var.name", "coap.payload"},
}

// event implements collector.
func (c *payloadCollector) event(e *decode.Event) {
	m, ok := e.Body.(*decode.Message)
	if !ok {
		return
	}
	from, ok := payloadFields[m.Meaning.Kind]
	if !ok || c.x.failed != nil {
		return
	}
	c.number++
	name, _ := c.lookup(e, from.name)
	data, has := c.lookup(e, from.data)
	c.buf = appendPayloadHead(c.buf[:0], e, m.Meaning.Kind, name)
	switch {
	case has && c.x.folder != "":
		path, ok := c.x.file(fmt.Sprintf("%s-%06d-%s.bin", origin(e), c.number, m.Meaning.Kind), data)
		if !ok {
			return
		}
		c.buf = field.AppendJSONString(append(c.buf, `,"file":`...), path)
	case has:
		c.buf = append(hex.AppendEncode(append(c.buf, `,"payload":"`...), data), '"')
		if isText(data) {
			c.buf = field.AppendJSONString(append(c.buf, `,"text":`...), string(data))
		}
	}
	c.x.line(append(c.buf, '}'))
}

// isText reports whether bytes are meant for people, as far as one can tell.
func isText(b []byte) bool {
	control := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }
	return utf8.Valid(b) && bytes.IndexFunc(b, control) < 0
}

// lookup returns a field's bytes, and whether the event has it.
func (c *payloadCollector) lookup(e *decode.Event, key string) ([]byte, bool) {
	c.values = c.printer.Lookup(c.values[:0], e, key)
	if len(c.values) == 0 {
		return nil, false
	}
	return c.values[0].Data(), true
}

// appendPayloadHead begins a line with what is said of every payload, under the
// names that NDJSON has for it.
func appendPayloadHead(dst []byte, e *decode.Event, kind particle.Kind, name []byte) []byte {
	dst = append(dst, `{"time":"`...)
	dst = e.At.UTC().AppendFormat(dst, time.RFC3339Nano)
	dst = append(dst, `","photon.session":`...)
	dst = strconv.AppendUint(dst, uint64(e.Session), 10)
	if e.Known {
		dst = append(dst, `,"photon.device_id":"`+e.Device.String()+`"`...)
	}
	dst = append(dst, `,"photon.dir":"`+e.From.String()+`","photon.msg":"`+kind.String()+`","name":`...)
	return field.AppendJSONString(dst, string(name))
}

// done implements collector.
func (c *payloadCollector) done() {
	if c.number == 0 {
		c.x.nothing("event, function or variable")
	}
}
