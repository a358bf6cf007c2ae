package ui

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store"
)

// exportMenu asks what to write to a file.
func (a *app) exportMenu() {
	if a.opt.Actions.Save == nil {
		a.say(warning, "Files cannot be written here.")
		return
	}
	n := plural(a.model.view.Len(), "event")
	a.open(&menu{app: a, title: "export to a file", items: []menuItem{
		{'t', n + " as text", func() { a.export("events.txt", writeText) }},
		{'n', n + " as NDJSON", func() { a.export("events.ndjson", writeNDJSON) }},
		{'m', n + " as a Mermaid ladder", func() { a.export("ladder.mmd", writeMermaid) }},
		{'s', "this screen as text", func() { a.exportScreen() }},
	}})
}

// export writes the events that are shown, beside the loop: they may be many.
func (a *app) export(name string, write func(io.Writer, *exported) error) {
	x := &exported{store: a.model.store}
	for i := range a.model.view.Len() {
		x.list = append(x.list, a.model.view.At(i))
	}
	a.say(quiet, "Writing "+plural(len(x.list), "event")+" …")
	a.save(name, func(w io.Writer) error {
		buffered := bufio.NewWriter(w)
		if err := write(buffered, x); err != nil {
			return err
		}
		return buffered.Flush()
	})
}

// save runs Actions.Save on a goroutine, which Run waits for, and has the log
// tell of its end.
func (a *app) save(name string, write func(io.Writer) error) {
	a.work.Go(func() {
		path, err := a.opt.Actions.Save(name, write)
		if err != nil {
			a.finished.Store(&outcome{bad, "Not written: " + clean(err.Error())})
		} else {
			a.finished.Store(&outcome{good, "Written to " + clean(path)})
		}
	})
}

// outcome is what became of work beside the loop.
type outcome struct {
	role role
	text Safe
}

// exported is a list of events that others may read while it is written.
type exported struct {
	store   *store.Store
	list    []store.Seq
	printer decode.Printer
	line    []byte
}

// each calls write for every event that is still held.
func (x *exported) each(write func(*decode.Event) error) error {
	for _, seq := range x.list {
		if e, ok := x.store.At(seq); ok {
			if err := write(&e); err != nil {
				return err
			}
		}
	}
	return nil
}

func writeText(w io.Writer, x *exported) error {
	return x.each(func(e *decode.Event) error {
		x.line = x.printer.AppendLine(x.line[:0], e)
		_, err := w.Write(x.line)
		return err
	})
}

func writeNDJSON(w io.Writer, x *exported) error {
	return x.each(func(e *decode.Event) error {
		x.line = x.printer.AppendJSON(x.line[:0], e)
		_, err := w.Write(x.line)
		return err
	})
}

// writeMermaid writes a sequence diagram in Mermaid's language.
func writeMermaid(w io.Writer, x *exported) error {
	if _, err := io.WriteString(w, "sequenceDiagram\n    participant D as device\n    participant C as cloud\n"); err != nil {
		return err
	}
	return x.each(func(e *decode.Event) error {
		arrow := "D->>C"
		if e.From == stream.FromCloud {
			arrow = "C->>D"
		}
		x.line = x.printer.AppendSummary(x.line[:0], e)
		text := strings.NewReplacer(";", ",", "#", "no. ", "\n", " ").Replace(string(kindOf(e)) + " " + string(x.line))
		if _, ok := e.Body.(*decode.Opened); ok {
			arrow = "Note over D,C"
		}
		_, err := fmt.Fprintf(w, "    %s: %s\n", arrow, strings.TrimSpace(text))
		return err
	})
}

// exportScreen writes down what is on the screen.
func (a *app) exportScreen() {
	screen := a.opt.Screen
	w, h := screen.Size()
	var b strings.Builder
	for y := range h {
		var row strings.Builder
		for x := 0; x < w; {
			s, _, n := screen.Get(x, y)
			if s == "" {
				s = " "
			}
			row.WriteString(s)
			x += max(n, 1)
		}
		b.WriteString(strings.TrimRight(row.String(), " ") + "\n")
	}
	a.save("screen.txt", func(w io.Writer) error {
		_, err := io.WriteString(w, b.String())
		return err
	})
}
