package captures

import "encoding/binary"

// Link types (https://www.tcpdump.org/linktypes.html).
const (
	linkNull     = 0
	linkEthernet = 1
	linkPPP      = 9
	linkRawBSD   = 12
	linkRawOpen  = 14
	linkPPPHDLC  = 50
	linkPPPEther = 51
	linkRaw      = 101
	linkLoop     = 108
	linkSLL      = 113
	linkPPPDir   = 204
	linkIPv4     = 228
	linkIPv6     = 229
	linkSLL2     = 276
)

// EtherTypes (IEEE 802 numbers).
const (
	etherIPv4     = 0x0800
	etherIPv6     = 0x86dd
	etherVLAN     = 0x8100
	etherQinQ     = 0x88a8
	etherOldQinQ  = 0x9100 // of before 802.1ad
	etherSession  = 0x8864 // PPPoE
	pppIPv4       = 0x0021
	pppIPv6       = 0x0057
	pppAddress    = 0xff03 // address and control, which both ends may agree to leave out
	maxTags       = 8
	sessionHeader = 6
)

// strip returns what is inside the link layer of a packet and which header that
// begins with.
func strip(link uint16, b []byte) ([]byte, entry) {
	switch link {
	case linkEthernet:
		return typed(b, 12, 14)
	case linkRaw, linkRawBSD, linkRawOpen:
		return b, ipVersion(b)
	case linkIPv4:
		return b, atIPv4
	case linkIPv6:
		return b, atIPv6
	case linkNull, linkLoop:
		return loopback(b)
	case linkSLL:
		return typed(b, 14, 16)
	case linkSLL2:
		return typed(b, 0, 20)
	case linkPPP, linkPPPHDLC:
		return ppp(b)
	case linkPPPDir:
		if len(b) > 0 { // which way it went
			return ppp(b[1:])
		}
	case linkPPPEther:
		return session(b)
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
	return nil, atOther
}

// typed reads a header of size bytes with the EtherType of what follows at
// proto: Ethernet, or Linux cooked (SLL, SLL2). Tags of VLANs may come between,
// each four bytes with another EtherType at its end.
func typed(b []byte, proto, size int) ([]byte, entry) {
	if len(b) < size {
		return nil, atNothing
	}
	kind := binary.BigEndian.Uint16(b[proto:])
	b = b[size:]
	for range maxTags {
		switch kind {
		case etherIPv4:
			return b, atIPv4
		case etherIPv6:
			return b, atIPv6
		case etherSession:
			return session(b)
		case etherVLAN, etherQinQ, etherOldQinQ:
			if len(b) < 4 {
				return nil, atNothing
			}
			kind, b = binary.BigEndian.Uint16(b[2:]), b[4:]
		default:
			return nil, atOther
		}
	}
	return nil, atNothing
}

// session reads the header of PPP over Ethernet (RFC 2516): version and type,
// code 0, session, length.
func session(b []byte) ([]byte, entry) {
	if len(b) < sessionHeader || b[0] != 0x11 {
		return nil, atNothing
	}
	if b[1] != 0 {
		return nil, atOther
	}
	return ppp(b[sessionHeader:])
}

// ppp reads PPP's header (RFC 1661, RFC 1662): perhaps address and control, and
// a protocol in two bytes, or in one if that is odd.
func ppp(b []byte) ([]byte, entry) {
	if len(b) >= 2 && binary.BigEndian.Uint16(b) == pppAddress {
		b = b[2:]
	}
	if len(b) < 2 {
		return nil, atNothing
	}
	protocol, n := binary.BigEndian.Uint16(b), 2
	if b[0]&1 == 1 {
		protocol, n = uint16(b[0]), 1
	}
	switch protocol {
	case pppIPv4:
		return b[n:], atIPv4
	case pppIPv6:
		return b[n:], atIPv6
	}
	return nil, atOther
}
