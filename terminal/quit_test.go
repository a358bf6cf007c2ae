package terminal

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// firstLine is on the screen as soon as there is one.
const firstLine = "1 Sessions"

// However the program ends, the terminal is as it was, and the program says by
// its exit code how it ended.
func TestTheTerminalIsAsBefore(t *testing.T) {
	for _, way := range []struct {
		name string
		end  func(*screen)
		code int
	}{
		{"quit command", func(s *screen) { s.keys(":quit\r") }, 0},
		{"Ctrl-C", func(s *screen) { s.keys("\x03") }, 0},
		{"SIGTERM", func(s *screen) { s.cmd.Process.Signal(syscall.SIGTERM) }, 0},
		{"SIGINT", func(s *screen) { s.cmd.Process.Signal(syscall.SIGINT) }, 0},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, 80, 24, "demo")
			s.wait("product 6") // stays, what came last does not
			way.end(s)
			if code := s.end(); code != way.code {
				t.Errorf("exit code %d, want %d:\n%s", code, way.code, s.text())
			}
			s.checkRestored()
			checkSequences(t, s.output())
		})
	}
}

func TestQuittingWithThousandsOfKeysWaiting(t *testing.T) {
	for range 20 {
		s := start(t, 80, 24, "demo")
		s.wait(firstLine)
		go s.pty.WriteString(strings.Repeat("j", 3000)) // blocks while the terminal's buffer is full
		s.cmd.Process.Signal(syscall.SIGTERM)
		if code := s.end(); code != 0 {
			t.Fatalf("exit code %d:\n%s", code, s.text())
		}
		s.checkRestored()
	}
}

func TestAStoppedProgramGoesOn(t *testing.T) {
	s := start(t, 80, 24, "demo")
	s.wait("hello")
	s.cmd.Process.Signal(syscall.SIGSTOP)
	s.cmd.Process.Signal(syscall.SIGCONT)
	s.keys("?")
	s.wait("help")
	s.keys("\x03")
	s.end()
	s.checkRestored()
}

// A closed terminal ends the program like SIGTERM, and the recording is whole:
// the program reads it back without a complaint.
func TestAClosedTerminalLosesNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.pcapng")
	s := start(t, 80, 24, "demo", "-w", file)
	s.wait("describe")
	s.tty.Close()
	s.pty.Close()
	select {
	case <-s.over:
	case <-time.After(patience):
		t.Fatal("the program goes on without a terminal")
	}
	out, err := exec.Command(binary, "read", "-T", "ndjson", file).Output()
	if err != nil {
		t.Fatalf("read back: %v", err)
	}
	last := strings.TrimSpace(string(out))
	last = last[strings.LastIndexByte(last, '\n')+1:]
	if !strings.Contains(last, `"complete":true`) || !strings.Contains(string(out), `"photon.msg":"describe`) {
		t.Errorf("the recording ends in %s", last)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// Where there is no terminal that could show a screen there are lines.
func TestWithoutAScreenThereAreLines(t *testing.T) {
	s := startWith(t, 80, 24, []string{"TERM=dumb"}, "demo")
	s.wait("opened")
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.end()
	if strings.Contains(string(s.output()), "\x1b") {
		t.Error("there are control sequences for a terminal that knows none")
	}
}

// A terminal that came after the computer's list of them was made is taken for what
// all of today understand.
func TestAnUnknownTerminalHasAScreen(t *testing.T) {
	s := startWith(t, 80, 24, []string{"TERM=newest-of-all"}, "demo")
	s.wait("Sessions")
	s.keys("L")
	s.wait("that TERM names is not known")
	s.keys("\x03")
	s.end()
}

func TestEnterOnTheStartPageRunsTheDemo(t *testing.T) {
	s := start(t, 80, 24)
	s.wait("demo")
	s.keys("\r")
	s.wait("hello")
	s.keys("\x03")
	s.end()
	s.checkRestored()
}

// Asked for a screen where there is no terminal at all, the program says so in
// one line and prints.
func TestWithoutATerminalTheEventsArePrinted(t *testing.T) {
	cmd := exec.Command(binary, "demo", "-T", "tui")
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "HOME="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), " hello ") || !strings.Contains(string(out), " goodbye ") {
		t.Errorf("%v, printed\n%s", err, out)
	}
	if !strings.Contains(said.String(), "no screen: ") || strings.Contains(said.String(), "internal error") {
		t.Errorf("said\n%s", &said)
	}
}

// A key log that appears beside a capture that is on the screen opens it there.
func TestALateKeyOpensWhatIsOnTheScreen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.pcapng")
	if out, err := exec.Command(binary, "demo", "-T", "text", "-w", file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	log, aside := file+".keylog", file+".aside"
	if err := os.Rename(log, aside); err != nil {
		t.Fatal(err)
	}
	s := start(t, 100, 30, "read", file)
	s.wait("sealed")
	s.keys("2")
	s.keys("G")
	s.wait("sealed")
	if err := os.Rename(aside, log); err != nil {
		t.Fatal(err)
	}
	s.wait("goodbye")
	s.keys("\x03")
	s.end()
	s.checkRestored()
}
