package store

import (
	"github.com/photonscope/photonscope/decode"
)

// Doctor makes findings of events, as diagnose.Diagnoser does.
type Doctor interface {
	// Feed appends to dst the findings that the next event gives rise to.
	Feed(dst []decode.Event, e *decode.Event) []decode.Event
}

// Redecoded says what [Store.Redecode] has changed.
type Redecoded struct {
	Changed   bool           // something did: events, findings or both
	Withdrawn []decode.Event // findings that are not made any more
	Found     []decode.Event // findings that were not made before
}

// rediagnosis puts findings that a new doctor makes in the place of those that
// were there. Those about connections whose beginning was evicted stay: the doctor
// cannot know better.
type rediagnosis struct {
	r      *redecoding
	doctor Doctor              // nil: all findings stay
	add    func(*decode.Event) // appends an event
	was    []placed
	now    []placed
	events int // fed so far
	after  int // old findings since the last event
	found  []decode.Event
}

// placed is a finding, and how many events there were before it.
type placed struct {
	events int
	event  decode.Event
}

// feed appends an event, and what the doctor finds.
func (d *rediagnosis) feed(e *decode.Event) {
	if _, finding := e.Body.(*decode.Finding); finding {
		if d.begunBefore(e) {
			d.add(e)
			return
		}
		d.was = append(d.was, placed{d.events, *e})
		d.after++
		return
	}
	d.add(e)
	d.events, d.after = d.events+1, 0
	if d.begunBefore(e) {
		return
	}
	d.found = d.doctor.Feed(d.found[:0], e)
	for i := range d.found {
		d.now = append(d.now, placed{d.events, d.found[i]})
		d.add(&d.found[i])
	}
}

// begunBefore reports whether nothing new is to be found about an event's
// connection: its beginning was evicted, or there is no doctor.
func (d *rediagnosis) begunBefore(e *decode.Event) bool {
	conn := d.r.old.conns[e.Conn.ID]
	return d.doctor == nil || conn == nil || conn.session.Legs[conn.leg].FirstSeq < d.r.from.first
}

// instead returns where an old finding went that was dropped just now: the event
// that it was about, or the finding that stands there now.
func (d *rediagnosis) instead(end Seq) Seq {
	if n := len(d.found); n >= d.after {
		return end - Seq(n-d.after) - 1
	}
	return end - 1
}

// outcome says which findings are gone, and which are new. It leaves out those
// that are as they were, wherever they stand now.
func (d *rediagnosis) outcome() (withdrawn, found []decode.Event) {
	left := d.now
	for _, was := range d.was {
		same := false
		for i := range left {
			if same = sameFinding(&was.event, &left[i].event); same {
				left = append(left[:i:i], left[i+1:]...)
				break
			}
		}
		if !same {
			withdrawn = append(withdrawn, was.event)
		}
	}
	for i := range left {
		found = append(found, left[i].event)
	}
	return withdrawn, found
}

// moved reports whether the findings that are there now stand behind other events
// than those that were.
func (d *rediagnosis) moved() bool {
	if len(d.was) != len(d.now) {
		return true
	}
	for i := range d.was {
		if d.was[i].events != d.now[i].events || !sameFinding(&d.was[i].event, &d.now[i].event) {
			return true
		}
	}
	return false
}

func sameFinding(a, b *decode.Event) bool { return a.Session == b.Session && equalEvents(a, b) }
