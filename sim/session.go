package sim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// CloudSession is one session of a device as the cloud sees it. Its methods are
// safe for concurrent use. Those that ask the device wait for the answer, as long
// as ctx and the [Style] allow.
type CloudSession struct {
	Handshake lightssl.Handshake
	Hello     coap.Message // the device's first message

	*link
	cloud *Cloud
	style *Style
	trail *watch      // of all messages, for scripts
	left  atomic.Bool // Close was called

	// Of the session's goroutine.
	counter   uint16 // the message ID last received, as the servers count
	last      time.Time
	asked     bool           // the style's own question for a description has been sent
	described bool           // and answered
	held      []coap.Message // answers that wait for it
	since     time.Time      // the Hello
}

// What ends a session of the cloud, and what a request of it may come to.
var (
	ErrCounter = errors.New("sim: bad counter")        // ends it: a message ID that does not follow the one before
	ErrTimeout = errors.New("sim: no answer in time")  // of a request; ends it where a device is silent
	ErrRefusal = errors.New("sim: the device refused") // of a request: a response of 4.00 or more
)

func newCloudSession(c *Cloud, conn net.Conn, h lightssl.Handshake) *CloudSession {
	s := &CloudSession{
		Handshake: h, link: newLink(conn, stream.FromCloud, h.Credentials),
		cloud: c, style: &c.Style, last: time.Now(),
	}
	s.tap = c.Tap
	n := lightssl.NewNonce()
	s.id = be.Uint16(n[:])
	s.tokenLast = c.Style.LastToken
	s.trail = s.watches.add(trailSize, func(*coap.Message) bool { return true })
	return s
}

// run waits for the Hello, answers it and serves.
func (s *CloudSession) run(ctx context.Context) error {
	if err := s.awaitHello(); err != nil {
		return err
	}
	s.since, s.last = time.Now(), time.Now()
	var token []byte
	if s.style.TokenEverywhere {
		token = s.nextToken()
	}
	if err := s.send(particle.ComposeHelloReply(0, token)); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return s.beside(cancel, s.serve, func() error {
		if s.cloud.Handle == nil {
			return nil
		}
		return s.cloud.Handle(ctx, s)
	})
}

// awaitHello takes the first message for a Hello, whatever it is, as the servers
// do. Whatever comes with it is served afterwards.
func (s *CloudSession) awaitHello() error {
	limit := time.NewTimer(orElse(s.style.Handshake, defaultHandshake))
	defer limit.Stop()
	for {
		select {
		case <-s.inbox.ready:
		case <-limit.C:
			return fmt.Errorf("%w: no Hello", ErrTimeout)
		}
		queue, end := s.inbox.take()
		for i, r := range queue {
			if r.err != nil {
				continue
			}
			if m := s.received(r.plain); m != nil {
				s.Hello, s.counter = *m, m.ID
				s.inbox.putBack(queue[i+1:], end)
				return nil
			}
		}
		if end != nil {
			return end
		}
	}
}

// serve answers until the session ends.
func (s *CloudSession) serve(handled <-chan error) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(time.Until(s.next()))
		select {
		case <-s.inbox.ready:
			if err := s.link.serve(s.serveFrame); err != nil {
				return err
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
		}
	}
}

// never is a time that is not waited for.
const never = 24 * time.Hour

// next is when something is to be done although nothing comes.
func (s *CloudSession) next() time.Time {
	at := time.Now().Add(never)
	earlier := func(limit time.Duration, since time.Time) {
		if t := since.Add(limit); limit > 0 && t.Before(at) {
			at = t
		}
	}
	earlier(s.style.Silence, s.last)
	switch {
	case s.described:
	case s.asked:
		earlier(s.style.DescribeLimit, s.since)
	default:
		earlier(s.style.DescribeAfter, s.since)
	}
	return at
}

func (s *CloudSession) onTime() error {
	now := time.Now()
	expired := func(limit time.Duration, since time.Time) bool {
		return limit > 0 && now.Sub(since) >= limit
	}
	switch {
	case expired(s.style.Silence, s.last):
		return fmt.Errorf("%w: the device is silent", ErrTimeout)
	case !s.asked && !s.described && expired(s.style.DescribeAfter, s.since):
		s.asked, s.since = true, now
		return s.send(particle.ComposeDescribeRequest(0, s.nextToken(), 0))
	case s.asked && !s.described && expired(s.style.DescribeLimit, s.since):
		return fmt.Errorf("%w: no description", ErrTimeout)
	}
	return nil
}

// serveFrame takes a frame. One that cannot be opened is dropped, as Brewskey
// does.
func (s *CloudSession) serveFrame(r received) error {
	if r.err != nil {
		return nil
	}
	s.last = time.Now()
	m := s.received(r.plain)
	if m == nil {
		return nil
	}
	return s.answer(m)
}

// answer serves one message.
func (s *CloudSession) answer(m *coap.Message) error {
	if err := s.count(m); err != nil {
		return err
	}
	switch path := m.Path(); {
	case isPing(m):
		return s.replyTo(m, s.style.empty(coap.Empty, m.ID))
	case m.Code == coap.Content && !s.described:
		return s.release()
	case m.Code == coap.GET && path == 't':
		return s.reply(particle.ComposeTimeReply(m.ID, m.Token, uint32(s.cloud.now().Unix())))
	case m.Code == coap.GET && (path == 'e' || path == 'E'):
		return s.answerLater(s.style.empty(s.subscription(m), m.ID))
	case m.Code == coap.POST && (path == 'e' || path == 'E'):
		return s.event(m)
	case m.Code == coap.GET && path == 'c': // neither server puts a token here
		return s.reply(particle.ComposeEmpty(coap.Acknowledgement, m.ID, nil))
	case m.Type == coap.Confirmable && !s.style.Ignores:
		return s.reply(s.style.empty(coap.Empty, m.ID))
	}
	return nil
}

// count checks the message ID as the Node servers do: those of messages that are
// no acknowledgements rise by one (particle-iot/spark-protocol@2c745e7:js/clients/SparkCore.js).
func (s *CloudSession) count(m *coap.Message) error {
	if m.Type == coap.Acknowledgement {
		return nil
	}
	s.counter++
	if s.cloud.CheckIDs && m.ID != s.counter && !isPing(m) {
		return fmt.Errorf("%w: message ID %d, %d expected", ErrCounter, m.ID, s.counter)
	}
	return nil
}

// release sends the answers that waited for the description.
func (s *CloudSession) release() error {
	s.described = true
	for _, m := range s.held {
		if err := s.reply(m); err != nil {
			return err
		}
	}
	s.held = nil
	return nil
}

// maxHeld bounds the answers that wait.
const maxHeld = 1024

// answerLater sends an answer, after the description if the style waits for it.
func (s *CloudSession) answerLater(m coap.Message) error {
	if s.style.DescribeLimit > 0 && !s.described && len(s.held) < maxHeld {
		s.held = append(s.held, m)
		return nil
	}
	return s.reply(m)
}

// subscription returns the code that a subscription is answered with.
func (s *CloudSession) subscription(m *coap.Message) coap.Code {
	if s.cloud.Refuse != nil && s.cloud.Refuse(name(m)) {
		return coap.BadRequest
	}
	return coap.Empty
}

// event takes a published event.
func (s *CloudSession) event(m *coap.Message) error {
	e := particle.EventBody{
		Name: name(m), Data: m.Payload, Private: m.Path() == 'E',
		TTL: 60, Confirm: m.Type == coap.Confirmable,
	}
	if v, ok := firstOption(m, coap.MaxAge); ok && len(v) <= 4 {
		e.TTL = 0
		for _, b := range v {
			e.TTL = e.TTL<<8 | uint32(b)
		}
	}
	if s.cloud.OnEvent != nil {
		s.cloud.OnEvent(s, e)
	}
	if code, yes := s.style.eventReply(e.Name, e.Confirm); yes {
		return s.answerLater(s.style.empty(code, m.ID))
	}
	return nil
}

// String says which session it is.
func (s *CloudSession) String() string {
	return "session with device " + s.Handshake.Identity.Device.String()
}
