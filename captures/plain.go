package captures

import "encoding/binary"

// Nearly all packets are alike: IP without options or extensions, whole, with a
// TCP segment inside. Reading these by gopacket would cost as much as everything
// else that reading does, so they are read here, and all others there. A fuzz
// target holds both to the same result.

const (
	ipv4Len = 20 // without options
	ipv6Len = 40
	tcpLen  = 20 // without options
)

// plain reads an IP packet of that shape into s, or reports false.
func plain(b []byte, first entry, s *segment) bool {
	switch {
	case first == atIPv4 && len(b) >= ipv4Len && b[0] == 0x45:
		n := int(binary.BigEndian.Uint16(b[2:]))
		const partial = 0x3fff // more fragments, or an offset
		if n < ipv4Len || n > len(b) || b[9] != protoTCP || binary.BigEndian.Uint16(b[6:])&partial != 0 {
			return false
		}
		s.src, s.dst = b[12:16], b[16:20]
		return plainTCP(b[ipv4Len:n], s)
	case first == atIPv6 && len(b) >= ipv6Len && b[0]>>4 == 6:
		n := int(binary.BigEndian.Uint16(b[4:]))
		if n == 0 || n > len(b)-ipv6Len || b[6] != protoTCP {
			return false
		}
		s.src, s.dst = b[8:24], b[24:40]
		return plainTCP(b[ipv6Len:ipv6Len+n], s)
	}
	return false
}

// plainTCP reads all bytes of a segment. Options are passed over.
func plainTCP(b []byte, s *segment) bool {
	if len(b) < tcpLen {
		return false
	}
	head := int(b[12]>>4) * 4
	if head < tcpLen || head > len(b) {
		return false
	}
	s.srcPort, s.dstPort = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	s.seq, s.ackSeq = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	flags := b[13]
	s.fin, s.syn, s.rst, s.ack = flags&tcpFIN != 0, flags&tcpSYN != 0, flags&tcpRST != 0, flags&tcpACK != 0
	s.data, s.lost = b[head:], 0
	return true
}
