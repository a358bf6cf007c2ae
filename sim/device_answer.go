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

func (s *DeviceSession) request(m *coap.Message) error {
	switch m.Path() {
	case 'h':
		if m.Code == coap.POST {
			return s.hello(m)
		}
	case 'd':
		if m.Code == coap.GET {
			return s.describe(m)
		}
	case 'f':
		if m.Code == coap.POST {
			return s.call(m)
		}
	case 'v':
		if m.Code == coap.GET {
			return s.variable(m)
		}
	case 'e', 'E':
		if m.Code == coap.POST {
			s.deliver(m)
			return nil
		}
	case 's':
		if m.Code == coap.PUT {
			return s.acknowledge(m, coap.Changed, m.Token)
		}
	case 'k':
		if m.Code == coap.PUT && s.profile.WrongAckIDs {
			return s.acknowledge(m, coap.Empty, nil)
		}
		return nil
	}
	return s.updateRequest(m)
}

// ack sends an empty acknowledgement under the ID of the request.
func (s *DeviceSession) ack(m *coap.Message) error {
	return s.reply(particle.ComposeEmpty(coap.Acknowledgement, m.ID, nil))
}

// acknowledge answers ping, signal and key change: under the ID of the request,
// or by the defect of newer firmware under the device's own next one
// (particle-iot/device-os@v2.3.1:communication/src/protocol.cpp:145-157).
func (s *DeviceSession) acknowledge(m *coap.Message, code coap.Code, token []byte) error {
	reply := particle.ComposeReply(coap.Acknowledgement, code, m.ID, token, nil)
	if s.profile.WrongAckIDs {
		return s.send(reply)
	}
	return s.reply(reply)
}

func (s *DeviceSession) hello(m *coap.Message) error {
	s.helloed = true
	if m.Type == coap.Confirmable && s.profile.WrongAckIDs {
		return s.ack(m)
	}
	return nil
}

// token returns the request's token as the firmware reads it: newer firmware
// takes 00 if it is not one byte, older whatever stands at its place.
func (s *DeviceSession) tokenOf(m *coap.Message) []byte {
	switch {
	case len(m.Token) == 1:
		return m.Token
	case s.profile.BigEndianIDs && len(m.Token) == 0:
		return []byte{coap.URIPath<<4 | 1}
	}
	return []byte{0}
}

// wholeDescription is what a request without flags asks for.
const wholeDescription = particle.DescribeSystem | particle.DescribeApplication

func (s *DeviceSession) describe(m *coap.Message) error {
	flags := byte(wholeDescription)
	query, asked := firstOption(m, coap.URIQuery)
	if asked && len(query) == 1 && s.profile.Describe >= DescribeOnce {
		flags = query[0]
	}
	if !s.profile.HasMetrics || flags != particle.DescribeMetrics {
		flags &= wholeDescription
	}
	token := s.tokenOf(m)
	switch s.profile.Describe {
	case DescribeTwice:
		return s.describeTwice(m, token, wholeDescription)
	case DescribeInTwo:
		return s.describeTwice(m, token, particle.DescribeSystem)
	case DescribeOnce:
		return s.reply(particle.ComposeReply(coap.Acknowledgement, coap.Content, m.ID, token, s.device.describe(flags)))
	case DescribeBlocks:
		if !asked || len(m.Token) != 1 || m.Type != coap.Confirmable {
			return s.reply(particle.ComposeReply(coap.Acknowledgement, coap.BadRequest, m.ID, m.Token, nil))
		}
	}
	if err := s.ack(m); err != nil {
		return err
	}
	return s.describeSeparately(m, token, flags)
}

// describeTwice sends the two replies of 0.4.4 to 0.6.0. The second has the ID
// that the first left in the buffer: the head of its own ciphertext.
func (s *DeviceSession) describeTwice(m *coap.Message, token []byte, first byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	reply := particle.ComposeReply(coap.Acknowledgement, coap.Content, m.ID, token, s.device.describe(first))
	if err := s.sendLocked(&reply, nil); err != nil {
		return err
	}
	reply.ID = be.Uint16(s.wire[2:])
	reply.Payload = s.device.describe(particle.DescribeApplication)
	return s.sendLocked(&reply, nil)
}

func (s *DeviceSession) describeSeparately(m *coap.Message, token []byte, flags byte) error {
	payload := s.device.describe(flags)
	if s.profile.Describe != DescribeBlocks || len(payload) <= descriptionBlock {
		return s.send(particle.ComposeReply(coap.Confirmable, coap.Content, 0, token, payload))
	}
	block := particle.BlockBody{Size: blockSize}
	if v, ok := firstOption(m, coap.Block2); ok {
		block, _ = particle.ParseBlock(v)
	}
	block.Size = blockSize
	from := min(int(block.Number)*descriptionBlock, len(payload))
	to := min(from+descriptionBlock, len(payload))
	block.More = to < len(payload)
	tag := be.AppendUint32(nil, particle.ChunkCRC(payload))
	return s.send(particle.ComposeDescribeBlock(0, token, tag, block, payload[from:to]))
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
	if err := s.reply(particle.ComposeReply(coap.Acknowledgement, code, m.ID, nil, nil)); err != nil {
		return err
	}
	f := s.device.Functions[name(m)]
	if f == nil || code != coap.Empty && s.profile.BigEndianIDs {
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
	pad := 16 - m.PayloadStart%16
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
			return s.reply(particle.ComposeReply(coap.Acknowledgement, coap.NotFound, m.ID, token, nil))
		}
		return s.reply(particle.ComposeVariableValue(coap.Acknowledgement, m.ID, token, value))
	}
	if err := s.ack(m); err != nil {
		return err
	}
	reply := particle.ComposeVariableValue(coap.NonConfirmable, 0, token, value)
	if !ok {
		reply = particle.ComposeReply(coap.NonConfirmable, coap.NotFound, 0, token, nil)
	}
	return s.send(reply)
}

// deliver gives an event to those who subscribed. The older stack takes only
// events without a token.
func (s *DeviceSession) deliver(m *coap.Message) {
	if s.profile.BigEndianIDs && len(m.Token) > 0 {
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
