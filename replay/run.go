package replay

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// Config says how [Run] plays.
type Config struct {
	Plan   *Plan
	Pace   Pace
	Ignore []string // fields that are not compared
	Stop   bool     // at the first divergence

	Device lightssl.DeviceEnd // the end that is played, if the plan's is the device's
	Cloud  lightssl.CloudEnd  // the same for the cloud

	Report func(Report) // called by Run's own goroutine
}

// ErrHandshake is the error of a session that did not begin.
var ErrHandshake = errors.New("replay: no session")

// Times of the player.
const (
	handshakeTime = 25 * time.Second
	writeTime     = 20 * time.Second
	leaveTime     = 2 * time.Second // to end the connection, once all is said
)

// Run plays a plan over a connection, and closes it. It returns nil if the
// session went as recorded or diverged, which the reports tell; ErrHandshake if it
// did not begin; the error of ctx if that ended.
func Run(ctx context.Context, conn net.Conn, c Config) error {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	err := run(ctx, conn, &c)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func run(ctx context.Context, conn net.Conn, c *Config) error {
	conn.SetDeadline(time.Now().Add(handshakeTime))
	h, err := c.handshake(conn)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	conn.SetDeadline(time.Time{})
	s := &session{
		Config: c, conn: conn, in: lightssl.NewCipher(h.Credentials), out: lightssl.NewCipher(h.Credentials),
		player: NewPlayer(c.Plan, c.Pace, c.firstID(h.Credentials), c.Ignore),
		frames: make(chan frame, 16), over: make(chan struct{}),
	}
	go s.read()
	defer func() { // the reader ends with the connection
		close(s.over)
		conn.Close()
		for range s.frames {
		}
	}()
	return s.play(ctx)
}

func (c *Config) handshake(conn net.Conn) (lightssl.Handshake, error) {
	if c.Plan.As == stream.FromDevice {
		return c.Device.Handshake(conn)
	}
	return c.Cloud.Handshake(conn)
}

// firstID returns the ID of our first message: a device takes it from the salt, in
// one of two byte orders, a cloud takes any.
func (c *Config) firstID(s lightssl.Credentials) uint16 {
	legacy, light := s.FirstMessageIDs()
	if c.Plan.As == stream.FromDevice && c.Plan.Stack == particle.LegacyStack {
		return legacy
	}
	return light
}

// session is a plan that is being played.
type session struct {
	*Config
	conn    net.Conn
	in, out *lightssl.Cipher
	player  *Player
	frames  chan frame
	over    chan struct{} // closed when nobody takes frames any more
	stopped bool          // at a divergence
}

// frame is what the reader found: a message's bytes, why they are none, or why
// there are no more.
type frame struct {
	plain []byte
	bad   error
	err   error
}

// read takes frames off the connection until it ends.
func (s *session) read() {
	defer close(s.frames)
	for {
		f := s.readFrame()
		select {
		case s.frames <- f:
		case <-s.over:
			return
		}
		if f.err != nil {
			return
		}
	}
}

func (s *session) readFrame() (f frame) {
	var header [lightssl.FrameHeaderLen]byte
	if _, f.err = io.ReadFull(s.conn, header[:]); f.err != nil {
		return f
	}
	body := make([]byte, binary.BigEndian.Uint16(header[:]))
	if _, f.err = io.ReadFull(s.conn, body); f.err != nil {
		return f
	}
	f.plain, f.bad = s.in.Open(nil, body)
	return f
}

// play goes through the plan.
func (s *session) play(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		acts, again := s.player.Advance(time.Now())
		if err := s.do(acts); err != nil || s.stopped {
			return err
		}
		if s.player.Over() {
			s.leave()
			return nil
		}
		timer.Reset(time.Until(again))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		case f := <-s.frames:
			if f.err != nil {
				return s.do(s.player.End(endReason(f.err)))
			}
			if err := s.do(s.take(f)); err != nil || s.stopped {
				return err
			}
		}
	}
}

// take gives a frame to the player.
func (s *session) take(f frame) []Act {
	if f.bad != nil {
		return s.player.Unreadable(time.Now(), f.bad.Error())
	}
	return s.player.Receive(time.Now(), f.plain)
}

// leave ends the session in order: a FIN, and what the peer still says is read,
// because closing with bytes unread would make the FIN a reset.
func (s *session) leave() {
	c, ok := s.conn.(interface{ CloseWrite() error })
	if !ok || c.CloseWrite() != nil {
		return
	}
	s.conn.SetReadDeadline(time.Now().Add(leaveTime))
	for f := range s.frames {
		if f.err != nil {
			return
		}
	}
}

// do sends and reports. That the peer is gone is a divergence, not a failure.
func (s *session) do(acts []Act) error {
	for _, a := range acts {
		s.Report(a.Report)
		if a.Happened == Diverged && s.Stop {
			s.stopped = true
			return nil
		}
		if a.Bytes == nil {
			continue
		}
		s.conn.SetWriteDeadline(time.Now().Add(writeTime))
		if _, err := s.conn.Write(s.out.AppendSealedFrame(nil, a.Bytes)); err != nil {
			s.stopped = true
			s.Report(Report{Step: a.Step, Happened: Diverged, Diverged: &Divergence{Fault: Ended, Step: a.Step, Reason: s.lastWords(err)}})
			return nil
		}
	}
	return nil
}

// lastWords reads what the peer has said before it was gone, and returns why it is.
// That the connection was reset is told once, to the reader or to the writer.
func (s *session) lastWords(failed error) (reason string) {
	s.conn.SetReadDeadline(time.Now().Add(leaveTime))
	for f := range s.frames {
		switch {
		case f.err == nil:
		case isTimeout(f.err), errors.Is(f.err, io.EOF) && !errors.Is(failed, syscall.EPIPE):
			return endReason(failed)
		default:
			return endReason(f.err)
		}
		for _, a := range s.take(f) {
			if a.Bytes == nil {
				s.Report(a.Report)
			}
		}
	}
	return endReason(failed)
}

// isTimeout reports whether nothing was to be read in the time given.
func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// endReason says how a connection ended.
func endReason(err error) string {
	if errors.Is(err, io.EOF) {
		return "it closed the connection"
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return err.Error()
}
