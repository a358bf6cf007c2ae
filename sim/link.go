package sim

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// ErrClosed ends a session when the peer has closed the connection.
var ErrClosed = errors.New("sim: the peer closed the connection")

var errFlood = errors.New("sim: the peer sends faster than it is answered")

// link is what both ends of an open session have: the connection, the two
// ciphers, the counters of what is sent, and those who wait for a message. Its
// reader goroutine owns in; mu guards out, id and token.
type link struct {
	conn    net.Conn
	from    stream.Direction // this end
	tap     func(stream.Direction, []byte)
	faults  []*hooks
	in      *lightssl.Cipher
	longest int  // frame body accepted, bytes
	losesIV bool // a frame that cannot be opened leaves rubbish for the next IV
	inbox   inbox
	done    chan struct{} // closed when the reader has ended
	over    chan struct{} // closed when everything that came has been served
	watches watches

	mu        sync.Mutex
	out       *lightssl.Cipher
	id        uint16 // of the last message sent under an ID of our own
	token     byte   // of the last request sent
	tokenLast byte   // the one after which tokens begin at 0 again; 0: 255
	wire      []byte // the frame last sent
}

func newLink(conn net.Conn, from stream.Direction, c lightssl.Credentials) *link {
	l := &link{
		conn: conn, from: from, in: lightssl.NewCipher(c), out: lightssl.NewCipher(c),
		longest: lightssl.MaxFrameBody, done: make(chan struct{}), over: make(chan struct{}),
	}
	l.inbox.ready = make(chan struct{}, 1)
	return l
}

// read takes frames off the connection until it ends. Only the rest of a frame
// is waited for in bounded time.
func (l *link) read() {
	defer close(l.done)
	for {
		frame, err := l.readFrame()
		if err == nil {
			err = l.inbox.put(frame)
		}
		if err != nil {
			l.inbox.end(err)
			return
		}
	}
}

func (l *link) readFrame() (received, error) {
	var header [lightssl.FrameHeaderLen]byte
	if _, err := io.ReadFull(l.conn, header[:]); err != nil {
		return received{}, fmt.Errorf("%w: %w", ErrClosed, err)
	}
	n := int(binary.BigEndian.Uint16(header[:]))
	if n > l.longest {
		return received{}, fmt.Errorf("%w: %d bytes, at most %d fit", errTooLong, n, l.longest)
	}
	body := make([]byte, n)
	l.conn.SetReadDeadline(time.Now().Add(recordWait))
	if _, err := io.ReadFull(l.conn, body); err != nil {
		return received{}, fmt.Errorf("%w: %w", errCut, err)
	}
	l.conn.SetReadDeadline(time.Time{})
	plain, err := l.in.Open(nil, body)
	if err == lightssl.ErrLength && l.losesIV {
		l.in.SetHead(make([]byte, lightssl.BlockLen))
	}
	return received{plain, err}, nil
}

// What may be wrong with a frame on the wire.
var (
	errTooLong = errors.New("sim: the frame is too long")
	errCut     = errors.New("sim: the rest of a frame did not come")
)

// post sends a message under the next ID of this end, which it returns.
func (l *link) post(m coap.Message) (uint16, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.postLocked(m)
}

// send is post for whoever does not care about the ID.
func (l *link) send(m coap.Message) error {
	_, err := l.post(m)
	return err
}

func (l *link) postLocked(m coap.Message) (uint16, error) {
	l.id++
	m.ID = l.id
	err := l.sendLocked(&m, nil)
	return m.ID, err
}

// reply sends a message under the ID it has.
func (l *link) reply(m coap.Message) error { return l.replyTo(nil, m) }

// replyTo is reply that says to the faults what is answered.
func (l *link) replyTo(question *coap.Message, m coap.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sendLocked(&m, question)
}

// nextToken returns the token of a new request.
func (l *link) nextToken() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.token++; l.tokenLast != 0 && l.token > l.tokenLast {
		l.token = 0
	}
	return []byte{l.token}
}

// sendLocked lets a message leave as the faults want it, in one Write.
func (l *link) sendLocked(m, question *coap.Message) error {
	e := effect{question: question}
	for _, h := range l.faults {
		if h.message != nil {
			h.message(l, m, &e)
		}
	}
	if e.delay > 0 {
		select {
		case <-time.After(e.delay):
		case <-l.done:
		}
	}
	if e.reset {
		return l.reset()
	}
	plain := m.Append(nil)
	for _, b := range e.before {
		if err := l.writeLocked(b); err != nil {
			return err
		}
	}
	for range 1 + e.again {
		if e.drop {
			break
		}
		if err := l.sendPlainLocked(plain); err != nil {
			return err
		}
	}
	return nil
}

// sendPlainLocked seals and sends a message. It is tapped before it leaves, so
// that no answer is seen before its question.
func (l *link) sendPlainLocked(plain []byte) error {
	if len(plain) > lightssl.MaxMessageLen {
		return errTooLong
	}
	if l.tap != nil {
		l.tap(l.from, plain)
	}
	return l.writeLocked(l.out.AppendSealedFrame(nil, plain))
}

// writeLocked sends bytes in one Write. A peer that takes none for too long is
// given up.
func (l *link) writeLocked(wire []byte) error {
	l.wire = wire
	l.conn.SetWriteDeadline(time.Now().Add(sendWait))
	_, err := l.conn.Write(wire)
	if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
		l.conn.Close()
	}
	if err != nil {
		return fmt.Errorf("%w: send to the %s: %w", ErrClosed, l.from.Opposite(), err)
	}
	return nil
}

// beside runs serve and, in a goroutine of its own, what the end does of itself:
// handle, whose failure serve is told. When serve has ended it stops handle, and
// waits for it.
func (l *link) beside(stop func(), serve func(handled <-chan error) error, handle func() error) error {
	handled := make(chan error, 1)
	go func() {
		defer close(handled)
		if err := handle(); err != nil {
			handled <- err
		}
	}()
	err := serve(handled)
	close(l.over)
	stop()
	l.shut()
	for range handled { // until it is closed
	}
	return err
}

// serve takes what has come and gives it to answer, and returns what ended the
// reader, if it has ended. That an answer cannot leave any more is no reason to
// leave the rest unread.
func (l *link) serve(answer func(received) error) error {
	queue, end := l.inbox.take()
	for _, r := range queue {
		if err := answer(r); err != nil && !errors.Is(err, ErrClosed) {
			return err
		}
	}
	return end
}

// received parses what came, reports it to the tap and to those who wait. It
// returns nil for what is no message.
func (l *link) received(plain []byte) *coap.Message {
	if l.tap != nil {
		l.tap(l.from.Opposite(), plain)
	}
	m := new(coap.Message)
	if m.Parse(plain) != nil {
		return nil
	}
	l.watches.offer(m)
	return m
}

// halfClose sends a FIN and leaves the other direction open, or closes a
// connection that cannot do that.
func (l *link) halfClose() error {
	if c, ok := l.conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return l.conn.Close()
}

// shut ends the session: a FIN, and nothing more is read.
func (l *link) shut() {
	l.halfClose()
	l.conn.Close()
}

// reset aborts the connection: a RST where there is such a thing.
func (l *link) reset() error {
	if c, ok := l.conn.(interface{ SetLinger(int) error }); ok {
		c.SetLinger(0)
	}
	return l.conn.Close()
}
