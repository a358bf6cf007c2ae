package proxy

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// Mode says what the proxy does with a session.
type Mode uint8

// The modes.
const (
	Auto      Mode = iota // terminate without an upstream, splice where the keys allow it, else observe
	Observe               // pass every byte verbatim
	Splice                // be the cloud to the device and the device to the cloud
	Terminate             // be the cloud
)

// String returns "auto", "observe", "splice" or "terminate".
func (m Mode) String() string {
	switch m {
	case Observe:
		return "observe"
	case Splice:
		return "splice"
	case Terminate:
		return "terminate"
	default:
		return "auto"
	}
}

// ParseMode reads what Mode.String writes.
func ParseMode(s string) (Mode, error) {
	for m := Auto; m <= Terminate; m++ {
		if m.String() == s {
			return m, nil
		}
	}
	return Auto, fmt.Errorf("proxy: no mode %q", s)
}

// Server is a proxy. Its fields must not change while Serve runs; its functions
// are called from many goroutines at once unless they say otherwise.
type Server struct {
	// Mode is the mode of every session. With Auto it is chosen for each device
	// once its identity has been opened, and announced by a Notice.
	Mode Mode

	// Upstream is the cloud's address, host:port. It is dialled anew for every
	// device, before the device is sent anything. Empty: terminate.
	Upstream string

	// Destination, if not nil, says where a device wanted to go, and replaces
	// Upstream: see [OriginalDestination]. Its answers pass AllowDest first.
	Destination func(*net.TCPConn) (netip.AddrPort, error)

	// AllowDest lists where Destination may lead. Empty: nowhere. Loopback,
	// link-local, multicast and our own addresses are refused whatever it says.
	AllowDest []DestRule

	// AllowClient lists who may connect. Empty: loopback and private addresses.
	AllowClient []netip.Prefix

	ServerKey *rsa.PrivateKey // what devices take for the cloud's key; needed to splice
	CloudKey  *rsa.PublicKey  // the upstream cloud's key; nil: the public half of ServerKey

	// DeviceKey returns the key that stands for a device at the cloud: the
	// impersonation key registered for it there, or the device's own. Nil, or a
	// nil result: none is known.
	DeviceKey func(lightssl.DeviceID) *rsa.PrivateKey

	// Tap is told what happened, before its effect leaves: the segments of both
	// legs of whatever is forwarded come in one call, unless Hooks make the
	// connection a [Late] one, and no answer comes before its question. Items and
	// their Data are valid only during the call, which delays the session for as long
	// as it takes, and must not call back into it. Calls for one session never
	// overlap; calls for different sessions do. Nil: nobody.
	Tap func([]stream.Item)

	// OnIdentity is told of each identity record that was opened, and of each that
	// was sealed in its place, before Tap sees the record, so that nobody need open
	// it again. Both arguments are valid only during the call.
	OnIdentity func(record []byte, id lightssl.Identity)

	// KeyLog is told the credentials of each spliced session, before Tap sees the
	// device's record of them and before the device receives it.
	KeyLog func(lightssl.Nonce, lightssl.Credentials)

	// Hooks returns what may alter a session, given its device leg. Nil, or a nil
	// result: nothing does.
	Hooks func(stream.Conn) *Hooks

	// Terminate is the cloud of terminate mode. It runs until the session is over
	// or ctx ends; conn is tapped and closed by the server. When the device's
	// identity fails it must return an error without having answered: the server
	// then ends the connection as every failing one.
	Terminate func(ctx context.Context, conn net.Conn) error

	// Notice is told what a person should know. It must not block. Nil: nobody.
	Notice func(Notice)

	// DialContext dials the cloud. Nil: a net.Dialer.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	Limits Limits // the zero value holds the defaults
}

// Serve accepts devices on ln until ctx ends, and closes ln. It then lets the
// sessions finish what is in flight: a session is closed once it has been silent
// for a quarter of a second, and all are after five seconds. It returns when no
// connection and no goroutine is left: nil if ctx ended, else why it cannot
// serve or the listener's error.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	defer ln.Close()
	if err := s.check(); err != nil {
		return err
	}
	r := newRunning(s)
	stop := context.AfterFunc(ctx, func() { ln.Close() })
	defer stop()
	err := r.accept(ctx, ln)
	r.drain()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// check says what the mode lacks.
func (s *Server) check() error {
	upstream := s.Upstream != "" || s.Destination != nil
	switch {
	case s.terminates() && s.Terminate == nil:
		return errors.New("proxy: no upstream, and nothing to be the cloud instead")
	case s.terminates():
		return nil
	case !upstream:
		return errors.New("proxy: " + s.Mode.String() + " mode without an upstream")
	case s.Mode == Splice && s.ServerKey == nil:
		return errors.New("proxy: splice mode without the server's private key")
	case s.Mode == Splice && s.DeviceKey == nil:
		return errors.New("proxy: splice mode without a device key")
	}
	return nil
}

func (s *Server) terminates() bool {
	return s.Mode == Terminate || s.Mode == Auto && s.Upstream == "" && s.Destination == nil
}

// mayOpen reports whether an identity has to be opened to choose the mode.
func (s *Server) mayOpen() bool {
	return s.Mode == Splice || s.Mode == Auto && s.ServerKey != nil && s.DeviceKey != nil
}

func (s *Server) cloudKey() *rsa.PublicKey {
	if s.CloudKey != nil {
		return s.CloudKey
	}
	return &s.ServerKey.PublicKey
}
