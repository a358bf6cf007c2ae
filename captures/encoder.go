package captures

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// Encoder turns stream items into the blocks of a recording, a pcapng file that
// other tools can read as well. It does no I/O: each method appends whole blocks
// to a slice and returns it, so that one write puts an item into the file and the
// file can end after any of them.
//
// A connection is written as a synthesised TCP conversation: its opening, with a
// comment that names the other leg or says that nobody saw it, its bytes, gaps as
// sequence numbers that were passed over and acknowledged, its closings. [Read] gives the same items back,
// except that a closing with [stream.Cut] leaves no trace but the end, that zones
// of addresses are left out, and that gaps of 16 MiB or more lose their length. An
// unknown end is given an address for documentation (RFC 5737, RFC 3849).
//
// The interfaces are device-leg, cloud-leg and photon-coap; a fourth, tapped, is
// added by the first connection on neither leg.
type Encoder struct {
	App string // the program's name and version, for the section header; "": left out

	conns  map[stream.ConnID]*conversation
	tapped bool // the interface has been added
}

// NewEncoder returns an encoder of one recording.
func NewEncoder() *Encoder {
	return &Encoder{conns: make(map[stream.ConnID]*conversation)}
}

// Message is one decrypted message, to be written for tools that know CoAP.
type Message struct {
	At      time.Time
	Conn    stream.Conn // the connection it came over
	From    stream.Direction
	Data    []byte // the CoAP message without padding
	Comment string // shown beside it; may be empty
	Note    *stream.Note
}

// Interface numbers, in the order of their blocks.
const (
	onDeviceLeg = iota
	onCloudLeg
	onCoAP
	onTapped
)

// maxPayload is the most data that is put into one packet of 65,535 bytes.
const maxPayload = 65_000

// conversation is the synthesised TCP of one connection.
type conversation struct {
	leg  stream.Leg
	ends [2]netip.AddrPort // by the direction they send
	next [2]uint32         // sequence numbers, by direction
	over [2]bool
}

// AppendHeader appends the section header and the three interfaces, with which a
// recording begins. The interfaces have the numbers 0 to 2.
func (e *Encoder) AppendHeader(dst []byte) []byte {
	e.tapped = false
	dst = appendSection(dst, e.App)
	for _, name := range [...]string{nameDeviceLeg, nameCloudLeg, nameCoAP} {
		dst = appendInterface(dst, name)
	}
	return dst
}

// AppendItem appends the packets that stand for an item. Items of connections
// that were not opened are left out.
func (e *Encoder) AppendItem(dst []byte, it stream.Item) []byte {
	switch it := it.(type) {
	case *stream.Opened:
		return e.opened(dst, it)
	case *stream.Segment:
		if c := e.conns[it.Conn]; c != nil && !c.over[it.From] {
			return c.segment(dst, it)
		}
	case *stream.Gap:
		if c := e.conns[it.Conn]; c != nil && !c.over[it.From] {
			return c.gap(dst, it)
		}
	case *stream.Closed:
		if c := e.conns[it.Conn]; c != nil {
			dst = c.closed(dst, it)
			if c.over[0] && c.over[1] {
				delete(e.conns, it.Conn)
			}
		}
	}
	return dst
}

// AppendMessage appends a decrypted message as a UDP datagram between the ends
// of its connection, the cloud's with port 5683, by which other tools know CoAP.
// What does not fit into a datagram is cut off.
func (e *Encoder) AppendMessage(dst []byte, m Message) []byte {
	ends := known(m.Conn)
	ends[stream.FromCloud] = netip.AddrPortFrom(ends[stream.FromCloud].Addr(), cloudPort)
	return frame{
		iface: onCoAP, at: m.At, flags: direction(m.Conn.Leg, m.From), comment: m.Comment, note: m.Note,
		src: ends[m.From], dst: ends[m.From.Opposite()],
		udp: true, data: m.Data[:min(len(m.Data), maxPayload)],
	}.append(dst)
}

func (e *Encoder) opened(dst []byte, it *stream.Opened) []byte {
	if it.Conn.Leg == stream.Tapped && !e.tapped {
		e.tapped = true
		dst = appendInterface(dst, nameTapped)
	}
	// Initial sequence numbers differ between connections, so that one is never
	// taken for another that had its ports before.
	first := uint32(it.Conn.ID) * 2654435761
	c := &conversation{leg: it.Conn.Leg, ends: known(it.Conn), next: [2]uint32{first, ^first}}
	e.conns[it.Conn.ID] = c
	syn := c.frame(it.At, stream.FromDevice, tcpSYN, nil)
	syn.comment, syn.note = openingComment(it), it.Note
	dst = syn.append(dst)
	c.next[stream.FromDevice]++
	dst = c.frame(it.At, stream.FromCloud, tcpSYN|tcpACK, nil).append(dst)
	c.next[stream.FromCloud]++
	return c.frame(it.At, stream.FromDevice, tcpACK, nil).append(dst)
}

func (c *conversation) segment(dst []byte, it *stream.Segment) []byte {
	note := it.Note
	for data := it.Data; len(data) > 0; {
		n := min(len(data), maxPayload)
		f := c.frame(it.At, it.From, tcpPSH|tcpACK, data[:n])
		f.note, note = note, nil
		dst = f.append(dst)
		c.next[it.From] += uint32(n)
		data = data[n:]
	}
	return dst
}

// missingForm ends the comment at a gap.
const missingForm = " are missing before this"

// gap passes over sequence numbers and has the receiver acknowledge them, which
// tells when they were found missing.
func (c *conversation) gap(dst []byte, it *stream.Gap) []byte {
	n, count := it.Len, strconv.Itoa(it.Len)
	if n <= 0 || n > maxGap {
		n, count = maxGap, "unknown number of"
	}
	c.next[it.From] += uint32(n)
	f := c.frame(it.At, it.From.Opposite(), tcpACK, nil)
	f.comment = count + " bytes from the " + it.From.String() + missingForm
	return f.append(dst)
}

func (c *conversation) closed(dst []byte, it *stream.Closed) []byte {
	switch {
	case it.How == stream.Reset:
		c.over = [2]bool{true, true}
		f := c.frame(it.At, it.From, tcpRST|tcpACK, nil)
		f.note = it.Note
		return f.append(dst)
	case it.How == stream.Fin && !c.over[it.From]:
		f := c.frame(it.At, it.From, tcpFIN|tcpACK, nil)
		f.note = it.Note
		dst = f.append(dst)
		c.next[it.From]++
	}
	c.over[it.From] = true
	return dst
}

// frame returns one segment.
func (c *conversation) frame(at time.Time, from stream.Direction, flags byte, data []byte) frame {
	f := frame{
		iface: onLeg(c.leg), at: at, flags: direction(c.leg, from),
		src: c.ends[from], dst: c.ends[from.Opposite()],
		seq: c.next[from], control: flags, data: data,
	}
	if flags&tcpACK != 0 {
		f.ack = c.next[from.Opposite()]
	}
	return f
}

// onLeg returns the number of the interface for a leg.
func onLeg(l stream.Leg) uint32 {
	switch l {
	case stream.DeviceLeg:
		return onDeviceLeg
	case stream.CloudLeg:
		return onCloudLeg
	}
	return onTapped
}

// direction returns the packet flags for what photonscope received or sent on a
// leg, 0 where it only looked on.
func direction(l stream.Leg, from stream.Direction) uint32 {
	switch {
	case l == stream.Tapped:
		return 0
	case (l == stream.DeviceLeg) == (from == stream.FromDevice):
		return flagsInbound
	}
	return flagsOutbound
}

// known returns the ends of a connection, with addresses for those that are not
// known, and both of one family.
func known(c stream.Conn) [2]netip.AddrPort {
	ends := [2]netip.AddrPort{c.Device, c.Cloud}
	six := false
	for i, end := range ends {
		ends[i] = netip.AddrPortFrom(end.Addr().Unmap().WithZone(""), end.Port())
		six = six || ends[i].Addr().Is6()
	}
	for i, end := range ends {
		switch {
		case !end.IsValid():
			ends[i] = documented(stream.Direction(i), c.ID, six)
		case six && end.Addr().Is4():
			ends[i] = netip.AddrPortFrom(netip.AddrFrom16(end.Addr().As16()), end.Port())
		}
	}
	return ends
}

// documented returns an address for an end that is not known.
func documented(who stream.Direction, id stream.ConnID, six bool) netip.AddrPort {
	port := uint16(cloudPort)
	if who == stream.FromDevice {
		port = 49152 + uint16(id%16384)
	}
	host := byte(who) + 1
	if six {
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 15: host}), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, host}), port)
}
