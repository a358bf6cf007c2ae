package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
)

// trailSize is how many messages a script may be behind; what comes above that
// it does not see.
const trailSize = 1024

// Script is what one end of a session does of itself, step by step, while it
// answers as always. [ParseScript] reads one from text, Device and Cloud make it
// the Handle function of an end.
type Script []Step

// Step is one step of a script: [Send], [SendBytes], [Expect], [Wait] or [End].
// Its String is the line that ParseScript reads.
type Step interface {
	fmt.Stringer
	run(context.Context, *actor) error
}

// Send sends a message. Its ID is the sender's next one, or for acknowledgements
// and resets that of the message last expected; so is their token if they have
// none and are not empty.
type Send struct{ Message coap.Message }

// SendBytes sends bytes in one of three forms.
type SendBytes struct {
	Form  Form
	Bytes []byte
}

// Form is what is still done to bytes before they leave.
type Form uint8

// The forms.
const (
	Plain  Form = iota // a message, be it one or not: padded, sealed, framed
	Blocks             // padded already, or wrongly: sealed and framed; a positive multiple of 16 bytes
	Wire               // nothing
)

// Expect waits for a message; what does not match is passed over. The script, and
// with it the session, fails if none comes.
type Expect struct {
	Match  Match
	Within time.Duration // 0: 10 s
}

// Wait lets time pass.
type Wait struct{ For time.Duration }

// End ends the session.
type End struct{ How EndKind }

// EndKind is how a session is ended.
type EndKind uint8

// The ways.
const (
	Drop      EndKind = iota // a FIN, and nothing more is read
	ResetConn                // a RST
	HalfClose                // a FIN, and the other direction goes on
)

// Match says which messages are meant. Its zero value matches every one.
type Match struct {
	Type    *coap.Type
	Code    *coap.Code
	Path    string  // all Uri-Path options joined by slashes; a * at its end stands for anything
	Payload *string // exactly
}

// ErrExpected is the error of a script whose expectation was not met.
var ErrExpected = errors.New("sim: what was expected did not come")

// Device makes the script a device's Handle function.
func (s Script) Device(ctx context.Context, d *DeviceSession) error {
	return s.run(ctx, &actor{link: d.link, trail: d.trail, leave: d.left})
}

// Cloud makes the script a cloud's Handle function.
func (s Script) Cloud(ctx context.Context, c *CloudSession) error {
	return s.run(ctx, &actor{link: c.link, trail: c.trail, leave: func() { c.left.Store(true) }})
}

// actor is an end that follows a script.
type actor struct {
	*link
	trail *watch
	last  coap.Message // expected last
	leave func()       // tells the session that its end is meant
}

func (s Script) run(ctx context.Context, a *actor) error {
	for i, step := range s {
		if err := step.run(ctx, a); err != nil {
			return fmt.Errorf("sim: step %d, %q: %w", i+1, step, err)
		}
	}
	return nil
}

func (s Send) run(_ context.Context, a *actor) error {
	m := s.Message
	if m.Type == coap.Confirmable || m.Type == coap.NonConfirmable {
		return a.send(m)
	}
	m.ID = a.last.ID
	if m.Code != coap.Empty && m.Token == nil {
		m.Token = a.last.Token
	}
	return a.reply(m)
}

func (s SendBytes) run(_ context.Context, a *actor) error {
	if err := s.check(); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch s.Form {
	case Plain:
		return a.sendPlainLocked(s.Bytes)
	case Blocks:
		return a.writeLocked(lightssl.AppendFrame(nil, a.out.SealRaw(nil, s.Bytes)))
	}
	return a.writeLocked(s.Bytes)
}

// check refuses bytes that the form has no room for.
func (s SendBytes) check() error {
	n := len(s.Bytes)
	switch {
	case s.Form == Blocks && (n == 0 || n%lightssl.BlockLen != 0):
		return fmt.Errorf("%d bytes are no whole blocks of %d", n, lightssl.BlockLen)
	case s.Form == Blocks && n > lightssl.MaxFrameBody, s.Form == Plain && n > lightssl.MaxMessageLen:
		return fmt.Errorf("%d bytes are more than a frame has room for", n)
	}
	return nil
}

// defaultExpect is how long a script waits for what it expects.
const defaultExpect = 10 * time.Second

func (e Expect) run(ctx context.Context, a *actor) error {
	ctx, cancel := context.WithTimeout(ctx, orElse(e.Within, defaultExpect))
	defer cancel()
	for {
		m, err := a.await(ctx, a.trail, never)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return ErrExpected
		case err != nil:
			return fmt.Errorf("%w: %w", ErrExpected, err)
		case e.Match.Matches(&m):
			a.last = m
			return nil
		}
	}
}

func (w Wait) run(ctx context.Context, _ *actor) error { return pause(ctx, w.For) }

func (e End) run(_ context.Context, a *actor) error {
	a.leave()
	switch e.How {
	case ResetConn:
		return a.reset()
	case HalfClose:
		return a.halfClose()
	}
	return a.conn.Close()
}

// Matches reports whether a message is meant.
func (x Match) Matches(m *coap.Message) bool {
	return (x.Type == nil || *x.Type == m.Type) && (x.Code == nil || *x.Code == m.Code) &&
		(x.Path == "" || matchPath(x.Path, m)) && (x.Payload == nil || *x.Payload == string(m.Payload))
}

func matchPath(pattern string, m *coap.Message) bool {
	path := string(m.Path())
	if rest := name(m); rest != "" {
		path += "/" + rest
	}
	if n := len(pattern) - 1; pattern[n] == '*' {
		return len(path) >= n && path[:n] == pattern[:n]
	}
	return path == pattern
}
