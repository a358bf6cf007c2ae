package store

import (
	"fmt"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/internal/genuine"
)

// tally is a doctor that says how much of a connection could be read.
type tally struct{ sealed, opened map[stream.ConnID]int }

func newTally() Doctor { return &tally{make(map[stream.ConnID]int), make(map[stream.ConnID]int)} }

func (d *tally) Feed(dst []decode.Event, e *decode.Event) []decode.Event {
	id := e.Conn.ID
	find := func(cause, title string) {
		dst = append(dst, decode.Event{At: e.At, Conn: e.Conn, Session: e.Session, From: e.From, Device: e.Device, Known: e.Known, Body: &decode.Finding{ID: cause, Title: title}})
	}
	switch e.Body.(type) {
	case *decode.Sealed:
		if d.sealed[id]++; d.sealed[id] == 1 {
			find("sealed", "")
		}
	case *decode.Message:
		if d.opened[id]++; d.opened[id] == 2 {
			find("opened", "")
			find("opened", "twice")
		}
	case *decode.Closed:
		find("over", fmt.Sprintf("%d sealed, %d opened", d.sealed[id], d.opened[id]))
	}
	return dst
}

// examined returns events with what a doctor says of them.
func examined(d Doctor, events []decode.Event) (list []decode.Event) {
	for i := range events {
		list = d.Feed(append(list, events[i]), &events[i])
	}
	return list
}

func TestKeysThatComeLateGiveTheFindingsOfKeysThatWereThere(t *testing.T) {
	keys := genuine.Keys(t)
	recorded(t, func(t *testing.T, items []stream.Item) {
		want := examined(newTally(), decoded(keys, items))
		s := stored(examined(newTally(), decoded(nil, items)))
		done := s.Redecode(keys, newTally)
		if !done.Changed {
			t.Fatal("nothing changed")
		}
		sameEvents(t, all(t, s), want)
		sameSessions(t, s, stored(want))
		if done = s.Redecode(keys, newTally); done.Changed {
			t.Errorf("changed again: %+v", done)
		}
	})
}

// What is known of an event goes with it, and of a finding that is withdrawn with
// the event that it was about.
func TestMarksStayWhereFindingsAreMadeAgain(t *testing.T) {
	tr := newTraffic(3)
	k := tr.open(1)
	k.hello()
	for range 5 {
		k.event(true)
	}
	k.close(stream.Fin)
	s := stored(examined(newTally(), decoded(nil, tr.items)))
	marks := map[string]string{}
	for i, e := range all(t, s) {
		name := string(rune('a' + i))
		s.SetMark(name, Seq(i))
		marks[name] = e.Body.Name()
		if f, ok := e.Body.(*decode.Finding); ok {
			marks[name] = f.ID
		}
	}
	done := s.Redecode(tr.keys, newTally)
	if n, m := len(done.Withdrawn), len(done.Found); n != 3 || m != 4 { // sealed, over twice; opened and opened twice instead
		t.Errorf("%d findings are withdrawn, %d are new: %+v", n, m, done)
	}
	for _, m := range s.Marks() {
		e, _ := s.At(m.Seq)
		now := e.Body.Name()
		if f, ok := e.Body.(*decode.Finding); ok {
			now = f.ID
		}
		switch was := marks[m.Name]; {
		case now == was, was == "sealed" && now == "message":
		default:
			t.Errorf("the mark at %s is at %s now", was, now)
		}
	}
}

// Private keys that open nothing may yet say more: that is looked at once.
func TestAKeyThatOpensNothingHasTheDoctorLookAgain(t *testing.T) {
	tr := newTraffic(5)
	tr.open(1).close(stream.Fin)
	s := stored(examined(newTally(), decoded(nil, tr.items)))
	asked := 0
	doctor := func() Doctor { asked++; return newTally() }
	keys := new(lightssl.Keyring)
	if s.Redecode(keys, doctor); asked != 0 {
		t.Error("without a key it is asked")
	}
	keys.AddKey(lightssl.Key{Private: genuine.Keys(t).Servers()[0]}, lightssl.ServerRole)
	if done := s.Redecode(keys, doctor); asked != 1 || len(done.Withdrawn)+len(done.Found) > 0 {
		t.Errorf("asked %d times; %+v", asked, done)
	}
	if s.Redecode(keys, doctor); asked != 1 {
		t.Errorf("asked %d times about one key", asked)
	}
}

func TestFindingsOfASessionWhoseBeginningWasEvictedStay(t *testing.T) {
	tr := newTraffic(4)
	k := tr.open(1)
	k.hello()
	for range 9000 {
		k.event(false)
	}
	k.close(stream.Fin)
	s := New(1 << 19)
	s.Append(examined(newTally(), decoded(nil, tr.items)))
	if first, _ := s.Bounds(); first == 0 {
		t.Fatal("nothing was evicted")
	}
	if done := s.Redecode(tr.keys, newTally); !done.Changed || len(done.Withdrawn)+len(done.Found) > 0 {
		t.Errorf("%+v", done)
	}
	over := 0
	for _, e := range all(t, s) {
		if f, ok := e.Body.(*decode.Finding); ok && f.ID == "over" {
			over++
		}
	}
	if over != 2 {
		t.Errorf("%d findings at its end, of 2", over)
	}
}
