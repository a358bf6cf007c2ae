package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/diagnose"
	"github.com/photonscope/photonscope/store"
)

// hindsight keeps what a diagnosis has seen, for keys that come when what they open
// was read already: lines that others append to a key log meanwhile.
type hindsight struct {
	keys  *keySet
	seen  *store.Store
	known uint64 // generation of the keys at the beginning
}

// keysMayComeLate reports whether a key log is followed while captures without an end
// of their own are read.
func keysMayComeLate(names []string, keys *keySet) bool {
	waits := func(name string) bool {
		info, err := os.Stat(name)
		return name == "-" || err == nil && !info.Mode().IsRegular()
	}
	return len(keys.logs) > 0 && slices.ContainsFunc(names, waits)
}

// keep takes an event of either leg.
func (h *hindsight) keep(e *decode.Event) { h.seen.Append([]decode.Event{*e}) }

// reconsider diagnoses all again if keys came late, withdraws what they disprove and
// tells what they show.
func (d *diagnosis) reconsider() {
	h := d.late
	if h == nil {
		return
	}
	h.keys.readMore(d.app.say)
	if h.keys.Ring.Generation() == h.known {
		return
	}
	done := h.seen.Redecode(h.keys.Ring, d.anew)
	withdrawn, found := done.Withdrawn, done.Found
	if !d.markdown { // what was printed need not be printed again for other evidence
		withdrawn, found = without(withdrawn, found), without(found, withdrawn)
	}
	changed := make(map[uint32]bool)
	for i := range withdrawn {
		changed[withdrawn[i].Session] = true
		d.withdraw(&withdrawn[i])
	}
	for i := range found {
		changed[found[i].Session] = true
		d.event(&found[i])
	}
	d.ended = slices.DeleteFunc(d.ended, func(r diagnose.Report) bool { return !changed[r.Session] })
}

// anew makes a second diagnoser, and counts the sessions again. Where some were
// forgotten, the first count stays.
func (d *diagnosis) anew() store.Doctor {
	opt := d.opt
	if d.late.seen.Evicted() > 0 {
		opt.Report = nil
	} else {
		d.reports = nil
		d.count.sessions, d.count.online, d.count.unknown = 0, 0, 0
	}
	return diagnose.New(opt)
}

// without returns the findings that the others do not have, on whatever evidence.
func without(list, others []decode.Event) []decode.Event {
	return slices.DeleteFunc(slices.Clone(list), func(e decode.Event) bool {
		f := e.Body.(*decode.Finding)
		return slices.ContainsFunc(others, func(o decode.Event) bool {
			g := o.Body.(*decode.Finding)
			return e.Session == o.Session && f.ID == g.ID && f.Title == g.Title && f.Confidence == g.Confidence
		})
	})
}

// withdraw takes a finding back that was told.
func (d *diagnosis) withdraw(e *decode.Event) {
	d.count.found--
	f := *e.Body.(*decode.Finding)
	e.Body = &f
	switch {
	case d.markdown:
		d.findings = slices.DeleteFunc(d.findings, func(told decode.Event) bool {
			g := told.Body.(*decode.Finding)
			return told.Session == e.Session && g.ID == f.ID && g.Title == f.Title
		})
	case d.format == "ndjson":
		f.Withdrawn = true
		d.summary.Add(e)
		d.print(d.printer.AppendJSON(nil, e))
	default:
		d.print(appendLines(heading(e), "  ", fmt.Sprintf("%s withdrawn, keys came that tell otherwise: %s", f.ID, f.Title)))
	}
}
