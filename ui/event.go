package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store"
)

// summaryOf returns what an event says, in one line.
func (a *app) summaryOf(e *decode.Event) Safe {
	a.text = a.printer.AppendSummary(a.text[:0], e)
	return Safe(a.text)
}

// legSummary is summaryOf, and names the leg where that tells something: the one to
// the cloud, of which lists show only what the device's does not tell, and the only one
// that carries a message: it was dropped or added.
func (a *app) legSummary(seq store.Seq, e *decode.Event) Safe {
	row, _ := a.model.store.Row(seq)
	_, finding := e.Body.(*decode.Finding)
	switch {
	case finding || e.Conn.Leg == stream.Tapped:
		return a.summaryOf(e)
	case row.Flags&store.Lone != 0:
		return joinedBy(": ", Safe(e.Conn.Leg.String())+" leg only", a.summaryOf(e))
	case e.Conn.Leg == stream.CloudLeg:
		return joinedBy(": ", "cloud leg", a.summaryOf(e))
	}
	return a.summaryOf(e)
}

// kindOf returns the one word for an event.
func kindOf(e *decode.Event) Safe {
	if m, ok := e.Body.(*decode.Message); ok {
		return Safe(m.Meaning.Kind.String())
	}
	return Safe(e.Body.Name())
}

// withKind puts the one word for an event before what it says, unless that has the
// word already: "chunk 2 of 5", "the device closed".
func withKind(e *decode.Event, says Safe) Safe {
	kind := kindOf(e)
	if _, closed := e.Body.(*decode.Closed); closed && says != "" && says != masked || strings.HasPrefix(string(says), string(kind)+" ") {
		return says
	}
	return joinedBy(" ", kind, says)
}

// kindRole marks what is worth a look.
func kindRole(e *decode.Event) role {
	switch e.Body.(type) {
	case *decode.Malformed:
		return bad
	case *decode.Gap, *decode.Sealed:
		return warning
	case *decode.Opened, *decode.Closed:
		return quiet
	}
	if e.Altered {
		return altered
	}
	return normal
}

// deviceOf returns the last six digits of the device's ID, which differ between
// devices where the first ones do not.
func (m *model) deviceOf(e *decode.Event) Safe {
	switch {
	case !e.Known:
		return Safe(fmt.Sprintf("#%d", e.Session))
	case m.private:
		m.alias(e.Device)
		return Safe(fmt.Sprintf("dev %d", m.number(e.Device)))
	}
	id := e.Device.String()
	return Safe(id[len(id)-6:])
}

// said reports whether a side said an event: connections and findings are nobody's
// words.
func said(e *decode.Event) bool {
	switch e.Body.(type) {
	case *decode.Opened, *decode.Finding:
		return false
	}
	return true
}

// sideSign points to where an event went.
func sideSign(e *decode.Event) Safe {
	switch {
	case !said(e):
		return "·"
	case e.From == stream.FromDevice:
		return "►"
	}
	return "◄"
}

// roleOf is that of who said an event.
func roleOf(e *decode.Event) role {
	if !said(e) {
		return quiet
	}
	return sender(e.From)
}

// rttCell shows the response time of an answer, or of what had to be answered that it
// was not.
func (m *model) rttCell(seq store.Seq, e *decode.Event) cell {
	text := rttOf(e)
	row, ok := m.store.Row(seq)
	switch {
	case !ok || text != "" || row.Flags&store.Unanswered == 0 || !confirmable(e):
		return cell{text: text}
	case row.Flags&store.Problem == 0: // healthy peers do not answer it
		return cell{"none", quiet}
	}
	return cell{"none", warning}
}

// confirmable reports whether an event is a message that asks to be acknowledged.
func confirmable(e *decode.Event) bool {
	m, ok := e.Body.(*decode.Message)
	return ok && len(m.Plain) > 0 && coap.Type(m.Plain[0]>>4&3) == coap.Confirmable
}

// rttOf returns the response time of an answer.
func rttOf(e *decode.Event) Safe {
	if m, ok := e.Body.(*decode.Message); ok && m.Meaning.HasRTT {
		return duration(m.Meaning.RTT)
	}
	return ""
}

// duration writes a time with two or three digits.
func duration(d time.Duration) Safe {
	switch {
	case d < time.Millisecond:
		return Safe(fmt.Sprintf("%dµs", d.Microseconds()))
	case d < 10*time.Millisecond:
		return Safe(fmt.Sprintf("%.1fms", float64(d.Microseconds())/1e3))
	case d < time.Second:
		return Safe(fmt.Sprintf("%dms", d.Milliseconds()))
	case d < time.Minute:
		return Safe(fmt.Sprintf("%.1fs", d.Seconds()))
	case d < time.Hour:
		return Safe(fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60))
	}
	return Safe(fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60))
}
