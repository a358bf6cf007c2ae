package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
)

// defaultRequest limits a request in the plain style.
const defaultRequest = 15 * time.Second

// ask sends a request under a fresh token. The watch it returns catches what
// comes back: the servers go by the token alone, but an acknowledgement that says
// no may lack it.
func (s *CloudSession) ask(compose func(token []byte) coap.Message) (*watch, error) {
	token := s.nextToken()
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.id + 1
	w := s.watches.add(16, func(m *coap.Message) bool {
		return m.Code.IsResponse() && bytes.Equal(m.Token, token) ||
			m.Code.IsError() && m.Type == coap.Acknowledgement && m.ID == id
	})
	if _, err := s.postLocked(compose(token)); err != nil {
		s.watches.remove(w)
		return nil, err
	}
	return w, nil
}

// await returns the next message of a watch.
func (s *CloudSession) await(ctx context.Context, w *watch) (coap.Message, error) {
	return s.link.await(ctx, w, orElse(s.style.Request, defaultRequest))
}

// request is one question with one answer. An answer with an error code is
// [ErrRefusal].
func (s *CloudSession) request(ctx context.Context, what string, compose func(token []byte) coap.Message) (coap.Message, error) {
	w, err := s.ask(compose)
	if err != nil {
		return coap.Message{}, err
	}
	defer s.watches.remove(w)
	m, err := s.await(ctx, w)
	switch {
	case err != nil:
		return m, fmt.Errorf("sim: %s: %w", what, err)
	case m.Code.IsError():
		return m, fmt.Errorf("sim: %s: %w: %s %s", what, ErrRefusal, m.Code, m.Code.Name())
	}
	return m, nil
}

// Description is what a device said about itself.
type Description struct {
	Functions []string
	Variables map[string]int // name to type: 1 bool, 2 int, 4 string, 9 double
	Platform  int
	Modules   int      // how many it has
	Replies   [][]byte // each as it came, blocks joined
}

// Describe asks a device to describe itself and waits until both parts have come
// that flags name. Flags 0 asks without flags, for both; Device OS 3.3 refuses
// that.
func (s *CloudSession) Describe(ctx context.Context, flags byte) (d Description, err error) {
	want := orElse(flags, wholeDescription)
	w, err := s.ask(func(token []byte) coap.Message { return particle.ComposeDescribeRequest(0, token, flags) })
	if err != nil {
		return d, err
	}
	defer s.watches.remove(w)
	for want != 0 {
		m, err := s.await(ctx, w)
		if err != nil {
			return d, fmt.Errorf("sim: describe: %w", err)
		}
		if m.Code != coap.Content {
			return d, fmt.Errorf("sim: describe: %w: %s %s", ErrRefusal, m.Code, m.Code.Name())
		}
		payload, err := s.blocks(ctx, m, flags)
		if err != nil {
			return d, err
		}
		got, err := d.add(payload)
		if err != nil {
			return d, fmt.Errorf("sim: describe: %w", err)
		}
		want &^= got
	}
	return d, nil
}

// blocks fetches the further blocks of a description.
func (s *CloudSession) blocks(ctx context.Context, m coap.Message, flags byte) ([]byte, error) {
	payload := m.Payload
	for {
		v, ok := firstOption(&m, coap.Block2)
		b, valid := particle.ParseBlock(v)
		if !ok || !valid || !b.More || len(payload) > inboxLimit {
			return payload, nil
		}
		next := particle.BlockBody{Number: b.Number + 1, Size: b.Size}
		var err error
		if m, err = s.request(ctx, "describe", func(token []byte) coap.Message {
			return particle.ComposeBlockRequest(0, token, flags, next)
		}); err != nil {
			return nil, err
		}
		payload = append(payload, m.Payload...)
	}
}

// add takes one reply and returns which parts were in it.
func (d *Description) add(payload []byte) (parts byte, err error) {
	d.Replies = append(d.Replies, payload)
	if len(payload) > 0 && payload[0] == 0 {
		return particle.DescribeMetrics, nil
	}
	var j struct {
		F []string
		V map[string]int
		P int
		M []json.RawMessage
	}
	if err := json.Unmarshal(payload, &j); err != nil {
		return 0, err
	}
	if j.M != nil {
		d.Platform, d.Modules = j.P, len(j.M)
		parts |= particle.DescribeSystem
	}
	if j.V != nil {
		d.Functions, d.Variables = j.F, j.V
		parts |= particle.DescribeApplication
	}
	return parts, nil
}

// Call calls a function. A device answers nothing for one it does not know.
func (s *CloudSession) Call(ctx context.Context, name, arg string) (int32, error) {
	args := []string{arg}
	if s.style.TokenEverywhere {
		args = strings.Split(arg, "&") // spark-protocol cuts arguments, and devices read the first piece
	}
	m, err := s.request(ctx, "call "+name, func(token []byte) coap.Message {
		return particle.ComposeCall(0, token, name, args...)
	})
	if err != nil {
		return 0, err
	}
	if len(m.Payload) != 4 {
		return 0, fmt.Errorf("sim: call %s: a result of %d bytes", name, len(m.Payload))
	}
	return int32(be.Uint32(m.Payload)), nil
}

// Variable returns a variable's value as it travels; the type is not said.
func (s *CloudSession) Variable(ctx context.Context, name string) ([]byte, error) {
	m, err := s.request(ctx, "variable "+name, func(token []byte) coap.Message {
		return particle.ComposeVariableRequest(0, token, name)
	})
	return m.Payload, err
}

// Publish delivers an event to the device.
func (s *CloudSession) Publish(e particle.EventBody) error {
	return s.send(particle.ComposeDelivery(0, e, s.style.MaxAge))
}

// Signal has the device shine in all colours, or stop.
func (s *CloudSession) Signal(ctx context.Context, on bool) error {
	_, err := s.request(ctx, "signal", func(token []byte) coap.Message {
		return particle.ComposeSignal(0, token, on)
	})
	return err
}

// KeyChange asks for other keys. Older firmware says nothing to that, newer
// acknowledges it under a wrong ID, so nothing is waited for.
func (s *CloudSession) KeyChange() error {
	return s.send(particle.ComposeKeyChange(0, s.nextToken(), true))
}

// Ping asks whether the device is there. Newer firmware answers under a wrong
// ID, so any empty acknowledgement will do that answers nothing else.
func (s *CloudSession) Ping(ctx context.Context) error {
	w := s.watches.add(1, func(m *coap.Message) bool { return m.Code == coap.Empty && m.Type == coap.Acknowledgement })
	defer s.watches.remove(w)
	var token []byte
	if s.style.TokenEverywhere {
		token = s.nextToken()
	}
	if err := s.send(particle.ComposeEmpty(coap.Confirmable, 0, token)); err != nil {
		return err
	}
	if _, err := s.await(ctx, w); err != nil {
		return fmt.Errorf("sim: ping: %w", err)
	}
	return nil
}

// Close ends the session in order: a FIN. ServeConn returns once the device has
// closed as well.
func (s *CloudSession) Close() error {
	s.left.Store(true)
	return s.halfClose()
}
