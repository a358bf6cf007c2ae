//go:build !linux

package proxy

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
)

// OriginalDestination fails: only on Linux does a REDIRECT rule keep the
// original destination for us.
func OriginalDestination(*net.TCPConn) (netip.AddrPort, error) {
	return netip.AddrPort{}, errors.New("transparent mode needs Linux; this is " + runtime.GOOS)
}
