package proxy

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// Socket options of netfilter (linux/netfilter_ipv4.h, linux/netfilter_ipv6/ip6_tables.h).
const (
	soOriginalDst   = 80
	ip6tOriginalDst = 80
)

// OriginalDestination returns where a connection was going before a REDIRECT
// rule of this machine turned it to us. It needs no privilege. For a connection
// that no rule turned it returns our own address, or an error.
func OriginalDestination(c *net.TCPConn) (netip.AddrPort, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return netip.AddrPort{}, err
	}
	get := originalDst6
	if addrPort(c.LocalAddr()).Addr().Is4() {
		get = originalDst4
	}
	var dest netip.AddrPort
	var getErr error
	if err := raw.Control(func(fd uintptr) { dest, getErr = get(int(fd)) }); err != nil {
		return netip.AddrPort{}, err
	}
	if getErr != nil {
		return netip.AddrPort{}, fmt.Errorf("original destination of the connection from %s: %w", c.RemoteAddr(), getErr)
	}
	return dest, nil
}

// originalDst4 reads a sockaddr_in, for which an ipv6_mreq has the room: family
// (2), port (2, big endian), address (4).
func originalDst4(fd int) (netip.AddrPort, error) {
	m, err := syscall.GetsockoptIPv6Mreq(fd, syscall.IPPROTO_IP, soOriginalDst)
	if err != nil {
		return netip.AddrPort{}, err
	}
	b := m.Multiaddr
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), binary.BigEndian.Uint16(b[2:4])), nil
}

// originalDst6 reads a sockaddr_in6, with which an ip6_mtuinfo begins.
func originalDst6(fd int) (netip.AddrPort, error) {
	m, err := syscall.GetsockoptIPv6MTUInfo(fd, syscall.IPPROTO_IPV6, ip6tOriginalDst)
	if err != nil {
		return netip.AddrPort{}, err
	}
	var port [2]byte
	binary.NativeEndian.PutUint16(port[:], m.Addr.Port)
	return netip.AddrPortFrom(netip.AddrFrom16(m.Addr.Addr), binary.BigEndian.Uint16(port[:])), nil
}
