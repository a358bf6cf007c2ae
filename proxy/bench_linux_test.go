package proxy

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// cpuTime is what a process has used so far.
func cpuTime(b testing.TB, pid int) time.Duration {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	var sum time.Duration
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // the thread has ended
		}
		ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(ns)
	}
	return sum
}

func median[T cmp.Ordered](all []T) T {
	all = slices.Clone(all)
	slices.Sort(all)
	return all[len(all)/2]
}

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
	before := cpuTime(b, c.pid)
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
	c.cpu = append(c.cpu, float64(cpuTime(b, c.pid)-before)/float64(n)/1e3)
	c.p50 = append(c.p50, float64(times[n/2])/1e3)
	c.p99 = append(c.p99, float64(times[n*99/100])/1e3)
}

func last(x []float64) float64 { return x[len(x)-1] }

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
	one.fd = blocking(conn)
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
				b.ReportMetric(median(one.p50Ratio), one.name+":p50-ratio")
				b.ReportMetric(median(one.p99Ratio), one.name+":p99-ratio")
				b.ReportMetric(median(one.cpuRatio), one.name+":cpu-ratio")
			}
			b.ReportMetric(median(c.all[0].p50), "io.Copy:p50-µs")
			b.ReportMetric(median(c.all[0].cpu), "io.Copy:cpu-µs")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// pss is a process's share of memory in bytes.
func pss(b *testing.B, pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); words[0] == "Pss:" {
			kib, _ := strconv.Atoi(words[1])
			return kib << 10
		}
	}
	b.Fatal("no Pss")
	return 0
}

// BenchmarkIdleSession is P7: memory of a session that says nothing, at 1,000 of
// them, after the handshake and two messages each way.
func BenchmarkIdleSession(b *testing.B) {
	k := formatKeys(testKeys())
	for _, mode := range []string{"observe", "splice"} {
		b.Run(mode, func(b *testing.B) {
			var sizes, files []float64
			for b.Loop() {
				up := startChild(b, nil, "cloud", "handshake", k).address()
				p := startChild(b, nil, "proxy", up, mode, "no", k)
				addr := p.address()
				warm := openSessions(b, addr, 20)
				base, fds := pss(b, p.pid), countFiles(p.pid)
				time.Sleep(time.Second)
				open := openSessions(b, addr, 1000)
				time.Sleep(time.Second)
				sizes = append(sizes, float64(pss(b, p.pid)-base)/1000/1024)
				files = append(files, float64(countFiles(p.pid)-fds)/1000)
				for _, c := range append(open, warm...) {
					c.Close()
				}
			}
			b.ReportMetric(median(sizes), "KiB/session")
			b.ReportMetric(median(files), "files/session")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func countFiles(pid int) int {
	dir, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(dir)
}

func openSessions(b *testing.B, addr string, n int) (open []net.Conn) {
	for range n {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		open = append(open, c)
		end := deviceEnd()
		if !spliced(b) {
			end.Key = testKeys().imp // the key the cloud has for it
		}
		h, err := end.Handshake(c)
		if err != nil {
			b.Fatal(err)
		}
		seal := lightssl.NewCipher(h.Credentials)
		for range 2 {
			f := seal.AppendSealedFrame(nil, make([]byte, 40))
			write(b, c, f)
			read(b, c, len(f))
		}
	}
	return open
}

func spliced(b *testing.B) bool { return strings.HasSuffix(b.Name(), "splice") }

// pureCrypto is the CPU time of the six RSA operations of one splice.
func pureCrypto(b *testing.B) time.Duration {
	k := testKeys()
	h := lightssl.Handshake{Nonce: lightssl.NewNonce(), Credentials: lightssl.NewCredentials()}
	der, _ := lightssl.AnnouncedKey(&k.device.PublicKey)
	id, err1 := lightssl.SealIdentity(lightssl.Identity{Nonce: h.Nonce, Device: testID, Key: der}, &k.server.PublicKey)
	record, err2 := lightssl.SealCredentials(h.Credentials, &k.imp.PublicKey, k.server)
	if err1 != nil || err2 != nil {
		b.Fatal(err1, err2)
	}
	const n = 50
	var before, after syscall.Rusage
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const thisThread = 1 // RUSAGE_THREAD
	syscall.Getrusage(thisThread, &before)
	for range n {
		opened, _ := lightssl.AdmitIdentity(id, h.Nonce, k.server)
		lightssl.SealIdentity(opened, &k.server.PublicKey)
		c, _ := lightssl.OpenCredentials(record, k.imp, &k.server.PublicKey)
		lightssl.SealCredentials(c, &k.device.PublicKey, k.server)
	}
	syscall.Getrusage(thisThread, &after)
	return time.Duration(after.Utime.Nano()+after.Stime.Nano()-before.Utime.Nano()-before.Stime.Nano()) / n
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

// BenchmarkHandshake is H1 and H3.
func BenchmarkHandshake(b *testing.B) {
	k := formatKeys(testKeys())
	up := startChild(b, nil, "cloud", "handshake", k).address()
	p := startChild(b, nil, "proxy", up, "splice", "no", k)
	addr := p.address()
	direct := deviceEnd()
	direct.Key = testKeys().imp
	handshakes(b, addr, 16, 8, deviceEnd())
	var h1, h3, cpu, directMs []float64
	for b.Loop() {
		crypto := pureCrypto(b)
		before := cpuTime(b, p.pid)
		handshakes(b, addr, 160, 8, deviceEnd())
		used := (cpuTime(b, p.pid) - before) / 160
		crypto = (crypto + pureCrypto(b)) / 2
		h1 = append(h1, float64(crypto)/float64(used))
		cpu = append(cpu, used.Seconds()*1e3)
		without := median(handshakes(b, up, 60, 1, direct))
		with := median(handshakes(b, addr, 60, 1, deviceEnd()))
		h3 = append(h3, float64(with)/float64(without))
		directMs = append(directMs, without.Seconds()*1e3)
	}
	b.ReportMetric(median(h1), "H1")
	b.ReportMetric(median(cpu), "proxy-cpu-ms")
	b.ReportMetric(median(h3), "H3")
	b.ReportMetric(median(directMs), "direct-ms")
	b.ReportMetric(0, "ns/op")
}
