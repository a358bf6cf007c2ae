package sim

import (
	"errors"
	"strings"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
)

// answer serves one message, classified as the firmware does it: by its code
// and the one letter of its path (particle-iot/device-os@v2.3.1:communication/src/messages.cpp).
func (s *DeviceSession) answer(m *coap.Message) error {
	switch {
	case isPing(m):
		return s.acknowledge(m, coap.Empty, nil)
	case m.Code == coap.Empty:
		return s.acknowledged(m.ID)
	case m.Code == coap.Content:
		return nil // the time
	case m.Code.IsRequest():
		return s.request(m)
	}
	return s.unknown("a message of code " + m.Code.String())
}

// resource is what a request is for.
type resource struct {
	method coap.Code
	letter byte
}

func (s *DeviceSession) request(m *coap.Message) error {
	switch (resource{m.Code, m.Path()}) {
	case resource{coap.POST, 'h'}:
		return s.hello(m)
	case resource{coap.GET, 'd'}:
		return s.describe(m)
	case resource{coap.POST, 'f'}:
		return s.call(m)
	case resource{coap.GET, 'v'}:
		return s.variable(m)
	case resource{coap.POST, 'e'}, resource{coap.POST, 'E'}:
		s.deliver(m)
		return nil
	case resource{coap.PUT, 's'}:
		return s.acknowledge(m, coap.Changed, m.Token)
	case resource{coap.PUT, 'k'}:
		return s.keyChange(m)
	case resource{coap.POST, 'u'}, resource{coap.POST, 's'}:
		return s.beginUpdate(m)
	case resource{coap.POST, 'c'}:
		return s.chunk(m)
	case resource{coap.PUT, 'u'}:
		return s.updateDone(m)
	}
	return s.unknown("a request that is not known")
}

// keyChange has nothing to do over TCP. The older stack says nothing to it.
func (s *DeviceSession) keyChange(m *coap.Message) error {
	if s.profile.Legacy {
		return nil
	}
	return s.acknowledge(m, coap.Empty, nil)
}

// ack sends an empty acknowledgement under the ID of the request.
func (s *DeviceSession) ack(m *coap.Message) error {
	return s.reply(particle.ComposeEmpty(coap.Acknowledgement, m.ID, nil))
}

// acknowledge answers ping, signal and key change: under the ID of the request,
// or by the defect of newer firmware under the device's own next one
// (particle-iot/device-os@v2.3.1:communication/src/protocol.cpp:145-157).
func (s *DeviceSession) acknowledge(m *coap.Message, code coap.Code, token []byte) error {
	reply := particle.ComposeAckReply(code, m.ID, token, nil)
	if s.profile.WrongAckIDs {
		return s.send(reply)
	}
	return s.reply(reply)
}

func (s *DeviceSession) hello(m *coap.Message) error {
	s.helloed = true
	if m.Type == coap.Confirmable && !s.profile.Legacy {
		return s.ack(m)
	}
	return nil
}

// tokenOf returns the request's token as the firmware reads it: newer firmware
// takes 00 if it is not one byte, older whatever stands at its place.
func (s *DeviceSession) tokenOf(m *coap.Message) []byte {
	switch {
	case len(m.Token) == 1:
		return m.Token
	case s.profile.Legacy && len(m.Token) == 0:
		return []byte{coap.URIPath<<4 | 1}
	}
	return []byte{0}
}

func (s *DeviceSession) call(m *coap.Message) error {
	if s.profile.AsksToken && len(m.Token) != 1 {
		return &DeviceError{28, errors.New("a function call without a token")}
	}
	arg := s.argument(m)
	code := coap.Empty
	if len(arg) > s.profile.MaxArgument {
		code, arg = coap.BadRequest, arg[:s.profile.MaxArgument]
	}
	if err := s.reply(particle.ComposeAckReply(code, m.ID, nil, nil)); err != nil {
		return err
	}
	f := s.device.Functions[name(m)]
	if f == nil || code != coap.Empty && s.profile.Legacy {
		return nil
	}
	return s.send(particle.ComposeFunctionResult(0, s.tokenOf(m), f(arg)))
}

// argument returns the first query of a call. If there is none the firmware
// takes the padding for an option: as many bytes as the padding is long, which
// is the rest of it and one byte more.
func (s *DeviceSession) argument(m *coap.Message) string {
	if v, ok := firstOption(m, coap.URIQuery); ok {
		return string(v)
	}
	pad := 16 - (m.PayloadStart+len(m.Payload))%16
	if pad > 12 {
		return ""
	}
	return strings.Repeat(string(rune(pad)), pad-1) + "\x00"
}

func (s *DeviceSession) variable(m *coap.Message) error {
	if s.profile.AsksToken && len(m.Token) != 1 {
		return &DeviceError{28, errors.New("a variable request without a token")}
	}
	token := s.tokenOf(m)
	v, ok := s.device.Variables[name(m)]
	var value any = int32(0)
	if ok {
		value = v.read()
	}
	if s.profile.PiggybackValues {
		if !ok && !s.profile.UnknownIsInt {
			return s.reply(particle.ComposeAckReply(coap.NotFound, m.ID, token, nil))
		}
		return s.reply(particle.ComposeVariableValue(coap.Acknowledgement, m.ID, token, value))
	}
	if err := s.ack(m); err != nil {
		return err
	}
	reply := particle.ComposeVariableValue(coap.NonConfirmable, 0, token, value)
	if !ok {
		reply = particle.ComposeNonReply(coap.NotFound, 0, token, nil)
	}
	return s.send(reply)
}

// deliver gives an event to those who subscribed. The older stack takes only
// events without a token.
func (s *DeviceSession) deliver(m *coap.Message) {
	if s.profile.Legacy && len(m.Token) > 0 {
		return
	}
	event := name(m)
	for _, sub := range s.device.Subscriptions {
		if sub.Handle != nil && strings.HasPrefix(event, sub.Prefix) {
			sub.Handle(event, m.Payload)
		}
	}
}

// name joins the Uri-Path options behind the first.
func name(m *coap.Message) string {
	var parts []string
	for _, o := range m.Options {
		if o.Number == coap.URIPath {
			parts = append(parts, string(o.Value))
		}
	}
	return strings.Join(parts[min(1, len(parts)):], "/")
}

// firstOption returns the value of the first option of a number.
func firstOption(m *coap.Message, number uint16) (value []byte, ok bool) {
	for _, o := range m.Options {
		if o.Number == number {
			return o.Value, true
		}
	}
	return nil, false
}
