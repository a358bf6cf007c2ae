package proxy

import (
	"context"
	"flag"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// batches is how often each failing class is tried a dozen times: 900 make the
// 10,000 of a long run.
var batches = flag.Int("batches", 2, "how many batches of refusals are compared, at least")

const (
	perBatch   = 12                   // devices of a class, all at once
	planted    = 3 * time.Millisecond // a difference that has to be noticed
	control    = "planted"            // the class that has it
	mostNoise  = 60                   // batches after which that must have been
	noteworthy = 5.0                  // standard deviations: once in a million comparisons
)

// rankSum compares response times of a class with those of all others, within each
// batch and over all of them (the rank sum test of Wilcoxon, Mann and Whitney,
// summed as van Elteren does). The zero value has compared nothing.
type rankSum struct{ above, variance float64 }

func (r *rankSum) add(mine, rest []time.Duration) {
	for _, a := range mine {
		for _, b := range rest {
			switch {
			case a > b:
				r.above += 0.5
			case a < b:
				r.above -= 0.5
			}
		}
	}
	n, m := float64(len(mine)), float64(len(rest))
	r.variance += n * m * (n + m + 1) / 12
}

// deviations says how far the class is from the others, in standard deviations of
// what chance does.
func (r *rankSum) deviations() float64 { return r.above / math.Sqrt(r.variance) }

// comparison is whether a class is later than the others, and whether its times are
// more scattered.
type comparison struct{ later, wider rankSum }

func (c *comparison) add(mine, rest []time.Duration) {
	c.later.add(mine, rest)
	all := slices.Sorted(slices.Values(append(slices.Clone(mine), rest...)))
	middle := all[len(all)/2]
	scatter := func(times []time.Duration) []time.Duration {
		out := make([]time.Duration, len(times))
		for i, t := range times {
			out[i] = (t - middle).Abs()
		}
		return out
	}
	c.wider.add(scatter(mine), scatter(rest))
}

func (c *comparison) worst() float64 {
	return max(math.Abs(c.later.deviations()), math.Abs(c.wider.deviations()))
}

// refused is a device whose identity record is not sent yet.
type refused struct {
	class  string
	conn   *net.TCPConn
	record []byte
	took   time.Duration
	heard  int
	err    error
}

// try sends the record and waits for the end. The response time includes a delay
// before.
func (r *refused) try(delay time.Duration) {
	began := time.Now()
	if delay > 0 {
		<-time.After(delay)
	}
	if _, r.err = r.conn.Write(r.record); r.err != nil {
		return
	}
	heard, err := io.ReadAll(r.conn)
	r.took, r.heard, r.err = time.Since(began), len(heard), err
	r.conn.Close()
}

// On real sockets and a real clock: whatever is wrong with an identity, nobody
// hears a byte, the connection ends with a FIN and not with a reset, and how long
// that takes tells nothing of the reason.
func TestHowLongARefusalTakesTellsNothing(t *testing.T) {
	for _, mode := range []Mode{Splice, Terminate} {
		t.Run(mode.String(), func(t *testing.T) {
			w := newWorld(t)
			w.Mode, w.ServerKey, w.DeviceKey = mode, testKeys().server, impersonation
			w.Limits = Limits{Conns: -1, Handshakes: -1, EarlyDrop: -1, HandshakeStall: -1, HandshakeOverall: -1}
			heard := new(atomic.Int64)
			if mode == Terminate {
				w.Upstream = ""
				w.Terminate = func(_ context.Context, c net.Conn) error {
					defer c.Close()
					_, err := terminator().Handshake(c)
					return err
				}
			} else {
				go silentCloud(w.cloud, heard)
			}
			w.start()
			compareRefusals(t, w)
			w.stop()
			if n := heard.Load(); n != 0 {
				t.Errorf("the cloud heard %d bytes", n)
			}
		})
	}
}

// silentCloud sends each caller a nonce and counts what it hears.
func silentCloud(ln net.Listener, heard *atomic.Int64) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			c.Write(randomBytes(40))
			n, _ := io.Copy(io.Discard, c)
			heard.Add(n)
		}()
	}
}

// compareRefusals compares the classes until the planted difference is noticed,
// which shows that a real one would be.
func compareRefusals(t *testing.T, w *world) {
	records := failing(t)
	records[control] = records["random bytes"]
	compared := make(map[string]*comparison)
	for class := range records {
		compared[class] = new(comparison)
	}
	for n := 1; n <= *batches || math.Abs(compared[control].later.deviations()) < noteworthy; n++ {
		if n > max(mostNoise, *batches) {
			t.Fatalf("a difference of %v is not noticed in %d batches: the machine is too busy, or the test is wrong", planted, n-1)
		}
		times := batch(t, w, records)
		for class, mine := range times {
			compared[class].add(mine, others(times, class))
		}
	}
	for class, c := range compared {
		t.Logf("%-15s later by %+.1f, wider by %+.1f standard deviations", class, c.later.deviations(), c.wider.deviations())
		if class != control && c.worst() >= noteworthy {
			t.Errorf("%s can be told from the others", class)
		}
	}
}

// others returns the times of all classes but one, and never those of the control.
func others(times map[string][]time.Duration, class string) (rest []time.Duration) {
	for other, t := range times {
		if other != class && other != control {
			rest = append(rest, t...)
		}
	}
	return rest
}

// batch has a dozen devices of each class refused at the same time, in an order of
// chance, and returns their response times.
func batch(t *testing.T, w *world, records map[string]func(lightssl.Nonce) []byte) map[string][]time.Duration {
	t.Helper()
	var all []*refused
	for _, class := range slices.Sorted(maps.Keys(records)) {
		for range perBatch {
			all = append(all, &refused{class: class})
		}
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, r := range all {
		r.conn = w.dial()
		r.record = records[r.class](lightssl.Nonce(read(t, r.conn, 40)))
	}
	pace := time.NewTicker(4 * time.Millisecond) // so that they do not wait for each other
	defer pace.Stop()
	var waiting sync.WaitGroup
	for _, r := range all {
		<-pace.C
		delay := time.Duration(0)
		if r.class == control {
			delay = planted
		}
		waiting.Go(func() { r.try(delay) })
	}
	waiting.Wait()
	times := make(map[string][]time.Duration)
	for _, r := range all {
		if r.heard != 0 || r.err != nil || r.took < uniformClose {
			t.Errorf("%s: %d bytes heard, the end %v after the record: %v", r.class, r.heard, r.took, r.err)
		}
		times[r.class] = append(times[r.class], r.took)
	}
	return times
}
