package proxy

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/photonscope/photonscope/sim/memnet"
)

// bubble is a proxy on an in-memory network under testing/synctest, whose clock
// moves only when everybody waits.
type bubble struct {
	*Server
	t         *testing.T
	spy       *spy
	notices   *notices
	in, cloud *memnet.Listener
	stop      func()
}

const lanDevice = "192.168.1.20:50000"

func inBubble(t *testing.T, f func(*testing.T, *bubble)) {
	t.Helper()
	testKeys() // made outside: the bubble's clock would not wait for it
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{t: t, spy: newSpy(t), notices: newNotices(), in: memnet.NewListener("192.168.1.2:5683"), cloud: memnet.NewListener("10.1.1.1:5683")}
		b.Server = &Server{Upstream: "10.1.1.1:5683", Tap: b.spy.tap, Notice: b.notices.add, DialContext: b.cloud.DialContext}
		f(t, b)
		b.stop()
		b.cloud.Close()
		time.Sleep(time.Minute) // of the bubble's time: for scripted peers to end
	})
}

func (b *bubble) start() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- b.Serve(ctx, b.in) }()
	b.stop = func() {
		cancel()
		if err := <-done; err != nil {
			b.t.Errorf("Serve: %v", err)
		}
		b.stop = func() {}
	}
}

func (b *bubble) dial(from string) *memnet.Conn {
	b.t.Helper()
	c, err := b.in.Dial(from)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *bubble) connect() (device, cloud *memnet.Conn) {
	b.t.Helper()
	device = b.dial(lanDevice)
	c, err := b.cloud.Accept()
	if err != nil {
		b.t.Fatal(err)
	}
	return device, c.(*memnet.Conn)
}

// online is a session behind its handshake, whose records are any bytes.
func (b *bubble) online() (device, cloud *memnet.Conn) {
	b.t.Helper()
	device, cloud = b.connect()
	write(b.t, cloud, slices.Concat(randomBytes(40), randomBytes(384)))
	read(b.t, device, 424)
	write(b.t, device, randomBytes(256))
	read(b.t, cloud, 256)
	return device, cloud
}
