package proxy

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"net"
	"strings"
	"sync"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/sim/measure"
)

// The benchmarks measure the proxy as a process of its own beside the plainest
// forwarder there is, in turn in the same run, and report ratios: the median of
// the rounds. One iteration is one round: go test -bench . -benchtime 7x

// forwarderChild is the rival.
func forwarderChild(args []string) {
	ln, _ := net.Listen("tcp", "127.0.0.1:0")
	announce(ln.Addr())
	measure.Forward(ln, args[0])
}

// proxyChild is a proxy: its arguments are the upstream, the mode, "tap" or not,
// and the keys.
func proxyChild(args []string) {
	ln, _ := net.Listen("tcp", "127.0.0.1:0")
	announce(ln.Addr())
	k := parseKeys(args[3])
	s := &Server{
		Upstream: args[0], ServerKey: k.server,
		DeviceKey: func(lightssl.DeviceID) *rsa.PrivateKey { return k.imp },
		Limits:    Limits{Conns: -1, Handshakes: -1, EarlyDrop: -1},
	}
	if args[1] == "observe" {
		s.Mode = Observe
	}
	if args[2] == "tap" {
		s.Tap = (&cheapTap{buf: make([]byte, 0, 64<<10)}).tap
	}
	s.Serve(context.Background(), ln)
}

// cheapTap does what a pipeline must: copy under a lock into a shared buffer
// that somebody else empties.
type cheapTap struct {
	mu  sync.Mutex
	buf []byte
}

func (c *cheapTap) tap(items []stream.Item) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, it := range items {
		if s, ok := it.(*stream.Segment); ok {
			c.buf = append(c.buf, s.Data...)
		}
	}
	if len(c.buf) > 60<<10 {
		c.buf = c.buf[:0]
	}
}

// cloudChild is a cloud, after "handshake" has been asked for a real one, and
// then an echo.
func cloudChild(args []string) {
	ln, _ := net.Listen("tcp", "127.0.0.1:0")
	announce(ln.Addr())
	k := parseKeys(args[1])
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			if args[0] == "handshake" {
				device := func(id lightssl.Identity) (*rsa.PublicKey, error) { return &k.imp.PublicKey, nil }
				if _, err := (lightssl.CloudEnd{Key: k.server, DeviceKey: device}).Handshake(c); err != nil {
					return
				}
			}
			measure.Echo(c)
		}()
	}
}

// Keys go to children as hex.
func formatKeys(k keys) string {
	var words []string
	for _, key := range []*rsa.PrivateKey{k.server, k.imp, k.device} {
		words = append(words, hex.EncodeToString(x509.MarshalPKCS1PrivateKey(key)))
	}
	return strings.Join(words, ",")
}

func parseKeys(s string) (k keys) {
	var parsed []*rsa.PrivateKey
	for _, word := range strings.Split(s, ",") {
		der, _ := hex.DecodeString(word)
		key, err := x509.ParsePKCS1PrivateKey(der)
		if err != nil {
			panic(err)
		}
		parsed = append(parsed, key)
	}
	return keys{server: parsed[0], imp: parsed[1], device: parsed[2]}
}
