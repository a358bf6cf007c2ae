package captures

import "fmt"

// LinkType says how the packets of a capture begin
// (https://www.tcpdump.org/linktypes.html).
type LinkType uint16

// otherLinks are the link types that people meet and that hold no IP as we read
// it.
var otherLinks = map[LinkType]string{
	105: "Wi-Fi as a monitor sees it", 119: "Wi-Fi as a monitor sees it, Prism", 127: "Wi-Fi as a monitor sees it, radiotap",
	163: "Wi-Fi as a monitor sees it, AVS", 187: "Bluetooth", 201: "Bluetooth", 189: "USB", 220: "USB", 249: "USB",
	195: "IEEE 802.15.4", 215: "IEEE 802.15.4", 230: "IEEE 802.15.4", 227: "CAN", 252: "exported by Wireshark", 147: "private",
}

// String returns the number and, if it has one, the name.
func (l LinkType) String() string {
	if name := otherLinks[l]; name != "" {
		return fmt.Sprintf("%d (%s)", uint16(l), name)
	}
	return fmt.Sprint(uint16(l))
}

// read reports whether packets of this type are looked into.
func (l LinkType) read() bool {
	switch l {
	case linkNull, linkEthernet, linkPPP, linkRawBSD, linkRawOpen, linkPPPHDLC, linkPPPEther, linkRaw, linkLoop,
		linkSLL, linkPPPDir, linkIPv4, linkIPv6, linkSLL2:
		return true
	}
	return false
}
