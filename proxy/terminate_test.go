package proxy

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

func newTerminating(t *testing.T, cloud func(context.Context, net.Conn) error) *world {
	w := newWorld(t)
	w.Upstream = ""
	w.Terminate = cloud
	w.ServerKey = testKeys().server
	return w
}

func TestTerminatedSessionIsTapped(t *testing.T) {
	creds := make(chan lightssl.Credentials, 1)
	w := newTerminating(t, func(_ context.Context, c net.Conn) error {
		h, err := terminator().Handshake(c)
		if err != nil {
			return err
		}
		creds <- h.Credentials
		_, err = io.Copy(struct{ io.Writer }{c}, c) // an echo
		return err
	})
	w.start()
	device := w.dial()
	h, err := deviceEnd().Handshake(device)
	if err != nil || h.Credentials != <-creds {
		t.Fatalf("handshake: %v", err)
	}
	talk(t, device, device, h.Credentials, "hello", "again")
	device.CloseWrite()
	readAll(t, device)
	w.stop()
	leg := w.spy.leg(stream.DeviceLeg)
	if leg.conn.Pair != 0 || leg.conn.ID != 1 || len(w.spy.conns) != 1 {
		t.Errorf("reported as %+v of %d", leg.conn, len(w.spy.conns))
	}
	if up, down := len(leg.sent[stream.FromDevice]), len(leg.sent[stream.FromCloud]); up-256 != down-40-384 || up == 256 {
		t.Errorf("%d bytes from the device, %d from the cloud", up, down)
	}
	if got := w.spy.endings(stream.DeviceLeg); got != "device fin, cloud cut" {
		t.Errorf("ended as %s", got)
	}
	if n := w.notices.await(t, ModeChosen); n.Mode != Terminate {
		t.Errorf("mode %v", n.Mode)
	}
}

func TestTerminateIsToldWhenThePeerOrTheServerEnds(t *testing.T) {
	for _, how := range []string{"reset", "stop", "close"} {
		t.Run(how, func(t *testing.T) {
			started, ended := make(chan struct{}), make(chan error, 1)
			w := newTerminating(t, func(ctx context.Context, c net.Conn) error {
				close(started)
				if how == "close" {
					return c.Close()
				}
				_, err := c.Read(make([]byte, 1))
				ended <- err
				return err
			})
			w.start()
			device := w.dial()
			<-started
			switch how {
			case "reset":
				reset(device)
				if f := faultOf(<-ended); f != faultReset {
					t.Errorf("fault %d", f)
				}
			case "stop":
				w.stop()
				<-ended
			case "close":
				readAll(t, device)
			}
			w.stop()
			want := map[string]string{"reset": "device rst"}[how]
			if want == "" {
				want = "device cut, cloud cut"
			}
			if got := w.spy.endings(stream.DeviceLeg); got != want {
				t.Errorf("ended as %s", got)
			}
		})
	}
}

func TestTerminatedHandshakeThatStallsEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.Upstream = ""
		b.Terminate = func(_ context.Context, c net.Conn) error {
			_, err := terminator().Handshake(c)
			return err
		}
		b.start()
		start := time.Now()
		device := b.dial(lanDevice)
		read(t, device, 40)
		write(t, device, randomBytes(100))
		readAll(t, device)
		if took := time.Since(start); took != 25*time.Second {
			t.Errorf("ended after %v", took)
		}
		device.Close()
		b.stop()
		if b.notices.count(HandshakeTimeout) != 1 {
			t.Error("not announced")
		}
	})
}
