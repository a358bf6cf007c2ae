package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/diagnose"
)

// text is a finding for people: whole the first time for a device, one line each
// time after.
func (d *diagnosis) text(e *decode.Event) []byte {
	f := e.Body.(*decode.Finding)
	if e.Session == 0 {
		return appendFinding([]byte("key files\n"), f)
	}
	key := f.ID + f.Title + e.Conn.Device.Addr().String()
	if e.Known {
		key = f.ID + f.Title + e.Device.String()
	}
	b := heading(e)
	if d.seen[key] {
		return fmt.Appendf(b, "  %s %s, as above\n", f.ID, f.Confidence)
	}
	d.seen[key] = true
	return appendFinding(b, f)
}

// heading is the line above a finding about a session.
func heading(e *decode.Event) []byte {
	return fmt.Appendf(nil, "session %d  %s  %s\n", e.Session, e.At.UTC().Format("15:04:05.000"), who(e))
}

// who names the device of an event.
func who(e *decode.Event) string {
	from := "an unknown address"
	if e.Conn.Device.IsValid() {
		from = e.Conn.Device.String()
	}
	if e.Known {
		return "device " + e.Device.String() + " from " + from
	}
	return "from " + from
}

// whence says what a finding is about: key files, or a session.
func whence(e *decode.Event) string {
	if e.Session == 0 {
		return "key files"
	}
	return fmt.Sprintf("session %d, %s, %s UTC", e.Session, who(e), e.At.UTC().Format("2006-01-02 15:04:05.000"))
}

// appendFinding appends a finding as a block of lines.
func appendFinding(b []byte, f *decode.Finding) []byte {
	b = appendLines(b, "  ", fmt.Sprintf("%s %s: %s", f.ID, f.Confidence, f.Title))
	label := "evidence"
	for i := range f.Evidence {
		b = appendWrapped(b, label, f.Evidence[i].String())
		label = ""
	}
	label = "ruled out"
	for _, s := range f.RuledOut {
		b = appendWrapped(b, label, s)
		label = ""
	}
	b = appendWrapped(b, "on device", f.Device)
	label = "remedy"
	for _, step := range f.Remedy {
		b = appendWrapped(b, label, step)
		label = ""
	}
	if f.Repair != "" {
		b = appendWrapped(b, "repair", "such sessions live with photonscope proxy --repair "+f.Repair)
	}
	return appendWrapped(b, "more", "photonscope explain "+f.ID)
}

const (
	blockLabel = 12 // columns before the text
	blockWidth = 80
)

// appendWrapped appends a text in lines that fit a terminal. Commands stay whole,
// to be copied.
func appendWrapped(b []byte, label, text string) []byte {
	if text == "" {
		return b
	}
	line := fmt.Sprintf("  %-*s", blockLabel-2, label)
	if strings.HasPrefix(text, "$ ") {
		return appendPlain(b, line+text)
	}
	return appendLines(b, line, text)
}

// appendLines appends a text behind the beginning of its first line, in lines that
// fit a terminal.
func appendLines(b []byte, line, text string) []byte {
	indent := strings.Repeat(" ", blockLabel)
	start := true
	for word := range strings.FieldsSeq(string(field.AppendPrintable(nil, text))) {
		if !start && len(line)+1+len(word) > blockWidth {
			b = append(append(b, line...), '\n')
			line, start = indent, true
		}
		if !start {
			line += " "
		}
		line += word
		start = false
	}
	return append(append(b, line...), '\n')
}

// appendPlain appends a line that may hold foreign text.
func appendPlain(b []byte, line string) []byte {
	return append(field.AppendPrintable(b, line), '\n')
}

// appendReport appends how long the stages of a session took.
func appendReport(b []byte, r *diagnose.Report) []byte {
	state := "online"
	switch {
	case r.Online:
	case r.Found > 0:
		state = "not online"
	case r.Unknown != "":
		state = "unknown: " + r.Unknown
	default:
		state = "not online, no known cause"
	}
	return appendLines(b, fmt.Sprintf("session %d  %s  ", r.Session, state), lapsText(r.Stages))
}

// lapsText is the stopwatch in one line. What a peer does not wait for is marked.
func lapsText(laps []diagnose.Lap) string {
	var parts []string
	for _, lap := range laps {
		if !lap.Done {
			parts = append(parts, lap.Stage.String()+" ·")
			continue
		}
		mark := ""
		if lap.Late() {
			mark = " ! " + limitText(&lap)
		}
		parts = append(parts, fmt.Sprintf("%s %v%s", lap.Stage.String(), lap.Took.Round(100_000), mark))
	}
	return strings.Join(parts, ", ")
}

// limitText says how long the peers wait for a stage.
func limitText(lap *diagnose.Lap) string {
	if lap.Device > 0 && lap.Took > lap.Device {
		return fmt.Sprintf("(the device waits %v)", lap.Device)
	}
	return fmt.Sprintf("(Brewskey waits %v for all)", lap.Server)
}

// appendMarkdown appends the whole report to pass on.
func (d *diagnosis) appendMarkdown(b []byte) []byte {
	w := bytes.NewBuffer(b)
	fmt.Fprintf(w, "# Diagnosis\n\n%s, photonscope %s.\n\n%s.\n", mdText(d.source), version(), d.totals())
	for i := range d.findings {
		e := &d.findings[i]
		f := e.Body.(*decode.Finding)
		fmt.Fprintf(w, "\n## %s: %s\n\n%s, %s.\n", f.ID, mdText(f.Title), f.Confidence, mdText(whence(e)))
		fmt.Fprint(w, "\n### Evidence\n\n")
		for i := range f.Evidence {
			fmt.Fprintf(w, "- %s\n", mdText(f.Evidence[i].String()))
		}
		if len(f.RuledOut) > 0 {
			fmt.Fprint(w, "\n### Ruled out\n\n")
		}
		for _, s := range f.RuledOut {
			fmt.Fprintf(w, "- %s\n", mdText(s))
		}
		fmt.Fprintf(w, "\n### On the device\n\n%s\n\n### Remedy\n\n", mdText(f.Device))
		w.WriteString(markdownSteps(f.Remedy))
	}
	fmt.Fprint(w, "\n## Sessions\n\n| session | outcome | stages |\n|---|---|---|\n")
	for i := range d.reports {
		r := &d.reports[i]
		state := "not online"
		if r.Online {
			state = "online"
		} else if r.Unknown != "" && r.Found == 0 {
			state = "unknown: " + r.Unknown
		}
		fmt.Fprintf(w, "| %d | %s | %s |\n", r.Session, state, lapsText(r.Stages))
	}
	return w.Bytes()
}

var markdownEscaper = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`)

// mdText makes foreign text harmless in Markdown.
func mdText(s string) string {
	return markdownEscaper.Replace(string(field.AppendPrintable(nil, s)))
}

// markdownSteps lists steps, commands as blocks of code.
func markdownSteps(steps []string) string {
	var b strings.Builder
	for _, step := range steps {
		if cmd, ok := strings.CutPrefix(step, "$ "); ok {
			fmt.Fprintf(&b, "      %s\n\n", field.AppendPrintable(nil, cmd))
			continue
		}
		fmt.Fprintf(&b, "- %s\n\n", mdText(step))
	}
	return b.String()
}
