package sim

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// tellStory runs a story over loopback.
func tellStory(t *testing.T, st *Story) error {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	st.Listener = ln
	st.Dial = func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", ln.Addr().String())
	}
	return st.Run(t.Context())
}

func TestTheDemoIsToldInTime(t *testing.T) {
	noLeaks(t)
	start := time.Now()
	st := &Story{Tap: func(d stream.Direction, m []byte) {
		t.Logf("%5d ms %s %x", time.Since(start).Milliseconds(), d, m[:min(len(m), 60)])
	}}
	if err := tellStory(t, st); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("it takes %s", took)
	}
}
