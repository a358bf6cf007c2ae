package sim

import (
	"context"
	"net"
	"runtime"
	"testing"
	"time"
)

// patience bounds every wait for a real event.
const patience = 20 * time.Second

// noLeaks checks at the end of the test that no goroutine is left.
func noLeaks(t testing.TB) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		deadline := time.Now().Add(2 * time.Second)
		for runtime.NumGoroutine() > before {
			if time.Now().After(deadline) {
				stacks := make([]byte, 1<<20)
				t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
			}
			runtime.Gosched()
		}
	})
}

// tcpPair returns the two ends of a loopback connection.
func tcpPair(t testing.TB) (device, cloud net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	device, err = net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	cloud, err = ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { device.Close(); cloud.Close() })
	return device, cloud
}

// meeting is one session of a device and a cloud, and how it ended for each.
type meeting struct {
	device, cloud error
}

// meet runs a session to its end.
func meet(ctx context.Context, d *Device, c *Cloud, device, cloud net.Conn) meeting {
	var m meeting
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
