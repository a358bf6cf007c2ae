package terminal

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/captures/gen"
)

// analyzer is a program that shows a capture, and how its screen tells what it has
// done.
type analyzer struct {
	name    string
	command []string
	hasRows func(text string) bool // there is a first line of the capture
	isWhole func(text string) bool // all of it is loaded
	runs    []figures
}

// figures are what one run took: seconds, and MiB.
type figures struct{ rows, whole, cpu, memory, idle float64 }

// longest is how long loading may take.
const longest = 5 * time.Minute

// BenchmarkBesideTermshark is T2 and T3: the same million packets in both programs,
// each in a window of tmux of 160×48. Termshark cannot decrypt: it lists segments
// of TCP where we list messages.
func BenchmarkBesideTermshark(b *testing.B) {
	needTmux(b)
	if _, err := exec.LookPath("termshark"); err != nil {
		b.Skip("termshark is not installed")
	}
	capture, home := made(b, 1_000_000), "HOME="+b.TempDir()
	ours := &analyzer{
		name: "photonscope", command: []string{"env", home, binary, "read", "-T", "tui", capture},
		hasRows: func(text string) bool { return strings.Contains(text, "session 1 ") },
		isWhole: func(text string) bool { return strings.Contains(text, "○ FILE") },
	}
	theirs := &analyzer{
		name: "termshark", command: theirCommand(home, capture),
		hasRows: func(text string) bool { return strings.Contains(text, "[SYN]") },
		isWhole: func(text string) bool { return strings.Contains(text, "[SYN]") && !strings.Contains(text, "<Stop>") },
	}
	(&analyzer{name: "termshark", command: theirCommand(home, made(b, 1000)), hasRows: theirs.hasRows, isWhole: theirs.isWhole}).run(b) // fills its cache
	for b.Loop() {
		ours.run(b)
		theirs.run(b)
	}
	b.ReportMetric(0, "ns/op")
	for _, m := range []struct {
		name string
		of   func(figures) float64
	}{
		{"rows-s", func(f figures) float64 { return f.rows }},
		{"whole-s", func(f figures) float64 { return f.whole }},
		{"cpu-s", func(f figures) float64 { return f.cpu }},
		{"MiB", func(f figures) float64 { return f.memory }},
	} {
		mine, other := ours.median(m.of), theirs.median(m.of)
		b.ReportMetric(mine, "ours:"+m.name)
		b.ReportMetric(other, "termshark:"+m.name)
		b.ReportMetric(mine/other, "ratio:"+m.name)
	}
	b.ReportMetric(100*ours.median(func(f figures) float64 { return f.idle }), "idle-cpu-%")
}

// theirCommand has termshark take the segments for what they are to it, data, and
// not for CoAP over TCP, which is much slower.
func theirCommand(home, capture string) []string {
	return []string{"env", home, "termshark", "-d", "tcp.port==5683,data", "-r", capture}
}

// made writes a capture of some packets, its key log beside it.
func made(b *testing.B, packets int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "busy.pcap")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	truth, err := gen.Busy(packets).Write(f)
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = os.WriteFile(path+".keylog", truth.KeyLog, 0o600)
	}
	if err != nil {
		b.Fatal(err)
	}
	return path
}

// run shows the capture once, and looks how much is used once it is loaded.
func (a *analyzer) run(b *testing.B) {
	b.Helper()
	var f figures
	began := time.Now()
	p := inTmux(b, 160, 48, a.command...)
	defer p.close()
	for _, stage := range []struct {
		reached func(string) bool
		took    *float64
	}{{a.hasRows, &f.rows}, {a.isWhole, &f.whole}} {
		if !until(longest, func() bool { return stage.reached(p.text()) }) {
			b.Fatalf("%s shows after %v\n%s", a.name, longest, p.text())
		}
		*stage.took = time.Since(began).Seconds()
	}
	root := strings.TrimSpace(p.tmux("display-message", "-p", "#{pane_pid}"))
	f.cpu, f.memory = used(b, root)
	const quiet = 3 * time.Second
	time.Sleep(quiet)
	after, _ := used(b, root)
	f.idle = (after - f.cpu) / quiet.Seconds()
	a.runs = append(a.runs, f)
}

func (a *analyzer) median(of func(figures) float64) float64 {
	var all []float64
	for _, f := range a.runs {
		all = append(all, of(f))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// used returns the CPU time, in seconds, and the memory (PSS), in MiB, of a process
// and its descendants, those that have ended included.
func used(b *testing.B, root string) (cpu, memory float64) {
	b.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.Fatal(err)
	}
	children := make(map[string][]string)
	ticks := make(map[string]float64)
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		pid := filepath.Base(filepath.Dir(path))
		words := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])) // state, parent, …
		children[words[1]] = append(children[words[1]], pid)
		for _, w := range words[11:15] { // its own, and of children that it has waited for: user, system
			n, _ := strconv.ParseFloat(w, 64)
			ticks[pid] += n
		}
	}
	for family := []string{root}; len(family) > 0; family = family[1:] {
		pid := family[0]
		family = append(family, children[pid]...)
		const perSecond = 100 // USER_HZ, see proc(5)
		cpu += ticks[pid] / perSecond
		memory += pss(pid)
	}
	return cpu, memory
}

// pss returns the memory of a process, in MiB: 0 if it has ended.
func pss(pid string) (mib float64) {
	text, _ := os.ReadFile(filepath.Join("/proc", pid, "smaps_rollup"))
	_, rest, _ := strings.Cut(string(text), "\nPss:")
	var kib float64
	fmt.Sscan(rest, &kib)
	return kib / 1024
}
