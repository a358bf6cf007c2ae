package sim

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// DeviceSession is one session of a device. Its methods are safe for concurrent
// use and return once the message has left.
type DeviceSession struct {
	Handshake lightssl.Handshake

	*link
	device  *Device
	profile *Profile
	trail   *watch        // of all messages, for scripts
	leave   chan struct{} // closed by Goodbye

	// Of the session's goroutine.
	helloed bool
	last    time.Time // when something came, or a ping left
	pinging bool      // a ping is unanswered
	poison  error     // the older stack gives up at the next message, for this reason
	update  *update
	posts   []blockPost // descriptions still to be posted block by block
}

func newDeviceSession(d *Device, conn net.Conn, h lightssl.Handshake) *DeviceSession {
	s := &DeviceSession{
		Handshake: h, link: newLink(conn, stream.FromDevice, h.Credentials),
		device: d, profile: d.profile(), leave: make(chan struct{}), last: time.Now(),
	}
	s.tap = d.Tap
	s.longest, s.losesIV = s.profile.MaxMessage, true
	legacy, light := h.Credentials.FirstMessageIDs()
	s.id, s.token = light-1, h.Credentials.Salt()[3]
	if s.profile.Legacy {
		s.id, s.token = legacy-1, h.Credentials.Salt()[2]
	}
	s.trail = s.watches.add(trailSize, func(*coap.Message) bool { return true })
	return s
}

// run says Hello, waits for the cloud's, starts up and serves.
func (s *DeviceSession) run(ctx context.Context) error {
	if err := s.send(particle.ComposeHello(0, s.device.hello(), s.profile.HelloLen)); err != nil {
		return err
	}
	hello := time.NewTimer(s.profile.HelloWait)
	defer hello.Stop()
	for !s.helloed && s.profile.HelloWait > 0 {
		select {
		case <-s.inbox.ready:
			if err := s.serveAll(); err != nil {
				return err
			}
		case <-hello.C:
			return &DeviceError{10, errors.New("no Hello from the cloud")}
		}
	}
	if err := s.startUp(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return s.beside(cancel, s.serve, func() error {
		if s.device.Handle == nil {
			return nil
		}
		return s.device.Handle(ctx, s)
	})
}

// serve answers until the session ends, and pings when nothing comes.
func (s *DeviceSession) serve(handled <-chan error) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(time.Until(s.next()))
		select {
		case <-s.inbox.ready:
			if err := s.serveAll(); err != nil {
				return s.unlessLeft(err)
			}
		case <-timer.C:
			if err := s.onTime(); err != nil {
				return err
			}
		case err, ok := <-handled:
			if ok {
				return err
			}
			handled = nil
		case <-s.leave:
			return s.linger()
		}
	}
}

// unlessLeft turns the end of a session that the device has left into none.
func (s *DeviceSession) unlessLeft(err error) error {
	if s.leaving() || errors.Is(err, errRestart) {
		return nil
	}
	return err
}

// linger reads on after a disconnect of the device's own, as long as a Photon.
func (s *DeviceSession) linger() error {
	select {
	case <-s.done:
	case <-time.After(goodbyeLinger):
	}
	return nil
}

// next is when something is to be done although nothing comes.
func (s *DeviceSession) next() time.Time {
	at := s.last.Add(pingAfter)
	if s.pinging {
		at = s.last.Add(pingWait)
	}
	if u := s.update; u != nil && u.asked && s.profile.RepeatsMissed && u.askAgain.Before(at) {
		at = u.askAgain
	}
	return at
}

func (s *DeviceSession) onTime() error {
	now := time.Now()
	if u := s.update; u != nil && u.asked && s.profile.RepeatsMissed && !now.Before(u.askAgain) {
		return s.askMissed()
	}
	if now.Before(s.next()) {
		return nil
	}
	if s.pinging {
		return &DeviceError{1, errors.New("no answer to the ping")}
	}
	s.pinging, s.last = true, now
	return s.Ping()
}

// serveAll answers what has come.
func (s *DeviceSession) serveAll() error {
	end := s.link.serve(s.serveFrame)
	switch {
	case errors.Is(end, errTooLong):
		return &DeviceError{4, end}
	case errors.Is(end, errCut):
		return &DeviceError{23, end}
	case errors.Is(end, ErrClosed), errors.Is(end, errFlood):
		return &DeviceError{24, end}
	}
	return end
}

// serveFrame takes a frame as the firmware does: it looks at the last byte of
// the padding only, and deciphers rubbish after a frame that cannot be opened.
func (s *DeviceSession) serveFrame(r received) error {
	switch {
	case s.poison != nil:
		return &DeviceError{24, s.poison}
	case r.err == lightssl.ErrLength && s.profile.HangsUp:
		s.poison = r.err
		return nil
	case r.err == lightssl.ErrLength:
		return nil
	case r.err == lightssl.ErrPadding:
		last := int(r.plain[len(r.plain)-1])
		if last > len(r.plain) {
			return s.unknown("what came is no message")
		}
		r.plain = r.plain[:len(r.plain)-last]
	}
	s.last, s.pinging = time.Now(), false
	m := s.received(r.plain)
	if m == nil {
		return s.unknown("what came is no message")
	}
	return s.answer(m)
}

// unknown is what happens to what cannot be classified.
func (s *DeviceSession) unknown(why string) error {
	if s.profile.HangsUp {
		return &DeviceError{24, errors.New(why)}
	}
	return nil
}

// Publish publishes an event.
func (s *DeviceSession) Publish(e particle.EventBody) error {
	return s.send(particle.ComposePublish(0, e))
}

// Subscribe subscribes to events. They reach the handlers of the [Device] only.
func (s *DeviceSession) Subscribe(b particle.SubscribeBody) error {
	return s.send(particle.ComposeSubscribe(0, b))
}

// RequestTime asks for the time.
func (s *DeviceSession) RequestTime() error {
	return s.send(particle.ComposeTimeRequest(0, s.nextToken()[0]))
}

// Ping asks whether the cloud is there.
func (s *DeviceSession) Ping() error {
	return s.send(particle.ComposeEmpty(coap.Confirmable, 0, nil))
}

// Goodbye leaves: with the reasons given if the firmware knows that message,
// then with a FIN. Run returns nil.
func (s *DeviceSession) Goodbye(g particle.GoodbyeBody) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaving() {
		return nil
	}
	if s.profile.GoodbyeSupported {
		if _, err := s.postLocked(particle.ComposeGoodbye(0, g)); err != nil {
			return err
		}
	}
	close(s.leave)
	return s.halfClose()
}

// leaving reports whether the device has left.
func (s *DeviceSession) leaving() bool {
	select {
	case <-s.leave:
		return true
	default:
		return false
	}
}

// left notes that the device leaves.
func (s *DeviceSession) left() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.leaving() {
		close(s.leave)
	}
}

// Drop ends the session without a word: a FIN and nothing more is read. Run
// returns nil.
func (s *DeviceSession) Drop() error {
	s.left()
	return s.conn.Close()
}

// be is the byte order of everything but doubles.
var be = binary.BigEndian

// String says which session it is.
func (s *DeviceSession) String() string {
	return fmt.Sprintf("session of device %s, %s", s.device.id(), s.profile.Name)
}
