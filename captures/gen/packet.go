package gen

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
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
		p := piece{at: at, data: body[at : at+n], more: at+n < len(body), id: id}
		if head == 20 {
			all = append(all, p.four(slices.Clone(ip[:head])))
		} else {
			all = append(all, p.six(slices.Clone(ip[:head])))
		}
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// piece is a part of an IP packet's body that travels as a packet of its own.
type piece struct {
	at   int // in the body, in bytes
	data []byte
	more bool   // the body goes on behind it
	id   uint32 // of the whole packet; IPv4 has room for 16 bits of it
}

// four appends the piece to the IPv4 header of the whole, changed to that of a
// fragment (RFC 791).
func (p piece) four(head []byte) []byte {
	binary.BigEndian.PutUint16(head[2:], uint16(20+len(p.data)))
	binary.BigEndian.PutUint16(head[4:], uint16(p.id))
	offset := uint16(p.at / 8)
	if p.more {
		offset |= 1 << 13
	}
	binary.BigEndian.PutUint16(head[6:], offset)
	binary.BigEndian.PutUint16(head[10:], 0)
	binary.BigEndian.PutUint16(head[10:], ^fold(sum(0, head)))
	return append(head, p.data...)
}

// six appends the piece to the IPv6 header of the whole, with a fragment header
// between them (RFC 8200, section 4.5).
func (p piece) six(head []byte) []byte {
	binary.BigEndian.PutUint16(head[4:], uint16(8+len(p.data)))
	next := head[6]
	head[6] = 44
	offset := uint16(p.at)
	if p.more {
		offset |= 1
	}
	head = append(head, next, 0)
	head = binary.BigEndian.AppendUint16(head, offset)
	head = binary.BigEndian.AppendUint32(head, p.id)
	return append(head, p.data...)
}
