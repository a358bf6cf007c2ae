package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// recordedProxy starts a proxy of a crowd that records, and waits for its address on
// standard error, of which the reader is returned.
func recordedProxy(t *testing.T, crowd *crowd, front []string) (p *process, file, addr string, stdout, stderr *os.File) {
	t.Helper()
	crowd.allow(2_000_000) // then the recording is read quickly
	file = filepath.Join(t.TempDir(), "x.pcapng")
	cmd := program(t, front, "proxy", "-T", "text", "-l", "127.0.0.1:0", "-w", file, crowd.ln.Addr().String())
	var readers [2]*os.File
	var writers [2]*os.File
	for i := range readers {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		readers[i], writers[i] = r, w
	}
	cmd.Stdout, cmd.Stderr = writers[0], writers[1]
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p = &process{t: t, cmd: cmd, errs: newScreen(), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.done
	})
	for _, w := range writers {
		w.Close()
	}
	lines := bufio.NewScanner(readers[1])
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			addr, _, _ = strings.Cut(rest, ";")
			return p, file, addr, readers[0], readers[1]
		}
	}
	t.Fatal("the proxy does not listen")
	return nil, "", "", nil, nil
}

// whoever reads standard output or standard error goes away; printing ends,
// and relaying and recording go on.
func TestReadersThatGoAwayEndNoSession(t *testing.T) {
	for _, gone := range []string{"output", "error", "both"} {
		t.Run(gone, func(t *testing.T) {
			crowd := newCrowd(t)
			p, file, addr, stdout, stderr := recordedProxy(t, crowd, nil)
			if gone != "error" {
				stdout.Close()
			} else {
				go discard(stdout)
			}
			if gone != "output" {
				stderr.Close()
			} else {
				go discard(stderr)
			}
			crowd.connect(addr, 4)
			crowd.reach(400_000)
			endsWhole(t, crowd, p, file, syscall.SIGTERM)
		})
	}
}

func discard(f *os.File) {
	defer f.Close()
	b := make([]byte, 64<<10)
	for {
		if _, err := f.Read(b); err != nil {
			return
		}
	}
}

// endsWhole ends a proxy by signals, and checks that it ends in order and has
// recorded all that anybody received.
func endsWhole(t *testing.T, crowd *crowd, p *process, file string, signals ...syscall.Signal) {
	t.Helper()
	for _, s := range signals {
		_ = p.cmd.Process.Signal(s) // it may have ended by an earlier one
	}
	if code := p.wait(); code != exitOK && len(signals) == 1 {
		t.Errorf("exit code %d", code)
	}
	crowd.leave()
	recording, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := crowd.checkRecording(recording, false); n < 8 {
		t.Errorf("only %d connections were compared", n)
	}
	if _, errs, code := runApp(t, nil, "read", "-q", file); code != exitOK && len(signals) == 1 {
		t.Errorf("read: exit %d: %s", code, errs)
	}
}

// without a standard input the proxy works, and waits for nothing.
func TestAProxyNeedsNoStandardInput(t *testing.T) {
	for name, front := range map[string][]string{"closed": {"sh", "-c", `exec "$@" <&-`, "sh"}, "empty": {"sh", "-c", `exec "$@" </dev/null`, "sh"}} {
		t.Run(name, func(t *testing.T) {
			crowd := newCrowd(t)
			p, file, addr, stdout, stderr := recordedProxy(t, crowd, front)
			go discard(stdout)
			go discard(stderr)
			crowd.connect(addr, 4)
			crowd.reach(100_000)
			endsWhole(t, crowd, p, file, syscall.SIGTERM)
		})
	}
}

// signals end the program in the middle of traffic, a second one at once.
func TestSignalsEndAProxyWithAWholeRecording(t *testing.T) {
	for _, signals := range [][]syscall.Signal{{syscall.SIGINT}, {syscall.SIGTERM}, {syscall.SIGHUP}, {syscall.SIGINT, syscall.SIGINT}, {syscall.SIGTERM, syscall.SIGINT}} {
		t.Run(fmt.Sprint(slices.Collect(names(signals))), func(t *testing.T) {
			crowd := newCrowd(t)
			p, file, addr, stdout, stderr := recordedProxy(t, crowd, nil)
			go discard(stdout)
			go discard(stderr)
			crowd.connect(addr, 4)
			crowd.reach(300_000)
			endsWhole(t, crowd, p, file, signals...)
		})
	}
}

func names(signals []syscall.Signal) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, s := range signals {
			if !yield(s.String()) {
				return
			}
		}
	}
}
