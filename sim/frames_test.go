package sim

import (
	"bytes"
	"context"
	"net"
	"sync"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// writes is a connection that remembers what each Write held.
type writes struct {
	net.Conn
	mu  sync.Mutex
	all [][]byte
}

func (w *writes) Write(b []byte) (int, error) {
	w.mu.Lock()
	w.all = append(w.all, bytes.Clone(b))
	w.mu.Unlock()
	return w.Conn.Write(b)
}

func (w *writes) CloseWrite() error { return w.Conn.(*net.TCPConn).CloseWrite() }

// writesListener remembers what the cloud writes.
type writesListener struct {
	net.Listener
	conns chan *writes
}

func (l writesListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	w := &writes{Conn: c}
	l.conns <- w
	return w, nil
}

// The servers and the firmware lose a session when a record or the two length
// bytes arrive in pieces.
func TestEveryRecordAndFrameLeavesInOneWrite(t *testing.T) {
	noLeaks(t)
	for _, p := range Profiles {
		t.Run(p.Name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var device *writes
			clouds := make(chan *writes, 1)
			st := &Story{
				Profile: &p, Style: &Style{}, EveryKind: true, Pause: -1, Listener: writesListener{ln, clouds},
				Dial: func(ctx context.Context) (net.Conn, error) {
					c, err := new(net.Dialer).DialContext(ctx, "tcp", ln.Addr().String())
					device = &writes{Conn: c}
					return device, err
				},
			}
			if err := st.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantFrames(t, device, lightssl.IdentityLen)
			wantFrames(t, <-clouds, lightssl.NonceLen, lightssl.CredentialsRecordLen)
		})
	}
}

func wantFrames(t *testing.T, w *writes, records ...int) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, b := range w.all {
		if i < len(records) {
			if len(b) != records[i] {
				t.Errorf("record %d leaves as %d bytes", i, len(b))
			}
			continue
		}
		if n := lightssl.FrameLen(b); n != len(b) || (n-lightssl.FrameHeaderLen)%lightssl.BlockLen != 0 {
			t.Errorf("write %d has %d bytes, its frame %d", i, len(b), n)
		}
	}
	if len(w.all) < 20 {
		t.Errorf("only %d writes", len(w.all))
	}
}
