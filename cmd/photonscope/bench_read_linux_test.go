package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/captures/gen"
	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
)

// captureFile is made-up traffic in a file, with its key log beside it.
type captureFile struct {
	path  string
	truth gen.Truth
}

func newCapture(tb testing.TB, traffic gen.Traffic) captureFile {
	tb.Helper()
	c := captureFile{path: filepath.Join(tb.TempDir(), "busy.pcap")}
	f, err := os.Create(c.path)
	if err == nil {
		c.truth, err = traffic.Write(f)
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = os.WriteFile(c.path+".keylog", c.truth.KeyLog, 0o600)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// decodeRole decodes a capture and shows nothing: what it costs to make events.
func decodeRole(path string) {
	keys := new(lightssl.Keyring)
	log, err := os.ReadFile(path + ".keylog")
	if err == nil {
		lightssl.NewKeyLogScanner(keys).Feed(log)
		var f *os.File
		if f, err = os.Open(path); err == nil {
			err = decodeOnly(f, keys)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func decodeOnly(r io.Reader, keys *lightssl.Keyring) error {
	var stats captures.Stats
	d := decode.NewDecoder(keys)
	var events []decode.Event
	pace := newPacing(leastGarbage)
	for it, err := range captures.Read(r, captures.ReadOptions{Stats: &stats}) {
		if err != nil {
			return err
		}
		events = d.Feed(events[:0], it)
		d.Recycle()
		pace.after(stats.Bytes)
	}
	return nil
}

// runner is a program beside others.
type runner struct {
	name  string
	args  []string
	env   []string
	stdin string // a file; "": none
	cpu   []float64
	rss   int64 // KiB
	lines int   // that it printed, if they are counted
	count bool
}

// run runs the program to its end and notes the CPU time it took, in seconds.
func (r *runner) run(b *testing.B) {
	cmd := exec.Command(r.args[0], r.args[1:]...)
	cmd.Env = append(os.Environ(), r.env...)
	var errs, out bytes.Buffer
	cmd.Stderr = &errs
	if r.count {
		cmd.Stdout = &out
	}
	if r.stdin != "" {
		f, err := os.Open(r.stdin)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		cmd.Stdin = f
	}
	if err := cmd.Run(); err != nil {
		b.Fatalf("%s: %v\n%s", r.name, err, errs.String())
	}
	r.lines = bytes.Count(out.Bytes(), []byte("\n"))
	use := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	r.cpu = append(r.cpu, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
	r.rss = max(r.rss, use.Maxrss)
}

// byTurns runs all once a round, and returns for each the median of its ratios to
// the first.
func byTurns(b *testing.B, all ...*runner) []float64 {
	for b.Loop() {
		for _, r := range all {
			r.run(b)
		}
	}
	b.ReportMetric(0, "ns/op")
	ratios := make([]float64, len(all))
	for i, r := range all {
		each := make([]float64, len(r.cpu))
		for n := range each {
			each[n] = r.cpu[n] / all[0].cpu[n]
		}
		ratios[i] = median(each)
	}
	return ratios
}

// BenchmarkRead is O2, O4 and O5: a capture of a million packets and 2,000
// sessions by turns, beside the SHA-1 of its bytes. CPU time is the process's own.
func BenchmarkRead(b *testing.B) {
	prog := buildProgram(b)
	traffic := gen.Busy(1_000_000)
	c := newCapture(b, traffic)
	traffic.Format.NG = true
	ng := newCapture(b, traffic)
	env := []string{"XDG_DATA_HOME=" + prog.home, "PHOTONKEYLOGFILE="}
	ndjson := []string{prog.path, "read", "-q", "-T", "ndjson"}
	all := []*runner{
		{name: "sha1sum", args: []string{"sha1sum", c.path}},
		{name: "decode", args: []string{testBinary(b), "-test.run=^TestBenchmarkRole$"}, env: []string{roleVariable + "=decode " + c.path}},
		{name: "ndjson", args: append(ndjson[:len(ndjson):len(ndjson)], c.path), env: env},
		{name: "pcapng", args: append(ndjson[:len(ndjson):len(ndjson)], ng.path), env: env},
		{name: "stdin", args: append(ndjson[:len(ndjson):len(ndjson)], "-k", c.path+".keylog", "-"), env: env, stdin: c.path},
	}
	ratios := byTurns(b, all...)
	for i, r := range all[1:] {
		b.ReportMetric(ratios[i+1], r.name+":of-sha1sum")
	}
	b.ReportMetric(ratios[3]/ratios[2], "pcapng:of-pcap")
	b.ReportMetric(ratios[4]/ratios[2], "stdin:of-pcap")
	b.ReportMetric(float64(all[2].rss)/1024, "MiB")
	b.ReportMetric(median(all[0].cpu)*1e9/float64(c.truth.Packets), "sha1sum:ns/packet")
	b.ReportMetric(median(all[2].cpu)*1e9/float64(c.truth.Packets), "ndjson:ns/packet")
	b.ReportMetric(allocationsAPacket(b, c), "allocs/packet")
}

// allocationsAPacket decodes a capture in this process.
func allocationsAPacket(b *testing.B, c captureFile) float64 {
	f, err := os.Open(c.path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	keys := c.truth.Keyring()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := decodeOnly(f, keys); err != nil {
		b.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(c.truth.Packets)
}

// BenchmarkReadBesideTshark is O1 and O3: lines of every event, and of one event
// in ten, beside what tshark can print of the same packets. It cannot decrypt, so it
// prints times, addresses and payloads; its filter matches as many packets as
// ours matches events.
func BenchmarkReadBesideTshark(b *testing.B) {
	needTshark(b)
	prog := buildProgram(b)
	c := newCapture(b, gen.Busy(100_000))
	env := []string{"XDG_DATA_HOME=" + prog.home, "PHOTONKEYLOGFILE="}
	tshark := []string{"tshark", "-n", "-r", c.path, "-d", "tcp.port==5683,data", "-T", "fields",
		"-e", "frame.time_epoch", "-e", "ip.src", "-e", "tcp.stream", "-e", "tcp.payload"}
	all := []*runner{
		{name: "ndjson", args: []string{prog.path, "read", "-q", "-T", "ndjson", c.path}, env: env},
		{name: "tshark", args: tshark},
		{name: "filter", args: []string{prog.path, "read", "-q", "-Y", `photon.msg == "event" && photon.dir == "cloud"`, "-T", "ndjson", c.path}, env: env, count: true},
		{name: "tshark -Y", args: append(tshark[:len(tshark):len(tshark)], "-Y", "tcp.len >= 260"), env: env, count: true},
	}
	ratios := byTurns(b, all...)
	b.ReportMetric(1/ratios[1], "ndjson:of-tshark")
	b.ReportMetric(ratios[2]/ratios[3], "filter:of-tshark-Y")
	b.ReportMetric(100*float64(all[2].lines)/float64(c.truth.Messages), "%-hits")
	b.ReportMetric(100*float64(all[3].lines)/float64(c.truth.Packets), "%-tshark-hits")
	b.ReportMetric(median(all[0].cpu)*1e6/float64(c.truth.Packets), "ndjson:µs/packet")
	b.ReportMetric(median(all[1].cpu)*1e6/float64(c.truth.Packets), "tshark:µs/packet")
}

// testBinary is this program, to be run with a role.
func testBinary(b *testing.B) string {
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSuffix(exe, " (deleted)")
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}
