package replay

import (
	"fmt"
	"iter"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/particle"
)

const (
	// window is how many of the messages that are waited for a live one may stand
	// for: the next ones. What is further away is another message.
	window = 32

	// overtakenShare is the part of the wait for which a message is still waited for
	// once one has come that was recorded behind it.
	overtakenShare = 5
)

// open are the steps that wait for a message, in order, within the window.
func (y *Player) open() iter.Seq[*Step] {
	return func(yield func(*Step) bool) {
		n := 0
		for _, s := range y.plan.Steps[y.next:] {
			if !y.waitsFor(s) {
				continue
			}
			if n++; n > window || !yield(s) {
				return
			}
		}
	}
}

// waitsFor reports whether a message of the peer is yet to come, as far as what it
// answers has passed.
func (y *Player) waitsFor(s *Step) bool {
	return s.Do == Await && !y.state[s].done && (s.Answers == nil || y.state[s.Answers].live)
}

// outOfOrder says which message a live one has overtaken, "" if none.
func (y *Player) outOfOrder(s *Step) string {
	for first := range y.open() {
		if first == s || first.Number > s.Number {
			break
		}
		return fmt.Sprintf("out of order: before %d", first.Number)
	}
	return ""
}

// deadline is until when a message is waited for: its whole time, or less once the
// peer has gone on to what was recorded behind it. An answer's time does not begin
// anew with each that is missing before it.
func (y *Player) deadline(s *Step, due time.Time) time.Time {
	if p := y.passed; s.Answers != nil && p != nil {
		due = y.behind(y.state[p].at, p.Event.At, s)
	}
	end, since := due.Add(y.pace.Wait), y.possibleSince(s)
	n := 0
	for _, later := range y.plan.Steps[y.next+1:] {
		if later.Do != Await {
			continue
		}
		if n++; n > window {
			break
		}
		st := y.state[later]
		if soon := st.at.Add(y.pace.Wait / overtakenShare); st.live && !st.at.Before(since) && soon.Before(end) {
			end = soon
		}
	}
	return end
}

// possibleSince is when a message of the peer could come at the earliest: once what
// it answers was sent, or all that was recorded before it and may have led to it.
func (y *Player) possibleSince(s *Step) time.Time {
	if s.Answers != nil {
		return y.state[s.Answers].at
	}
	return y.spoke
}

// late takes a message that was given up and comes after all.
func (y *Player) late(e *decode.Event, g *particle.Meaning) bool {
	for _, s := range y.plan.Steps[:y.next] {
		st := y.state[s]
		asked := s.Answers != nil && g.HasRTT && y.state[s.Answers].live && y.state[s.Answers].id == g.RequestID
		if !st.missed || s.Meaning.Kind != g.Kind || !asked && (s.Answers != nil || len(y.compare.Differences(&s.Event, e, g.Kind)) > 0) {
			continue
		}
		st.missed = false
		y.acts = append(y.acts, Act{Report: Report{Step: s, Happened: Came, Actual: e, Why: "late: it was reported missing"}})
		return true
	}
	return false
}
