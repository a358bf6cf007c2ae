package ui

import (
	"sync/atomic"
	"testing"
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
