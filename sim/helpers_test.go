package sim

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/photonscope/photonscope/sim/memnet"
)

// noLeaks checks at the end of the test that no goroutine is left.
func noLeaks(t testing.TB) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		deadline := time.Now().Add(20 * time.Second)
		for runtime.NumGoroutine() > before {
			if time.Now().After(deadline) {
				stacks := make([]byte, 1<<20)
				t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
			}
			runtime.Gosched()
		}
	})
}

// meeting is one session of a device and a cloud, and how it ended for each.
type meeting struct {
	device, cloud error
}

// meet runs a session to its end.
func meet(ctx context.Context, d *Device, c *Cloud, device, cloud net.Conn) (m meeting) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.cloud = c.ServeConn(ctx, cloud)
		cloud.Close()
	}()
	m.device = d.Run(ctx, device)
	<-done
	return m
}

// memPipe returns the ends of a connection in memory, the device's first.
func memPipe() (device, cloud *memnet.Conn) {
	return memnet.Pipe(netip.MustParseAddrPort("192.0.2.2:40000"), netip.MustParseAddrPort("192.0.2.1:5683"))
}
