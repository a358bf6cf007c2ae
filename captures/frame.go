package captures

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// frame is a packet to be written: TCP or UDP in IPv4 or IPv6 in an enhanced
// packet block.
type frame struct {
	iface    uint32
	at       time.Time
	flags    uint32
	comment  string
	note     *stream.Note
	src, dst netip.AddrPort // of one family
	udp      bool
	seq, ack uint32
	control  byte // TCP's flags
	data     []byte
}

// TCP's flags (RFC 9293, section 3.1).
const (
	tcpFIN = 1 << iota
	tcpSYN
	tcpRST
	tcpPSH
	tcpACK
)

const (
	protoTCP = 6
	protoUDP = 17
	hopLimit = 64
)

// synOptions are those of a SYN: a maximum segment size of 65,495, no operation,
// and a window scale of 14. The latter makes a window of 65,535 so wide that nothing
// is sent beyond it, as a recording has few acknowledgements.
const synOptions = "\x02\x04\xff\xd7\x01\x03\x03\x0e"

// append appends the frame's block.
func (f frame) append(dst []byte) []byte {
	dst, block := beginBlock(dst, blockEnhanced)
	dst = binary.LittleEndian.AppendUint32(dst, f.iface)
	dst = appendTime(dst, f.at)
	start := len(dst) + 8
	dst = append(dst, make([]byte, 8)...)
	dst = f.appendIP(dst)
	n := uint32(len(dst) - start)
	binary.LittleEndian.PutUint32(dst[start-8:], n)
	binary.LittleEndian.PutUint32(dst[start-4:], n)
	dst = pad(dst, int(n))
	if f.flags != 0 {
		dst = appendOption(dst, optFlags, binary.LittleEndian.AppendUint32(nil, f.flags))
	}
	if f.comment != "" {
		dst = appendOption(dst, optComment, f.comment[:min(len(f.comment), 1<<15)])
	}
	dst = appendNote(dst, f.note)
	if f.flags != 0 || f.comment != "" || f.note != nil {
		dst = appendOption(dst, optEnd, "")
	}
	return endBlock(dst, block)
}

// appendIP appends the IP packet.
func (f frame) appendIP(dst []byte) []byte {
	proto, transport := byte(protoTCP), 20+len(f.data)
	switch {
	case f.udp:
		proto, transport = protoUDP, 8+len(f.data)
	case f.control&tcpSYN != 0:
		transport += len(synOptions)
	}
	if f.src.Addr().Is4() {
		start := len(dst)
		dst = append(dst, 0x45, 0)
		dst = binary.BigEndian.AppendUint16(dst, uint16(20+transport))
		dst = append(dst, 0, 0, 0x40, 0, hopLimit, proto, 0, 0) // do not fragment
		src, to := f.src.Addr().As4(), f.dst.Addr().As4()
		dst = append(append(dst, src[:]...), to[:]...)
		binary.BigEndian.PutUint16(dst[start+10:], ^fold(sum(0, dst[start:])))
	} else {
		dst = append(dst, 0x60, 0, 0, 0)
		dst = binary.BigEndian.AppendUint16(dst, uint16(transport))
		dst = append(dst, proto, hopLimit)
		src, to := f.src.Addr().As16(), f.dst.Addr().As16()
		dst = append(append(dst, src[:]...), to[:]...)
	}
	return f.appendTransport(dst, uint64(proto)+uint64(transport))
}

// appendTransport appends the TCP segment or UDP datagram behind the addresses
// that dst ends in. pseudo is the sum of the rest of the pseudo header.
func (f frame) appendTransport(dst []byte, pseudo uint64) []byte {
	addresses := 2 * f.src.Addr().BitLen() / 8
	pseudo = sum(pseudo, dst[len(dst)-addresses:])
	start := len(dst)
	dst = binary.BigEndian.AppendUint16(dst, f.src.Port())
	dst = binary.BigEndian.AppendUint16(dst, f.dst.Port())
	check := start + 6
	if f.udp {
		dst = binary.BigEndian.AppendUint16(dst, uint16(8+len(f.data)))
		dst = append(dst, 0, 0)
	} else {
		dst = f.appendTCP(dst)
		check = start + 16
	}
	dst = append(dst, f.data...)
	c := ^fold(sum(pseudo, dst[start:]))
	if c == 0 && f.udp {
		c = 0xffff // 0 says that there is none
	}
	binary.BigEndian.PutUint16(dst[check:], c)
	return dst
}

// appendTCP appends TCP's header behind the ports.
func (f frame) appendTCP(dst []byte) []byte {
	options := ""
	if f.control&tcpSYN != 0 {
		options = synOptions
	}
	dst = binary.BigEndian.AppendUint32(dst, f.seq)
	dst = binary.BigEndian.AppendUint32(dst, f.ack)
	dst = append(dst, byte(20+len(options))<<2, f.control, 0xff, 0xff, 0, 0, 0, 0)
	return append(dst, options...)
}

// sum adds the 16-bit words of b to s, which may hold their carries (RFC 1071).
func sum(s uint64, b []byte) uint64 {
	var carry uint64
	for ; len(b) >= 8; b = b[8:] {
		s, carry = bits.Add64(s, binary.BigEndian.Uint64(b), carry)
	}
	var tail [8]byte
	copy(tail[:], b)
	s, carry = bits.Add64(s, binary.BigEndian.Uint64(tail[:]), carry)
	s, carry = bits.Add64(s, 0, carry)
	return s + carry
}

// fold adds up the 16-bit words of a sum.
func fold(s uint64) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}
