package main

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// dated is a sink that knows when it was last told something.
type dated struct{ last atomic.Int64 }

func (d *dated) event(*decode.Event) { d.last.Store(time.Now().UnixNano()) }
func (d *dated) flush()              {}

// While nothing comes the queue is looked at seldom; what comes then is shown
// soon, and what follows at once.
func TestAQuietPipelineRestsAndWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sink dated
		p := newPipeline(new(lightssl.Keyring), &sink)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); p.run(ctx) }()
		id := stream.ConnID(0)
		delay := func() time.Duration {
			id++
			at := time.Now()
			p.tap([]stream.Item{&stream.Opened{At: at, Conn: stream.Conn{ID: id}}})
			time.Sleep(restEvery)
			synctest.Wait()
			return time.Unix(0, sink.last.Load()).Sub(at)
		}
		var longest time.Duration
		for _, quiet := range []time.Duration{0, restAfter / 2, 10 * restAfter, 10*restAfter + restEvery/2, 10*restAfter + restEvery/3} {
			time.Sleep(quiet)
			d, limit := delay(), pauseOf(quiet > restAfter)
			if d < 0 || d > limit {
				t.Errorf("after %v of silence: shown %v later, want at most %v", quiet, d, limit)
			}
			longest = max(longest, d)
			if d := delay(); d < 0 || d > drainEvery {
				t.Errorf("the next after that: shown %v later, want at most %v", d, drainEvery)
			}
		}
		if longest <= drainEvery {
			t.Error("the queue is looked at as often in silence")
		}
		cancel()
		<-done
	})
}
