package proxy

import (
	"net/netip"
	"strings"
	"testing"
)

func TestDestinationsThatAreNeverAllowed(t *testing.T) {
	everything := []DestRule{
		{Prefix: netip.MustParsePrefix("0.0.0.0/0")},
		{Prefix: netip.MustParsePrefix("::/0")},
	}
	r := newRunning(&Server{AllowDest: everything})
	for _, dest := range []string{
		"127.0.0.1:5683", "127.8.9.10:5683", "[::1]:5683", "0.0.0.0:5683", "[::]:5683", "169.254.169.254:5683",
		"[fe80::1]:5683", "224.0.1.187:5683", "[ff02::1]:5683", "[::ffff:127.0.0.1]:5683", "[::ffff:169.254.1.1]:5683",
	} {
		if err := r.destAllowed(netip.MustParseAddrPort(dest)); err == nil || !strings.Contains(err.Error(), "no destination") {
			t.Errorf("%s: %v", dest, err)
		}
	}
	if err := r.destAllowed(netip.AddrPort{}); err == nil {
		t.Error("the zero address is allowed")
	}
}

func TestDestinationsAreAllowedByPrefixAndPort(t *testing.T) {
	r := newRunning(&Server{AllowDest: []DestRule{
		{Prefix: netip.MustParsePrefix("203.0.113.0/24")},
		{Prefix: netip.MustParsePrefix("2001:db8::/32"), Port: 9000},
	}})
	for dest, want := range map[string]bool{
		"203.0.113.9:5683": true, "203.0.113.9:5684": false, "203.0.114.9:5683": false,
		"[::ffff:203.0.113.9]:5683": true, "[2001:db8::1]:9000": true, "[2001:db8::1]:5683": false,
	} {
		if err := r.destAllowed(netip.MustParseAddrPort(dest)); (err == nil) != want {
			t.Errorf("%s: %v", dest, err)
		}
	}
	if err := newRunning(&Server{}).destAllowed(netip.MustParseAddrPort("203.0.113.9:5683")); err == nil {
		t.Error("without a list everything is allowed")
	}
}
