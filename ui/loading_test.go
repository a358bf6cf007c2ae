package ui

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gdamore/tcell/v2"
)

func TestALoadingCaptureSaysHowFarItIsAndKeysStayLive(t *testing.T) {
	all := talk(t)
	var read atomic.Int64
	var over atomic.Bool
	d := drive(t, 100, 30, Options{
		Title: "big.pcapng", Loading: func() bool { return !over.Load() },
		Progress: func() Progress { return Progress{Read: read.Load(), Total: 4_000_000} },
	})
	d.see("LOADING  0 %")
	const parts = 400
	for i := range parts {
		d.store.Append(all)
		read.Add(4_000_000 / parts)
		if i == parts/2 {
			d.see("LOADING  50 %").press("2").see(" events").press("g").see("►      1 ").press("6").see("KIND").press("2")
		}
	}
	d.see("LOADING  100 %")
	over.Store(true)
	d.see("Reading has ended: 100000 events.").see("FILE")
}

// While a capture loads, the processor is for that: a look of 8 ms may come every
// 120 ms, but for what the first ones find.
func TestTheScreenLooksSeldomWhileACaptureLoads(t *testing.T) {
	all := talk(t)
	synctest.Test(t, func(t *testing.T) {
		screen := tcell.NewSimulationScreen("UTF-8")
		screen.Init()
		screen.SetSize(80, 24)
		s, log := stored(), new(Log)
		var looks atomic.Int64
		var over, comes atomic.Bool
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() {
			result <- Run(ctx, Options{
				Screen: screen, Store: s, Log: log, Loading: func() bool { return !over.Load() },
				drawn: func(int) {
					time.Sleep(8 * time.Millisecond)
					if looks.Add(1); comes.Swap(false) {
						s.Append(all[:1])
					}
				},
			})
		}()
		time.Sleep(time.Second) // there is nothing yet
		before := looks.Load()
		comes.Store(true) // while the screen is drawn
		log.Add("a note")
		if time.Sleep(100 * time.Millisecond); looks.Load() < before+2 {
			t.Error("the first event is not shown at once")
		}
		before = looks.Load()
		for range 1000 {
			s.Append(all)
			time.Sleep(10 * time.Millisecond)
		}
		if n := looks.Load() - before; n < 40 || n > 85 {
			t.Errorf("%d looks in ten seconds of loading", n)
		}
		over.Store(true)
		before = looks.Load()
		if time.Sleep(50 * time.Millisecond); looks.Load() == before {
			t.Error("the end is not shown at once")
		}
		cancel()
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

func TestStatsOfACaptureAreCountedForWhoLooksAtThem(t *testing.T) {
	for _, live := range []bool{false, true} {
		a := newApp(Options{Store: stored(talk(t)...), Live: live})
		a.refresh()
		i := slices.IndexFunc(a.views, func(v view) bool { return v.place() == inStats })
		s := a.views[i].(*stats)
		if counted := s.total > 0; counted != live {
			t.Errorf("live %v: hidden, %d events are counted", live, s.total)
		}
		press(a, "6")
		if s.total != 250 {
			t.Errorf("live %v: shown, %d events are counted", live, s.total)
		}
		press(a, "1")
		a.opt.Store.Append(talk(t))
		a.refresh()
		if counted := s.total > 250; counted != live {
			t.Errorf("live %v: hidden again, %d events are counted", live, s.total)
		}
	}
}

func TestWithoutASizeTheScreenSaysWhatWasRead(t *testing.T) {
	for _, c := range []struct {
		p    Progress
		want Safe
	}{{Progress{}, ""}, {Progress{Read: 2_500_000}, "2500.0 kB"}, {Progress{Read: 1, Total: 3}, "33 %"}, {Progress{Read: 5, Total: 3}, "100 %"}} {
		if got := c.p.text(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.p, got, c.want)
		}
	}
}

func TestACaptureThatGrowsIsFollowed(t *testing.T) {
	all := talk(t)
	var caughtUp, over atomic.Bool
	d := drive(t, 100, 30, Options{
		Title: "grows.pcapng", Loading: func() bool { return !over.Load() },
		Progress: func() Progress { return Progress{Read: 2_500_000, Following: caughtUp.Load()} },
	})
	d.see("LOADING  2500.0 kB")
	d.store.Append(all[:100])
	caughtUp.Store(true)
	d.see("● FOLLOWING").press("2").see("events   following").see("►    100")
	d.store.Append(all[100:150])
	d.see("►    150").press("k").press("g").see("►      1")
	d.store.Append(all[150:])
	d.see("▼ 100 new below")
	over.Store(true)
	d.see("FILE")
}

func TestALongPathIsShortenedInTheMiddle(t *testing.T) {
	path := "/home/someone/recordings/of/the/year/2026/november/in/the/office/photon-at-the-window.pcapng"
	a := newApp(Options{Store: stored(talk(t)...), Title: path})
	press(a, "2", "s", "l")
	if got, want := a.contextLine(standard, 80), Safe("/home/someon…ton-at-the-window.pcapng   / none   250 events   sorted by length ↓"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for w := 2; w < 100; w++ {
		for _, s := range []Safe{Safe(path), "路径路径路径路径.pcapng", "a路b"} {
			got := shortened(s, w)
			if width(got) > w || width(s) <= w && got != s || width(got) < w-2 && width(s) > w {
				t.Errorf("%s in %d cells: %q, %d cells", s, w, got, width(got))
			}
		}
	}
}
