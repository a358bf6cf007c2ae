package sim

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// Device is a simulated Photon. The zero value is a test device with Device OS
// 2.3.1 that trusts the test cloud. A Device must not be changed while it runs;
// several sessions of it may run at once.
type Device struct {
	Profile  *Profile          // nil: LightSSL231
	ID       lightssl.DeviceID // zero: DeviceID(0)
	Key      *rsa.PrivateKey   // nil: DeviceKey(0)
	CloudKey *rsa.PublicKey    // nil: of ServerKey
	Announce []byte            // the key to announce, DER, true or not; nil: of Key

	ProductID      uint16 // 0: that of a Photon, 6
	ProductVersion uint16 // of the application; 0: not set
	PlatformID     uint16 // 0: Photon, 6
	Updated        bool   // the Hello says that the last update succeeded

	Functions     map[string]func(arg string) int32
	Variables     map[string]Variable
	Subscriptions []Subscription
	Modules       []particle.DescribeModule // nil: those of a Photon with the profile's firmware
	Metrics       []particle.MetricBody

	ClaimCode     string // sent once per session, if there is one
	LastReset     string // why it started last; "": not told
	SafeMode      bool
	RefuseUpdates bool
	ChunkSize     int // announced, bytes; 0: 512
	MaxBinary     int // longest image, bytes; 0: that of a Photon, 262144

	// Image is given every firmware image received. If it is nil or returns
	// false the device restarts, which ends the session.
	Image func(image []byte) (goOn bool)

	// Handle is what the device does of itself once it is connected. The session
	// goes on when it returns nil and ends when it returns an error.
	Handle func(context.Context, *DeviceSession) error

	// Tap sees every message of the session without padding, in order for each
	// direction. It may be called by two goroutines at once.
	Tap func(from stream.Direction, message []byte)

	Faults []Fault // what it does wrong on purpose
}

// Variable is a variable of the application: one of [Bool], [Int], [Double] and
// [String].
type Variable struct {
	code int // in the description
	read func() any
}

// Bool is a variable of one byte.
func Bool(read func() bool) Variable { return Variable{1, func() any { return read() }} }

// Int is a variable of 32 bits.
func Int(read func() int32) Variable { return Variable{2, func() any { return read() }} }

// String is a variable of text.
func String(read func() string) Variable { return Variable{4, func() any { return read() }} }

// Double is a variable of 64 bits.
func Double(read func() float64) Variable { return Variable{9, func() any { return read() }} }

// Subscription is a subscription of the application.
type Subscription struct {
	particle.SubscribeBody
	Handle func(name string, data []byte) // called by the session's goroutine; nil: nothing happens
}

// DeviceError is why a device gives a session up, with the number that its
// firmware logs (particle-iot/device-os@v2.3.1:communication/inc/protocol_defs.h).
type DeviceError struct {
	Code int // 1 ping, 4 too long, 6 decryption, 8 signature, 10 no Hello, 23 cut frame, 24 closed, 25 no nonce, 26 no credentials, 28 no token
	Err  error
}

// Error implements error.
func (e *DeviceError) Error() string {
	return fmt.Sprintf("sim: device error %d: %s", e.Code, strings.TrimPrefix(e.Err.Error(), "sim: "))
}

// Unwrap returns what happened.
func (e *DeviceError) Unwrap() error { return e.Err }

// Run is one session: handshake, start-up, and service until the device leaves
// (nil), ctx ends (its error), Handle fails (its error), or a [*DeviceError]
// says what a Photon would. It closes conn.
func (d *Device) Run(ctx context.Context, conn net.Conn) error {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	err := d.run(ctx, conn)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (d *Device) run(ctx context.Context, conn net.Conn) error {
	faults, err := startFaults(d.Faults, stream.FromDevice)
	if err != nil {
		return err
	}
	h, err := d.handshake(&recordConn{Conn: conn, record: record{kind: "identity"}, faults: faults})
	if err != nil {
		return err
	}
	conn.SetDeadline(time.Time{})
	s := newDeviceSession(d, conn, h)
	s.faults = faults
	go s.read()
	err = s.run(ctx)
	s.shut()
	<-s.done
	var known *DeviceError
	if errors.Is(err, ErrClosed) && !errors.As(err, &known) {
		return &DeviceError{24, err}
	}
	return err
}

// handshake is lightssl's, with the firmware's limits and error numbers.
func (d *Device) handshake(conn net.Conn) (h lightssl.Handshake, err error) {
	end := lightssl.DeviceEnd{ID: d.id(), Key: d.key(), CloudKey: d.cloudKey(), Announce: d.Announce}
	conn.SetDeadline(time.Now().Add(recordWait))
	if _, err := io.ReadFull(conn, h.Nonce[:]); err != nil {
		return h, &DeviceError{25, fmt.Errorf("no nonce: %w", err)}
	}
	if h.Identity, err = end.SendIdentity(conn, h.Nonce); err != nil {
		return h, &DeviceError{26, err}
	}
	conn.SetDeadline(time.Now().Add(recordWait))
	record := make([]byte, lightssl.CredentialsRecordLen)
	if _, err := io.ReadFull(conn, record); err != nil {
		return h, &DeviceError{26, fmt.Errorf("no credentials: %w", err)}
	}
	h.Credentials, err = lightssl.OpenCredentials(record, end.Key, end.CloudKey)
	switch {
	case errors.Is(err, lightssl.ErrSignature):
		return h, &DeviceError{8, err}
	case err != nil:
		return h, &DeviceError{6, err}
	}
	return h, nil
}

func (d *Device) profile() *Profile {
	if d.Profile != nil {
		return d.Profile
	}
	return &LightSSL231
}

func (d *Device) id() lightssl.DeviceID {
	if d.ID != (lightssl.DeviceID{}) {
		return d.ID
	}
	return DeviceID(0)
}

func (d *Device) key() *rsa.PrivateKey {
	if d.Key != nil {
		return d.Key
	}
	return DeviceKey(0)
}

func (d *Device) cloudKey() *rsa.PublicKey {
	if d.CloudKey != nil {
		return d.CloudKey
	}
	return &ServerKey().PublicKey
}

// photon is the number of the Photon as product and as platform.
const photon = 6

// hello returns the content of the Hello.
func (d *Device) hello() particle.HelloBody {
	p := d.profile()
	h := particle.HelloBody{
		ProductID: orElse(d.ProductID, photon), ProductVersion: orElse(d.ProductVersion, 0xffff),
		Flags: p.HelloFlags, PlatformID: orElse(d.PlatformID, photon),
		SystemVersion: p.SystemVersion, MaxMessage: uint16(p.MaxMessage), MaxBinary: uint32(d.maxBinary()), ChunkSize: uint16(d.chunkSize()),
	}
	if d.Updated {
		h.Flags |= particle.HelloUpdated
	}
	return h
}

func (d *Device) chunkSize() int { return orElse(d.ChunkSize, chunkSize) }

func (d *Device) maxBinary() int { return orElse(d.MaxBinary, maxBinary) }

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
