package gen

import (
	"crypto/rsa"
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"runtime"
	"sync"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/sim"
)

// handshake is the records of one session and the secret behind them.
type handshake struct {
	nonce       lightssl.Nonce
	credentials lightssl.Credentials
	identity    []byte
	record      []byte
}

// handshakes makes n handshakes, on all processors: the signature of one takes
// longer than hundreds of packets.
func handshakes(seed uint64, n int) []handshake {
	all := make([]handshake, n)
	cloud := sim.ServerKey()
	var devices [sim.Devices]*rsa.PrivateKey
	for i := range devices {
		devices[i] = sim.DeviceKey(i)
	}
	var wait sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wait.Go(func() {
			for i := w; i < n; i += workers {
				all[i] = newHandshake(seed, i, devices[i%sim.Devices], cloud)
			}
		})
	}
	wait.Wait()
	return all
}

func newHandshake(seed uint64, i int, device, cloud *rsa.PrivateKey) (h handshake) {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	binary.LittleEndian.PutUint64(key[8:], uint64(i))
	rng := rand.NewChaCha8(key)
	rng.Read(h.nonce[:])
	rng.Read(h.credentials[:])
	announced, err := lightssl.AnnouncedKey(&device.PublicKey)
	if err != nil {
		panic(err) // the keys of sim are sound
	}
	id := lightssl.Identity{Nonce: h.nonce, Device: sim.DeviceID(i), Key: announced}
	h.identity = seal(rng, lightssl.AppendIdentity(nil, id), &cloud.PublicKey)
	sealed := seal(rng, h.credentials[:], &device.PublicKey)
	signature, err := lightssl.SignCredentials(h.credentials, sealed, cloud)
	if err != nil {
		panic(err)
	}
	h.record = append(sealed, signature...)
	return h
}

// seal is RSAES-PKCS1-v1_5 (RFC 8017, section 7.2.1) with padding from rng, so
// that a capture is the same every time.
func seal(rng *rand.ChaCha8, plain []byte, to *rsa.PublicKey) []byte {
	block := make([]byte, to.Size())
	block[1] = 2
	padding := block[2 : len(block)-len(plain)-1]
	rng.Read(padding)
	for i := range padding {
		padding[i] |= 1 // no zero, which would end it
	}
	copy(block[len(block)-len(plain):], plain)
	m := new(big.Int).SetBytes(block)
	return m.Exp(m, big.NewInt(int64(to.E)), to.N).FillBytes(block)
}
