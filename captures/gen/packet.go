package gen

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
)

// TCP's flags (RFC 9293, section 3.1).
const (
	fin = 1 << iota
	syn
	_
	psh
	ack
)

// segment is a TCP segment to be written.
type segment struct {
	src, dst netip.AddrPort
	seq, ack uint32
	control  byte
	data     []byte
}

const (
	protoTCP  = 6
	headerLen = 20 // of TCP
)

// append appends the segment's IP packet.
func (s segment) append(dst []byte) []byte {
	begin := len(dst)
	size := headerLen + len(s.data)
	var pseudo uint32
	if s.src.Addr().Is4() {
		dst = append(dst, 0x45, 0)
		dst = binary.BigEndian.AppendUint16(dst, uint16(20+size))
		dst = append(dst, 0, 0, 0, 0, 64, protoTCP, 0, 0)
		src, to := s.src.Addr().As4(), s.dst.Addr().As4()
		dst = append(append(dst, src[:]...), to[:]...)
		binary.BigEndian.PutUint16(dst[begin+10:], ^fold(sum(0, dst[begin:])))
		pseudo = sum(0, dst[begin+12:])
	} else {
		dst = append(dst, 0x60, 0, 0, 0)
		dst = binary.BigEndian.AppendUint16(dst, uint16(size))
		dst = append(dst, protoTCP, 64)
		src, to := s.src.Addr().As16(), s.dst.Addr().As16()
		dst = append(append(dst, src[:]...), to[:]...)
		pseudo = sum(0, dst[begin+8:])
	}
	tcp := len(dst)
	dst = binary.BigEndian.AppendUint16(dst, s.src.Port())
	dst = binary.BigEndian.AppendUint16(dst, s.dst.Port())
	dst = binary.BigEndian.AppendUint32(dst, s.seq)
	dst = binary.BigEndian.AppendUint32(dst, s.ack)
	dst = append(dst, headerLen<<2, s.control, 0xff, 0xff, 0, 0, 0, 0)
	dst = append(dst, s.data...)
	check := sum(pseudo+protoTCP+uint32(size), dst[tcp:])
	binary.BigEndian.PutUint16(dst[tcp+16:], ^fold(check))
	return dst
}

// sum adds the 16-bit words of b to s (RFC 1071). It has room for 64 KiB.
func sum(s uint32, b []byte) uint32 {
	for ; len(b) >= 2; b = b[2:] {
		s += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		s += uint32(b[0]) << 8
	}
	return s
}

func fold(s uint32) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}

// fragments cuts an IP packet into pieces of at most mtu bytes, which arrive in
// any order.
func fragments(ip []byte, mtu int, id uint32, rng *rand.Rand) (all [][]byte) {
	head, extra := 20, 0
	if ip[0]>>4 == 6 {
		head, extra = 40, 8
	}
	step := max(8, (mtu-head-extra)&^7)
	body := ip[head:]
	for at := 0; at < len(body); at += step {
		n := min(step, len(body)-at)
		part := append([]byte(nil), ip[:head]...)
		more := at+n < len(body)
		if head == 20 {
			part = four(part, n, at, more, id)
		} else {
			part = six(part, n, at, more, id)
		}
		all = append(all, append(part, body[at:at+n]...))
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// four makes an IPv4 header that of a fragment of n bytes (RFC 791).
func four(head []byte, n, at int, more bool, id uint32) []byte {
	binary.BigEndian.PutUint16(head[2:], uint16(20+n))
	binary.BigEndian.PutUint16(head[4:], uint16(id))
	offset := uint16(at / 8)
	if more {
		offset |= 1 << 13
	}
	binary.BigEndian.PutUint16(head[6:], offset)
	binary.BigEndian.PutUint16(head[10:], 0)
	binary.BigEndian.PutUint16(head[10:], ^fold(sum(0, head)))
	return head
}

// six puts a fragment header behind an IPv6 header (RFC 8200, section 4.5).
func six(head []byte, n, at int, more bool, id uint32) []byte {
	binary.BigEndian.PutUint16(head[4:], uint16(8+n))
	next := head[6]
	head[6] = 44
	offset := uint16(at)
	if more {
		offset |= 1
	}
	head = append(head, next, 0)
	head = binary.BigEndian.AppendUint16(head, offset)
	return binary.BigEndian.AppendUint32(head, id)
}
