package captures

import (
	"encoding/binary"
	"errors"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// kind is what the headers of a packet come to.
type kind int

const (
	isTCP      kind = iota
	isOther         // whole, but not TCP
	isFragment      // part of an IP packet
	isBroken        // cannot be read
)

// headers decodes packet headers: plain ones in plain.go, and the others with
// gopacket's layers, exactly these, so that
// nothing is ever guessed from a port. A panic inside counts as a broken packet:
// the parser returns it as an error.
type headers struct {
	ip4     layers.IPv4
	ip6     layers.IPv6
	ext     extensions
	frag    fragment
	tcp     tcpHeader
	parsers [entries]*gopacket.DecodingLayerParser
	found   []gopacket.LayerType
}

// entry is the header that a packet begins with, once its link layer is read.
type entry int

const (
	atNothing entry = iota // cut off, or in an unknown link layer
	atOther                // not IP
	atIPv4
	atIPv6
	entries
)

func newHeaders() *headers {
	h := new(headers)
	first := [entries]gopacket.LayerType{
		atIPv4: layers.LayerTypeIPv4, atIPv6: layers.LayerTypeIPv6,
	}
	for i := atIPv4; i < entries; i++ {
		p := gopacket.NewDecodingLayerParser(first[i])
		p.SetDecodingLayerContainer(gopacket.DecodingLayerSparse(nil))
		for _, layer := range []gopacket.DecodingLayer{&h.ip4, &h.ip6, &h.ext, &authenticated{&h.ext}, &h.frag, &h.tcp} {
			p.AddDecodingLayer(layer)
		}
		p.IgnoreUnsupported = true
		h.parsers[i] = p
	}
	return h
}

// decode reads the headers of p and, if they end in TCP, fills s.
func (h *headers) decode(p *packet, s *segment) kind {
	b, first := strip(p.link, p.data)
	if plain(b, first, s) {
		return isTCP
	}
	return h.layered(p, b, first, s)
}

// layered reads what is inside the link layer by gopacket's layers.
func (h *headers) layered(p *packet, b []byte, first entry, s *segment) kind {
	switch first {
	case atNothing:
		return isBroken
	case atOther:
		return isOther
	}
	h.ext.length, h.frag.partial = 0, false
	err := h.parsers[first].DecodeLayers(b, &h.found)
	size, part := 0, false
	for _, layer := range h.found {
		switch layer {
		case layers.LayerTypeIPv4:
			size = h.fromIPv4(p, s)
			part = h.ip4.NextLayerType() == gopacket.LayerTypeFragment
		case layers.LayerTypeIPv6:
			size = h.fromIPv6(s)
		case layers.LayerTypeIPv6Fragment:
			size -= len(h.frag.Contents)
			part = h.frag.partial
		case layers.LayerTypeTCP:
			h.fromTCP(s, size)
			return isTCP
		}
	}
	switch {
	case part:
		return isFragment
	case err != nil:
		return isBroken
	}
	return isOther
}

// fromIPv4 takes the addresses, and returns how many bytes the whole packet has
// beyond its header.
func (h *headers) fromIPv4(p *packet, s *segment) int {
	s.src, s.dst = h.ip4.SrcIP, h.ip4.DstIP
	if binary.BigEndian.Uint16(h.ip4.Contents[2:]) == 0 { // segmentation offload leaves the length out
		return len(h.ip4.Payload) + p.wire - len(p.data)
	}
	return int(h.ip4.Length) - len(h.ip4.Contents)
}

func (h *headers) fromIPv6(s *segment) int {
	s.src, s.dst = h.ip6.SrcIP, h.ip6.DstIP
	if h.ip6.HopByHop != nil {
		return int(h.ip6.Length) - len(h.ip6.HopByHop.Contents)
	}
	return int(h.ip6.Length)
}

// fromTCP takes the segment out of an IP packet that has size bytes beyond its
// header, captured or not.
func (h *headers) fromTCP(s *segment, size int) {
	t := &h.tcp
	size -= h.ext.length + len(t.Contents)
	s.srcPort, s.dstPort = uint16(t.SrcPort), uint16(t.DstPort)
	s.syn, s.ack, s.fin, s.rst = t.SYN, t.ACK, t.FIN, t.RST
	s.ackSeq = t.Ack
	s.seq = t.Seq
	s.data = t.Payload[:max(0, min(size, len(t.Payload)))]
	s.lost = max(0, size-len(s.data))
}

// tcpHeader is gopacket's, but options that it refuses do not cost the data, and
// nothing comes after it.
type tcpHeader struct{ layers.TCP }

func (t *tcpHeader) DecodeFromBytes(b []byte, df gopacket.DecodeFeedback) error {
	t.Contents = nil
	err := t.TCP.DecodeFromBytes(b, df)
	if n := int(t.DataOffset) * 4; err != nil && n >= 20 && n == len(t.Contents) {
		return nil
	}
	return err
}

func (t *tcpHeader) NextLayerType() gopacket.LayerType { return gopacket.LayerTypeZero }

// extensions skips IPv6 extension headers and adds up their lengths.
type extensions struct {
	layers.IPv6ExtensionSkipper
	length int
}

func (e *extensions) DecodeFromBytes(b []byte, df gopacket.DecodeFeedback) error {
	err := e.IPv6ExtensionSkipper.DecodeFromBytes(b, df)
	if err == nil {
		e.length += len(e.Contents)
	}
	return err
}

// authenticated skips the authentication header (RFC 4302), which counts its
// length otherwise than the extensions of IPv6 do, and may follow IPv4 as well.
type authenticated struct{ *extensions }

func (a authenticated) DecodeFromBytes(b []byte, df gopacket.DecodeFeedback) error {
	if len(b) < 12 || len(b) < 4*(int(b[1])+2) {
		df.SetTruncated()
		return errShortExtension
	}
	n := 4 * (int(b[1]) + 2)
	a.NextHeader = layers.IPProtocol(b[0])
	a.BaseLayer = layers.BaseLayer{Contents: b[:n], Payload: b[n:]}
	a.length += n
	return nil
}

func (authenticated) CanDecode() gopacket.LayerClass { return layers.LayerTypeIPSecAH }

// fragment is the IPv6 fragment header (RFC 8200, section 4.5): next header (1),
// reserved (1), offset and more-flag (2), identification (4).
type fragment struct {
	layers.BaseLayer
	next    layers.IPProtocol
	partial bool
}

var errShortExtension = errors.New("extension header is cut off")

func (f *fragment) DecodeFromBytes(b []byte, df gopacket.DecodeFeedback) error {
	if len(b) < 8 {
		df.SetTruncated()
		return errShortExtension
	}
	f.next = layers.IPProtocol(b[0])
	f.partial = binary.BigEndian.Uint16(b[2:])&0xfff9 != 0
	f.BaseLayer = layers.BaseLayer{Contents: b[:8], Payload: b[8:]}
	return nil
}

func (f *fragment) CanDecode() gopacket.LayerClass { return layers.LayerTypeIPv6Fragment }

func (f *fragment) NextLayerType() gopacket.LayerType {
	if f.partial {
		return gopacket.LayerTypeFragment
	}
	return f.next.LayerType()
}
