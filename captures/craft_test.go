package captures

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"time"
)

// Crafting captures by hand: packets with any TCP header in files of any format.

var (
	deviceEnd = netip.MustParseAddrPort("10.0.0.7:50123")
	cloudEnd  = netip.MustParseAddrPort("192.168.1.9:5683")
	epoch     = time.Date(2026, 11, 24, 10, 0, 0, 123456000, time.UTC)
)

// crafted is one packet of a crafted capture.
type crafted struct {
	at   time.Time
	ip   []byte
	wire int // length on the wire, if not all was captured
}

// dialogue makes the packets of one connection. Sequence numbers are counted
// from the initial ones, so the first byte of data has number 1.
type dialogue struct {
	device, cloud netip.AddrPort
	initial       [2]uint32
	at            time.Time
	packets       []crafted
}

func newDialogue() *dialogue {
	return &dialogue{device: deviceEnd, cloud: cloudEnd, initial: [2]uint32{1000, 77000}, at: epoch}
}

func (d *dialogue) add(from int, control byte, seq, ack uint32, data string) *dialogue {
	f := frame{src: d.device, dst: d.cloud, control: control, data: []byte(data)}
	if from == 1 {
		f.src, f.dst = d.cloud, d.device
	}
	f.seq = d.initial[from] + seq
	if control&tcpACK != 0 {
		f.ack = d.initial[1-from] + ack
	}
	d.packets = append(d.packets, crafted{at: d.at, ip: f.appendIP(nil)})
	d.at = d.at.Add(time.Millisecond)
	return d
}

// open adds the three packets of an opening.
func (d *dialogue) open() *dialogue {
	d.add(0, tcpSYN, 0, 0, "")
	d.add(1, tcpSYN|tcpACK, 0, 1, "")
	return d.add(0, tcpACK, 1, 1, "")
}

func (d *dialogue) up(seq uint32, data string) *dialogue {
	return d.add(0, tcpACK|tcpPSH, seq, 1, data)
}

func (d *dialogue) down(seq uint32, data string) *dialogue {
	return d.add(1, tcpACK|tcpPSH, seq, 1, data)
}

func (d *dialogue) later(by time.Duration) *dialogue {
	d.at = d.at.Add(by)
	return d
}

// file returns the packets as a pcap of raw IP.
func (d *dialogue) file() []byte {
	return pcapFile(binary.LittleEndian, magicNano, linkRaw, d.packets...)
}

func (d *dialogue) reader() *bytes.Reader { return bytes.NewReader(d.file()) }

type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// pcapFile makes a classic capture.
func pcapFile(order byteOrder, magic uint32, link uint32, packets ...crafted) []byte {
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = order.AppendUint32(b, 65535)
	b = order.AppendUint32(b, link)
	unit := 1000
	if magic == magicNano {
		unit = 1
	}
	for _, p := range packets {
		b = order.AppendUint32(b, uint32(p.at.Unix()))
		b = order.AppendUint32(b, uint32(p.at.Nanosecond()/unit))
		b = order.AppendUint32(b, uint32(len(p.ip)))
		b = order.AppendUint32(b, uint32(max(len(p.ip), p.wire)))
		b = append(b, p.ip...)
	}
	return b
}

// ngFile makes pcapng blocks of any kind in either byte order.
type ngFile struct {
	order byteOrder
	b     []byte
}

func newNG(order byteOrder) *ngFile { return (&ngFile{order: order}).section() }

// block adds a block around a body, which it pads.
func (n *ngFile) block(kind uint32, body []byte) *ngFile {
	body = pad(append([]byte(nil), body...), len(body))
	n.b = n.order.AppendUint32(n.b, kind)
	n.b = n.order.AppendUint32(n.b, uint32(len(body)+blockFrame))
	n.b = append(n.b, body...)
	n.b = n.order.AppendUint32(n.b, uint32(len(body)+blockFrame))
	return n
}

func (n *ngFile) section() *ngFile {
	body := n.order.AppendUint32(nil, byteOrderMagic)
	body = n.order.AppendUint16(body, 1)
	body = n.order.AppendUint16(body, 0)
	return n.block(blockSection, append(body, bytes.Repeat([]byte{0xff}, 8)...))
}

func (n *ngFile) iface(link uint16, snap uint32, options []byte) *ngFile {
	body := n.order.AppendUint16(nil, link)
	body = n.order.AppendUint16(body, 0)
	body = n.order.AppendUint32(body, snap)
	return n.block(blockInterface, append(body, options...))
}

func (n *ngFile) option(code uint16, value string) []byte {
	b := n.order.AppendUint16(nil, code)
	b = n.order.AppendUint16(b, uint16(len(value)))
	return pad(append(b, value...), len(value))
}

// body returns what follows the interface in enhanced and old packet blocks.
func (n *ngFile) body(id []byte, ticks uint64, p crafted) []byte {
	b := n.order.AppendUint32(id, uint32(ticks>>32))
	b = n.order.AppendUint32(b, uint32(ticks))
	b = n.order.AppendUint32(b, uint32(len(p.ip)))
	b = n.order.AppendUint32(b, uint32(max(len(p.ip), p.wire)))
	return pad(append(b, p.ip...), len(p.ip))
}

func (n *ngFile) enhanced(id uint32, ticks uint64, p crafted, options ...byte) *ngFile {
	return n.block(blockEnhanced, append(n.body(n.order.AppendUint32(nil, id), ticks, p), options...))
}

func (n *ngFile) old(id uint16, ticks uint64, p crafted) *ngFile {
	head := n.order.AppendUint16(nil, id)
	return n.block(blockPacket, n.body(n.order.AppendUint16(head, 0xffff), ticks, p))
}

func (n *ngFile) simple(p crafted) *ngFile {
	return n.block(blockSimple, append(n.order.AppendUint32(nil, uint32(max(len(p.ip), p.wire))), p.ip...))
}

// micros returns a packet's time in the default resolution.
func (p crafted) micros() uint64 { return uint64(p.at.UnixMicro()) }
