package ui

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode"
)

// saved are files that an app had written.
type saved struct {
	files    map[string]*bytes.Buffer
	captured []decode.Event
	name     string // that the capture was to have
}

// actions are what an app may ask for.
func (s *saved) actions() Actions {
	s.files = make(map[string]*bytes.Buffer)
	return Actions{
		Save: func(name string, write func(io.Writer) error) (string, error) {
			s.files[name] = new(bytes.Buffer)
			return name, write(s.files[name])
		},
		SaveCapture: func(name string, events iter.Seq[*decode.Event]) (string, error) {
			s.name = name
			for e := range events {
				s.captured = append(s.captured, *e)
			}
			return "all.pcapng", nil
		},
	}
}

// exporting is an app at the first message of a demo.
func exporting(t *testing.T) (*app, *saved) {
	s := new(saved)
	a := newApp(Options{Store: stored(demo(t)...), Actions: s.actions()})
	press(a, "2", "g")
	return a, s
}

// done waits for what goes on beside the loop, and takes notice of it.
func done(a *app) {
	a.work.Wait()
	a.refresh()
}

func TestExportsAreOfTheEventsShownOrOfASession(t *testing.T) {
	a, s := exporting(t)
	applyFilter(a, "photon.msg == event")
	for _, c := range []struct {
		key, file string
		lines     int
	}{
		{"t", "events.txt", a.model.view.Len()}, {"n", "events.ndjson", a.model.view.Len()}, {"m", "ladder.mmd", a.model.view.Len() + 3},
		{"T", "events.txt", len(a.model.eventsOf(1))}, {"N", "events.ndjson", len(a.model.eventsOf(1))}, {"M", "ladder.mmd", len(a.model.eventsOf(1)) + 3},
	} {
		press(a, "e", c.key)
		done(a)
		got := strings.Split(strings.TrimSpace(s.files[c.file].String()), "\n")
		if len(got) != c.lines || c.lines < 2 {
			t.Errorf("%s: %d lines in %s, %d wanted", c.key, len(got), c.file, c.lines)
		}
		if c.file == "events.ndjson" && !json.Valid([]byte(got[len(got)-1])) {
			t.Errorf("%s: no JSON: %s", c.key, got[len(got)-1])
		}
		if a.notice != Safe("Written to "+c.file) {
			t.Errorf("%s: the screen says %q", c.key, a.notice)
		}
	}
}

func TestACaptureHoldsTheSessionsOfTheEventsShownWhole(t *testing.T) {
	a, s := exporting(t)
	applyFilter(a, "photon.msg == event")
	_, end := a.model.store.Bounds()
	for _, keys := range [][]string{{"e", "p"}, {"e", "P"}, {"w"}, {":", "w", "Enter"}, {":", "w", "Space", "x", "Enter"}} {
		s.captured = nil
		press(a, keys...)
		done(a)
		if len(s.captured) != int(end) {
			t.Errorf("%v: %d events of %d are in the capture", keys, len(s.captured), end)
		}
		if a.notice != "Written to all.pcapng" {
			t.Errorf("%v: the screen says %q", keys, a.notice)
		}
	}
	if s.name != "x" {
		t.Errorf(":w x asks for the name %q", s.name)
	}
}

func TestMarksAndCommentsAreShownAndWritten(t *testing.T) {
	a, s := exporting(t)
	press(a, "2", "G", "k", "k", "k", "k", "k", "k")
	seq, _ := a.selectedEvent()
	press(a, "m", "x", ";", "w", "h", "y", "Enter")
	if n := a.model.store.Note(seq); n == nil || n.Mark != "x" || n.Comment != "why" {
		t.Fatalf("the event has %+v", n)
	}
	golden(t, "noted-80x24", show(t, a, 80, 24), a.look)
	press(a, "w")
	done(a)
	found := 0
	for _, e := range s.captured {
		if e.Note != nil && *e.Note == *a.model.store.Note(seq) {
			found++
		}
	}
	if found != 1 {
		t.Errorf("%d events of the capture have the comment", found)
	}
	applyFilter(a, "~marked and ~comment wh")
	if a.model.view.Len() != 1 {
		t.Errorf("%d events are marked and commented on", a.model.view.Len())
	}
	press(a, "m", "x")
	if a.model.view.Len() != 0 {
		t.Errorf("the mark is gone, but %d events are listed as marked", a.model.view.Len())
	}
}

func TestALongMenuScrollsOnASmallScreen(t *testing.T) {
	a, _ := exporting(t)
	press(a, "e", "k") // the last one
	if text := string(capture(show(t, a, 40, 10), a.look)); !strings.Contains(text, "P  session 1 as a capture") {
		t.Errorf("the last row is not on the screen:\n%s", text)
	}
}

func TestNothingIsWrittenOfNoEvents(t *testing.T) {
	written := 0
	a := newApp(Options{Store: stored(talk(t)...), Actions: Actions{Save: func(string, func(io.Writer) error) (string, error) {
		written++
		return "file", nil
	}}})
	press(a, "2", "/")
	typed(a, "photon.msg == \"key-change\"")
	press(a, "Enter", "e", "t")
	a.work.Wait()
	if written != 0 || a.notice != noEvents {
		t.Errorf("%d files were written of no events: %s", written, a.notice)
	}
	if text := string(capture(show(t, a, 80, 24), a.look)); strings.Contains(text, " of 69.6 s") {
		t.Errorf("the bar shows where the event is that is hidden:\n%s", text)
	}
}
