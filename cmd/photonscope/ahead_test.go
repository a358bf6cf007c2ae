package main

import (
	"bytes"
	"context"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/decode"
)

// What was decoded without a key is on the screen before the key is taken: else it
// would come behind the screen's second look at what it has, and stay sealed.
func TestKeysThatComeAreTakenOnceAllThatWasReadIsShown(t *testing.T) {
	capture, err := os.ReadFile(recordings + "/healthy-brewskey-fw2.3.1/capture.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	in := &inputs{ahead: newAhead(func() {})}
	var p progress
	in.list = []captures.Input{{R: &countedInput{iotest.HalfReader(bytes.NewReader(capture)), &p, in.ahead}}}
	var shown atomic.Int64
	looked := 0
	a := in.ahead
	a.pipe = newPipeline(nil, nobody{})
	a.newKeys = func() {
		looked++
		a.settle()
		if got, want := shown.Load(), int64(a.stats.Packets); got != want || len(a.filling.events) > 0 {
			t.Errorf("%d of %d packets are shown, %d events wait", got, want, len(a.filling.events))
		}
	}
	go a.read(in.list, 0)
	for p := range a.parcels(func() {}, func() bool { return false }) {
		runtime.Gosched() // the reader has every chance to go on
		shown.Store(int64(p.stats.Packets))
	}
	if looked < 5 || shown.Load() == 0 {
		t.Errorf("%d looks, %d packets", looked, shown.Load())
	}
}

// A consumer that wants no more gets what was read, and then the end, though the
// input has none.
func TestReadingAheadStops(t *testing.T) {
	capture, err := os.ReadFile(recordings + "/healthy-brewskey-fw2.3.1/capture.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	waits := make(chan struct{})
	a := newAhead(func() { close(waits) })
	a.pipe, a.newKeys = newPipeline(nil, nobody{}), func() {}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		w.Write(capture)
		<-waits // as a pipe that is silent
		w.Close()
	}()
	defer r.Close()
	var p progress
	go a.read([]captures.Input{{R: &countedInput{r, &p, a}}}, 0)
	events := 0
	for p := range a.parcels(func() {}, func() bool { return false }) {
		a.stop()
		events += len(p.events)
	}
	if events == 0 {
		t.Error("nothing was read")
	}
}

// A capture in which nothing is of a Photon can be left too.
func TestReadingEndsWhereNothingIsOfAPhoton(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a := newAhead(cancel)
	a.pipe, a.newKeys = newPipeline(nil, nobody{}), func() {}
	var p progress
	go a.read([]captures.Input{{R: &countedInput{new(endless), &p, a}}}, 0)
	parcels := 0
	for p := range a.parcels(func() {}, func() bool { return false }) {
		if parcels++; parcels == 10 {
			a.stop()
		}
		if len(p.events) > 0 {
			t.Error("events")
		}
	}
	if ctx.Err() == nil || parcels < 10 {
		t.Errorf("%d parcels", parcels)
	}
}

// endless is a pcap of packets without content, that never ends.
type endless struct{ begun bool }

func (e *endless) Read(b []byte) (int, error) {
	if !e.begun {
		e.begun = true
		head := []byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0}
		return copy(b, head), nil
	}
	n := len(b) / 16 * 16 // each is a header of no bytes
	clear(b[:n])
	return max(n, min(len(b), 16)), nil
}

// A fault of the decoder is told once, and reading goes on for those who want the
// items; a fault of a sink ends what is shown, and nothing else.
func TestAFaultWhileReadingAheadEndsNothingElse(t *testing.T) {
	capture, err := os.ReadFile(recordings + "/healthy-brewskey-fw2.3.1/capture.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		pipe   *pipeline
		events bool
	}{
		"decoder": {&pipeline{decoder: new(decode.Decoder), sink: nobody{}, passer: nobody{}}, false}, // it has no room for sessions
		"sink":    {newPipeline(nil, brokenSink{}), true},
	} {
		a, alarms, items, events := newAhead(func() {}), 0, 0, 0
		c.pipe.alarm = func(string) { alarms++ }
		a.pipe, a.newKeys, a.record = c.pipe, func() {}, true
		var p progress
		go a.read([]captures.Input{{R: &countedInput{bytes.NewReader(capture), &p, a}}}, 0)
		for p := range a.parcels(func() {}, func() bool { return true }) {
			items, events = items+len(p.items.items), events+len(p.events)
			c.pipe.pass(p.events)
		}
		if alarms != 1 || items < 100 || (events > 0) != c.events {
			t.Errorf("%s: %d alarms, %d items, %d events", name, alarms, items, events)
		}
	}
}

type brokenSink struct{ nobody }

func (brokenSink) event(*decode.Event) { panic("broken") }
