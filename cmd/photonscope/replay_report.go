package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/replay"
)

// replaySchema is the version of the report's lines (docs/replay.md).
const replaySchema = "photonscope.replay/1"

// replayReport prints what happens while a plan is played. Printing has its own
// goroutine: a stopped terminal must not hold up the session.
type replayReport struct {
	app     *app
	to      reportWriter
	ndjson  bool
	quiet   bool
	printer decode.Printer

	divergences, sent, came, left int

	mu      sync.Mutex
	more    *sync.Cond
	waiting [][]byte
	over    bool
}

func newReplayReport(a *app, f *replayFlags) *replayReport {
	r := &replayReport{app: a, to: reportWriter{to: a.stdout}, ndjson: f.report == "ndjson", quiet: f.quiet}
	if f.live.record == "-" {
		r.to.to = a.stderr // the recording has standard output
	}
	r.more = sync.NewCond(&r.mu)
	return r
}

// begin starts printing. The function it returns ends that, says how much was
// done, and passes on how the replay went.
func (r *replayReport) begin(target string) (end func(error) error) {
	stop := r.start(target)
	return func(err error) error {
		if r.ndjson {
			r.line(map[string]any{"type": "summary", "sent": r.sent, "came": r.came, "left-out": r.left, "divergences": r.divergences, "complete": err == nil || r.divergences > 0})
		} else if !r.quiet && r.sent+r.came+r.left+r.divergences > 0 { // else no session began
			r.text("%s: %d sent, %d came as recorded, %d left out, %s\n", target, r.sent, r.came, r.left, count(r.divergences, "divergence"))
		}
		stop()
		return r.app.unlessPrinted(err, r.to.failed)
	}
}

// start starts printing, until stop is called.
func (r *replayReport) start(target string) (stop func()) {
	var printer sync.WaitGroup
	printer.Go(r.print)
	if r.ndjson {
		r.line(map[string]any{"type": "header", "schema": replaySchema, "version": version(), "target": target})
	}
	return func() {
		r.mu.Lock()
		r.over = true
		r.more.Signal()
		r.mu.Unlock()
		printer.Wait()
	}
}

// print writes the lines that wait, until the end.
func (r *replayReport) print() {
	for {
		r.mu.Lock()
		for len(r.waiting) == 0 && !r.over {
			r.more.Wait()
		}
		lines, over := r.waiting, r.over
		r.waiting = nil
		r.mu.Unlock()
		for _, l := range lines {
			r.to.Write(l)
		}
		if over && len(lines) == 0 {
			return
		}
	}
}

func (r *replayReport) queue(line []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, line)
	r.more.Signal()
}

func (r *replayReport) text(format string, args ...any) { r.queue(fmt.Appendf(nil, format, args...)) }

func (r *replayReport) line(object map[string]any) {
	b, err := json.Marshal(object)
	if err != nil {
		panic(err) // of strings and numbers
	}
	r.queue(append(b, '\n'))
}

// happenings are the words for what happened, by replay.Happening.
var happenings = [...]string{"sent", "came", "left out", "waiting", "diverged"}

// add reports something that happened.
func (r *replayReport) add(x replay.Report) {
	switch x.Happened {
	case replay.Sent:
		r.sent++
	case replay.Came:
		r.came++
	case replay.LeftOut:
		r.left++
	case replay.Diverged:
		r.divergences++
	}
	switch {
	case r.quiet && x.Happened != replay.Diverged:
	case r.ndjson:
		r.line(r.object(x))
	default:
		r.text("%s", r.lines(x))
	}
}

// shown is the event that a report is about: the live one, or the recorded one.
func shown(x replay.Report) *decode.Event {
	if x.Actual != nil {
		return x.Actual
	}
	if x.Step != nil {
		return &x.Step.Event
	}
	return nil
}

// lines is a report as text.
func (r *replayReport) lines(x replay.Report) []byte {
	number, why := "", x.Why
	if x.Step != nil {
		number = fmt.Sprint(x.Step.Number)
	}
	if x.Diverged != nil && x.Diverged.Fault != replay.Differs {
		why = x.Diverged.Fault.String()
		if x.Diverged.Reason != "" {
			why += ": " + string(field.AppendPrintable(nil, x.Diverged.Reason))
		}
	}
	b := r.row(happenings[x.Happened], number, shown(x), why)
	if x.Diverged == nil {
		return b
	}
	for _, d := range x.Diverged.Differences {
		b = fmt.Appendf(b, "               %-24s recorded %s, now %s\n", d.Key, valueOf(d.Recorded), valueOf(d.Actual))
	}
	return b
}

// valueOf is a value in a sentence.
func valueOf(text string) string {
	const longest = 100
	if text == "" {
		return "nothing"
	}
	if len(text) > longest {
		return fmt.Sprintf("%.*s… (%d characters)", longest, text, len(text))
	}
	return text
}

// row is one line: what happened, the message's number in the recording, who
// sends it, what it is and says, and a remark.
func (r *replayReport) row(what, number string, e *decode.Event, remark string) []byte {
	b := fmt.Appendf(nil, "%-8s %5s ", what, number)
	if e != nil {
		arrow := "→"
		if e.From == stream.FromCloud {
			arrow = "←"
		}
		kind := ""
		if m, ok := e.Body.(*decode.Message); ok {
			kind = m.Meaning.Kind.String()
		}
		b = fmt.Appendf(b, "%s %-18s ", arrow, kind)
		b = r.printer.AppendSummary(b, e)
	}
	if remark != "" {
		b = append(append(append(b, "  ["...), remark...), ']')
	}
	return append(bytes.TrimRight(b, " "), '\n')
}

// object is a report as a line of NDJSON.
func (r *replayReport) object(x replay.Report) map[string]any {
	o := map[string]any{"type": happenings[x.Happened]}
	if x.Step != nil {
		o["number"] = x.Step.Number
	}
	if x.Why != "" {
		o["why"] = x.Why
	}
	if e := shown(x); e != nil {
		o["photon.dir"] = e.From.String()
		if m, ok := e.Body.(*decode.Message); ok {
			o["photon.msg"] = m.Meaning.Kind.String()
			o["summary"] = string(r.printer.AppendSummary(nil, e))
			o["frame.plain"] = hex.EncodeToString(m.Plain)
		}
	}
	if d := x.Diverged; d != nil {
		o["fault"] = d.Fault.String()
		if d.Reason != "" {
			o["why"] = string(field.AppendPrintable(nil, d.Reason))
		}
		var fields []map[string]string
		for _, f := range d.Differences {
			fields = append(fields, map[string]string{"field": f.Key, "recorded": f.Recorded, "now": f.Actual})
		}
		if fields != nil {
			o["fields"] = fields
		}
	}
	return o
}

// plan prints what would be done.
func (r *replayReport) plan(p *replay.Plan, name string) error {
	stop := r.start(name)
	for _, s := range p.Steps {
		what, remark := actions[s.Do], s.Why
		if s.Do == replay.Send && s.Actuates() {
			remark = "makes the device do something"
		}
		if r.ndjson {
			o := r.object(replay.Report{Step: s, Why: remark})
			o["type"] = what
			r.line(o)
		} else {
			r.queue(r.row(what, fmt.Sprint(s.Number), &s.Event, remark))
		}
	}
	sent, awaited, left := p.Counts()
	if r.ndjson {
		r.line(map[string]any{"type": "summary", "send": sent, "wait-for": awaited, "leave-out": left})
	} else {
		r.text("%d to send, %d to wait for, %d to leave out; nothing was sent\n", sent, awaited, left)
	}
	stop()
	return printError(r.to.failed)
}

// actions are the words of a plan, by replay.Action.
var actions = [...]string{"left out", "send", "wait for"}
