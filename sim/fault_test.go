package sim

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/sim/memnet"
)

// What each fault leads to, as protocol.md §7 has it: the device's error number
// (0: the session lives), the cloud's error, and the time until the end.
var consequences = []struct {
	fault   string
	profile *Profile
	device  int
	cloud   error
	after   time.Duration
}{
	{"short-nonce=39", &LightSSL231, 25, nil, 20 * time.Second},
	{"drop-after-nonce", &LightSSL231, 26, errFaulty, 0},
	{"http", &LightSSL231, 26, errFaulty, 0},
	{"corrupt-hmac", &LightSSL231, 8, nil, 0},
	{"wrong-signing-key", &LightSSL231, 8, nil, 0},
	{"stale-device-key", &LightSSL231, 6, nil, 0},
	{"cut-credentials=200", &LightSSL231, 26, nil, 20 * time.Second},
	{"drop-after-credentials", &LightSSL231, 24, errFaulty, 0},
	{"late-hello=3s", &LightSSL231, 0, nil, lifetime},
	{"late-hello=3s", &Legacy049, 10, nil, 2 * time.Second},
	{"late-hello=5s", &LightSSL231, 10, nil, 4 * time.Second},
	{"no-hello", &LightSSL152, 10, nil, 4 * time.Second},
	{"swallow-ping=0", &LightSSL331, 1, nil, 25 * time.Second},
	{"garbage-frame", &LightSSL231, 0, nil, lifetime},
	{"garbage-frame", &Legacy049, 24, nil, 0},
	{"zero-frame", &LightSSL231, 0, nil, lifetime},
	{"zero-frame", &Legacy049, 24, nil, 0},
	{"odd-frame", &LightSSL231, 0, nil, lifetime},
	{"odd-frame", &Legacy049, 24, nil, 0},
	{"long-frame", &LightSSL231, 4, nil, 0},
	{"bad-padding", &LightSSL231, 0, nil, lifetime},
	{"duplicate-ack", &LightSSL231, 0, nil, lifetime},

	{"split-identity", &LightSSL231, 0, nil, lifetime},
	{"corrupt-identity", &LightSSL231, 26, ErrRefused, 0},
	{"cut-identity=255", &LightSSL231, 26, nil, 20 * time.Second},
	{"http-request", &LightSSL231, 26, nil, 20 * time.Second},
	{"tls-client", &LightSSL231, 26, nil, 20 * time.Second},
	{"leave-after-credentials", &LightSSL231, 24, nil, 0},
	{"skip-id=3", &LightSSL231, 24, ErrCounter, 0},
	{"device-garbage-frame", &LightSSL231, 24, ErrCounter, 0},
	{"device-reset=4", &LightSSL231, 24, nil, 0},
}

// lifetime is how long a session is watched that is to survive.
const lifetime = 100 * time.Second

func TestEveryFaultDoesWhatItsNameSays(t *testing.T) {
	tested := map[string]bool{"corrupt-chunk": true, "drop-chunk": true, "reset-at-chunk": true} // below
	for _, c := range consequences {
		t.Run(c.fault+" with "+c.profile.Name, func(t *testing.T) {
			f, err := ParseFault(c.fault)
			if err != nil {
				t.Fatal(err)
			}
			if f.String() != c.fault {
				t.Errorf("it reads back as %s", f)
			}
			tested[f.Name] = true
			kind, _ := findFault(f.Name)
			device, cloud := &Device{Profile: c.profile}, &Cloud{CheckIDs: true}
			if kind.By == stream.FromDevice {
				device.Faults = []Fault{f}
			} else {
				cloud.Faults = []Fault{f}
			}
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), lifetime)
				defer cancel()
				a, b := memPipe()
				start := time.Now()
				m := meet(ctx, device, cloud, a, b)
				wantAfter(t, time.Since(start), c.after)
				if c.device == 0 {
					if !errors.Is(m.device, context.DeadlineExceeded) {
						t.Errorf("the session did not survive: device %v, cloud %v", m.device, m.cloud)
					}
					return
				}
				wantDeviceError(t, m.device, c.device)
				if c.cloud != nil && !errors.Is(m.cloud, c.cloud) {
					t.Errorf("cloud: %v, not %v", m.cloud, c.cloud)
				}
			})
		})
	}
	for _, k := range FaultKinds {
		if !tested[k.Name] {
			t.Errorf("fault %s is not tested", k.Name)
		}
	}
}

func TestFaultsOfChunksAreRepairedOrEndTheUpdate(t *testing.T) {
	for _, c := range []struct {
		fault           string
		fast            bool
		missed, refused int
		fails           bool
	}{
		{"corrupt-chunk=1", true, 1, 0, false},
		{"corrupt-chunk=1", false, 0, 1, false},
		{"drop-chunk=2", true, 1, 0, false},
		{"drop-chunk=2", false, 0, 0, true},
		{"reset-at-chunk=1", true, 0, 0, true},
	} {
		for _, p := range Profiles {
			f, err := ParseFault(c.fault)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(c.fault+" with "+p.Name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					image := storyImage(2000)
					var got []byte
					d := &Device{Profile: &p, Image: func(b []byte) bool { got = b; return false }}
					a, b := net.Pipe()
					meet(t.Context(), d, &Cloud{Faults: []Fault{f}, Handle: func(ctx context.Context, s *CloudSession) error {
						r, err := s.Flash(ctx, Flash{Image: image, Fast: c.fast})
						if (err != nil) != c.fails || len(r.Missed) != c.missed || r.Refused != c.refused {
							t.Errorf("%+v, %v", r, err)
						}
						return s.Close()
					}}, a, b)
					if !c.fails && string(got) != string(image) {
						t.Error("the device has another image")
					}
				})
			})
		}
	}
}

func TestFaultsAreReadOrRefused(t *testing.T) {
	for _, text := range []string{"", "nothing", "http=1", "skip-id", "skip-id=x", "late-hello=3", "skip-id=1=2"} {
		if f, err := ParseFault(text); err == nil {
			t.Errorf("%q is read as %+v", text, f)
		}
	}
	a, b := net.Pipe()
	defer b.Close()
	if err := (&Device{Faults: []Fault{{Name: "http"}}}).Run(t.Context(), a); err == nil || !strings.Contains(err.Error(), "cloud") {
		t.Errorf("a device with a fault of the cloud: %v", err)
	}
	if err := (&Cloud{Faults: []Fault{{Name: "x"}}}).ServeConn(t.Context(), b); err == nil {
		t.Error("a cloud takes a fault that there is not")
	}
}

// registered returns a DeviceKey function that knows some devices, each by the
// key it must announce, and refuses all others.
func registered(keys map[lightssl.DeviceID]*rsa.PublicKey) func(lightssl.Identity) (*rsa.PublicKey, error) {
	return func(id lightssl.Identity) (*rsa.PublicKey, error) {
		key := keys[id.Device]
		if key == nil {
			return nil, fmt.Errorf("sim: device %s is not registered", id.Device)
		}
		if announced, err := id.PublicKey(); err != nil || !key.Equal(announced) {
			return nil, fmt.Errorf("sim: device %s announces another key than the one registered", id.Device)
		}
		return key, nil
	}
}

// Whoever sends identities to the cloud must not learn from it what was wrong
// with them (reliability.md §5.2).
func TestEveryFailingIdentityLooksTheSameFromOutside(t *testing.T) {
	cloudKey := &ServerKey().PublicKey
	identity := func(change func(*lightssl.Identity)) func(lightssl.Nonce) []byte {
		return func(n lightssl.Nonce) []byte {
			key, _ := lightssl.AnnouncedKey(&DeviceKey(0).PublicKey)
			id := lightssl.Identity{Nonce: n, Device: DeviceID(0), Key: key}
			change(&id)
			record, err := lightssl.SealIdentity(id, cloudKey)
			if err != nil {
				t.Error(err)
			}
			return record
		}
	}
	failing := map[string]func(lightssl.Nonce) []byte{
		"sealed for another key": func(n lightssl.Nonce) []byte {
			record, _ := lightssl.SealIdentity(lightssl.Identity{Nonce: n}, &loadKey("stranger").PublicKey)
			return record
		},
		"larger than the modulus": func(lightssl.Nonce) []byte { return []byte(strings.Repeat("\xff", 256)) },
		"another nonce":           identity(func(id *lightssl.Identity) { id.Nonce[39] ^= 1 }),
		"without a key":           identity(func(id *lightssl.Identity) { id.Key = nil }),
		"not registered":          identity(func(id *lightssl.Identity) { id.Device[0] ^= 1 }),
		"another key":             identity(func(id *lightssl.Identity) { id.Key[60] ^= 1 }),
		"no key at all":           identity(func(id *lightssl.Identity) { clear(id.Key) }),
		"followed by more":        func(n lightssl.Nonce) []byte { return make([]byte, 1000) },
	}
	cloud := &Cloud{DeviceKey: registered(map[lightssl.DeviceID]*rsa.PublicKey{DeviceID(0): &DeviceKey(0).PublicKey})}
	for name, record := range failing {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				ln := memnet.NewListener("192.0.2.1:5683")
				served := make(chan error)
				go func() { served <- cloud.Serve(ctx, ln) }()
				c, err := ln.Dial("192.0.2.2:40000")
				if err != nil {
					t.Fatal(err)
				}
				var n lightssl.Nonce
				io.ReadFull(c, n[:])
				time.Sleep(time.Second)
				go c.Write(record(n))
				synctest.Wait()
				start := time.Now()
				if rest, err := io.ReadAll(c); len(rest) > 0 || err != nil {
					t.Errorf("it answers %d bytes, then %v", len(rest), err)
				}
				wantAfter(t, time.Since(start), uniformFIN)
				cancel()
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestTheReasonOfARefusalIsToldAtHome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		other := Device{CloudKey: &loadKey("stranger").PublicKey}
		m := meet(t.Context(), &other, new(Cloud), a, b)
		if !errors.Is(m.cloud, ErrRefused) || !errors.Is(m.cloud, lightssl.ErrDecrypt) {
			t.Errorf("%v", m.cloud)
		}
	})
}

// A device announces 128 bytes of its flash, whatever they are. crypto/rsa seals
// to proper keys only; the servers seal to anything.
func TestTheCloudSealsToKeysThatAreNone(t *testing.T) {
	key, err := lightssl.AnnouncedKey(&DeviceKey(0).PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func([]byte){
		"even":    func(n []byte) { n[127] &^= 1 },
		"short":   func(n []byte) { clear(n[:40]) },
		"shifted": func(n []byte) { copy(n, n[26:]) },
		"ones":    func(n []byte) { clear(n); n[0] = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			announced := append([]byte(nil), key...)
			change(announced[29 : 29+128])
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				m := meet(t.Context(), &Device{Announce: announced}, new(Cloud), a, b)
				wantDeviceError(t, m.device, 6)
				if errors.Is(m.cloud, ErrRefused) {
					t.Errorf("cloud: %v", m.cloud)
				}
			})
		})
	}
}

// The arithmetic is that of the standard library, where that agrees to do it.
func TestSealingByHandIsPKCS1(t *testing.T) {
	key := DeviceKey(1)
	c := lightssl.NewCredentials()
	sealed := sealTo(key.N, c)
	sig, err := lightssl.SignCredentials(c, sealed, ServerKey())
	if err != nil {
		t.Fatal(err)
	}
	got, err := lightssl.OpenCredentials(append(sealed, sig...), key, &ServerKey().PublicKey)
	if err != nil || got != c {
		t.Errorf("it does not open: %v", err)
	}
	if m := new(big.Int).SetBytes(sealTo(big.NewInt(2), c)); m.Cmp(big.NewInt(2)) >= 0 {
		t.Error("a small modulus")
	}
}

// The defect of protocol.md §8.2 ends sessions with the Node servers.
func TestASignalUpsetsTheCounterOfNewerFirmware(t *testing.T) {
	for _, p := range Profiles {
		t.Run(p.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				a, b := net.Pipe()
				d := &Device{Profile: &p, Functions: map[string]func(string) int32{"f": func(string) int32 { return 1 }}}
				m := meet(ctx, d, &Cloud{CheckIDs: true, Handle: func(ctx context.Context, s *CloudSession) error {
					if err := s.Signal(ctx, true); err != nil {
						t.Error(err)
					}
					s.Call(ctx, "f", "")
					return nil
				}}, a, b)
				if errors.Is(m.cloud, ErrCounter) != p.WrongAckIDs {
					t.Errorf("cloud: %v", m.cloud)
				}
			})
		})
	}
}

// The defect of protocol.md §8.1 ends sessions with the original server.
func TestThe400OfTheOriginalServerEndsSessionsOfTheOlderStack(t *testing.T) {
	for _, p := range Profiles {
		t.Run(p.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				a, b := net.Pipe()
				d := &Device{Profile: &p, Handle: func(_ context.Context, s *DeviceSession) error {
					return s.Publish(particle.EventBody{Name: "tick"})
				}}
				m := meet(ctx, d, &Cloud{Style: Spark}, a, b)
				if p.HangsUp {
					wantDeviceError(t, m.device, 24)
				} else if !errors.Is(m.device, context.DeadlineExceeded) {
					t.Errorf("device: %v", m.device)
				}
			})
		})
	}
}

// Newer firmware ends a session over a request without a token: error 28.
func TestARequestWithoutATokenEndsSessionsOfNewerFirmware(t *testing.T) {
	for _, p := range Profiles {
		for _, m := range []coap.Message{particle.ComposeCall(0, nil, "f", ""), particle.ComposeVariableRequest(0, nil, "v")} {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				a, b := net.Pipe()
				got := meet(ctx, &Device{Profile: &p}, &Cloud{Handle: func(_ context.Context, s *CloudSession) error { return s.send(m) }}, a, b)
				if p.AsksToken {
					wantDeviceError(t, got.device, 28)
				} else if !errors.Is(got.device, context.DeadlineExceeded) {
					t.Errorf("%s: %v", p.Name, got.device)
				}
			})
		}
	}
}
