package sim

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// sealer seals credentials for a device.
type sealer struct {
	key     *rsa.PublicKey
	modulus *big.Int // as announced, for keys that crypto/rsa refuses
}

// sealer returns what seals for a device, or why the device is refused. A device
// announces 128 unexamined bytes of its flash: whatever they are, a Node server
// seals to them, so without registered keys the cloud does too.
func (c *Cloud) sealer(id lightssl.Identity) (s sealer, err error) {
	if c.DeviceKey != nil {
		s.key, err = c.DeviceKey(id)
		if err == nil && s.key == nil {
			err = fmt.Errorf("sim: device %s has no key", id.Device)
		}
		return s, err
	}
	if len(id.Key) == 0 && c.CoreKey != nil {
		if s.key = c.CoreKey(id.Device); s.key == nil {
			return s, fmt.Errorf("sim: device %s announces no key, and none is known for it", id.Device)
		}
		return s, nil
	}
	s.modulus = new(big.Int).SetBytes(id.Modulus())
	if s.modulus.Sign() == 0 {
		return s, errors.New("sim: the announced device key has no modulus")
	}
	s.key, _ = id.PublicKey()
	return s, nil
}

// seal returns the credentials record.
func (s sealer) seal(c lightssl.Credentials, cloud *rsa.PrivateKey) (record []byte, err error) {
	if s.key != nil {
		record, err = lightssl.SealCredentials(c, s.key, cloud)
		if err == nil || s.modulus == nil {
			return record, err
		}
	}
	sealed := sealTo(s.modulus, c)
	sig, err := lightssl.SignCredentials(c, sealed, cloud)
	return append(sealed, sig...), err
}

// sealTo is PKCS #1 v1.5 with any number for a modulus.
func sealTo(n *big.Int, c lightssl.Credentials) []byte {
	block := make([]byte, lightssl.SealedCredentialsLen)
	block[1] = 2
	pad := block[2 : len(block)-len(c)-1]
	rand.Read(pad)
	for i := range pad {
		pad[i] |= 1 // never zero: the quality of the padding protects nobody here
	}
	copy(block[len(block)-len(c):], c[:])
	m := new(big.Int).SetBytes(block)
	return m.Exp(m, big.NewInt(65537), n).FillBytes(make([]byte, len(block)))
}
