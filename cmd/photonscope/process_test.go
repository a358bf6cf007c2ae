package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// asProgram in the environment makes the test binary the program itself, for
// tests that need a process: one that can be killed, or have a file system and a
// standard output of its own.
const asProgram = "PHOTONSCOPE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is the program as a process.
type process struct {
	t         *testing.T
	cmd       *exec.Cmd
	out, errs *screen
	done      chan struct{}
}

// program returns a command that runs the program, behind whatever comes in
// front, such as unshare.
func program(t *testing.T, front []string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	line := append(append(append([]string{}, front...), exe), args...)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "XDG_DATA_HOME="+t.TempDir(), "PHOTONKEYLOGFILE=")
	cmd.WaitDelay = patience
	return cmd
}

// start runs a command of the program until it ends or the test does.
func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, out: newScreen(), errs: newScreen(), done: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout = p.out
	}
	cmd.Stderr = p.errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // how it ended is in ProcessState
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.done
	})
	return p
}

// listening waits for the address that a proxy listens on.
func (p *process) listening() string {
	p.t.Helper()
	line := p.errs.wait(p.t, "the address", func(line string) bool { return strings.HasPrefix(line, "listening on ") })
	addr, _, _ := strings.Cut(strings.TrimPrefix(line, "listening on "), ";")
	return addr
}

// kill ends the process at once, as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// interrupt ends the process as Ctrl-C does, and returns its exit code.
func (p *process) interrupt() int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.t.Fatal(err)
	}
	return p.wait()
}

// wait returns the exit code once the process has ended.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("the process did not end within %v: %s", patience, p.errs)
	}
	return p.cmd.ProcessState.ExitCode()
}
