package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/sim"
)

// area is a server key area as particle-cli writes it: 512 bytes.
func area(kind byte, address string, port uint16) []byte {
	b := bytes.Repeat([]byte{0xff}, 512)
	copy(b, lightssl.MarshalPublicDER(&sim.ServerKey().PublicKey))
	b[384], b[385] = kind, byte(len(address))
	copy(b[386:], address)
	binary.BigEndian.PutUint16(b[450:], port)
	return b
}

// dump is what DFU reads of a Photon.
func dump(deviceKey, area []byte) []byte {
	b := bytes.Repeat([]byte{0xff}, 7548)
	copy(b[34:], deviceKey)
	copy(b[2082:], area)
	return b
}

func TestInspectReadsADevicesMemory(t *testing.T) {
	b := newBench(t)
	device := lightssl.MarshalPrivateDER(sim.DeviceKey(0))
	for _, c := range []struct {
		name string
		dump []byte
		want []string
	}{
		{"address", dump(device, area(0, "\xc0\xa8\x01\x09", 5683)), []string{"device private key", "usable", "server public key", "server address: 192.168.1.9:5683", "transport: TCP"}},
		{"name", dump(device, area(1, "photon\x1b.lan", 8000)), []string{`server address: photon\x1b.lan:8000`}},
		{"no port", dump(device, area(0, "\x0a\x00\x00\x01", 0xffff)), []string{"10.0.0.1:5683 (the usual port"}},
		{"no address", dump(device, area(0xff, "", 0)), []string{"not set: the device asks for device.spark.io"}},
		{"long name", dump(device, area(1, strings.Repeat("n", 120), 1)), []string{"damaged: a domain name of 120 bytes"}},
		{"erased", dump(nil, area(0, "\x0a\x00\x00\x01", 1)), []string{"device key: erased flash, every byte FF"}},
		{"server key in the device's slot", dump(lightssl.MarshalPrivateDER(sim.ServerKey()), area(0, "\x0a\x00\x00\x01", 1)), []string{"of the wrong size: a device key has 1024 bits"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := b.write(b.home, "dct.bin", c.dump, 0o600)
			out := b.ok("keys", "inspect", path)
			wantIn(t, out, c.want...)
			if strings.Contains(out, "\x1b") || strings.Contains(out, "others can read") {
				t.Errorf("%q", out)
			}
		})
	}
	for n := range 58 {
		cut := dump(device, area(0, "\xc0\xa8\x01\x09", 5683))[:n*130]
		b.run("keys", "inspect", b.write(b.home, "cut.bin", cut, 0o600))
	}
}

// The keys for UDP are told apart, and that a Photon uses none.
func TestInspectReadsTheKeysForUDP(t *testing.T) {
	b := newBench(t)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	memory := dump(lightssl.MarshalPrivateDER(sim.DeviceKey(0)), area(0, "\xc0\xa8\x01\x09", 5683))
	inspect := func() string { return b.ok("keys", "inspect", b.write(b.home, "dct.bin", memory, 0o600)) }
	wantIn(t, inspect(), "keys for UDP: none, and a Photon needs none")
	copy(memory[3106:], der)
	copy(memory[2978:], ecSPKI(t))
	copy(memory[3298:], ecSPKI(t))
	memory[3490], memory[3491] = 0, 4
	copy(memory[3492:], []byte{10, 0, 0, 7})
	binary.BigEndian.PutUint16(memory[3556:], 5684)
	wantIn(t, inspect(), "keys for UDP, which a Photon does not use:", "device key: EC private key on P-256", "its public key: EC public key on P-256", "server key: EC public key on P-256", "server address: 10.0.0.7:5684")
	copy(memory[3298:], lightssl.MarshalPublicDER(&sim.DeviceKey(0).PublicKey))
	memory[3106] = 0
	wantIn(t, inspect(), "device key: no key: it begins with the bytes 00", "server key: RSA public key of 1024 bits, where an EC key belongs")
}

func TestInspectReadsACoresFlash(t *testing.T) {
	b := newBench(t)
	flash := bytes.Repeat([]byte{0xff}, 0x80000)
	copy(flash[0x2000:], lightssl.MarshalPrivateDER(sim.DeviceKey(0)))
	copy(flash[0x1000:], area(1, "cloud.lan", 5683))
	wantIn(t, b.ok("keys", "inspect", b.write(b.home, "flash.bin", flash, 0o600)), "flash of a Core", "device private key", "server public key", "server address: cloud.lan:5683")
	for n := 0x1000; n < 0x2400; n += 128 {
		b.run("keys", "inspect", b.write(b.home, "cut.bin", flash[:n], 0o600))
	}
}

func TestInspectReadsTheAddressBehindAServerKey(t *testing.T) {
	b := newBench(t)
	wantIn(t, b.ok("keys", "inspect", b.write(b.home, "server.der", area(1, "cloud.example", 5683), 0o600)), "server public key", "address TCP cloud.example:5683")
	udp := bytes.Repeat([]byte{0xff}, 320)
	copy(udp, ecSPKI(t))
	udp[192], udp[193] = 0, 4
	copy(udp[194:], []byte{10, 0, 0, 7, 0, 0})
	binary.BigEndian.PutUint16(udp[258:], 5684)
	wantIn(t, b.ok("keys", "inspect", b.write(b.home, "udp.der", udp, 0o600)), "UDP device, address UDP 10.0.0.7:5684")
}

// ecSPKI returns a public key of the wrong kind.
func ecSPKI(t *testing.T) []byte {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
