package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/sim/measure"
)

// The benchmarks of the whole program. One iteration is one round, in which all
// that is compared runs in turn, started anew; what is reported is the median of
// the rounds' ratios: go test -bench . -benchtime 9x. BENCHMARKS.md has the goals
// and the figures.

// frameSizes are 64, 256 and 1,024 bytes of ciphertext with its header.
var frameSizes = []int{66, 258, 1026}

// threadTime is the CPU time of f, the mean of n runs.
func threadTime(n int, f func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const thisThread = 1 // RUSAGE_THREAD
	var before, after syscall.Rusage
	syscall.Getrusage(thisThread, &before)
	for range n {
		f()
	}
	syscall.Getrusage(thisThread, &after)
	return time.Duration(after.Utime.Nano()+after.Stime.Nano()-before.Utime.Nano()-before.Stime.Nano()) / time.Duration(n)
}

// contestant is one way from the device to the cloud, and its rounds.
type contestant struct {
	name                                        string // a mode, with "-w" if it records; or the rival's
	at                                          *listener
	dev                                         pinger
	p50, p99, cpu, p50Ratio, p99Ratio, cpuRatio []float64
}

// rival is the name of the forwarder that all others are compared to.
const rival = "io.Copy"

// floor is the name of a forwarder that does nothing but write as much to a
// file as a recording needs, before it forwards.
const floor = "write-first"

// withScreen ends the names of those that show what they relay on a terminal.
const withScreen = "-screen"

// withRules is a proxy whose rules match nothing.
const (
	withRules = "-rules"
	idleRules = `
drop from=device when photon.event.name == "no/such"
edit payload=x when photon.msg == "function-call" and coap.payload contains "no"
hold when photon.msg == "update-begin"
inject ping when coap.opt.uri_path contains "nosuch"
repair ack-id
`
)

// contest is the contestants, the rival first, before one cloud.
type contest struct {
	b     *testing.B
	prog  *built
	cloud *listener
	all   []*contestant
	dir   string
	pause time.Duration // before each ping
}

func newContest(b *testing.B, prog *built) *contest {
	c := &contest{b: b, prog: prog, cloud: launchRole(b, "cloud", ""), dir: b.TempDir()}
	for _, name := range []string{rival, floor, "observe", "splice", "observe-w", "splice-w", "splice" + withRules, "splice" + withScreen} {
		c.all = append(c.all, &contestant{name: name})
	}
	return c
}

// round starts every contestant anew, because where a process happens to run
// stays with it, and measures each in turn.
func (c *contest) round(number, size int) {
	order := slices.Clone(c.all)
	if number%2 == 1 {
		slices.Reverse(order)
	}
	for _, one := range order {
		c.start(one, fmt.Sprintf("%s-%d.pcapng", one.name, number))
	}
	for _, pings := range []int{500, 1500} { // the first to warm up
		for _, one := range order {
			one.measure(c.b, pings, size)
		}
	}
	for _, one := range c.all {
		one.against(c.all[0])
		syscall.Close(one.dev.fd)
		one.at.end(syscall.SIGKILL)
	}
}

func (c *contest) start(one *contestant, recording string) {
	mode, _, recorded := strings.Cut(one.name, "-w")
	switch {
	case one.name == rival:
		one.at = launchRole(c.b, "forwarder", c.cloud.addr)
	case one.name == floor:
		one.at = launchRole(c.b, "writer", c.cloud.addr)
	case recorded:
		one.at = c.prog.proxy(c.b, nil, c.cloud.addr, mode, "-w", filepath.Join(c.dir, recording))
	case strings.HasSuffix(one.name, withScreen):
		mode = strings.TrimSuffix(mode, withScreen)
		one.at = c.prog.proxyOnScreen(c.b, c.cloud.addr, mode)
	case strings.HasSuffix(one.name, withRules):
		mode = strings.TrimSuffix(mode, withRules)
		path := filepath.Join(c.dir, "rules.txt")
		if err := os.WriteFile(path, []byte(idleRules), 0o600); err != nil {
			c.b.Fatal(err)
		}
		one.at = c.prog.proxy(c.b, nil, c.cloud.addr, mode, "--rules", path)
	default:
		one.at = c.prog.proxy(c.b, nil, c.cloud.addr, mode)
	}
	one.dev = newPinger(c.b, one.at.addr, deviceOf(mode))
	one.dev.pause = c.pause
}

// measure notes round-trip times, and CPU time per round trip: that includes
// decoding and printing, which happen after the traffic.
func (c *contestant) measure(b *testing.B, n, size int) {
	before := c.at.cpuTime(b)
	times := c.dev.ping(b, n, size)
	time.Sleep(3 * drainEvery)
	c.cpu = append(c.cpu, float64(c.at.cpuTime(b)-before)/float64(n)/1e3)
	c.p50 = append(c.p50, float64(times[n/2])/1e3)
	c.p99 = append(c.p99, float64(times[n*99/100])/1e3)
}

// against notes the last round's ratios to the rival's.
func (c *contestant) against(r *contestant) {
	last := func(x []float64) float64 { return x[len(x)-1] }
	c.p50Ratio = append(c.p50Ratio, last(c.p50)/last(r.p50))
	c.p99Ratio = append(c.p99Ratio, last(c.p99)/last(r.p99))
	c.cpuRatio = append(c.cpuRatio, last(c.cpu)/last(r.cpu))
}

// BenchmarkLatency is P1 and P2: an event and its return through the program,
// which opens, decodes and prints both on both legs, beside an io.Copy forwarder
// that does none of that.
func BenchmarkLatency(b *testing.B) { latency(b, 0) }

// BenchmarkPacedLatency is the same of a device that says some 900 messages a second
// and hears as many, as P1 wants it with the screen on; BenchmarkLatency sends the
// next message as soon as the one before came back.
func BenchmarkPacedLatency(b *testing.B) { latency(b, time.Millisecond) }

func latency(b *testing.B, pause time.Duration) {
	prog := buildProgram(b)
	for _, size := range frameSizes {
		b.Run(fmt.Sprintf("frame=%d", size), func(b *testing.B) {
			c := newContest(b, prog)
			c.pause = pause
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for i := 0; b.Loop(); i++ {
				c.round(i, size)
			}
			for _, one := range c.all[1:] {
				b.ReportMetric(measure.Median(one.p50Ratio), one.name+":p50-ratio")
				b.ReportMetric(measure.Median(one.p99Ratio), one.name+":p99-ratio")
				b.ReportMetric(measure.Median(one.cpuRatio), one.name+":cpu-ratio")
			}
			b.ReportMetric(measure.Median(c.all[0].p50), rival+":p50-µs")
			b.ReportMetric(measure.Median(c.all[0].cpu), rival+":cpu-µs")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkIdleSession is P7: the program's memory for a session that says
// nothing, at 1,000 of them, after the handshake and two messages each way.
func BenchmarkIdleSession(b *testing.B) {
	prog := buildProgram(b)
	for _, mode := range []string{"observe", "splice"} {
		b.Run(mode, func(b *testing.B) {
			cloud := launchRole(b, "cloud", "")
			var sizes, files []float64
			for b.Loop() {
				p := prog.proxy(b, nil, cloud.addr, mode, "--max-devices", "2000")
				warm := openSessions(b, p.addr, mode, 20)
				time.Sleep(settling)
				base, fds := p.pss(b), countFiles(p.pid)
				open := openSessions(b, p.addr, mode, 1000)
				time.Sleep(settling)
				sizes = append(sizes, float64(p.pss(b)-base)/1000/1024)
				files = append(files, float64(countFiles(p.pid)-fds)/1000)
				p.end(syscall.SIGKILL)
				for _, c := range append(open, warm...) {
					c.Close()
				}
			}
			b.ReportMetric(measure.Median(sizes), "KiB/session")
			b.ReportMetric(measure.Median(files), "files/session")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// settling is how long sessions are silent before memory is measured.
const settling = 2 * time.Second

func countFiles(pid int) int {
	dir, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(dir)
}

// openSessions opens sessions in which two events of 66 bytes came back.
func openSessions(b *testing.B, addr, mode string, n int) (open []net.Conn) {
	buf := make([]byte, frameSizes[0])
	for range n {
		c, dev := connect(b, addr, deviceOf(mode))
		open = append(open, c)
		for range 2 {
			c.Write(dev.frame(b, len(buf)))
			for got := 0; got < len(buf); {
				n, err := c.Read(buf[got:])
				if err != nil {
					b.Fatal(err)
				}
				got += n
			}
		}
	}
	return open
}

// handshakes runs n handshakes with some at a time and returns how long each took.
func handshakes(b *testing.B, addr string, n, atATime int, end lightssl.DeviceEnd) []time.Duration {
	var mu sync.Mutex
	var times []time.Duration
	var wg sync.WaitGroup
	for range atATime {
		wg.Go(func() {
			for range n / atATime {
				start := time.Now()
				c, err := net.Dial("tcp", addr)
				if err == nil {
					_, err = end.Handshake(c)
					c.Close()
				}
				if err != nil {
					b.Error(err)
					return
				}
				mu.Lock()
				times = append(times, time.Since(start))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return times
}

// BenchmarkHandshake is H1, the CPU time of the RSA operations that a splice
// cannot do without divided by all that the program uses for a handshake; and
// H3, a handshake through the program beside one straight with the cloud.
func BenchmarkHandshake(b *testing.B) {
	cloud := launchRole(b, "cloud", "")
	p := buildProgram(b).proxy(b, nil, cloud.addr, "splice")
	device := deviceOf("splice")
	handshakes(b, p.addr, 80, 8, device)
	var h1, h3, cpu, directMs []float64
	for b.Loop() {
		crypto := pureCrypto(b)
		before := p.cpuTime(b)
		handshakes(b, p.addr, 160, 8, device)
		time.Sleep(3 * drainEvery)
		used := (p.cpuTime(b) - before) / 160
		crypto = (crypto + pureCrypto(b)) / 2
		h1 = append(h1, float64(crypto)/float64(used))
		cpu = append(cpu, used.Seconds()*1e3)
		direct := measure.Median(handshakes(b, cloud.addr, 60, 1, directDevice()))
		through := measure.Median(handshakes(b, p.addr, 60, 1, device))
		h3 = append(h3, float64(through)/float64(direct))
		directMs = append(directMs, direct.Seconds()*1e3)
	}
	b.ReportMetric(measure.Median(h1), "H1")
	b.ReportMetric(measure.Median(cpu), "program-cpu-ms")
	b.ReportMetric(measure.Median(h3), "H3")
	b.ReportMetric(measure.Median(directMs), "direct-ms")
	b.ReportMetric(0, "ns/op")
}
