package terminal

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// patience is how long anything may take on a machine that is busy.
const patience = 30 * time.Second

// binary is the program, built once by TestMain.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "photonscope-terminal")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "photonscope")
		build := exec.Command("go", "build", "-o", binary, "./cmd/photonscope")
		build.Dir = ".."
		if out, err := build.CombinedOutput(); err != nil {
			os.Stderr.Write(out)
			return 1
		}
		return m.Run()
	}())
}

// screen is the program on a terminal, and what the terminal shows.
type screen struct {
	t      *testing.T
	cmd    *exec.Cmd
	pty    *os.File
	tty    *os.File // keeps the terminal open when the program is gone
	before unix.Termios

	reading sync.Mutex // held: nothing is read

	mu      sync.Mutex
	shown   *vt.Emulator
	written bytes.Buffer // all that the program wrote
	news    chan struct{}
	over    chan struct{} // closed when the program has ended
	err     error
}

// start runs the program with arguments on a terminal of a size.
func start(t *testing.T, columns, rows int, args ...string) *screen {
	t.Helper()
	return startWith(t, columns, rows, nil, args...)
}

func startWith(t *testing.T, columns, rows int, env []string, args ...string) *screen {
	t.Helper()
	s := &screen{t: t, shown: vt.NewEmulator(columns, rows), news: make(chan struct{}, 1), over: make(chan struct{})}
	var err error
	if s.pty, s.tty, err = pty.Open(); err != nil {
		t.Fatal(err)
	}
	s.resize(columns, rows)
	termios, err := unix.IoctlGetTermios(int(s.tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	s.before = *termios
	s.cmd = exec.Command(binary, args...)
	home := t.TempDir()
	s.cmd.Dir = home
	s.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TERM=xterm-256color", "LANG=C.UTF-8"}, env...)
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = s.tty, s.tty, s.tty
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go s.read()
	go s.answer()
	go func() {
		s.err = s.cmd.Wait()
		close(s.over)
	}()
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		<-s.over
		s.tty.Close()
		s.pty.Close()
		s.shown.Close()
	})
	return s
}

// read takes what the program writes.
func (s *screen) read() {
	buf := make([]byte, 64<<10)
	for {
		n, err := s.pty.Read(buf)
		if err != nil {
			return
		}
		s.reading.Lock()
		s.mu.Lock()
		s.written.Write(buf[:n])
		s.shown.Write(buf[:n])
		s.mu.Unlock()
		s.reading.Unlock()
		select {
		case s.news <- struct{}{}:
		default:
		}
	}
}

// answer passes on what a terminal says on its own, when it is asked what it is.
func (s *screen) answer() {
	buf := make([]byte, 1<<10)
	for {
		n, err := s.shown.Read(buf)
		if err != nil {
			return
		}
		s.pty.Write(buf[:n])
	}
}

func (s *screen) resize(columns, rows int) {
	s.t.Helper()
	s.mu.Lock()
	s.shown.Resize(columns, rows)
	s.mu.Unlock()
	if err := pty.Setsize(s.pty, &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)}); err != nil {
		s.t.Fatal(err)
	}
}

// text returns the lines on the screen, without blanks at their ends.
func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return lines(s.shown.String())
}

func lines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(line, " \r\n"))
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// output returns all that the program wrote.
func (s *screen) output() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.written.Bytes())
}

// wait waits until the screen shows a text.
func (s *screen) wait(text string) {
	s.t.Helper()
	late := time.After(patience)
	for !strings.Contains(s.text(), text) {
		select {
		case <-s.news:
		case <-s.over:
			if strings.Contains(s.text(), text) {
				return
			}
			s.t.Fatalf("the program ended (%v) before %q was on the screen:\n%s", s.err, text, s.text())
		case <-late:
			s.t.Fatalf("%q is not on the screen:\n%s", text, s.text())
		}
	}
}

// settle waits until nothing has been written for a while.
func (s *screen) settle() {
	for {
		select {
		case <-s.news:
		case <-time.After(300 * time.Millisecond):
			return
		}
	}
}

func (s *screen) keys(text string) {
	s.t.Helper()
	if _, err := s.pty.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

// end waits for the end of the program and returns its exit code.
func (s *screen) end() int {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	select {
	case <-s.over:
	case <-ctx.Done():
		s.cmd.Process.Signal(syscall.SIGQUIT) // for its stacks
		s.settle()
		output := s.output()
		s.t.Fatalf("the program does not end:\n%s", output[max(0, bytes.LastIndex(output, []byte("SIGQUIT"))):])
	}
	s.settle()
	return s.cmd.ProcessState.ExitCode()
}
