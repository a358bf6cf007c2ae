package proxy

import (
	"bytes"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/photonscope/photonscope/sim/measure"
)

// contestant is one forwarder with a connection through it.
type contestant struct {
	*child
	name                                        string
	fd                                          int
	p50, p99, cpu, p50Ratio, p99Ratio, cpuRatio []float64
}

// ping measures one round.
func (c *contestant) ping(b *testing.B, n, size int) {
	buf, msg := make([]byte, size), frame(size-2)
	times := make([]time.Duration, 0, n)
	before := c.cpuTime()
	for range n {
		start := time.Now()
		syscall.Write(c.fd, msg)
		for got := 0; got < size; {
			m, err := syscall.Read(c.fd, buf[got:])
			if m <= 0 && err != syscall.EINTR {
				b.Fatal("the connection ended: ", err)
			}
			got += max(m, 0)
		}
		times = append(times, time.Since(start))
	}
	if !bytes.Equal(buf, msg) {
		b.Fatal("another answer came")
	}
	slices.Sort(times)
	c.cpu = append(c.cpu, float64(c.cpuTime()-before)/float64(n)/1e3)
	c.p50 = append(c.p50, float64(times[n/2])/1e3)
	c.p99 = append(c.p99, float64(times[n*99/100])/1e3)
}

func last(x []float64) float64 { return x[len(x)-1] }

// cpuTime is what the forwarder has used so far.
func (c *contestant) cpuTime() time.Duration {
	used, err := measure.CPUTime(c.pid)
	if err != nil {
		c.t.Fatal(err)
	}
	return used
}

// against notes a round's ratios to the rival's.
func (c *contestant) against(rival *contestant) {
	c.p50Ratio = append(c.p50Ratio, last(c.p50)/last(rival.p50))
	c.p99Ratio = append(c.p99Ratio, last(c.p99)/last(rival.p99))
	c.cpuRatio = append(c.cpuRatio, last(c.cpu)/last(rival.cpu))
}

// contest is one measurement: the forwarders, of which the first is the rival,
// and the clouds behind them.
type contest struct {
	b           *testing.B
	keys        string
	plain, real string
	all         []*contestant
}

func newContest(b *testing.B) *contest {
	c := &contest{b: b, keys: formatKeys(testKeys())}
	c.plain = startChild(b, nil, "cloud", "echo", c.keys).address()
	c.real = startChild(b, nil, "cloud", "handshake", c.keys).address()
	for _, name := range []string{"io.Copy", "observe", "observe+tap", "splice", "splice+tap"} {
		c.all = append(c.all, &contestant{name: name})
	}
	return c
}

// round starts every forwarder anew, because where a process happens to run
// stays with it, and measures each in turn.
func (c *contest) round(reverse bool, size int) {
	order := slices.Clone(c.all)
	if reverse {
		slices.Reverse(order)
	}
	for _, one := range order {
		c.start(one)
	}
	for _, pings := range []int{300, 1500} {
		for _, one := range order {
			one.ping(c.b, pings, size)
		}
	}
	for _, one := range c.all {
		one.against(c.all[0])
		syscall.Close(one.fd)
		syscall.Kill(one.pid, syscall.SIGKILL)
	}
}

// start starts a forwarder and brings a connection through it past the handshake.
func (c *contest) start(one *contestant) {
	mode, tap, _ := strings.Cut(one.name, "+")
	switch mode {
	case "io.Copy":
		one.child = startChild(c.b, nil, "forwarder", c.plain)
	case "observe":
		one.child = startChild(c.b, nil, "proxy", c.plain, mode, tap, c.keys)
	default:
		one.child = startChild(c.b, nil, "proxy", c.real, mode, tap, c.keys)
	}
	conn, err := net.Dial("tcp", one.address())
	if err != nil {
		c.b.Fatal(err)
	}
	switch mode {
	case "splice":
		if _, err := deviceEnd().Handshake(conn); err != nil {
			c.b.Fatal(err)
		}
	case "observe": // an echo is no cloud: its "nonce" and "credentials" are what it echoes
		write(c.b, conn, randomBytes(256))
		write(c.b, conn, frame(424-256-2))
		read(c.b, conn, 424)
	}
	if one.fd, err = measure.Blocking(conn); err != nil {
		c.b.Fatal(err)
	}
}

// BenchmarkLatency is P1 and P2: request and response through the proxy beside
// an io.Copy forwarder.
func BenchmarkLatency(b *testing.B) {
	for _, size := range []int{66, 258, 1026} {
		b.Run(fmt.Sprintf("frame=%d", size), func(b *testing.B) {
			c := newContest(b)
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for i := 0; b.Loop(); i++ {
				c.round(i%2 == 1, size)
			}
			for _, one := range c.all[1:] {
				b.ReportMetric(measure.Median(one.p50Ratio), one.name+":p50-ratio")
				b.ReportMetric(measure.Median(one.p99Ratio), one.name+":p99-ratio")
				b.ReportMetric(measure.Median(one.cpuRatio), one.name+":cpu-ratio")
			}
			b.ReportMetric(measure.Median(c.all[0].p50), "io.Copy:p50-µs")
			b.ReportMetric(measure.Median(c.all[0].cpu), "io.Copy:cpu-µs")
			b.ReportMetric(0, "ns/op")
		})
	}
}
