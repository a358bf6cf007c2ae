package sim

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// Cloud is a simulated cloud. The zero value has the test cloud's key, accepts
// every device and keeps to RFC 7252. It must not be changed while it serves.
type Cloud struct {
	Style Style
	Key   *rsa.PrivateKey // nil: ServerKey

	// DeviceKey says which public key the credentials are sealed for, or why the
	// device is refused. Nil: the one it announces, be it ever so odd.
	DeviceKey func(lightssl.Identity) (*rsa.PublicKey, error)

	// CoreKey returns the public key of a Spark Core before 0.4.0, which announces
	// none, or nil if the device is none that is known. Nil: such devices are
	// refused.
	CoreKey func(lightssl.DeviceID) *rsa.PublicKey

	CheckIDs bool             // end a session whose device skips a message ID, as the Node servers do
	Now      func() time.Time // what devices are told; nil: time.Now

	// Refuse says of a subscription's prefix that it is answered 4.00. Nil: never.
	Refuse func(prefix string) bool

	OnHandshake func(lightssl.Handshake)                   // before the credentials leave
	OnEvent     func(*CloudSession, particle.EventBody)    // published by a device
	Handle      func(context.Context, *CloudSession) error // what the cloud does of itself once a device has said Hello; an error ends the session

	// Tap sees every message of every session without padding, in order for each
	// direction of a session. It may be called by several goroutines at once.
	Tap func(from stream.Direction, message []byte)

	Faults []Fault // what it does wrong on purpose, afresh in every session
}

// ErrRefused is the error of a session whose device was not let in.
var ErrRefused = errors.New("sim: identity refused")

// refusal is ErrRefused with what it takes to end the connection without telling
// the device why.
type refusal struct {
	at     time.Time // of the record's last byte
	reason error
}

func (r *refusal) Error() string   { return fmt.Sprintf("%v: %v", ErrRefused, r.reason) }
func (r *refusal) Unwrap() []error { return []error{ErrRefused, r.reason} }

// Serve accepts devices until ctx ends or the listener fails, and returns when
// every session is over. It closes the listener.
func (c *Cloud) Serve(ctx context.Context, ln net.Listener) error {
	stop := context.AfterFunc(ctx, func() { ln.Close() })
	defer stop()
	defer ln.Close()
	var sessions sync.WaitGroup
	defer sessions.Wait()
	for {
		conn, err := ln.Accept()
		if ctx.Err() != nil {
			if err == nil {
				conn.Close()
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("sim: accept a device: %w", err)
		}
		sessions.Go(func() {
			defer conn.Close()
			var r *refusal
			if errors.As(c.ServeConn(ctx, conn), &r) {
				endUniformly(ctx, conn, r.at)
			}
		})
	}
}

// ServeConn is one session, until it ends: nil if the device left or ctx ended.
// The connection is the caller's to close, though the end of ctx closes it. If the
// device's identity fails, whatever the reason, the error is [ErrRefused] and
// nothing has been sent after the nonce; the caller must end such connections all
// alike, as Serve does.
func (c *Cloud) ServeConn(ctx context.Context, conn net.Conn) error {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	err := c.serveConn(ctx, conn)
	if ctx.Err() != nil && !errors.Is(err, ErrRefused) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// How a refused connection ends: with a FIN so long after the identity's last
// byte, and closed so long after that.
const (
	uniformFIN   = 2 * time.Second
	uniformClose = 5 * time.Second
)

// endUniformly ends a connection in the same way whatever was wrong with the
// identity, so that nobody can use the cloud to decrypt or sign: it sends nothing,
// drains what comes, because closing with bytes unread would make the FIN a
// reset, and ends at a fixed time.
func endUniformly(ctx context.Context, conn net.Conn, at time.Time) {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	fin := at.Add(uniformFIN)
	conn.SetDeadline(fin)
	if _, err := io.Copy(io.Discard, conn); err == nil { // it closed first
		select {
		case <-time.After(time.Until(fin)):
		case <-ctx.Done():
		}
	}
	if c, ok := conn.(interface{ CloseWrite() error }); ok {
		c.CloseWrite()
		conn.SetDeadline(fin.Add(uniformClose))
		io.Copy(io.Discard, conn)
	}
}

// defaultHandshake limits a handshake in the plain style.
const defaultHandshake = 25 * time.Second

func (c *Cloud) serveConn(ctx context.Context, conn net.Conn) error {
	faults, err := startFaults(c.Faults, stream.FromCloud)
	if err != nil {
		return err
	}
	conn.SetDeadline(time.Now().Add(orElse(c.Style.Handshake, defaultHandshake)))
	h, err := c.handshake(conn, faults)
	if err != nil {
		return err
	}
	conn.SetDeadline(time.Time{})
	s := newCloudSession(c, conn, h)
	s.faults = faults
	go s.read()
	err = s.run(ctx)
	s.shut()
	<-s.done
	if s.left.Load() && errors.Is(err, ErrClosed) {
		return nil
	}
	return err
}

// handshake is the cloud's end as strangers may reach it: one RSA operation, and
// one verdict.
func (c *Cloud) handshake(conn net.Conn, faults []*hooks) (h lightssl.Handshake, err error) {
	h.Nonce, h.Credentials = lightssl.NewNonce(), lightssl.NewCredentials()
	out := &recordConn{Conn: conn, record: record{kind: "nonce"}, faults: faults}
	if _, err := out.Write(h.Nonce[:]); err != nil {
		return h, fmt.Errorf("sim: send nonce: %w", err)
	}
	identity := make([]byte, lightssl.IdentityLen)
	if _, err := io.ReadFull(conn, identity); err != nil {
		return h, fmt.Errorf("sim: read identity: %w", err)
	}
	at := time.Now()
	id, ok := lightssl.AdmitIdentity(identity, h.Nonce, c.key())
	if !ok && c.CoreKey != nil {
		id, ok = lightssl.AdmitCoreIdentity(identity, h.Nonce, c.key())
	}
	if !ok {
		return h, &refusal{at, c.explain(identity, h.Nonce)}
	}
	h.Identity = id
	device, err := c.sealer(id)
	if err != nil {
		return h, &refusal{at, err}
	}
	if c.OnHandshake != nil {
		c.OnHandshake(h)
	}
	out.kind, out.credentials, out.key = "credentials", h.Credentials, c.key()
	sealed, err := device.seal(h.Credentials, out.key)
	if err != nil {
		return h, &refusal{at, err}
	}
	_, err = out.Write(sealed)
	return h, err
}

// explain says to the person in front of the screen what is wrong with an
// identity; the device is not told.
func (c *Cloud) explain(record []byte, n lightssl.Nonce) error {
	id, err := lightssl.OpenIdentity(record, c.key())
	switch {
	case err != nil:
		return err
	case id.Nonce != n:
		return lightssl.ErrNonce
	}
	return fmt.Errorf("sim: device %s announces a key of %d bytes, not %d", id.Device, len(id.Key), lightssl.DeviceKeyLen)
}

func (c *Cloud) key() *rsa.PrivateKey {
	if c.Key != nil {
		return c.Key
	}
	return ServerKey()
}

// now is the time as devices are told it.
func (c *Cloud) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}
