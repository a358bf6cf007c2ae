package gen

// Link is a link layer: what stands before the IP packets.
type Link struct {
	Name  string // for people
	Type  uint16 // https://www.tcpdump.org/linktypes.html
	Head4 string // before IPv4
	Head6 string // before IPv6
	Tail  string // behind either
	// Length is where in the heads two bytes, big endian, hold the number of bytes
	// that follow them, 0 for nowhere.
	Length int
}

// head returns what stands before an IP packet.
func (l *Link) head(six bool) string {
	if six {
		return l.Head6
	}
	return l.Head4
}

const (
	macs   = "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02"
	cooked = "\x00\x00\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00"
)

// Ethernet is what the zero Link stands for.
var Ethernet = Link{Name: "Ethernet", Type: 1, Head4: macs + "\x08\x00", Head6: macs + "\x86\xdd"}

// Links are the link layers that captures of ours may have.
var Links = []Link{
	Ethernet,
	{Name: "Ethernet with padding", Type: 1, Head4: macs + "\x08\x00", Head6: macs + "\x86\xdd", Tail: "\x00\x00\x00\x00\x00\x00"},
	{Name: "802.1Q", Type: 1, Head4: macs + "\x81\x00\x00\x05\x08\x00", Head6: macs + "\x81\x00\x00\x05\x86\xdd"},
	{Name: "QinQ", Type: 1, Head4: macs + "\x88\xa8\x00\x05\x81\x00\x00\x06\x08\x00", Head6: macs + "\x88\xa8\x00\x05\x81\x00\x00\x06\x86\xdd"},
	{Name: "QinQ of before 802.1ad", Type: 1, Head4: macs + "\x91\x00\x00\x05\x81\x00\x00\x06\x08\x00", Head6: macs + "\x91\x00\x00\x05\x81\x00\x00\x06\x86\xdd"},
	{Name: "PPPoE", Type: 1, Head4: macs + "\x88\x64\x11\x00\x00\x07\x00\x00\x00\x21", Head6: macs + "\x88\x64\x11\x00\x00\x07\x00\x00\x00\x57", Length: 18},
	{Name: "PPP", Type: 9, Head4: "\x00\x21", Head6: "\x00\x57"},
	{Name: "PPP with HDLC framing", Type: 9, Head4: "\xff\x03\x00\x21", Head6: "\xff\x03\x00\x57"},
	{Name: "raw", Type: 101},
	{Name: "null, little endian", Type: 0, Head4: "\x02\x00\x00\x00", Head6: "\x1e\x00\x00\x00"},
	{Name: "null, big endian", Type: 0, Head4: "\x00\x00\x00\x02", Head6: "\x00\x00\x00\x1e"},
	{Name: "loop", Type: 108, Head4: "\x00\x00\x00\x02", Head6: "\x00\x00\x00\x18"},
	{Name: "cooked", Type: 113, Head4: cooked + "\x08\x00", Head6: cooked + "\x86\xdd"},
	{Name: "cooked, version 2", Type: 276, Head4: "\x08\x00\x00\x00\x00\x00\x00\x03\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00", Head6: "\x86\xdd\x00\x00\x00\x00\x00\x03\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00"},
}
