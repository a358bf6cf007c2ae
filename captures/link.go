package captures

import (
	"encoding/binary"

	"github.com/google/gopacket/layers"
)

// Link types (https://www.tcpdump.org/linktypes.html).
const (
	linkNull     = 0
	linkEthernet = 1
	linkRawBSD   = 12
	linkRawOpen  = 14
	linkRaw      = 101
	linkLoop     = 108
	linkSLL      = 113
	linkIPv4     = 228
	linkIPv6     = 229
	linkSLL2     = 276
)

// strip returns what is inside the link layer of a packet and which header that
// begins with: Ethernet's own, or what follows the link layers read here.
func strip(link uint16, b []byte) ([]byte, entry) {
	switch link {
	case linkEthernet:
		return b, atEthernet
	case linkRaw, linkRawBSD, linkRawOpen:
		return b, ipVersion(b)
	case linkIPv4:
		return b, atIPv4
	case linkIPv6:
		return b, atIPv6
	case linkNull, linkLoop:
		return loopback(b)
	case linkSLL:
		return cooked(b, 14, 16)
	case linkSLL2:
		return cooked(b, 0, 20)
	}
	return nil, atNothing
}

func ipVersion(b []byte) entry {
	if len(b) > 0 {
		switch b[0] >> 4 {
		case 4:
			return atIPv4
		case 6:
			return atIPv6
		}
	}
	return atNothing
}

// loopback reads BSD's header: an address family in four bytes, in the byte
// order of the host (NULL) or of the network (LOOP), both of which are tried.
func loopback(b []byte) ([]byte, entry) {
	if len(b) < 4 {
		return nil, atNothing
	}
	family := binary.BigEndian.Uint32(b)
	if family > 0xffff {
		family = binary.LittleEndian.Uint32(b)
	}
	switch family {
	case 2: // AF_INET everywhere
		return b[4:], atIPv4
	case 10, 23, 24, 28, 30: // AF_INET6 of Linux, Windows, NetBSD and OpenBSD, FreeBSD, Darwin
		return b[4:], atIPv6
	}
	return nil, atNothing
}

// cooked reads a Linux cooked header (SLL, SLL2) of size bytes with the
// EtherType at proto.
func cooked(b []byte, proto, size int) ([]byte, entry) {
	if len(b) < size {
		return nil, atNothing
	}
	switch layers.EthernetType(binary.BigEndian.Uint16(b[proto:])) {
	case layers.EthernetTypeIPv4:
		return b[size:], atIPv4
	case layers.EthernetTypeIPv6:
		return b[size:], atIPv6
	case layers.EthernetTypeDot1Q, layers.EthernetTypeQinQ:
		return b[size:], atVLAN
	}
	return nil, atNothing
}
