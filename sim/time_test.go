package sim

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// Every test here runs in a bubble whose clock is exact: a device that waits 20 s
// waits 20 s to the nanosecond, and none of it is spent.

// deviceAlone runs a device against a function that plays the cloud on the bare
// connection, and returns how it ended and after how long.
func deviceAlone(t *testing.T, d *Device, cloud func(net.Conn)) (after time.Duration, err error) {
	t.Helper()
	a, b := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		cloud(b)
		io.Copy(io.Discard, b)
	}()
	start := time.Now()
	err = d.Run(t.Context(), a)
	after = time.Since(start)
	<-done
	b.Close()
	return after, err
}

// wantDeviceError checks that a device gave up with a number of its firmware.
func wantDeviceError(t *testing.T, err error, code int) {
	t.Helper()
	var d *DeviceError
	if !errors.As(err, &d) || d.Code != code {
		t.Errorf("the device ends with %v, not with its error %d", err, code)
	}
}

func wantAfter(t *testing.T, got, want time.Duration) {
	t.Helper()
	if got != want {
		t.Errorf("after %s, not %s", got, want)
	}
}

// shakeHands is a cloud's handshake on a bare connection.
func shakeHands(t *testing.T, c net.Conn) lightssl.Handshake {
	h, err := lightssl.CloudEnd{Key: ServerKey()}.Handshake(c)
	if err != nil {
		t.Errorf("handshake: %v", err)
	}
	return h
}

func TestADeviceWaits20SecondsForTheNonce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		after, err := deviceAlone(t, new(Device), func(c net.Conn) {
			time.Sleep(5 * time.Second)
			c.Write(make([]byte, 39))
		})
		wantDeviceError(t, err, 25)
		wantAfter(t, after, 20*time.Second)
	})
}

func TestADeviceWaits20SecondsForTheCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		after, err := deviceAlone(t, new(Device), func(c net.Conn) {
			time.Sleep(3 * time.Second)
			c.Write(make([]byte, 40))
			io.ReadFull(c, make([]byte, 256))
			c.Write(make([]byte, 383))
		})
		wantDeviceError(t, err, 26)
		wantAfter(t, after, 23*time.Second)
	})
}

func TestADeviceWaits2Or4SecondsForTheHello(t *testing.T) {
	for _, p := range Profiles {
		t.Run(p.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				after, err := deviceAlone(t, &Device{Profile: &p}, func(c net.Conn) { shakeHands(t, c) })
				wantDeviceError(t, err, 10)
				want := 4 * time.Second
				if p.Legacy {
					want = 2 * time.Second
				}
				wantAfter(t, after, want)
			})
		})
	}
}

func TestADeviceWaits20SecondsForTheRestOfAFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		after, err := deviceAlone(t, new(Device), func(c net.Conn) {
			h := shakeHands(t, c)
			m := particle.ComposeHelloReply(1, nil)
			c.Write(lightssl.NewCipher(h.Credentials).AppendSealedFrame(nil, m.Append(nil)))
			c.Write([]byte{0, 16, 1, 2, 3})
		})
		wantDeviceError(t, err, 23)
		wantAfter(t, after, 20*time.Second)
	})
}

func TestAnIdleSessionLivesByAPingEvery15Seconds(t *testing.T) {
	for _, style := range Styles {
		t.Run(style.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour+time.Second)
				defer cancel()
				pings := 0
				d := &Device{Tap: func(from stream.Direction, b []byte) {
					if from == stream.FromDevice && len(b) == 4 && b[0] == 0x40 {
						pings++
					}
				}}
				a, b := net.Pipe()
				m := meet(ctx, d, &Cloud{Style: style, CheckIDs: true}, a, b)
				if !errors.Is(m.device, context.DeadlineExceeded) || m.cloud != nil {
					t.Errorf("device: %v, cloud: %v", m.device, m.cloud)
				}
				if pings != 240 {
					t.Errorf("%d pings in an hour, not 240", pings)
				}
			})
		})
	}
}

func TestADeviceGivesUp10SecondsAfterAPingWithoutAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		start := time.Now()
		m := meet(t.Context(), new(Device), &Cloud{Faults: []Fault{{Name: "swallow-ping", N: 1}}}, a, b)
		wantDeviceError(t, m.device, 1)
		wantAfter(t, time.Since(start), 15*time.Second+15*time.Second+10*time.Second)
		if m.cloud != nil {
			t.Errorf("cloud: %v", m.cloud)
		}
	})
}

func TestAnyMessageAnswersAPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		a, b := net.Pipe()
		m := meet(ctx, new(Device), &Cloud{
			Faults: []Fault{{Name: "swallow-ping"}},
			Handle: func(ctx context.Context, s *CloudSession) error {
				for {
					if err := pause(ctx, 24*time.Second); err != nil {
						return nil
					}
					s.Publish(particle.EventBody{Name: "still/there"})
				}
			},
		}, a, b)
		if !errors.Is(m.device, context.DeadlineExceeded) {
			t.Errorf("the device gave up: %v", m.device)
		}
	})
}

// 3.3 refuses a request without flags, for ever: protocol.md §8.3.
func TestBrewskeyGivesUpDevicesThatRefuseToDescribeThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		start := time.Now()
		m := meet(t.Context(), &Device{Profile: &LightSSL331}, &Cloud{Style: Brewskey}, a, b)
		wantDeviceError(t, m.device, 24)
		if !errors.Is(m.cloud, ErrTimeout) {
			t.Errorf("cloud: %v", m.cloud)
		}
		wantAfter(t, time.Since(start), 50*time.Millisecond+20*time.Second)
	})
}

func TestCloudsLimitHandshakeAndSilence(t *testing.T) {
	for _, c := range []struct {
		name  string
		style Style
		play  func(*testing.T, net.Conn)
		after time.Duration
	}{
		{"no identity, Brewskey", Brewskey, func(*testing.T, net.Conn) {}, 10 * time.Second},
		{"no identity, spark-protocol", Spark, func(*testing.T, net.Conn) {}, 30 * time.Second},
		{"no Hello, Brewskey", Brewskey, func(t *testing.T, c net.Conn) { deviceHandshake(t, c) }, 10 * time.Second},
		{"silence after the Hello, Brewskey", silent(Brewskey), func(t *testing.T, c net.Conn) {
			h := deviceHandshake(t, c)
			m := particle.ComposeHello(1, particle.HelloBody{}, particle.HelloPhoton)
			c.Write(lightssl.NewCipher(h.Credentials).AppendSealedFrame(nil, m.Append(nil)))
		}, 31 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				done := make(chan struct{})
				go func() {
					defer close(done)
					if c.style.Handshake == 30*time.Second || c.after == 10*time.Second && c.name[3] == 'i' {
						io.ReadFull(a, make([]byte, 40))
					}
					c.play(t, a)
					io.Copy(io.Discard, a)
				}()
				start := time.Now()
				cloud := &Cloud{Style: c.style}
				if err := cloud.ServeConn(t.Context(), b); err == nil {
					t.Error("no error")
				}
				wantAfter(t, time.Since(start), c.after)
				b.Close()
				<-done
			})
		})
	}
}

// silent is a style that does not ask for a description.
func silent(y Style) Style {
	y.DescribeAfter, y.DescribeLimit = 0, 0
	return y
}

func deviceHandshake(t *testing.T, c net.Conn) lightssl.Handshake {
	h, err := lightssl.DeviceEnd{ID: DeviceID(0), Key: DeviceKey(0), CloudKey: &ServerKey().PublicKey}.Handshake(c)
	if err != nil {
		t.Errorf("handshake: %v", err)
	}
	return h
}

func TestACallOfAnUnknownFunctionIsNeverAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		var after time.Duration
		meet(t.Context(), new(Device), &Cloud{Handle: func(ctx context.Context, s *CloudSession) error {
			start := time.Now()
			_, err := s.Call(ctx, "sing", "")
			after = time.Since(start)
			if !errors.Is(err, ErrTimeout) {
				t.Errorf("%v", err)
			}
			return s.Close()
		}}, a, b)
		wantAfter(t, after, 15*time.Second)
	})
}

func TestTheOlderStackAsksForMissedChunksEvery3Seconds(t *testing.T) {
	for _, p := range Profiles {
		t.Run(p.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				d := &Device{Profile: &p, Tap: func(from stream.Direction, b []byte) {
					var m coap.Message
					if m.Parse(b) == nil && from == stream.FromDevice && m.Code == coap.GET && m.Path() == 'c' {
						asked++
					}
				}}
				a, b := net.Pipe()
				meet(t.Context(), d, &Cloud{Handle: func(ctx context.Context, s *CloudSession) error {
					if _, err := s.beginFlash(ctx, Flash{Image: make([]byte, 512), Fast: true, ChunkSize: 512}); err != nil {
						t.Error(err)
					}
					s.request(ctx, "done", func(token []byte) coap.Message {
						return particle.ComposeUpdateDone(coap.Confirmable, 0, token)
					})
					pause(ctx, 10*time.Second)
					return s.Close()
				}}, a, b)
				want := 1
				if p.RepeatsMissed {
					want = 4
				}
				if asked != want {
					t.Errorf("asked %d times in 10 s, not %d", asked, want)
				}
			})
		})
	}
}

// A pipe cannot be closed half, so the device reads on over a connection that
// pretends to.
func TestADeviceThatLeavesReadsOnFor5Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		d := &Device{Handle: func(_ context.Context, s *DeviceSession) error {
			return s.Goodbye(particle.GoodbyeBody{Flags: particle.GoodbyeCloud, Cloud: 2})
		}}
		start := time.Now()
		m := meet(t.Context(), d, new(Cloud), halfClosed{a}, b)
		if m.device != nil || m.cloud != nil {
			t.Errorf("device: %v, cloud: %v", m.device, m.cloud)
		}
		wantAfter(t, time.Since(start), 5*time.Second)
	})
}

type halfClosed struct{ net.Conn }

func (halfClosed) CloseWrite() error { return nil }
