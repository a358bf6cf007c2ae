package ui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/explain"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/store"
)

// topic is what is explained: a field of an event, and a byte of it.
type topic struct {
	seq    store.Seq
	event  decode.Event
	layers []decode.Layer
	layer  int
	field  *field.Field // nil: the event as a whole
	offset int          // of a byte of the layer, -1: none
}

// explained is the window with an explanation. What package explain writes is
// clean.
type explained struct {
	*dialog
	subject explain.Subject
}

// newExplain opens the explanation of a topic.
func newExplain(a *app, t topic) *explained {
	x := &explained{subject: a.subjectOf(&t)}
	x.dialog = newDialog(a, x.title(), func(w int) []line {
		if a.model.private {
			return wrapped([]line{{text: noBytes, role: normal}}, w)
		}
		x.subject.ShowSecrets = a.opt.ShowSecrets
		lines := explanation(x.subject)
		if holdsSecrets(lines) {
			lines = append(lines, line{}, line{text: "s shows what is secret here, after asking once.", role: quiet})
		}
		return wrapped(lines, w)
	})
	return x
}

// subjectOf adds to a topic what the session knows.
func (a *app) subjectOf(t *topic) explain.Subject {
	return explain.Subject{
		Event: &t.event, Layers: t.layers, Layer: t.layer, Field: t.field, Offset: t.offset,
		Credentials: a.model.credentialsOf(t.seq), ShowSecrets: a.opt.ShowSecrets,
	}
}

func (x *explained) title() Safe {
	if f := x.subject.Field; f != nil {
		return "explain: " + Safe(f.Label)
	}
	return "explain: " + kindOf(x.subject.Event)
}

func (x *explained) place() place { return inDialog | inExplain }

// do implements overlay.
func (x *explained) do(act action) bool {
	switch act {
	case actSecrets:
		x.secrets()
	case actCopy:
		x.copyMenu()
	default:
		return x.dialog.do(act)
	}
	return true
}

// secrets asks before it shows keys, and hides them without asking.
func (x *explained) secrets() {
	if x.app.model.private {
		x.app.say(warning, noBytes)
		return
	}
	if !x.app.opt.ShowSecrets {
		x.app.open(newQuestion(x.app))
		return
	}
	x.app.opt.ShowSecrets = false
	x.app.say(normal, "Keys are hidden again.")
}

// copyMenu asks which command to copy, or all of the text.
func (x *explained) copyMenu() {
	if x.app.model.private {
		x.app.say(warning, noBytes)
		return
	}
	var all strings.Builder
	m := &menu{app: x.app, title: "copy"}
	n := '0'
	for _, l := range explain.Explain(x.subject) {
		fmt.Fprintf(&all, "%-*s%s\n", wordWidth, l.Word, l.Text)
		switch {
		case l.Command:
			m.items[len(m.items)-1].run = func() { x.app.copy(l.Text) }
		case l.Word == "again":
			n++
			m.items = append(m.items, menuItem{key: n, text: "command: " + Safe(l.Text)})
		}
	}
	m.items = append(m.items, menuItem{'t', "the whole text", func() { x.app.copy(all.String()) }})
	x.app.open(m)
}

// question is a window that asks before keys are shown. Having asked once is
// enough until they are hidden again.
type question struct{ *dialog }

func newQuestion(a *app) *question {
	return &question{newDialog(a, "show secrets?", func(w int) []line {
		return wrapped([]line{
			{text: "AES keys, IVs and salts will be on the screen until you hide them (s in an explanation) or quit."},
			{},
			{text: "Whoever sees the key of a session can read all of it, in recordings too. Do not show them on a shared screen, in a picture or in a bug report unless the keys were made for that."},
			{},
			{text: "Enter shows them, Esc keeps them hidden.", role: strong},
		}, w)
	})}
}

func (q *question) footer() Safe { return "Enter show  Esc keep hidden" }

// do implements overlay.
func (q *question) do(act action) bool {
	if act != actOpen {
		return q.dialog.do(act)
	}
	q.app.closeTop()
	q.app.opt.ShowSecrets = true
	q.app.say(warning, "Keys are shown; s hides them.")
	return true
}

// holdsSecrets reports whether something in the lines is masked because it is
// secret.
func holdsSecrets(lines []line) bool {
	return slices.ContainsFunc(lines, func(l line) bool { return strings.Contains(string(l.text), "[secret]") })
}

// wordWidth is how wide the words in front of an explanation's lines are.
const wordWidth = 10

// explanation returns the lines on a subject.
func explanation(s explain.Subject) []line {
	w := wordWriter{width: wordWidth}
	for _, l := range explain.Explain(s) {
		if l == (explain.Line{}) {
			w.gap()
			continue
		}
		w.add(Safe(l.Word), Safe(l.Text))
	}
	return w.lines
}

// maxBack is how far back the credentials of a session are looked for.
const maxBack = 50_000

// credentialsOf returns those that an event's connection had at that time, nil if
// they are not known.
func (m *model) credentialsOf(seq store.Seq) *lightssl.Credentials {
	row, ok := m.store.Row(seq)
	if !ok {
		return nil
	}
	s, _ := m.store.Session(row.Session)
	for i := range s.Legs {
		if step := s.Legs[i].Steps[store.StepCredentials]; s.Legs[i].Conn.ID == row.Conn && step.Done {
			if c := m.credentials(step.Seq); c != nil {
				return c
			}
		}
	}
	first, _ := m.store.Bounds()
	for at := seq; at > first && seq-at < maxBack; at-- { // the key came late
		if r, held := m.store.Row(at - 1); held && r.Conn == row.Conn && r.Type == store.TypeCredentials {
			if c := m.credentials(r.Seq); c != nil {
				return c
			}
		}
	}
	return nil
}

// credentials returns those that an event holds.
func (m *model) credentials(seq store.Seq) *lightssl.Credentials {
	e := m.event(seq)
	if c, ok := e.Body.(*decode.Credentials); ok && c.Opened {
		return &c.Credentials
	}
	return nil
}
