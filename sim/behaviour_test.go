package sim

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// session runs one session in which the cloud does something and then closes.
func session(t *testing.T, d *Device, c *Cloud, do func(context.Context, *CloudSession) error) {
	t.Helper()
	c.Handle = func(ctx context.Context, s *CloudSession) error {
		if err := do(ctx, s); err != nil {
			t.Error(err)
		}
		return s.Close()
	}
	a, b := memPipe()
	m := meet(t.Context(), d, c, a, b)
	wantDeviceError(t, m.device, 24)
	if m.cloud != nil {
		t.Errorf("cloud: %v", m.cloud)
	}
}

func TestEventsArriveWithNameDataAndTimeToLive(t *testing.T) {
	events := []particle.EventBody{
		{Name: "lab/temperature", Data: []byte("21.5"), TTL: 60},
		{Name: "lab/a/b/c", Private: true, TTL: 3600},
		{Name: "lab/ack", Data: []byte{}, TTL: 60, Confirm: true},
	}
	for _, style := range Styles {
		t.Run(style.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var up []particle.EventBody
				var down []string
				d := &Device{
					Subscriptions: []Subscription{{particle.SubscribeBody{Prefix: "lab/"}, func(name string, data []byte) {
						down = append(down, name+"="+string(data))
					}}},
					Handle: func(_ context.Context, s *DeviceSession) error {
						for _, e := range events {
							s.Publish(e)
						}
						return nil
					},
				}
				c := &Cloud{Style: style, OnEvent: func(_ *CloudSession, e particle.EventBody) {
					if strings.HasPrefix(e.Name, "lab/") {
						up = append(up, e)
					}
				}}
				session(t, d, c, func(_ context.Context, s *CloudSession) error {
					for _, e := range append(events, particle.EventBody{Name: "other"}) {
						if err := s.Publish(e); err != nil {
							return err
						}
					}
					synctest.Wait()
					return nil
				})
				if got, want := fmt.Sprint(up), fmt.Sprint(events); got != want {
					t.Errorf("the cloud has %s, not %s", got, want)
				}
				if want := []string{"lab/temperature=21.5", "lab/a/b/c=", "lab/ack="}; !slices.Equal(down, want) {
					t.Errorf("the device has %q", down)
				}
			})
		})
	}
}

// wordyDevice has more to say than fits one block.
func wordyDevice(p *Profile) *Device {
	d := &Device{Profile: p, Functions: map[string]func(string) int32{}, Variables: map[string]Variable{"v": Bool(func() bool { return true })}}
	for i := range 20 {
		d.Functions[fmt.Sprintf("aFunctionWithALongName%02d", i)] = nil
	}
	return d
}

func TestDescriptionsOfAnyLengthAreComplete(t *testing.T) {
	for _, p := range Profiles {
		t.Run(p.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var posted []byte
				d := wordyDevice(&p)
				d.Tap = func(from stream.Direction, b []byte) {
					var m coap.Message
					if m.Parse(b) == nil && from == stream.FromDevice && m.Code == coap.POST && m.Path() == 'd' {
						if q, _ := firstOption(&m, coap.URIQuery); q[0] == particle.DescribeSystem {
							posted = append(posted, m.Payload...)
						}
					}
				}
				session(t, d, new(Cloud), func(ctx context.Context, s *CloudSession) error {
					for _, flags := range []byte{particle.DescribeSystem, particle.DescribeApplication, wholeDescription} {
						got, err := s.Describe(ctx, flags)
						if err != nil {
							return err
						}
						if flags&particle.DescribeApplication != 0 && (len(got.Functions) != 20 || got.Variables["v"] != 1) {
							t.Errorf("flags %d: %+v", flags, got)
						}
						if flags&particle.DescribeSystem != 0 && (got.Modules != 4 || got.Platform != 6) {
							t.Errorf("flags %d: %+v", flags, got)
						}
					}
					return nil
				})
				if want := string(d.describe(particle.DescribeSystem)); p.PostsDescribe && string(posted) != want {
					t.Errorf("posted %s, not %s", posted, want)
				}
			})
		})
	}
}

func TestDevicesRefuseUpdatesInTheirOwnWay(t *testing.T) {
	for i, want := range []string{"6080", "61a3", "61a3", "61a3"} {
		p := Profiles[i]
		t.Run(p.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				refused := ""
				d := &Device{Profile: &p, RefuseUpdates: true, Tap: func(from stream.Direction, b []byte) {
					if from == stream.FromDevice && b[0]&0x30 == 0x20 && b[1] >= 0x80 {
						refused = hex.EncodeToString(b[:2])
					}
				}}
				session(t, d, new(Cloud), func(ctx context.Context, s *CloudSession) error {
					if _, err := s.Flash(ctx, Flash{Image: []byte{1}}); !errors.Is(err, ErrRefusal) {
						t.Errorf("%v", err)
					}
					return nil
				})
				if refused != want {
					t.Errorf("it says %s, not %s", refused, want)
				}
			})
		})
	}
}

// An update whose size was not announced, as in the original server's last try.
func TestAnUpdateWithoutASizeGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		image := storyImage(3 * 512)
		var got []byte
		d := &Device{Image: func(b []byte) bool { got = b; return true }}
		session(t, d, new(Cloud), func(ctx context.Context, s *CloudSession) error {
			_, err := s.Flash(ctx, Flash{Image: image, Bare: true})
			return err
		})
		if string(got) != string(image) {
			t.Errorf("the device has %d bytes", len(got))
		}
	})
}

// protocol.md §8.5, for every length of padding.
func TestACallWithoutArgumentTakesThePadding(t *testing.T) {
	for n := 1; n <= 16; n++ {
		synctest.Test(t, func(t *testing.T) {
			name, got := strings.Repeat("f", n), ""
			d := &Device{Functions: map[string]func(string) int32{name: func(a string) int32 { got = a; return 0 }}}
			m := particle.ComposeCall(0, []byte{1}, name)
			session(t, d, new(Cloud), func(ctx context.Context, s *CloudSession) error {
				_, err := s.request(ctx, "call", func(token []byte) coap.Message { return particle.ComposeCall(0, token, name) })
				return err
			})
			pad := 16 - len(m.Append(nil))%16
			want := ""
			if pad <= 12 {
				want = strings.Repeat(string(rune(pad)), pad-1) + "\x00"
			}
			if got != want {
				t.Errorf("%d bytes of padding: argument %q, not %q", pad, got, want)
			}
		})
	}
}

func TestTokensBeginAgainAsWithEachServer(t *testing.T) {
	for _, c := range []struct {
		style Style
		want  []byte
	}{{Spark, []byte{253, 254, 0, 1}}, {Brewskey, []byte{253, 254, 255, 0}}} {
		a, _ := net.Pipe()
		s := newCloudSession(&Cloud{Style: c.style}, a, lightssl.Handshake{})
		s.token = 252
		for _, want := range c.want {
			if got := s.nextToken()[0]; got != want {
				t.Errorf("%s: token %d, not %d", c.style.Name, got, want)
			}
		}
	}
}

func TestManyQuestionsAtOnceFindTheirAnswers(t *testing.T) {
	noLeaks(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var talks sync.WaitGroup
	talks.Add(Devices)
	cloud := &Cloud{Handle: func(ctx context.Context, s *CloudSession) error {
		defer talks.Done()
		var asks sync.WaitGroup
		for i := range 50 {
			asks.Go(func() {
				if got, err := s.Call(ctx, "length", strings.Repeat("x", i)); err != nil || int(got) != i {
					t.Errorf("call %d: %d, %v", i, got, err)
				}
				if got, err := s.Variable(ctx, "who"); err != nil || string(got) != s.Handshake.Identity.Device.String() {
					t.Errorf("variable: %q, %v", got, err)
				}
			})
		}
		asks.Wait()
		return nil
	}}
	served := make(chan error)
	go func() { served <- cloud.Serve(ctx, ln) }()
	var devices sync.WaitGroup
	for i := range Devices {
		devices.Go(func() {
			d := &Device{
				ID: DeviceID(i), Key: DeviceKey(i), Profile: &Profiles[i+1],
				Functions: map[string]func(string) int32{"length": func(a string) int32 { return int32(len(a)) }},
				Variables: map[string]Variable{"who": String(func() string { return DeviceID(i).String() })},
			}
			conn, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			if err := d.Run(ctx, conn); !errors.Is(err, context.Canceled) {
				t.Errorf("device %d: %v", i, err)
			}
		})
	}
	talks.Wait()
	cancel()
	devices.Wait()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// Secrets must not be printed, whatever prints them.
func TestSessionsAndErrorsDoNotTellSecrets(t *testing.T) {
	h := lightssl.Handshake{Credentials: lightssl.NewCredentials()}
	a, _ := net.Pipe()
	text := fmt.Sprintf("%v %+v", newCloudSession(new(Cloud), a, h), newDeviceSession(new(Device), a, h))
	if strings.Contains(text, hex.EncodeToString(h.Credentials[:4])) || len(text) > 200 {
		t.Errorf("it prints %s", text)
	}
}

func TestTestKeysAreAsTheFirmwareNeedsThem(t *testing.T) {
	if n := ServerKey().N.BitLen(); n != 2048 {
		t.Errorf("the server's key has %d bits", n)
	}
	seen := map[string]bool{}
	for i := range Devices {
		k := DeviceKey(i)
		seen[DeviceID(i).String()+k.N.String()] = true
		p := k.Precomputed
		for j, n := range []interface{ BitLen() int }{k.Primes[0], k.Primes[1], p.Dp, p.Dq, p.Qinv} {
			if (n.BitLen()+7)/8 != 64 {
				t.Errorf("key %d: number %d has %d bits", i, j, n.BitLen())
			}
		}
		if k.N.BitLen() != 1024 || (k.D.BitLen()+7)/8 != 128 {
			t.Errorf("key %d has %d bits", i, k.N.BitLen())
		}
	}
	if len(seen) != Devices {
		t.Error("two devices are the same")
	}
}
