package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
)

// output prints events to standard output as -T asks. When the reader of
// standard output goes away it falls silent, and whatever it printed for goes on.
type output struct {
	w       io.Writer
	format  string
	fields  []string // -e, for the format fields
	tree    bool     // -v, for the format text
	printer decode.Printer
	summary decode.Summary
	show    *matching // nil: all events
	waiting []byte    // lines that were not written yet
	values  []field.Value
	failed  error // of the first write that did not work
}

// formats are the values of -T.
var formats = []string{screenFormat, "text", "ndjson", "fields"}

func (a *app) newOutput(w io.Writer, o *outputFlags) *output {
	return &output{
		w: w, format: o.format, fields: o.fields, tree: o.tree,
		printer: decode.Printer{ShowSecrets: o.showSecrets, Colour: a.colours(o.color, w)},
		show:    a.newMatching(&o.show, o.quiet),
	}
}

// header prints what comes before the first event.
func (o *output) header(source string) {
	if o.format == "ndjson" {
		o.waiting = decode.AppendHeader(o.waiting, version(), source)
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

// holding implements passer.
func (o *output) holding() bool { return o.show.holding() }

// print prints an event.
func (o *output) print(e *decode.Event) {
	switch o.format {
	case "ndjson":
		o.waiting = o.printer.AppendJSON(o.waiting, e)
	case "fields":
		o.waiting = o.appendFields(o.waiting, e)
	default:
		if o.tree {
			o.waiting = o.printer.AppendTree(o.waiting, e)
		} else {
			o.waiting = o.printer.AppendLine(o.waiting, e)
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
		o.waiting = o.summary.AppendJSON(o.waiting, complete, reason)
		o.write()
	}
	o.flush()
}

// outputBuffer is how many bytes of lines are written at once.
const outputBuffer = 64 << 10

// write writes what waits if it is enough.
func (o *output) write() {
	if len(o.waiting) >= outputBuffer {
		o.flush()
	}
}

// flush implements sink.
func (o *output) flush() {
	if o.failed == nil && len(o.waiting) > 0 {
		_, o.failed = o.w.Write(o.waiting)
	}
	o.waiting = o.waiting[:0]
}

// reportWriter takes what a command says in pieces, and why it could not be said.
type reportWriter struct {
	to     io.Writer
	failed error // of the first piece that failed
}

// Write implements io.Writer.
func (t *reportWriter) Write(b []byte) (int, error) {
	n, err := t.to.Write(b)
	t.failed = cmp.Or(t.failed, err)
	return n, err
}

// printError returns what a command ends with that failed to print. A reader who
// has gone has what it wanted.
func printError(err error) error {
	if err == nil || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return &exitError{exitFailure, fmt.Errorf("standard output: %w", unwrapPath(err)), ""}
}

// unlessPrinted returns what a command ends with that came to a verdict, nil for a
// good one, and then failed to print all of it: the verdict decides on the exit code.
func (a *app) unlessPrinted(verdict, printing error) error {
	lost := printError(printing)
	if verdict == nil || lost == nil {
		return cmp.Or(verdict, lost)
	}
	a.say("photonscope: %v", lost)
	return verdict
}
