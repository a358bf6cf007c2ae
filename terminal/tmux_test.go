package terminal

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pane is a window of tmux, a terminal that we did not write either: a shell in it
// runs the program, and keeps the line settings of before and after.
type pane struct {
	t   testing.TB
	dir string
}

// needTmux skips the test where there is no tmux, unless the environment says that
// all peers have to be there.
func needTmux(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err == nil {
		return
	}
	if os.Getenv("PHOTONSCOPE_INTEROP") == "require" {
		t.Fatal("tmux is not installed, and PHOTONSCOPE_INTEROP=require wants it")
	}
	t.Skip("tmux is not installed")
}

const tmuxSettings = `set -g status off
set -g default-terminal tmux-256color
set -g escape-time 0
`

// inTmux runs a command in a window of a size.
func inTmux(t testing.TB, columns, rows int, command ...string) *pane {
	t.Helper()
	dir, err := os.MkdirTemp("", "tmux") // short: the socket's name may have 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	p := &pane{t, dir}
	t.Cleanup(p.close)
	script := fmt.Sprintf("echo before\nstty -g >%[1]s/before\n\"$@\"\necho left $?\nstty -g >%[1]s/after\nexec cat\n", dir)
	for name, text := range map[string]string{"settings": tmuxSettings, "script": script} {
		if err := os.WriteFile(p.file(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	size := []string{"-f", p.file("settings"), "new-session", "-d", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows)}
	p.tmux(append(append(size, "sh", p.file("script")), command...)...)
	return p
}

// close ends what runs in the window.
func (p *pane) close() {
	exec.Command("tmux", "-S", p.file("socket"), "kill-server").Run()
	os.RemoveAll(p.dir)
}

func (p *pane) file(name string) string { return filepath.Join(p.dir, name) }

// tmux runs a command of tmux and returns what it prints.
func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-S", p.file("socket")}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.dir, "LANG=C.UTF-8", "SHELL=/bin/sh", "TERM=xterm-256color"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (p *pane) text() string { return lines(p.tmux("capture-pane", "-p")) }

// until waits until something is so, or until it is late.
func until(patience time.Duration, is func() bool) bool {
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for late := time.Now().Add(patience); !is(); <-poll.C {
		if time.Now().After(late) {
			return false
		}
	}
	return true
}

// same waits until the window and another terminal show the same, a text among it.
func (p *pane) same(s *screen, text string) {
	p.t.Helper()
	var ours, theirs string
	if !until(patience, func() bool {
		ours, theirs = s.text(), p.text()
		return ours == theirs && strings.Contains(theirs, text)
	}) {
		p.t.Fatalf("tmux shows\n%s\nthe other terminal\n%s", theirs, ours)
	}
}

// checkLeft waits for the program's end, and fails unless it ended well and the
// window is as it was before.
func (p *pane) checkLeft() {
	p.t.Helper()
	if !until(patience, func() bool { return p.text() == "before\nleft 0\n" }) {
		p.t.Fatalf("after the end the window shows\n%s", p.text())
	}
	const flags = "alternate screen #{alternate_on}, cursor #{cursor_flag}, mouse #{mouse_any_flag}, keypad #{keypad_flag} #{keypad_cursor_flag}, wrap #{wrap_flag}"
	if got, want := p.tmux("display-message", "-p", flags), "alternate screen 0, cursor 1, mouse 0, keypad 0 0, wrap 1\n"; got != want {
		p.t.Errorf("left: %swant: %s", got, want)
	}
	before, err := os.ReadFile(p.file("before"))
	if err != nil {
		p.t.Fatal(err)
	}
	var after []byte
	if !until(patience, func() bool { after, _ = os.ReadFile(p.file("after")); return string(after) == string(before) }) {
		p.t.Errorf("line settings were left: %s, before %s", after, before)
	}
}

// recording returns a copy of a capture of the demo whose key log only we may read.
func recording(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "demo.pcapng")
	for _, ending := range []string{"", ".keylog"} {
		b, err := os.ReadFile("../ui/testdata/demo.pcapng" + ending)
		if err == nil {
			err = os.WriteFile(path+ending, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// The six views look the same in tmux and in the other terminal, at every size and
// after it changed, and both terminals are given back as they were.
func TestTmuxShowsTheSame(t *testing.T) {
	needTmux(t)
	capture := recording(t)
	sizes := []struct{ columns, rows int }{{80, 24}, {140, 45}, {60, 16}}
	for i, size := range sizes {
		t.Run(fmt.Sprintf("%dx%d", size.columns, size.rows), func(t *testing.T) {
			s := start(t, size.columns, size.rows, "read", "-T", "tui", capture)
			p := inTmux(t, size.columns, size.rows, binary, "read", "-T", "tui", capture)
			views := func() {
				for _, view := range []string{"1", "2", "3", "4", "5", "6"} {
					s.keys(view)
					p.tmux("send-keys", view)
					p.same(s, "["+view)
				}
			}
			p.same(s, "Reading has ended") // which the first key takes away
			views()
			other := sizes[(i+1)%len(sizes)]
			s.resize(other.columns, other.rows)
			p.tmux("resize-window", "-x", fmt.Sprint(other.columns), "-y", fmt.Sprint(other.rows))
			views()
			s.keys("\x03")
			p.tmux("send-keys", "C-c")
			if code := s.end(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			s.checkRestored()
			p.checkLeft()
		})
	}
}
