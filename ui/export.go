package ui

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"path"
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
	title := Safe("export to a file")
	if a.model.private {
		title = "export to a file, masked"
	}
	m := &menu{app: a, title: title, items: []menuItem{{'s', "this screen as text", func() { a.exportScreen() }}}}
	m.items = append(m.items, a.exportItems("tnmp", plural(a.model.view.Len(), "event"), "their sessions", a.shown)...)
	if seq, ok := a.selectedEvent(); ok {
		if row, ok := a.model.store.Row(seq); ok {
			of := Safe(fmt.Sprintf("session %d", row.Session))
			m.items = append(m.items, a.exportItems("TNMP", of, of, func() []store.Seq { return a.model.eventsOf(row.Session) })...)
		}
	}
	a.open(m)
}

// exportItems offers to write some events in every form, by keys in the order of
// the forms. A capture holds whole sessions.
func (a *app) exportItems(keys string, what, whole Safe, list func() []store.Seq) []menuItem {
	key := []rune(keys)
	items := []menuItem{
		{key[0], what + " as text", func() { a.export("events.txt", list(), writeText) }},
		{key[1], what + " as NDJSON", func() { a.export("events.ndjson", list(), writeNDJSON) }},
		{key[2], what + " as a Mermaid ladder", func() { a.export("ladder.mmd", list(), writeMermaid) }},
	}
	if a.opt.Actions.SaveCapture != nil && !a.model.private {
		items = append(items, menuItem{key[3], whole + " as a capture (pcapng)", func() { a.saveCapture("", list()) }})
	}
	return items
}

// shown returns the events that the lists show.
func (a *app) shown() []store.Seq {
	list := make([]store.Seq, a.model.view.Len())
	for i := range list {
		list[i] = a.model.view.At(i)
	}
	return list
}

// eventsOf returns the events of a session, of proxied pairs what the lists show.
func (m *model) eventsOf(session uint32) []store.Seq {
	v := store.NewView(m.store)
	v.SetMatch(store.Match{Where: store.Where{Sessions: []uint32{session}, OneLeg: !m.bothLegs}})
	v.Refresh(0)
	list := make([]store.Seq, v.Len())
	for i := range list {
		list[i] = v.At(i)
	}
	return list
}

// noEvents is said instead of writing an empty file.
const noEvents = "There is no event to write."

// export writes events beside the loop: they may be many.
func (a *app) export(name string, list []store.Seq, write func(io.Writer, *exported) error) {
	if len(list) == 0 {
		a.say(quiet, noEvents)
		return
	}
	x := &exported{store: a.model.store, list: list, printer: decode.Printer{Private: a.model.private}}
	if ext := path.Ext(name); a.model.private {
		name = strings.TrimSuffix(name, ext) + "-masked" + ext
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

// save writes a file that Actions.Save makes, beside the loop.
func (a *app) save(name string, write func(io.Writer) error) {
	a.beside(func() (string, error) { return a.opt.Actions.Save(name, write) })
}

// beside writes a file on a goroutine, which Run waits for, and says what became
// of it.
func (a *app) beside(write func() (written string, err error)) {
	a.work.Go(func() {
		written, err := write()
		if err != nil {
			a.finished.Store(&outcome{bad, "Not written: " + clean(err.Error())})
			return
		}
		a.opt.Log.Add("written to " + written) // the line on the screen may be too long
		a.finished.Store(&outcome{good, "Written to " + clean(written)})
	})
}

// saveCapture writes the sessions of some events whole, every leg of them, to a
// capture. No name lets the command find one.
func (a *app) saveCapture(name string, list []store.Seq) {
	if a.opt.Actions.SaveCapture == nil {
		a.say(warning, "Captures cannot be written here.")
		return
	}
	if a.model.private {
		a.say(warning, "A capture cannot be masked. p ends privacy, and then it can be written.")
		return
	}
	if len(list) == 0 {
		a.say(quiet, noEvents)
		return
	}
	a.say(quiet, "Writing a capture …")
	s := a.model.store
	a.beside(func() (string, error) { return a.opt.Actions.SaveCapture(name, sessionsOf(s, list)) })
}

// sessionsOf yields all events that are held of the sessions of some.
func sessionsOf(s *store.Store, some []store.Seq) iter.Seq[*decode.Event] {
	meant := make(map[uint32]bool)
	for _, seq := range some {
		if row, ok := s.Row(seq); ok {
			meant[row.Session] = true
		}
	}
	return func(yield func(*decode.Event) bool) {
		first, end := s.Bounds()
		for seq := first; seq < end; seq++ {
			row, ok := s.Row(seq)
			if !ok || !meant[row.Session] {
				continue
			}
			if e, ok := s.At(seq); ok && !yield(&e) {
				return
			}
		}
	}
}

// writeCapture is the command w: all that is held, or what the lists show of it,
// whole.
func writeCapture(a *app, name string) Safe {
	a.saveCapture(name, a.shown())
	return ""
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
