package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
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

// Where it has room for the keys of UDP, which a Photon does not speak (the same file).
const (
	dctPublicUDP, dctPublicUDPLen   = 2978, 128
	dctPrivateUDP, dctPrivateUDPLen = 3106, 192
	dctServerUDP, dctServerUDPLen   = 3298, 320
)

// Where a Core keeps its keys in its external flash, alternate setting 1
// (particle-cli v3.9.0, src/lib/keys-specs.js:1-53).
const (
	coreServerKey, coreServerKeyLen = 0x1000, 2048
	coreDeviceKey, coreDeviceKeyLen = 0x2000, 1024
	coreLen                         = coreDeviceKey + coreDeviceKeyLen
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

// isCoreFlash tells a dump of a Core's flash in the same way.
func isCoreFlash(b []byte) bool {
	return len(b) >= coreLen && b[0] != 0x30 && !bytes.Contains(b[:coreServerKey], []byte("-----")) &&
		(b[coreServerKey] == 0x30 || b[coreDeviceKey] == 0x30)
}

// inspectCoreFlash says what the slots of a dump hold, one line each.
func (k *keysCommand) inspectCoreFlash(path string, b []byte) {
	k.print("%s: flash of a Core, %d bytes", path, len(b))
	k.print("  device key: %s", describeSlot(path, b[coreDeviceKey:][:coreDeviceKeyLen], lightssl.DeviceRole))
	area := b[coreServerKey:][:coreServerKeyLen]
	k.print("  server key: %s", describeSlot(path, area, lightssl.ServerRole))
	k.print("  server address: %s", serverAddress(area))
}

// inspectDCT says what the slots of a dump hold, one line each.
func (k *keysCommand) inspectDCT(path string, b []byte) {
	k.print("%s: memory of a Photon, %d bytes", path, len(b))
	k.print("  device key: %s", describeSlot(path, b[dctDeviceKey:dctDeviceKey+dctDeviceKeyLen], lightssl.DeviceRole))
	area := b[dctServerKey : dctServerKey+dctServerKeyLen]
	k.print("  server key: %s", describeSlot(path, area, lightssl.ServerRole))
	k.print("  server address: %s", serverAddress(area))
	k.print("  transport: %s", transport(b[dctTransport]))
	area = b[dctServerUDP:][:dctServerUDPLen]
	private, public, server := describeEC(b[dctPrivateUDP:][:dctPrivateUDPLen]), describeEC(b[dctPublicUDP:][:dctPublicUDPLen]), describeEC(area)
	if private == noKey && public == noKey && server == noKey {
		k.print("  keys for UDP: none, and a Photon needs none")
		return
	}
	k.print("  keys for UDP, which a Photon does not use:")
	k.print("    device key: %s", private)
	k.print("    its public key: %s", public)
	k.print("    server key: %s", server)
	if server != noKey {
		k.print("    server address: %s", addressAt(area, udpAddress, udpPort, defaultPortUDP))
	}
}

const noKey = "none"

// describeEC says what a slot for an elliptic curve key holds.
func describeEC(slot []byte) string {
	if len(bytes.Trim(slot, "\xff")) == 0 {
		return noKey
	}
	var der asn1.RawValue
	if _, err := asn1.Unmarshal(slot, &der); err != nil || slot[0] != 0x30 {
		return fmt.Sprintf("no key: it begins with the bytes %x", slot[:4])
	}
	if k, err := x509.ParseECPrivateKey(der.FullBytes); err == nil {
		return "EC private key on " + k.Curve.Params().Name
	}
	public, _ := x509.ParsePKIXPublicKey(der.FullBytes) // nil if it is none
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		return "EC public key on " + k.Curve.Params().Name
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA public key of %d bits, where an EC key belongs", k.N.BitLen())
	}
	return "no EC key, though it begins like one"
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
