package proxy

import (
	"fmt"
	"net"
	"net/netip"
)

// DefaultPort is the TCP port of a Photon's cloud.
const DefaultPort = 5683

// DestRule allows destinations of transparent mode.
type DestRule struct {
	Prefix netip.Prefix
	Port   uint16 // 0: DefaultPort
}

// allows reports whether the rule allows a destination.
func (d DestRule) allows(a netip.AddrPort) bool {
	port := d.Port
	if port == 0 {
		port = DefaultPort
	}
	return a.Port() == port && d.Prefix.Contains(a.Addr())
}

// destAllowed says why a device may not be connected to a destination. Our own
// addresses are refused because a device that connects to us directly, without
// a REDIRECT, would otherwise make us dial ourselves for ever.
func (r *running) destAllowed(a netip.AddrPort) error {
	ip := a.Addr().Unmap()
	switch {
	case !ip.IsValid() || ip.IsUnspecified() || ip.IsLoopback() || ip.IsMulticast() || ip.IsLinkLocalUnicast():
		return fmt.Errorf("%s is no destination for a device", a)
	case ownAddress(ip):
		return fmt.Errorf("%s is this machine: connect devices through a REDIRECT rule, not to the proxy itself", a)
	}
	for _, rule := range r.AllowDest {
		if rule.allows(netip.AddrPortFrom(ip, a.Port())) {
			return nil
		}
	}
	return fmt.Errorf("%s is not among the allowed destinations: allow its network and port if it is the devices' cloud", a)
}

// ownAddress reports whether an address is one of this machine's. If that cannot
// be known it is taken to be.
func ownAddress(ip netip.Addr) bool {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return true
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if own, ok := netip.AddrFromSlice(n.IP); ok && own.Unmap() == ip {
				return true
			}
		}
	}
	return false
}
