package diagnose

import (
	"fmt"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
)

// What no session says by itself, several of one device say by their rhythm: it
// restarts in between, it runs and fails, or no firmware counts the failures.

// failure is an attempt that failed. When the device has noticed that lies between
// two moments: it knows at once if the server closes; but if it closes itself it
// may have tested the internet before, from 2.0 on.
type failure struct {
	session     uint32
	opened, end mark
	since       time.Time     // the earlier of the two; that of end is the later
	wait        time.Duration // from the failure before to this attempt; 0 for the first in a row
	open        time.Duration // how much longer that wait may have been
}

// rhythm is that of failures in a row of one device, or from one address.
type rhythm struct {
	failures []failure // since the device was online, or the rhythm was lost
	told     bool
}

const (
	maxFailures  = 64              // in a row that are remembered: by then the wait is 128 s
	minWaits     = 7               // before a rhythm says something
	minOnASide   = 2               // waits before and behind a step of the back-off
	minTooSoon   = 3               // waits in a row, the last ones
	networkReset = 5 * time.Minute // of failures: then firmware from 2.0 on counts anew
)

// rhythmOf returns the rhythm that a connection belongs to: that of its device if
// it is known, else that of its address, which several devices may share.
func (l *leg) rhythmOf() *rhythm {
	if l.known {
		return &remembered(l.d.devices, l.device).rhythm
	}
	return &remembered(l.d.callers, l.conn.Device.Addr()).rhythm
}

// keepTime adds a connection that is over to the rhythm, and tells what that says.
func (l *leg) keepTime(e *decode.Event, online bool) {
	r := l.rhythmOf()
	switch {
	case l.conn.Leg == stream.CloudLeg:
		return
	case online, l.joined:
		*r = rhythm{}
		return
	}
	f := failure{session: l.session, opened: l.opened, end: l.end(), since: l.end().at()}
	if l.end().from == stream.FromDevice {
		f.since = l.lastBytes()
	}
	r.add(f)
	if r.told || len(r.failures) <= minWaits {
		return
	}
	if l.waitsLonger(e, r) || l.comesTooSoon(e, r) {
		r.told = true
	}
}

// lastBytes is when the last bytes came from either side.
func (l *leg) lastBytes() time.Time {
	last := l.opened.at()
	for _, m := range l.last {
		if m.seen() && m.at().After(last) {
			last = m.at()
		}
	}
	return last
}

// add appends a failure. The rhythm begins anew where attempts overlap, for then
// they are not those of one device, and where a wait is much shorter than the one
// before, for then the device has begun to count anew.
func (r *rhythm) add(f failure) {
	if n := len(r.failures); n > 0 {
		before := &r.failures[n-1]
		f.wait = f.opened.since(before.end)
		f.open = before.end.at().Sub(before.since)
		again := before.wait > 3*time.Second/2 && f.wait+f.open < before.wait*6/10
		switch {
		case f.wait < 0 || again:
			*r = rhythm{}
			f.wait, f.open = 0, 0
		case n == maxFailures:
			r.failures = append(r.failures[:0], r.failures[1:]...)
		}
	}
	r.failures = append(r.failures, f)
}

// waitsLonger tells of waits that grow as those of firmware do: the device runs
// all the while, and knows how often it has failed.
func (l *leg) waitsLonger(e *decode.Event, r *rhythm) bool {
	waits := r.failures[1:]
	if l.settled() { // what makes the attempts fail is found: that they go on follows
		return false
	}
	for first := 1; first <= 36; first++ {
		if follows(waits, first) {
			l.find(e, draft{id: "PH-55", sure: Likely, evidence: l.steps(waits, first), ruledOut: []string{
				"PH-54: a device that restarts counts from 1 again", "PH-56: each wait is as long as firmware makes it",
			}})
			return true
		}
	}
	return false
}

// follows reports whether waits are those after failure number first and the next
// ones, with a step in between.
func follows(waits []failure, first int) bool {
	for i := range waits {
		want := backoff(first + i)
		if w := &waits[i]; w.open > time.Second/2 || w.wait < want-time.Second/2 || w.wait+w.open > want+max(time.Second, want/4) {
			return false
		}
	}
	last := len(waits) - 1
	return backoff(first+minOnASide-1) < backoff(first+last-minOnASide+1)
}

// steps makes evidence of waits, one piece for each length.
func (l *leg) steps(waits []failure, first int) (list []decode.Evidence) {
	for i := 0; i < len(waits); {
		n, want := 1, backoff(first+i)
		for i+n < len(waits) && backoff(first+i+n) == want {
			n++
		}
		list = append(list, run(waits[i:i+n], fmt.Sprintf("where firmware waits %v", want)))
		i += n
	}
	return list
}

// run makes evidence of attempts in a row.
func run(waits []failure, what string) decode.Evidence {
	first, last := &waits[0], &waits[len(waits)-1]
	shortest, longest := first.wait, first.wait
	for i := range waits {
		shortest, longest = min(shortest, waits[i].wait), max(longest, waits[i].wait)
	}
	span := fmt.Sprint(tenths(shortest))
	if tenths(longest) != tenths(shortest) {
		span += fmt.Sprintf(" to %v", tenths(longest))
	}
	text := fmt.Sprintf("%s after the failure before, %s", span, what)
	if len(waits) > 1 {
		text = fmt.Sprintf("this one and the next, to session %d: %d attempts, each %s", last.session, len(waits), text)
	}
	v := first.opened.says(text)
	v.Session = first.session
	return v
}

func tenths(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }

// comesTooSoon tells of attempts that keep coming sooner than firmware makes them
// after so many failures. Longer waits prove nothing: a test of the internet takes
// its time, and not every attempt reaches whoever looks on.
func (l *leg) comesTooSoon(e *decode.Event, r *rhythm) bool {
	waits := r.failures[1:]
	last := waits[len(waits)-minTooSoon:]
	if l.found.has(oneCause("PH-40")) || l.end().since(r.failures[0].opened) >= networkReset*9/10 {
		return false
	}
	for i := range last {
		if n := len(waits) - minTooSoon + i + 1; last[i].wait+last[i].open >= backoff(n)*3/4 {
			return false
		}
	}
	f := draft{id: "PH-56", sure: Likely, noCount: true, evidence: []decode.Evidence{
		run(waits, fmt.Sprintf("where firmware waits %v after failure %d", backoff(len(waits)), len(waits))),
	}, ruledOut: []string{"PH-55: the waits do not grow"}}
	if !l.known {
		f.sure = Possible
		f.evidence = append(f.evidence, l.end().says("none of them says which device it is: several may share the address"))
	}
	l.find(e, f)
	return true
}
