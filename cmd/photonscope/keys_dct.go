package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// Where a Photon keeps its keys in the memory that DFU reads, alternate setting 1
// (Device OS v2.3.1, platform/MCU/STM32F2xx/SPARK_Firmware_Driver/inc/dct.h:75-205).
const (
	dctDeviceKey, dctDeviceKeyLen = 34, 1216
	dctServerKey, dctServerKeyLen = 2082, 768
	dctTransport                  = 2977
	dctLen                        = 3618 // up to the copy of the device ID
)

// Where the address stands in a server key area, for TCP and for UDP (Device OS
// v2.3.1, hal/shared/parse_server_address.h:33-72).
const (
	tcpAddress, tcpPort = 384, 450
	udpAddress, udpPort = 192, 258
	defaultPort         = 5683
	defaultPortUDP      = 5684
)

// isDCT tells a dump of a Photon's memory from a key: it is longer than any key,
// and one of the two slots holds something that begins like a key.
func isDCT(b []byte) bool {
	return len(b) >= dctLen && len(b) <= maxKeyFile && b[0] != 0x30 && !bytes.Contains(b[:dctDeviceKey], []byte("-----")) &&
		(b[dctDeviceKey] == 0x30 || b[dctServerKey] == 0x30)
}

// inspectDCT says what the slots of a dump hold, one line each.
func (k *keysCommand) inspectDCT(path string, b []byte) {
	k.print("%s: memory of a Photon, %d bytes", path, len(b))
	k.print("  device key: %s", describeSlot(path, b[dctDeviceKey:dctDeviceKey+dctDeviceKeyLen], lightssl.DeviceRole))
	area := b[dctServerKey : dctServerKey+dctServerKeyLen]
	k.print("  server key: %s", describeSlot(path, area, lightssl.ServerRole))
	k.print("  server address: %s", serverAddress(area))
	k.print("  transport: %s", transport(b[dctTransport]))
}

// describeSlot says what a slot holds.
func describeSlot(path string, slot []byte, role lightssl.Role) string {
	f, err := parseKeyFile(path, slot, role)
	if err != nil {
		return reasonOf(err)
	}
	f.mode = privateMode // what is wrong with the file's mode is said of the file
	text := ""
	for i, word := range f.describe() {
		if i > 0 {
			text += ", "
		}
		text += word
	}
	if !f.fits() {
		text += fmt.Sprintf(", of the wrong size: %s has %d bits", aKey(role), roleBits(role))
	}
	return text
}

// transport is what the byte means: firmware that knows UDP takes it for FF, its
// default, and TCP for anything else. A Photon knows TCP alone.
func transport(b byte) string {
	return fmt.Sprintf("TCP, a Photon knows no other (byte %02x)", b)
}

// serverAddress reads the address of a TCP key area.
func serverAddress(area []byte) string { return addressAt(area, tcpAddress, tcpPort, defaultPort) }

// addressAt reads type, length and address, and the port.
func addressAt(area []byte, at, portAt, usual int) string {
	if len(area) < portAt+2 {
		return "none in these bytes"
	}
	kind, n := area[at], int(area[at+1])
	value := area[at+2:]
	port := int(binary.BigEndian.Uint16(area[portAt:]))
	note := ""
	if port == 0 || port == 0xffff {
		port, note = usual, " (the usual port: none is set)"
	}
	switch {
	case kind == 0 && n == 4:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(value[:4])), uint16(port)).String() + note
	case kind == 1 && n > 0 && n <= len(value) && at+2+n <= portAt:
		return fmt.Sprintf("%s:%d", value[:n], port) + note // print escapes it
	case kind == 1:
		return fmt.Sprintf("damaged: a domain name of %d bytes", n)
	case kind == 0:
		return fmt.Sprintf("damaged: an IPv4 address of %d bytes", n)
	}
	return "not set: the device asks for device.spark.io (PH-13)"
}

// areaAddress is the address in a file that is a server key area: a public key,
// and an address behind it. Empty if it is none.
func areaAddress(b []byte) string {
	switch {
	case len(b) == 0 || b[0] != 0x30:
	case len(b) >= 512 && len(b) <= dctServerKeyLen:
		return "TCP " + serverAddress(b)
	case len(b) == 320:
		return "UDP " + addressAt(b, udpAddress, udpPort, defaultPortUDP)
	}
	return ""
}
