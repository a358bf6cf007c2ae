package ui

import (
	"fmt"
	"testing"

	"github.com/photonscope/photonscope/store"
)

// million returns a store of a million events.
func million(b *testing.B) *store.Store {
	b.Helper()
	s := store.New(1 << 30)
	all := demo(b)
	for n := 0; n < 1_000_000; n += len(all) {
		s.Append(all)
	}
	return s
}

// BenchmarkFrame is the time from a key to the cells: at 200×60 at most 4 ms, at
// 80×24 at most 1 ms.
func BenchmarkFrame(b *testing.B) {
	a := newApp(Options{Store: million(b), Title: "bench"})
	for a.model.more {
		a.refresh()
	}
	for _, view := range []string{"1", "2", "3", "4", "5", "6"} {
		for _, size := range screenSizes[2:] {
			b.Run(fmt.Sprintf("%s/%dx%d", a.views[view[0]-'0'].name(), size.w, size.h), func(b *testing.B) {
				screen := newScreen(b, size.w, size.h)
				press(a, view, "G")
				for i := 0; b.Loop(); i++ {
					press(a, []string{"PgUp", "PgDn"}[i%2])
					redraw(a, screen)
				}
			})
		}
	}
}

// BenchmarkRefresh is what an idle look at the store costs.
func BenchmarkRefresh(b *testing.B) {
	a := newApp(Options{Store: million(b)})
	for a.model.more {
		a.refresh()
	}
	for b.Loop() {
		a.refresh()
	}
}
