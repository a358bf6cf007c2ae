package filter

import (
	"net/netip"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// direct are the getters of the fields that expressions are most often about.
var direct = map[string]getter{
	"type": func(s *scratch, dst []field.Value, _ *Field) []field.Value {
		return append(dst, field.WordOf(s.e.Body.Name()))
	},
	"time": func(s *scratch, dst []field.Value, _ *Field) []field.Value {
		return append(dst, field.IntOf(s.e.At.UnixNano()))
	},
	"photon.session": func(s *scratch, dst []field.Value, _ *Field) []field.Value {
		return append(dst, field.UintOf(uint64(s.e.Session)))
	},
	"photon.leg": func(s *scratch, dst []field.Value, _ *Field) []field.Value {
		return append(dst, field.WordOf(s.e.Conn.Leg.String()))
	},
	"photon.dir": func(s *scratch, dst []field.Value, _ *Field) []field.Value {
		return append(dst, field.WordOf(s.e.From.String()))
	},
	"photon.device_id": func(s *scratch, dst []field.Value, _ *Field) []field.Value {
		if !s.e.Known {
			return dst
		}
		return append(dst, field.BytesOf(s.e.Device[:]))
	},
	"photon.altered": func(s *scratch, dst []field.Value, _ *Field) []field.Value {
		if !s.e.Altered {
			return dst
		}
		return append(dst, field.BoolOf(true))
	},
	"frame.wire": func(s *scratch, dst []field.Value, _ *Field) []field.Value {
		if s.e.Raw == nil {
			return dst
		}
		return append(dst, field.BytesOf(s.e.Raw))
	},
	"photon.msg": func(s *scratch, dst []field.Value, _ *Field) []field.Value {
		if word := s.m.Meaning.Kind.String(); word != "" {
			dst = append(dst, field.WordOf(word))
		}
		return dst
	},
	"photon.rtt": responseTime,
	"photon.mid_gap": func(s *scratch, dst []field.Value, _ *Field) []field.Value {
		if s.m.Meaning.MIDGap == 0 {
			return dst
		}
		return append(dst, field.IntOf(int64(s.m.Meaning.MIDGap)))
	},
	"photon.ota.crc_ok": func(s *scratch, dst []field.Value, _ *Field) []field.Value {
		if u := &s.m.Meaning.Update; s.m.Meaning.Kind == particle.KindChunk && u.Known {
			dst = append(dst, field.BoolOf(u.CRCOK))
		}
		return dst
	},
	"photon.event.name": eventName,
	"coap.type": func(s *scratch, dst []field.Value, _ *Field) []field.Value {
		return append(dst, field.UintOf(uint64(s.m.Plain[0]>>4&3)))
	},
	codeKey: func(s *scratch, dst []field.Value, _ *Field) []field.Value {
		return append(dst, field.UintOf(uint64(s.m.Plain[1])))
	},
	"coap.mid": func(s *scratch, dst []field.Value, _ *Field) []field.Value {
		return append(dst, field.UintOf(uint64(messageID(s.m))))
	},
	"coap.token": func(s *scratch, dst []field.Value, _ *Field) []field.Value {
		return appendBytes(dst, s.message().Token)
	},
	"coap.payload": func(s *scratch, dst []field.Value, _ *Field) []field.Value {
		return appendBytes(dst, s.message().Payload)
	},
}

// appendBytes appends bytes, unless there are none: absent rather than empty.
func appendBytes(dst []field.Value, b []byte) []field.Value {
	if len(b) == 0 {
		return dst
	}
	return append(dst, field.BytesOf(b))
}

// eventName joins the Uri-Path options behind the first one, which says that it is
// an event.
func eventName(s *scratch, dst []field.Value, _ *Field) []field.Value {
	parts := 0
	var name []byte
	for _, o := range s.message().Options {
		if o.Number != coap.URIPath {
			continue
		}
		switch parts {
		case 0:
		case 1:
			name = o.Value
		case 2:
			s.name = append(append(append(s.name[:0], name...), '/'), o.Value...)
			name = s.name
		default:
			s.name = append(append(s.name, '/'), o.Value...)
			name = s.name
		}
		parts++
	}
	if parts < 2 {
		return dst
	}
	return append(dst, field.TextOf(name))
}

func responseTime(s *scratch, dst []field.Value, _ *Field) []field.Value {
	if !s.m.Meaning.HasRTT {
		return dst
	}
	return append(dst, field.FloatOf(s.m.Meaning.RTT.Seconds()))
}

// optionGetter returns the getter of an option. One that may occur only once
// counts only the first time (RFC 7252 section 5.4.5).
func optionGetter(info coap.OptionInfo) getter {
	return func(s *scratch, dst []field.Value, _ *Field) []field.Value {
		options := s.message().Options
		for i := range options {
			if options[i].Number != info.Number {
				continue
			}
			dst = append(dst, optionValue(info.Format, options[i].Value))
			if !info.Repeatable {
				break
			}
		}
		return dst
	}
}

func optionValue(format coap.Format, b []byte) field.Value {
	switch {
	case format == coap.StringFormat:
		return field.TextOf(b)
	case format != coap.UintFormat || len(b) > 8:
		return field.BytesOf(b)
	}
	return field.UintOf(bigEndian(b))
}

func bigEndian(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

var onMessage = set("message")

// further are the fields that NDJSON has not, but Wireshark has, or that rest on
// more than one event.
var further = []Field{
	{Key: AnsweredKey, Type: Bool, in: onMessage, get: answered,
		Help: "of a request that may be answered: whether the answer came. An acknowledgement is none if a reply is to follow"},
	{Key: "coap.token_len", Type: Uint, in: onMessage, get: tokenLen, Help: "bytes of the token"},
	{Key: "coap.payload_length", Type: Uint, in: onMessage, get: payloadLength, Help: "bytes of the payload, if there is one"},
	{Key: "coap.response_time", Type: Float, in: onMessage, get: responseTime, Help: "seconds from the request to this answer: photon.rtt under Wireshark's name"},
	{Key: "coap.opt.uri_path_recon", Type: Text, in: onMessage, get: wholePath, Help: "the Uri-Path options with a slash before each, such as /e/temperature"},
	{Key: "coap.opt.block_number", Type: Uint, Many: true, in: onMessage, get: blockNumber, Help: "of Block1 and Block2: number of the block, from 0 (RFC 7959)"},
	{Key: "coap.opt.block_mflag", Type: Uint, Many: true, in: onMessage, get: blockMore, Help: "of Block1 and Block2: 1 if further blocks follow (RFC 7959)"},
	{Key: "coap.opt.block_size", Type: Uint, Many: true, in: onMessage, get: blockSize, Help: "of Block1 and Block2: size of the block, encoded: 16 bytes shifted left by it (RFC 7959)"},

	{Key: "ip.src", Type: Address, in: everywhere, get: ends{from: true}.addresses, Help: "IPv4 address of the end that sent the bytes; of an opened connection the device's"},
	{Key: "ip.dst", Type: Address, in: everywhere, get: ends{to: true}.addresses, Help: "IPv4 address of the end that received the bytes"},
	{Key: "ip.addr", Type: Address, Many: true, in: everywhere, get: ends{from: true, to: true}.addresses, Help: "IPv4 address of either end"},
	{Key: "ipv6.src", Type: Address, in: everywhere, get: ends{from: true, v6: true}.addresses, Help: "IPv6 address of the end that sent the bytes"},
	{Key: "ipv6.dst", Type: Address, in: everywhere, get: ends{to: true, v6: true}.addresses, Help: "IPv6 address of the end that received the bytes"},
	{Key: "ipv6.addr", Type: Address, Many: true, in: everywhere, get: ends{from: true, to: true, v6: true}.addresses, Help: "IPv6 address of either end"},
	{Key: "tcp.srcport", Type: Uint, in: everywhere, get: ends{from: true}.ports, Help: "TCP port of the end that sent the bytes"},
	{Key: "tcp.dstport", Type: Uint, in: everywhere, get: ends{to: true}.ports, Help: "TCP port of the end that received the bytes"},
	{Key: "tcp.port", Type: Uint, Many: true, in: everywhere, get: ends{from: true, to: true}.ports, Help: "TCP port of either end"},
}

func answered(s *scratch, dst []field.Value, _ *Field) []field.Value {
	if s.relation.Answer == Undecided {
		return dst
	}
	return append(dst, field.BoolOf(s.relation.Answer == Answered))
}

func tokenLen(s *scratch, dst []field.Value, _ *Field) []field.Value {
	return append(dst, field.UintOf(uint64(len(s.message().Token))))
}

func payloadLength(s *scratch, dst []field.Value, _ *Field) []field.Value {
	if n := len(s.message().Payload); n > 0 {
		dst = append(dst, field.UintOf(uint64(n)))
	}
	return dst
}

func wholePath(s *scratch, dst []field.Value, _ *Field) []field.Value {
	s.text = s.text[:0]
	for _, o := range s.message().Options {
		if o.Number == coap.URIPath {
			s.text = append(append(s.text, '/'), o.Value...)
		}
	}
	if len(s.text) == 0 {
		return dst
	}
	return append(dst, field.TextOf(s.text))
}

func blockNumber(s *scratch, dst []field.Value, _ *Field) []field.Value {
	return s.blocks(dst, func(v uint64) uint64 { return v >> 4 })
}

func blockMore(s *scratch, dst []field.Value, _ *Field) []field.Value {
	return s.blocks(dst, func(v uint64) uint64 { return v >> 3 & 1 })
}

func blockSize(s *scratch, dst []field.Value, _ *Field) []field.Value {
	return s.blocks(dst, func(v uint64) uint64 { return v & 7 })
}

// blocks appends a part of every block option.
func (s *scratch) blocks(dst []field.Value, part func(uint64) uint64) []field.Value {
	for _, o := range s.message().Options {
		if (o.Number == coap.Block1 || o.Number == coap.Block2) && len(o.Value) <= 3 {
			dst = append(dst, field.UintOf(part(bigEndian(o.Value))))
		}
	}
	return dst
}

// ends says which ends of a connection are meant.
type ends struct{ from, to, v6 bool }

// each returns the ends in the order source, destination; an end that is not
// meant is the zero value.
func (n ends) each(e *decode.Event) (list [2]netip.AddrPort) {
	source, destination := e.Conn.Device, e.Conn.Cloud
	if e.From == stream.FromCloud {
		source, destination = destination, source
	}
	if n.from {
		list[0] = source
	}
	if n.to {
		list[1] = destination
	}
	return list
}

func (n ends) addresses(s *scratch, dst []field.Value, _ *Field) []field.Value {
	for i, end := range n.each(s.e) {
		a := end.Addr().Unmap()
		if !a.IsValid() || a.Is4() == n.v6 {
			continue
		}
		s.addresses[i] = a.As16()
		b := s.addresses[i][:]
		if a.Is4() {
			b = b[12:]
		}
		dst = append(dst, field.BytesOf(b))
	}
	return dst
}

func (n ends) ports(s *scratch, dst []field.Value, _ *Field) []field.Value {
	for _, end := range n.each(s.e) {
		if end.IsValid() {
			dst = append(dst, field.UintOf(uint64(end.Port())))
		}
	}
	return dst
}
