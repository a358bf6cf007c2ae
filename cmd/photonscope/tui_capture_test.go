package main

import (
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store"
	"github.com/photonscope/photonscope/ui"
)

// demoCapture is a recording of photonscope demo.
const demoCapture = "../../ui/testdata/demo.pcapng"

// onTheScreen reads a capture as the screen does, and returns what it then holds.
func onTheScreen(t *testing.T, file string, keys ...string) *store.Store {
	t.Helper()
	a := &app{stdout: t.Output(), stderr: t.Output(), getenv: func(string) string { return "" }}
	s := &tui{app: a, store: store.New(0), log: new(ui.Log), ready: make(chan struct{})}
	r := &reading{app: a, names: []string{file}, bothLegs: true, quiet: true}
	r.keys = keys
	if err := r.into(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return s.store
}

// What the store has, the decoder may use again.
func TestTheScreenHoldsEventsUntilTheStoreHasThem(t *testing.T) {
	s := &tui{store: store.New(0), ready: make(chan struct{})}
	p := newPipeline(nil, s)
	e := decode.Event{Conn: new(stream.Conn), Body: new(decode.Opened)}
	for n := 1; n <= 3*eventsAtOnce; n++ {
		s.event(&e)
		if _, end := s.store.Bounds(); p.holding() != (int(end) < n) {
			t.Fatalf("after %d events, of which the store has %d: holding is %v", n, end, p.holding())
		}
	}
	if p.holding() {
		t.Error("the store is given nothing as long as nobody flushes")
	}
	s.event(&e)
	if s.flush(); p.holding() {
		t.Error("after flush, events are held")
	}
}

// allOf yields what a store holds.
func allOf(s *store.Store) iter.Seq[*decode.Event] {
	return func(yield func(*decode.Event) bool) {
		first, end := s.Bounds()
		for seq := first; seq < end; seq++ {
			if e, ok := s.At(seq); ok && !yield(&e) {
				return
			}
		}
	}
}

// savedFrom writes what a store holds to a new capture.
func savedFrom(t *testing.T, s *store.Store) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "saved.pcapng")
	f := &screenFiles{app: &app{stdout: t.Output(), stderr: t.Output()}}
	written, err := f.saveCapture(file, allOf(s))
	if err != nil || !strings.HasPrefix(written, file) {
		t.Fatalf("it says %q: %v", written, err)
	}
	return file
}

func TestACaptureSavedFromTheScreenReadsBackAsTheSameEvents(t *testing.T) {
	for _, capture := range captureFiles(t) {
		t.Run(strings.TrimPrefix(capture, recordings+"/"), func(t *testing.T) {
			keys := writeKey(t, "all.keylog", []byte("# none\n"))
			if !strings.Contains(capture, "/fail-") {
				keys = writeKey(t, "all.keylog", keyLogOf(t, capture))
			}
			sameContent(t, savedFrom(t, onTheScreen(t, capture, keys)), "-k", keys, capture)
		})
	}
}

// annotate writes something at events of every type of a store that a capture has
// packets for, and returns what it wrote, by the events' types.
func annotate(s *store.Store) map[string]string {
	wrote := make(map[string]string)
	first, end := s.Bounds()
	for seq := first; seq < end; seq++ {
		e, _ := s.At(seq)
		name := e.Body.Name()
		if _, there := wrote[name]; there || !hasPacket(&e) {
			continue
		}
		wrote[name] = fmt.Sprintf("look at this %s — ☞ %d", name, seq)
		s.SetComment(seq, wrote[name])
		s.SetMark(string(rune('a'+len(wrote))), seq)
	}
	return wrote
}

func TestMarksAndCommentsOutliveTheScreen(t *testing.T) {
	held := onTheScreen(t, demoCapture)
	wrote := annotate(held)
	if len(wrote) < 5 {
		t.Fatalf("only %d types of events", len(wrote))
	}
	file := savedFrom(t, held)
	again := savedFrom(t, onTheScreen(t, file)) // from the screen that shows it, too
	for _, file := range []string{file, again} {
		found := 0
		for _, e := range readEvents(t, "both", file) {
			if e.str("frame.comment") == "" {
				continue
			}
			found++
			if want := wrote[e.str("type")]; e.str("frame.comment") != want || len(e.str("photon.mark")) != 1 {
				t.Errorf("%s: %q and mark %q are read, %q was written", e.str("type"), e.str("frame.comment"), e.str("photon.mark"), want)
			}
		}
		if found != len(wrote) {
			t.Errorf("%d comments are read, %d were written: %v", found, len(wrote), wrote)
		}
	}
	out, _, _ := runApp(t, nil, "read", "-v", "-Y", "~marked and ~comment this.message", file)
	wantIn(t, out, "Mark: ", "Comment: "+wrote["message"])
}

func TestWiresharkShowsCommentsOfTheScreen(t *testing.T) {
	needTshark(t)
	held := onTheScreen(t, demoCapture)
	wrote := annotate(held)
	file := savedFrom(t, held)
	all := string(tshark(t, file, "-Y", "frame.comment contains \"look at this\"", "-T", "fields", "-e", "frame.interface_name", "-e", "frame.comment"))
	for _, text := range wrote {
		wantIn(t, all, text)
	}
	for line := range strings.Lines(all) {
		if strings.HasPrefix(line, "photon-coap") {
			wantIn(t, line, wrote["message"])
		}
	}
	wantIn(t, all, "photon-coap\t", "device-leg\t")
}

func TestACaptureIsNeverOverwrittenByTheScreen(t *testing.T) {
	t.Chdir(t.TempDir())
	f := &screenFiles{app: &app{stdout: t.Output(), stderr: t.Output()}}
	none := func(func(*decode.Event) bool) {}
	for i, want := range []string{"photonscope-sessions.pcapng", "photonscope-sessions-2.pcapng"} {
		if got, err := f.saveCapture("", none); err != nil || got != want {
			t.Errorf("capture %d is written to %q: %v", i, got, err)
		}
	}
	if _, err := f.saveCapture("photonscope-sessions.pcapng", none); err == nil || !strings.Contains(err.Error(), "never overwritten") {
		t.Errorf("a name that is taken: %v", err)
	}
}
