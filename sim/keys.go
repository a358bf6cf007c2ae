package sim

import (
	"crypto/rsa"
	"crypto/x509"
	"embed"
	"encoding/pem"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// The keys are part of the source: everybody has them. They protect nothing and
// must never be given to a real device or server.
//
//go:embed keys/*.pem
var keyFiles embed.FS

// Devices is the number of simulated devices that have a fixed ID and key.
const Devices = 3

// ServerKey returns the test cloud's private key, RSA 2048. Public and
// worthless.
func ServerKey() *rsa.PrivateKey { return loadKey("server") }

// ImpersonationKey returns the key that a test proxy shows the test cloud, RSA
// 1024. Public and worthless.
func ImpersonationKey() *rsa.PrivateKey { return loadKey("impersonation") }

// DeviceKey returns the private key of a test device, RSA 1024, of a form that
// the firmware can read. i counts from 0 and wraps at [Devices]. Public and worthless.
func DeviceKey(i int) *rsa.PrivateKey {
	return loadKey([Devices]string{"device1", "device2", "device3"}[i%Devices])
}

// DeviceID returns the ID of a test device. i counts from 0 and wraps at
// [Devices].
func DeviceID(i int) lightssl.DeviceID {
	return lightssl.DeviceID{0x1f, 0x00, 0x42, 0x00, byte(i%Devices + 1), 'G', '3', '4', '3', '3', '3', '8'}
}

func loadKey(name string) *rsa.PrivateKey {
	file, err := keyFiles.ReadFile("keys/" + name + ".pem")
	if err != nil {
		panic(err) // it is embedded
	}
	block, _ := pem.Decode(file)
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	return key
}
