package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// terminal opens a pseudo-terminal of 160×48 that takes all that is written on it,
// until the end of the test.
func terminal(t testing.TB) *os.File {
	t.Helper()
	pty, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(request uintptr, about unsafe.Pointer) {
		if _, _, err := syscall.Syscall(syscall.SYS_IOCTL, pty.Fd(), request, uintptr(about)); err != 0 {
			t.Fatal(err)
		}
	}
	var number, unlocked uint32
	ask(syscall.TIOCGPTN, unsafe.Pointer(&number))
	ask(syscall.TIOCSPTLCK, unsafe.Pointer(&unlocked))
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	ask(syscall.TIOCSWINSZ, unsafe.Pointer(&[4]uint16{48, 160}))
	go io.Copy(io.Discard, pty)
	t.Cleanup(func() { tty.Close(); pty.Close() })
	return tty
}

// proxyOnScreen starts the program in a mode before a cloud, on a terminal of its
// own. There it does not say where it listens, so it is told.
func (p *built) proxyOnScreen(t testing.TB, cloud, mode string) *listener {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	free.Close()
	tty := terminal(t)
	cmd := p.command(cloud, mode, "-l", addr, "-T", "tui")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l := &listener{pid: cmd.Process.Pid, addr: addr, cmd: cmd}
	t.Cleanup(func() { l.end(syscall.SIGKILL) })
	for late := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return l
		}
		if time.Now().After(late) {
			t.Fatalf("nobody listens on %s", addr)
		}
	}
}

// BenchmarkIdleScreen is what the screen costs when nothing happens: five devices
// that are online and say nothing.
func BenchmarkIdleScreen(b *testing.B) {
	prog := buildProgram(b)
	cloud := launchRole(b, "cloud", "")
	p := prog.proxyOnScreen(b, cloud.addr, "splice")
	for _, c := range openSessions(b, p.addr, "splice", 5) {
		defer c.Close()
	}
	time.Sleep(settling)
	before := p.cpuTime(b)
	began := time.Now()
	for b.Loop() {
		time.Sleep(time.Second)
	}
	b.ReportMetric(100*float64(p.cpuTime(b)-before)/float64(time.Since(began)), "cpu-%")
	b.ReportMetric(0, "ns/op")
}
