package sim

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
)

// rareScenes are what the demo leaves out: what servers do seldom or never, and
// what firmware does with it.
var rareScenes = []scene{
	{"the device's diagnostic figures", askMetrics},
	{"a function called without an argument", callBare},
	{"a function called with too long an argument", callLong},
	{"a function that there is not", callUnknown},
	{"an event without data", publish(particle.EventBody{Name: "coffee/empty"})},
	{"an event with empty data", publish(particle.EventBody{Name: "coffee/blank", Data: []byte{}})},
	{"an event that is to be acknowledged", publish(particle.EventBody{Name: "coffee/alarm", Data: []byte("hot"), Confirm: true})},
	{"a private event is delivered", deliver(particle.EventBody{Name: "garden/secret/path", Data: []byte("x"), Private: true, TTL: 3600})},
	{"a confirmable event is delivered", deliver(particle.EventBody{Name: "garden/confirm", Data: []byte("y"), Confirm: true})},
	{"a subscription to one device", subscribeOne},
	{"a subscription refused", subscribeRefused},
	{"the cloud says Hello again, confirmable", helloAgain},
	{"key change", func(_ context.Context, s *stage) error { return s.cloud.KeyChange() }},
	{"reset", func(_ context.Context, s *stage) error {
		return s.cloud.reply(particle.ComposeEmpty(coap.ResetMessage, 0x7777, nil))
	}},
	{"an update that is too large", flashTooLarge},
	{"an update in normal mode, begun by the resource s, one chunk damaged", flashNormal},
	{"an update that is aborted", flashAborted},
	{"what is in no catalogue", unknownMessages},
	{"the update protocol of other devices", otherUpdates},
}

// normalImage is the length of the image sent in normal mode, and normalChunk that
// of its chunks; fastDamaged is the chunk, counted over both updates, that is
// damaged in the one in fast mode.
const (
	normalImage = 600
	normalChunk = 256
	fastDamaged = 4 + 2 // three chunks and one of them again, then the third
)

func askMetrics(ctx context.Context, s *stage) error {
	if !s.device.profile.HasMetrics {
		return nil
	}
	d, err := s.cloud.Describe(ctx, particle.DescribeMetrics)
	if want := string(particle.AppendMetrics(nil, s.device.device.Metrics)); err == nil && string(d.Replies[0]) != want {
		err = fmt.Errorf("the figures %x, not %x", d.Replies[0], want)
	}
	return err
}

// callBare calls without any query: the device takes the padding for the argument.
func callBare(ctx context.Context, s *stage) error {
	_, err := s.cloud.request(ctx, "call", func(token []byte) coap.Message { return particle.ComposeCall(0, token, "stop") })
	return err
}

func callLong(ctx context.Context, s *stage) error {
	_, err := s.cloud.Call(ctx, "stop", strings.Repeat("x", s.device.profile.MaxArgument+1))
	if !errors.Is(err, ErrRefusal) {
		return fmt.Errorf("an argument that is too long was not refused: %v", err)
	}
	return nil
}

func callUnknown(ctx context.Context, s *stage) error {
	return s.answered(ctx, func() error {
		return s.cloud.send(particle.ComposeCall(0, s.cloud.nextToken(), "sing", ""))
	})
}

// answered does something at the cloud and waits for an empty acknowledgement
// of the device.
func (s *stage) answered(ctx context.Context, do func() error) error {
	w := s.cloud.watches.add(1, isEmptyAck)
	defer s.cloud.watches.remove(w)
	if err := do(); err != nil {
		return err
	}
	_, err := s.cloud.await(ctx, w)
	return err
}

func subscribeOne(ctx context.Context, s *stage) error {
	return s.meanwhile(ctx, func() error {
		return s.device.Subscribe(particle.SubscribeBody{Prefix: "lamp", Device: DeviceID(1).String()})
	}, isEmptyAck)
}

// refused is a prefix that the story's cloud has nothing for.
const refused = "refused"

// subscribeRefused has the cloud say no, which ends a session of the older stack.
func subscribeRefused(ctx context.Context, s *stage) error {
	if s.device.profile.HangsUp {
		return nil
	}
	return s.meanwhile(ctx, func() error { return s.device.Subscribe(particle.SubscribeBody{Prefix: refused}) },
		func(m *coap.Message) bool { return m.Code == coap.BadRequest })
}

func helloAgain(ctx context.Context, s *stage) error {
	m := particle.ComposeHelloReply(0, nil)
	m.Type = coap.Confirmable
	say := func() error {
		return s.cloud.send(m)
	}
	if s.device.profile.Legacy { // the older stack says nothing to it
		return say()
	}
	return s.answered(ctx, say)
}

func flashTooLarge(ctx context.Context, s *stage) error {
	_, err := s.cloud.Flash(ctx, Flash{Image: make([]byte, maxBinary+1)})
	if !errors.Is(err, ErrRefusal) {
		return fmt.Errorf("an image that is too large was not refused: %v", err)
	}
	return nil
}

func flashNormal(ctx context.Context, s *stage) error {
	r, err := s.cloud.Flash(ctx, Flash{Image: storyImage(normalImage), ChunkSize: normalChunk, Save: true, Pause: s.pause() / 4})
	if err == nil && r.Refused != 1 {
		err = fmt.Errorf("%d chunks were refused, not one", r.Refused)
	}
	return err
}

// flashAborted begins an update and ends it with Brewskey's word for it, which
// ends a session of the older stack.
func flashAborted(ctx context.Context, s *stage) error {
	if s.device.profile.HangsUp {
		return nil
	}
	if _, err := s.cloud.beginFlash(ctx, Flash{Bare: true}); err != nil {
		return err
	}
	return s.cloud.send(particle.ComposeUpdateAbort(0))
}

// unknownMessages are a request, a response and an acknowledgement of nothing,
// and the end of an update that is not under way.
func unknownMessages(_ context.Context, s *stage) error {
	if s.device.profile.HangsUp {
		return nil
	}
	path := []coap.Option{{Number: coap.URIPath, Value: []byte("z")}}
	return errors.Join(
		s.cloud.send(coap.Message{Type: coap.NonConfirmable, Code: coap.POST, Options: path}),
		s.cloud.send(particle.ComposeNonReply(coap.Changed, 0, []byte{0xee}, nil)),
		s.cloud.reply(particle.ComposeEmpty(coap.Acknowledgement, 0x7778, nil)),
		s.device.reply(particle.ComposeEmpty(coap.Acknowledgement, 0x7779, nil)),
		s.device.send(particle.ComposeUpdateDone(coap.Confirmable, 0, nil)),
	)
}

// otherUpdates are the messages of OTA protocol 3 (particle-iot/device-os@v3.3.1:
// communication/src/firmware_update.cpp). No Photon speaks it: both ends say their
// lines without meaning them.
func otherUpdates(ctx context.Context, s *stage) error {
	if s.device.profile.HangsUp {
		return nil
	}
	start := ota3('S', coap.Option{Number: 2057, Value: []byte{2, 0}}, coap.Option{Number: 2065, Value: []byte{1, 0}})
	finish := ota3('F')
	chunk := ota3('C', coap.Option{Number: 2049, Value: []byte{1}})
	chunk.Type, chunk.Payload = coap.NonConfirmable, []byte("piece")
	acks := ota3('A', coap.Option{Number: 2049, Value: []byte{1}})
	acks.Type = coap.NonConfirmable
	started, err := s.give(ctx, start)
	if err != nil {
		return err
	}
	if err := errors.Join(
		s.device.reply(particle.ComposeEmpty(coap.Acknowledgement, started, nil)),
		s.device.send(particle.ComposeConReply(coap.Created, 0, start.Token, nil)),
		s.cloud.send(chunk),
		s.device.send(acks),
	); err != nil {
		return err
	}
	finished, err := s.give(ctx, finish)
	return errors.Join(err, s.device.reply(particle.ComposeAckReply(coap.BadRequest, finished, finish.Token, nil)))
}

// ota3 is a request of OTA protocol 3; its letter is its token.
func ota3(letter byte, options ...coap.Option) coap.Message {
	return coap.Message{
		Type: coap.Confirmable, Code: coap.POST, Token: []byte{letter},
		Options: append([]coap.Option{{Number: coap.URIPath, Value: []byte{letter}}}, options...),
	}
}

// give sends a message from the cloud and waits until the device has it.
func (s *stage) give(ctx context.Context, m coap.Message) (id uint16, err error) {
	err = s.meanwhile(ctx, func() (err error) {
		id, err = s.cloud.post(m)
		return err
	}, func(got *coap.Message) bool { return got.Path() == m.Path() })
	return id, err
}
