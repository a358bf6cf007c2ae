package rules

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/sim/memnet"
)

// got is what one read of a disturbed connection gave, and when.
type got struct {
	after time.Duration
	n     int
	err   error
}

// through sends writes down a line with toxics, 10 ms apart, and then a FIN, and
// returns what arrives.
func through(t *testing.T, text string, writes ...[]byte) (arrived []byte, reads []got) {
	t.Helper()
	all, err := Parse("rules.txt", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		e := New(all)
		s := newSession(e, stream.Conn{ID: 1})
		near, far := memnet.Pipe(netip.MustParseAddrPort("192.168.1.1:1"), netip.MustParseAddrPort("192.168.1.2:2"))
		l := newLine(s, stream.FromCloud, near)
		began := time.Now()
		var writer sync.WaitGroup
		writer.Go(func() {
			for _, b := range writes {
				if n, err := l.Write(b); n != len(b) && err == nil {
					t.Errorf("wrote %d of %d bytes", n, len(b))
				}
				clear(b) // it is the caller's again
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(time.Second)
			l.CloseWrite()
		})
		far.SetReadDeadline(began.Add(time.Minute))
		buf := make([]byte, 1<<16)
		for {
			n, err := far.Read(buf)
			arrived = append(arrived, buf[:n]...)
			reads = append(reads, got{time.Since(began), n, err})
			if err != nil {
				break
			}
		}
		l.Close()
		writer.Wait()
		e.Release()
		e.Wait()
	})
	return arrived, reads
}

func ten() []byte { return bytes.Repeat([]byte{7}, 10) }

func TestToxicsDoWhatToxiproxysDo(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		rule    string
		writes  [][]byte
		arrives int
		first   time.Duration // of the first read
		last    time.Duration // of the end
		reads   int           // with bytes
		end     error
	}{
		{"fault latency latency=200", [][]byte{ten(), ten()}, 20, 200 * ms, 1220 * ms, 2, io.EOF}, // not added up
		{"fault bandwidth rate=1", [][]byte{make([]byte, 1000), ten()}, 1010, 1000 * ms, 1020 * ms, 2, io.EOF},
		{"fault slow_close delay=2s", [][]byte{ten()}, 10, 0, 3010 * ms, 1, io.EOF},
		{"fault timeout timeout=500", [][]byte{ten(), ten()}, 0, 500 * ms, 500 * ms, 0, io.EOF},
		{"fault reset_peer", [][]byte{ten()}, 0, 0, 0, 0, syscall.ECONNRESET},
		{"fault reset_peer timeout=30", [][]byte{ten()}, 0, 30 * ms, 30 * ms, 0, syscall.ECONNRESET},
		{"fault slicer average_size=3 delay=1000", [][]byte{ten()}, 10, 0, 1010 * ms, 4, io.EOF},
		{"fault limit_data bytes=15", [][]byte{ten(), ten(), ten()}, 15, 0, 10 * ms, 2, io.EOF},
		{"fault latency latency=1h toxicity=0", [][]byte{ten()}, 10, 0, 1010 * ms, 1, io.EOF},
		{"fault latency latency=1h stream=upstream", [][]byte{ten()}, 10, 0, 1010 * ms, 1, io.EOF},
	} {
		t.Run(c.rule, func(t *testing.T) {
			arrived, reads := through(t, c.rule, c.writes...)
			last := reads[len(reads)-1]
			n := len(reads) - 1
			if last.n > 0 {
				n++
			}
			if len(arrived) != c.arrives || reads[0].after != c.first || last.after != c.last || n != c.reads || !errors.Is(last.err, c.end) {
				t.Errorf("%d bytes arrived in %v; want %d in %d reads from %v to %v, then %v", len(arrived), reads, c.arrives, c.reads, c.first, c.last, c.end)
			}
		})
	}
}

func TestJitterStaysWithinItsBoundsAndTheSameSeedGivesTheSame(t *testing.T) {
	var writes [][]byte
	for range 50 {
		writes = append(writes, ten())
	}
	const rule = "fault latency latency=200 jitter=100 seed=5"
	a, b := arrivals(t, rule, writes), arrivals(t, rule, writes)
	if len(a) != 500 || !slices.Equal(a, b) {
		t.Fatalf("%d bytes arrived at %v, then %d at %v", len(a), a, len(b), b)
	}
	if a[0] < 100*time.Millisecond || a[0] > 300*time.Millisecond {
		t.Errorf("the first came after %v", a[0])
	}
	if other := arrivals(t, "fault latency latency=200 jitter=100 seed=6", writes); slices.Equal(a, other) {
		t.Error("another seed gives the same")
	}
}

// arrivals returns when each byte arrived: what comes at the same time may be read
// at once or not.
func arrivals(t *testing.T, rule string, writes [][]byte) (at []time.Duration) {
	t.Helper()
	_, reads := through(t, rule, writes...)
	for _, r := range reads {
		at = append(at, slices.Repeat([]time.Duration{r.after}, r.n)...)
	}
	return at
}
