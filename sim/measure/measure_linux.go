package measure

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Forward is the rival: the plainest forwarder there is, from what ln accepts to
// upstream, until ln closes.
func Forward(ln net.Listener, upstream string) {
	for {
		down, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			up, err := net.Dial("tcp", upstream)
			if err != nil {
				down.Close()
				return
			}
			go copyAll(up, down)
			copyAll(down, up)
		}()
	}
}

func copyAll(dst, src net.Conn) {
	_, _ = io.Copy(dst, src) // however it ends, so does the other side
	_ = dst.(*net.TCPConn).CloseWrite()
}

// Echo sends back what comes, with blocking calls on a thread of its own, as a
// program in C would, so that our scheduler is not what is measured. It returns
// when the connection ends.
func Echo(c net.Conn) {
	fd, err := Blocking(c)
	if err != nil {
		return
	}
	defer syscall.Close(fd)
	buf := make([]byte, 64<<10)
	for {
		n, err := syscall.Read(fd, buf)
		switch {
		case err == syscall.EINTR:
		case n <= 0:
			return
		default:
			_, _ = syscall.Write(fd, buf[:n]) // the next read tells
		}
	}
}

// Blocking returns a blocking descriptor of a TCP connection, which is the
// caller's to close, and closes the connection itself.
func Blocking(c net.Conn) (fd int, err error) {
	f, err := c.(*net.TCPConn).File()
	if err != nil {
		return 0, err
	}
	c.Close()
	fd, err = syscall.Dup(int(f.Fd()))
	return fd, errors.Join(err, f.Close(), syscall.SetNonblock(fd, false))
}

// CPUTime is what the threads of a process that live have used, in nanoseconds of
// precision: the clock of /proc/PID/stat ticks every 10 ms.
func CPUTime(pid int) (sum time.Duration, err error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, f := range files {
		text, gone := os.ReadFile(f)
		if gone != nil {
			continue // the thread has ended
		}
		first, _, _ := strings.Cut(string(text), " ")
		ns, wrong := strconv.ParseInt(first, 10, 64)
		if wrong != nil {
			return 0, wrong
		}
		sum += time.Duration(ns)
	}
	return sum, err
}

// Median is the middle of values, of which there is at least one; of an even
// number of them the upper one.
func Median[T cmp.Ordered](all []T) T {
	return slices.Sorted(slices.Values(all))[len(all)/2]
}
