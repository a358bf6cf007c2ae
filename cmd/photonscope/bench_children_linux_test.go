package main

import (
	"bufio"
	"crypto/rsa"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/sim"
	"github.com/photonscope/photonscope/sim/measure"
)

// The benchmarks of the whole program run it as a user does: built, as a
// process of its own. What stands beside it and behind it, the plainest
// forwarder there is and a cloud, is this test binary with a role in the
// environment.

const roleVariable = "PHOTONSCOPE_BENCH_ROLE"

// TestBenchmarkRole is what they run; alone it does nothing.
func TestBenchmarkRole(*testing.T) {
	switch role, upstream, _ := strings.Cut(os.Getenv(roleVariable), " "); role {
	case "forwarder":
		measure.Forward(announced(), upstream)
	case "writer":
		writerRole(upstream)
	case "cloud":
		cloudRole()
	case "decode":
		decodeRole(upstream)
	}
}

// listener is a running program that listens.
type listener struct {
	pid  int
	addr string
	cmd  *exec.Cmd
	errs *bufio.Scanner
}

// launch starts a program that says "listening on ADDRESS" on standard error,
// until it is ended or the test is over.
func launch(t testing.TB, cmd *exec.Cmd) *listener {
	t.Helper()
	out, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	p := &listener{pid: cmd.Process.Pid, cmd: cmd, errs: bufio.NewScanner(out)}
	t.Cleanup(func() { p.end(syscall.SIGKILL) })
	for p.errs.Scan() {
		if text, ok := strings.CutPrefix(p.errs.Text(), "listening on "); ok {
			p.addr, _, _ = strings.Cut(text, ";")
			go func() {
				for p.errs.Scan() {
				}
			}()
			return p
		}
		t.Log(p.errs.Text())
	}
	t.Fatal("it does not listen")
	return nil
}

// end sends a signal and waits for the end.
func (p *listener) end(s syscall.Signal) error {
	if p.cmd.ProcessState != nil {
		return nil
	}
	p.cmd.Process.Signal(s)
	return p.cmd.Wait()
}

// launchRole starts this binary in a role.
func launchRole(t testing.TB, role, upstream string) *listener {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestBenchmarkRole$", "-test.timeout=0")
	cmd.Env = append(os.Environ(), roleVariable+"="+role+" "+upstream)
	return launch(t, cmd)
}

// built is the program as it is installed, and the keys it is started with.
type built struct {
	path, home string
	keys       map[string][]string // by mode
}

func buildProgram(t testing.TB) *built {
	t.Helper()
	p := &built{path: filepath.Join(t.TempDir(), "photonscope"), home: t.TempDir()}
	if out, err := exec.Command("go", "build", "-o", p.path, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	server := p.keep(t, "server:", sim.ServerKey())
	p.keys = map[string][]string{
		"splice":  {"-k", server, "-k", p.keep(t, "impersonation:", sim.ImpersonationKey())},
		"observe": {"-k", server, "-k", p.keep(t, "device:", sim.DeviceKey(observed))},
	}
	return p
}

// keep writes a key into a file and returns what -k takes.
func (p *built) keep(t testing.TB, role string, key *rsa.PrivateKey) string {
	t.Helper()
	path := filepath.Join(p.home, strings.TrimSuffix(role, ":")+".pem")
	if err := os.WriteFile(path, lightssl.MarshalPrivatePEM(key), 0o600); err != nil {
		t.Fatal(err)
	}
	return role + path
}

// proxy starts the program in a mode before a cloud. It prints NDJSON of
// everything to out, nil for /dev/null.
func (p *built) proxy(t testing.TB, out io.Writer, cloud, mode string, args ...string) *listener {
	t.Helper()
	cmd := p.command(cloud, mode, append([]string{"-l", "127.0.0.1:0", "-T", "ndjson"}, args...)...)
	cmd.Stdout = out
	return launch(t, cmd)
}

func (p *built) command(cloud, mode string, args ...string) *exec.Cmd {
	args = append(append([]string{"proxy", "--mode", mode}, args...), p.keys[mode]...)
	cmd := exec.Command(p.path, append(args, cloud)...)
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+p.home, "TERM=xterm-256color")
	return cmd
}

// writerRole is the least that records before it forwards: what was read goes to
// a file twice, for its two legs, in one write with the room that their headers
// take, and then on its way. It tells what of P1 with -w is the file system's.
func writerRole(upstream string) {
	const headers = 2 * 88 // of two blocks of a recording, with their IPv4 and TCP
	forward := func(dst, src net.Conn, file *os.File, at *atomic.Int64) {
		buf := make([]byte, 16<<10)
		blocks := make([]byte, 0, 2*len(buf)+headers)
		for {
			n, err := src.Read(buf)
			if err != nil {
				dst.(*net.TCPConn).CloseWrite()
				return
			}
			blocks = append(append(blocks[:headers], buf[:n]...), buf[:n]...)
			file.WriteAt(blocks, at.Add(int64(len(blocks)))-int64(len(blocks)))
			dst.Write(buf[:n])
		}
	}
	for down := range accepted() {
		up, err := net.Dial("tcp", upstream)
		if err != nil {
			down.Close()
			continue
		}
		file, err := os.CreateTemp("", "photonscope-bench")
		if err != nil {
			panic(err)
		}
		os.Remove(file.Name()) // nobody else will: the process ends by being killed
		var at atomic.Int64
		go forward(up, down, file, &at)
		go forward(down, up, file, &at)
	}
}

// announced listens and says where.
func announced() net.Listener {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stderr, "listening on", ln.Addr())
	return ln
}

// accepted listens, says where, and yields the connections.
func accepted() func(yield func(net.Conn) bool) {
	return func(yield func(net.Conn) bool) {
		ln := announced()
		for {
			c, err := ln.Accept()
			if err != nil || !yield(c) {
				return
			}
		}
	}
}

// cloudRole is a cloud: after the handshake it sends every frame back. Both
// directions begin with the same key and IV, and the next IV is the beginning of
// the frame before, so that an echo of all frames is a valid stream of frames:
// the device is subscribed to the events that it publishes.
func cloudRole() {
	key := sim.ServerKey()
	device := func(id lightssl.Identity) (*rsa.PublicKey, error) {
		if id.Device == sim.DeviceID(spliced) {
			return &sim.ImpersonationKey().PublicKey, nil // the one that is registered
		}
		return id.PublicKey()
	}
	for c := range accepted() {
		go func() {
			defer c.Close()
			if _, err := (lightssl.CloudEnd{Key: key, DeviceKey: device}).Handshake(c); err == nil {
				measure.Echo(c)
			}
		}()
	}
}

// cpuTime is what a process has used so far.
func (p *listener) cpuTime(t testing.TB) time.Duration {
	used, err := measure.CPUTime(p.pid)
	if err != nil {
		t.Fatal(err)
	}
	return used
}

// pss is a process's share of memory in bytes.
func (p *listener) pss(t testing.TB) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p.pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); words[0] == "Pss:" {
			kib, _ := strconv.Atoi(words[1])
			return kib << 10
		}
	}
	t.Fatal("no Pss")
	return 0
}
