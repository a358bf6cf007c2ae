package main

import (
	"bufio"
	"io"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
)

// output prints events to standard output as -T asks. When the reader of
// standard output goes away it falls silent, and whatever it printed for goes on.
type output struct {
	w       *bufio.Writer
	format  string
	fields  []string // -e, for the format fields
	tree    bool     // -v, for the format text
	printer decode.Printer
	summary decode.Summary
	show    *matching // nil: all events
	line    []byte
	values  []field.Value
	failed  error // of the first write that did not work
}

// formats are the values of -T.
var formats = []string{screenFormat, "text", "ndjson", "fields"}

func (a *app) newOutput(w io.Writer, o *outputFlags) *output {
	return &output{
		w: bufio.NewWriterSize(w, 64<<10), format: o.format, fields: o.fields, tree: o.tree,
		printer: decode.Printer{ShowSecrets: o.showSecrets, Colour: a.colours(o.color, w)},
		show:    a.newMatching(&o.show, o.quiet),
	}
}

// header prints what comes before the first event.
func (o *output) header(source string) {
	if o.format == "ndjson" {
		o.line = decode.AppendHeader(o.line[:0], version(), source)
		o.write()
	}
	o.flush()
}

// event implements sink.
func (o *output) event(e *decode.Event) {
	o.summary.Add(e)
	if o.show != nil {
		o.show.pass(e, o.print)
		return
	}
	o.print(e)
}

// print prints an event.
func (o *output) print(e *decode.Event) {
	switch o.format {
	case "ndjson":
		o.line = o.printer.AppendJSON(o.line[:0], e)
	case "fields":
		o.line = o.appendFields(o.line[:0], e)
	default:
		if o.tree {
			o.line = o.printer.AppendTree(o.line[:0], e)
		} else {
			o.line = o.printer.AppendLine(o.line[:0], e)
		}
	}
	o.write()
}

// appendFields appends the values of -e, separated by tabs; several values of
// one field by commas.
func (o *output) appendFields(dst []byte, e *decode.Event) []byte {
	for i, key := range o.fields {
		if i > 0 {
			dst = append(dst, '\t')
		}
		o.values = o.printer.Lookup(o.values[:0], e, key)
		for j, v := range o.values {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = v.AppendText(dst, o.printer.ShowSecrets)
		}
	}
	return append(dst, '\n')
}

// close prints what comes after the last event.
func (o *output) close(complete bool, reason string) {
	if o.show != nil {
		o.show.finish(o.print)
	}
	if o.format == "ndjson" {
		o.line = o.summary.AppendJSON(o.line[:0], complete, reason)
		o.write()
	}
	o.flush()
}

func (o *output) write() {
	if o.failed == nil {
		_, o.failed = o.w.Write(o.line)
	}
}

// flush implements sink.
func (o *output) flush() {
	if o.failed == nil {
		o.failed = o.w.Flush()
	}
}
