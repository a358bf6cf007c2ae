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
