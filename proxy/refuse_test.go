package proxy

import (
	"bytes"
	"context"
	"crypto/rsa"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/sim/memnet"
)

// failing makes, for a nonce, every identity record that must be refused.
func failing(t *testing.T) map[string]func(lightssl.Nonce) []byte {
	k := testKeys()
	seal := func(id lightssl.Identity, key *rsa.PublicKey) []byte {
		record, err := lightssl.SealIdentity(id, key)
		if err != nil {
			t.Fatal(err)
		}
		return record
	}
	der, _ := lightssl.AnnouncedKey(&k.device.PublicKey)
	broken := func(at int, bits byte) []byte {
		b := bytes.Clone(der)
		b[at] ^= bits
		return b
	}
	good := func(n lightssl.Nonce) lightssl.Identity { return lightssl.Identity{Nonce: n, Device: testID, Key: der} }
	return map[string]func(lightssl.Nonce) []byte{
		"random bytes":   func(lightssl.Nonce) []byte { return append([]byte{0}, randomBytes(255)...) },
		"above modulus":  func(lightssl.Nonce) []byte { return bytes.Repeat([]byte{0xff}, 256) },
		"zeros":          func(lightssl.Nonce) []byte { return make([]byte, 256) },
		"other server":   func(n lightssl.Nonce) []byte { return seal(good(n), &k.otherServer.PublicKey) },
		"wrong nonce":    func(n lightssl.Nonce) []byte { n[39] ^= 1; return seal(good(n), &k.server.PublicKey) },
		"core's 52":      func(n lightssl.Nonce) []byte { id := good(n); id.Key = nil; return seal(id, &k.server.PublicKey) },
		"unknown device": func(n lightssl.Nonce) []byte { id := good(n); id.Device[0]++; return seal(id, &k.server.PublicKey) },
		"even modulus": func(n lightssl.Nonce) []byte {
			id := good(n)
			id.Key = broken(29+127, 1)
			return seal(id, &k.server.PublicKey)
		},
		"short modulus": func(n lightssl.Nonce) []byte {
			id := good(n)
			id.Key = broken(29, 0xff&der[29])
			return seal(id, &k.server.PublicKey)
		},
		"no DER at all": func(n lightssl.Nonce) []byte {
			id := good(n)
			id.Key = broken(0, 0xff)
			return seal(id, &k.server.PublicKey)
		},
	}
}

// appearance is all that both peers can see of a refusal.
type appearance struct {
	device, cloud int           // bytes heard after the nonce
	fin, cloudFin time.Duration // after the record's last byte
	reset         bool
}

func refusal(t *testing.T, record func(lightssl.Nonce) []byte, setup func(*bubble)) (a appearance, kinds []NoticeKind) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.Mode, b.ServerKey, b.DeviceKey = Splice, testKeys().server, impersonation
		setup(b)
		b.start()
		var device, cloud *memnet.Conn
		n := lightssl.NewNonce()
		if b.Mode != Terminate {
			device, cloud = b.connect()
			write(t, cloud, n[:])
		} else {
			device = b.dial(lanDevice)
		}
		n = lightssl.Nonce(read(t, device, 40))
		time.Sleep(700 * time.Millisecond)
		write(t, device, record(n))
		at := time.Now()
		go func() { // it goes on sending, as an attacker may
			for range 30 {
				device.Write(randomBytes(100))
				time.Sleep(90 * time.Millisecond)
			}
			device.CloseWrite()
		}()
		got, err := io.ReadAll(device)
		a = appearance{device: len(got), fin: time.Since(at), reset: err != nil}
		if cloud != nil {
			up, _ := io.ReadAll(cloud)
			a.cloud, a.cloudFin = len(up), time.Since(at)
			cloud.Close()
		}
		time.Sleep(10 * time.Second)
		device.Close()
		b.stop()
		for _, x := range b.notices.all {
			if x.Kind != ModeChosen {
				kinds = append(kinds, x.Kind)
			}
		}
	})
	return a, kinds
}

func TestEveryFailingIdentityLooksTheSameFromOutside(t *testing.T) {
	for _, mode := range []Mode{Splice, Terminate} {
		want := appearance{fin: 2 * time.Second, cloudFin: 2 * time.Second}
		if mode == Terminate {
			want.cloudFin = 0
		}
		for name, record := range failing(t) {
			t.Run(mode.String()+" "+name, func(t *testing.T) {
				got, kinds := refusal(t, record, func(b *bubble) {
					if mode != Terminate {
						return
					}
					b.Mode = Terminate
					b.Terminate = func(_ context.Context, c net.Conn) error {
						defer c.Close()
						_, err := terminator().Handshake(c)
						return err
					}
				})
				if got != want {
					t.Errorf("seen from outside: %+v, not %+v", got, want)
				}
				wantKind := IdentityRefused
				if mode == Splice && (strings.HasSuffix(name, "modulus") && name != "above modulus" || name == "no DER at all") {
					wantKind = DeviceKeyRefused
				}
				if len(kinds) != 1 || kinds[0] != wantKind {
					t.Errorf("notices %v, not %v", kinds, wantKind)
				}
			})
		}
	}
}

func TestRefusalHidesWhatTheCloudDoes(t *testing.T) {
	for name, does := range map[string]func(*memnet.Conn){
		"answers": func(c *memnet.Conn) { c.Write(randomBytes(384)) },
		"closes":  func(c *memnet.Conn) { c.Close() },
		"resets":  func(c *memnet.Conn) { c.SetLinger(0); c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bubble) {
				b.Mode, b.ServerKey, b.DeviceKey = Splice, testKeys().server, impersonation
				b.start()
				device, cloud := b.connect()
				write(t, cloud, randomBytes(40))
				read(t, device, 40)
				write(t, device, make([]byte, 256))
				start := time.Now()
				time.Sleep(time.Second)
				does(cloud)
				if got, took := readAll(t, device), time.Since(start); len(got) > 0 || took != uniformClose {
					t.Errorf("the device heard %d bytes and a FIN after %v", len(got), took)
				}
				device.Close()
				cloud.Close()
			})
		})
	}
}

func TestAutoRefusesAKeyThatCannotBeSealedForAlike(t *testing.T) {
	for _, name := range []string{"even modulus", "short modulus", "no DER at all"} {
		t.Run(name, func(t *testing.T) {
			got, kinds := refusal(t, failing(t)[name], func(b *bubble) { b.Mode = Auto })
			if want := (appearance{fin: 2 * time.Second, cloudFin: 2 * time.Second}); got != want {
				t.Errorf("seen from outside: %+v, not %+v", got, want)
			}
			if len(kinds) != 1 || kinds[0] != DeviceKeyRefused {
				t.Errorf("notices %v", kinds)
			}
		})
	}
}

// terminator is a cloud that knows only testID and checks the key it is given.
func terminator() lightssl.CloudEnd {
	return lightssl.CloudEnd{Key: testKeys().server, DeviceKey: func(id lightssl.Identity) (*rsa.PublicKey, error) {
		if id.Device != testID {
			return nil, fmt.Errorf("device %s is unknown", id.Device)
		}
		return usableKey(id)
	}}
}

func TestAutoPassesEveryFailingIdentityOnVerbatim(t *testing.T) {
	for name, record := range failing(t) {
		if name == "even modulus" || name == "short modulus" || name == "no DER at all" {
			continue // of a device we could splice, but for its key
		}
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bubble) {
				b.ServerKey, b.DeviceKey = testKeys().server, impersonation
				var opened atomic.Int32
				b.OnIdentity = func([]byte, lightssl.Identity) { opened.Add(1) }
				b.start()
				device, cloud := b.connect()
				n := lightssl.NewNonce()
				write(t, cloud, n[:])
				read(t, device, 40)
				r := record(n)
				write(t, device, r)
				equal(t, "identity", read(t, cloud, 256), r)
				answer := randomBytes(384)
				write(t, cloud, answer)
				equal(t, "credentials", read(t, device, 384), answer)
				device.Close()
				readAll(t, cloud)
				cloud.Close()
				b.stop()
				if x := b.notices.await(t, ModeChosen); x.Mode != Observe || !strings.Contains(x.Text, "because") {
					t.Errorf("%v: %s", x.Mode, x.Text)
				}
				if got := opened.Load() == 1; got != (name == "unknown device") {
					t.Errorf("reported as opened: %v", got)
				}
			})
		})
	}
}
