//go:build unix

package proxy

import (
	"io"
	"net"
	"syscall"
)

// attach makes s read a TCP connection through the descriptor, so that no
// buffer is needed while there is nothing to read.
func (s *source) attach() {
	tcp, ok := s.conn.(*net.TCPConn)
	if !ok {
		return
	}
	if raw, err := tcp.SyscallConn(); err == nil {
		s.raw, s.try = raw, s.tryRead
	}
}

// tryRead reads once and reports whether that settled the matter.
func (s *source) tryRead(fd uintptr) bool {
	s.reserve()
	for {
		n, err := syscall.Read(int(fd), s.buf.b[s.n:])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			s.release()
			return false
		case err != nil:
			s.readErr = err
		case n == 0:
			s.readErr = io.EOF
		}
		s.got = max(n, 0)
		return true
	}
}

// awaitReset waits, after the peer's FIN, for the peer to abort the rest. It
// reports false when the connection is closed on our side first.
func (s *source) awaitReset() bool {
	if s.raw == nil {
		return false
	}
	err := s.raw.Read(func(fd uintptr) bool {
		errno, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ERROR)
		return err != nil || errno != 0
	})
	return err == nil
}
