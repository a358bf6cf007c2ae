package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/store/filter"
)

// filterFlags say which events are printed.
type filterFlags struct {
	expr     string
	required bool
	filter   *filter.Filter // what expr means, nil if all events are printed
}

func (f *filterFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.expr, "display-filter", "Y", "", "print only events that match this `expression`, such as 'photon.rtt > 0.5' (docs/filter.md); a recording is never filtered")
	cmd.Flags().BoolVar(&f.required, "require-match", false, "exit with 3 if no event matches -Y")
}

// check compiles the expression, in which the user's own filters may be named.
func (f *filterFlags) check(a *app) error {
	if f.expr == "" {
		if f.required {
			return usageError("-Y 'photon.msg == \"event\"' --require-match", "--require-match needs -Y")
		}
		return nil
	}
	var err error
	f.filter, err = a.parseFilter("-Y", f.expr)
	return err
}

// badFilter is an expression that cannot be understood. The place is shown below
// the message.
type badFilter struct {
	where string
	fault *filter.Error
}

func (b *badFilter) Error() string { return b.where + " is no filter" }

// parseFilter compiles the expression that came from a flag or an argument.
func (a *app) parseFilter(where, expr string) (*filter.Filter, error) {
	f, err := filter.Parse(expr, a.readFilters())
	var fault *filter.Error
	if errors.As(err, &fault) {
		return nil, &exitError{exitUsage, &badFilter{where, fault}, "photonscope filter --fields lists the fields; docs/filter.md has the grammar"}
	}
	return f, err
}

// sayBadFilter shows where an expression is wrong, if that is the error.
func (a *app) sayBadFilter(err error) {
	var bad *badFilter
	if errors.As(err, &bad) {
		a.sayLines(bad.fault.Caret())
	}
	var rule *badRule
	if errors.As(err, &rule) {
		a.sayLines(rule.fault.Caret())
	}
}

// sayLines prints text that is safe for a terminal, indented.
func (a *app) sayLines(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		a.stderr.Write([]byte("  " + line + "\n"))
	}
}

// matching decides which events are printed, and counts them.
type matching struct {
	filter   *filter.Filter
	holder   *filter.Holder // nil unless the filter asks what later events tell
	required bool
	matched  int
	events   []decode.Event // scratch
	say      func(string, ...any)
}

// newMatching returns nil if all events are printed. What short forms mean is
// said once.
func (a *app) newMatching(f *filterFlags, quiet bool) *matching {
	if f.filter == nil {
		return nil
	}
	if means := f.filter.Expansion(); means != "" && !quiet {
		a.stderr.Write([]byte("-Y " + onOneLine(f.expr) + " means " + means + "\n"))
	}
	m := &matching{filter: f.filter, required: f.required, say: a.say}
	if f.filter.NeedsLater() {
		m.holder = filter.NewHolder(f.filter)
	}
	return m
}

// onOneLine is text that a user wrote, made safe for a terminal; its backslashes
// stay single.
func onOneLine(s string) string {
	return strings.ReplaceAll(string(field.AppendPrintable(nil, s)), `\\`, `\`)
}

// pass hands on the event, and those held before, if they match.
func (m *matching) pass(e *decode.Event, to func(*decode.Event)) {
	switch {
	case m.holder != nil:
		m.events = m.holder.Feed(m.events[:0], e)
		m.hand(to)
	case m.filter.Match(e):
		m.matched++
		to(e)
	}
}

// holding reports whether events that were passed may still be needed.
func (m *matching) holding() bool { return m != nil && m.holder != nil }

// finish hands on what is still held.
func (m *matching) finish(to func(*decode.Event)) {
	if m.holder == nil {
		return
	}
	m.events = m.holder.Finish(m.events[:0])
	m.hand(to)
	if n := m.holder.GaveUp(); n > 0 {
		m.say("of %s it is not known whether they were answered: too many were open at once", count(n, "request"))
	}
}

func (m *matching) hand(to func(*decode.Event)) {
	for i := range m.events {
		m.matched++
		to(&m.events[i])
	}
	clear(m.events)
}

// unmatched is the error of a run that should have matched something.
func (m *matching) unmatched() error {
	if m == nil || !m.required || m.matched > 0 {
		return nil
	}
	return &exitError{exitSession, errors.New("no event matches the filter"), ""}
}
