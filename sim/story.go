package sim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// Story is a conversation between a simulated device and a simulated cloud that
// shows what they have to say to each other: the demo. It is the same every time;
// what both say at once may meet in either order.
type Story struct {
	Dial     func(context.Context) (net.Conn, error) // connects the device, to the cloud or to what stands between
	Listener net.Listener                            // where the cloud is reached; Run closes it

	Profile *Profile // nil: LightSSL231
	Style   *Style   // nil: Brewskey

	// EveryKind tells the long story: every kind of message that the device's
	// firmware and the cloud know, for comparisons with other decoders.
	EveryKind bool

	Pause time.Duration                  // between two scenes; 0: 110 ms; negative: none
	Tap   func(stream.Direction, []byte) // sees every message at the device
	Scene func(name string)              // told what comes next
}

// stage is a story that is being told.
type stage struct {
	*Story
	device *DeviceSession
	cloud  *CloudSession
	trail  *watch // what the cloud receives
}

// scene is one step of a story.
type scene struct {
	name string
	play func(context.Context, *stage) error
}

// defaultPause keeps the demo at a pace that one can follow, within three
// seconds.
const defaultPause = 110 * time.Millisecond

// Run tells the story and returns when both ends are done. Its error is that of
// ctx if it ended, else the first thing that did not go as told.
func (st *Story) Run(outer context.Context) error {
	ctx, cancel := context.WithCancel(outer)
	defer cancel()
	devices, clouds := make(chan *DeviceSession, 1), make(chan *CloudSession, 1)
	cloud := st.newCloud(func(ctx context.Context, s *CloudSession) error {
		select {
		case clouds <- s:
		default:
		}
		return nil
	})
	device := st.newDevice(func(ctx context.Context, s *DeviceSession) error {
		devices <- s
		return nil
	})
	served := make(chan error, 1)
	go func() { served <- cloud.Serve(ctx, st.Listener) }()
	ran := make(chan error, 1)
	go func() { ran <- st.runDevice(ctx, device) }()
	err := st.tell(ctx, devices, clouds, ran)
	cancel()
	err = errors.Join(err, <-served)
	if outer.Err() != nil {
		return outer.Err()
	}
	return err
}

func (st *Story) runDevice(ctx context.Context, d *Device) error {
	conn, err := st.Dial(ctx)
	if err != nil {
		return fmt.Errorf("sim: connect the device: %w", err)
	}
	return d.Run(ctx, conn)
}

// tell plays the scenes once both ends are on stage. It consumes ran.
func (st *Story) tell(ctx context.Context, devices <-chan *DeviceSession, clouds <-chan *CloudSession, ran <-chan error) error {
	s := &stage{Story: st}
	for s.device == nil || s.cloud == nil {
		select {
		case s.device = <-devices:
		case s.cloud = <-clouds:
		case err := <-ran:
			return fmt.Errorf("sim: the device left before the story began: %w", orElse(err, ErrClosed))
		}
	}
	s.trail = s.cloud.trail
	for _, sc := range st.scenes() {
		if st.Scene != nil {
			st.Scene(sc.name)
		}
		if err := sc.play(ctx, s); err != nil {
			s.device.Drop()
			<-ran
			return fmt.Errorf("sim: %s: %w", sc.name, err)
		}
		pause(ctx, st.pause())
	}
	return <-ran
}

func (st *Story) pause() time.Duration { return orElse(st.Pause, defaultPause) }

// newCloud returns the story's cloud. It damages the third chunk of an update
// once.
func (st *Story) newCloud(handle func(context.Context, *CloudSession) error) *Cloud {
	c := &Cloud{Style: Brewskey, Handle: handle, Faults: []Fault{{Name: "corrupt-chunk", N: 2}}}
	if st.Style != nil {
		c.Style = *st.Style
	}
	if st.EveryKind {
		c.Refuse = func(prefix string) bool { return prefix == refused }
		c.Faults = []Fault{{Name: "corrupt-chunk", N: 1}, {Name: "corrupt-chunk", N: fastDamaged}}
	}
	return c
}

// newDevice returns the story's device: a coffee machine in a garden.
func (st *Story) newDevice(handle func(context.Context, *DeviceSession) error) *Device {
	cups := int32(0)
	d := &Device{
		Profile: st.Profile, LastReset: "user", ProductVersion: 1, Handle: handle, Tap: st.Tap,
		Functions: map[string]func(string) int32{
			"brew": func(what string) int32 { cups++; return int32(len(what)) },
			"stop": func(string) int32 { return -1 },
		},
		Variables: map[string]Variable{
			"heating":     Bool(func() bool { return true }),
			"cups":        Int(func() int32 { return cups }),
			"temperature": Double(func() float64 { return 92.5 }),
			"mood":        String(func() string { return "steamy" }),
		},
		Subscriptions: []Subscription{{SubscribeBody: particle.SubscribeBody{Prefix: "garden/"}}},
		Image:         func([]byte) bool { return true },
		Metrics:       []particle.MetricBody{{ID: 1, Value: 0xffffffc9}, {ID: 26, Value: 48211}, {ID: 0x8003, Value: 270}},
	}
	if st.EveryKind {
		d.ClaimCode = "simulated-claim-code"
		d.SafeMode = true
		for _, name := range []string{"grind", "clean", "descale", "preheat", "calibrate"} {
			d.Functions[name] = func(string) int32 { return 0 }
		}
	}
	return d
}

// scenes returns the story's steps.
func (st *Story) scenes() []scene {
	first := []scene{{"the device starts up", startUp}}
	last := []scene{
		{"a firmware update in fast mode, one chunk damaged on the way", flashFast},
		{"the device leaves", leave},
	}
	if !st.EveryKind {
		return concat(first, shortScenes, last)
	}
	return concat(first, shortScenes, rareScenes, last)
}

func concat(parts ...[]scene) (all []scene) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

var shortScenes = []scene{
	{"the cloud asks for a description", describeAll},
	{"a bool variable", variable("heating")},
	{"a double variable", variable("temperature")},
	{"a string variable", variable("mood")},
	{"a function call", call("brew", "espresso", 8)},
	{"an int variable, changed by the call", variable("cups")},
	{"a variable that there is not", unknownVariable},
	{"the device publishes an event", publish(particle.EventBody{Name: "temperature", Data: []byte("92.5")})},
	{"a private event with a time to live", publish(particle.EventBody{Name: "coffee/ready", Data: []byte(`{"cups":1}`), Private: true, TTL: 3600})},
	{"the device subscribes", subscribe},
	{"the cloud delivers an event", deliver(particle.EventBody{Name: "garden/water", Data: []byte("on")})},
	{"the device asks for the time", askTime},
	{"the device pings", devicePing},
	{"the cloud pings", func(ctx context.Context, s *stage) error { return s.cloud.Ping(ctx) }},
	{"rainbow on", signal(true)},
	{"rainbow off", signal(false)},
}

// startUp waits until the device has said all it says of itself, and until a
// style that asks for a description has it.
func startUp(ctx context.Context, s *stage) error {
	last := byte('t')
	if s.device.profile.SubscribesLast {
		last = 'e'
	}
	count := len(s.device.profile.Subscriptions) + len(s.device.device.Subscriptions)
	if last == 't' {
		count = 1
	}
	for range count {
		if _, err := s.expect(ctx, func(m *coap.Message) bool { return m.Code == coap.GET && m.Path() == last }); err != nil {
			return err
		}
	}
	if s.cloud.style.DescribeAfter > 0 {
		_, err := s.expect(ctx, func(m *coap.Message) bool {
			return m.Code == coap.Content || m.Code == coap.BadRequest
		})
		return err
	}
	return nil
}

// sceneLimit is how long a scene waits for what it expects.
const sceneLimit = 10 * time.Second

// expect waits for a message from the device.
func (s *stage) expect(ctx context.Context, match func(*coap.Message) bool) (m coap.Message, err error) {
	for {
		m, err := s.cloud.link.await(ctx, s.trail, sceneLimit)
		if err != nil || match(&m) {
			return m, err
		}
	}
}

// describeAll asks for a description; the newest firmware refuses a question
// without flags.
func describeAll(ctx context.Context, s *stage) error {
	d, err := s.cloud.Describe(ctx, 0)
	if s.device.profile.Describe == DescribeBlocks {
		if !errors.Is(err, ErrRefusal) {
			return fmt.Errorf("a description without flags was not refused: %v", err)
		}
		d, err = s.cloud.Describe(ctx, wholeDescription)
	}
	if err == nil && (d.Variables["temperature"] != 9 || len(d.Functions) == 0 || d.Modules == 0) {
		err = fmt.Errorf("an incomplete description: %+v", d)
	}
	return err
}

func variable(name string) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		got, err := s.cloud.Variable(ctx, name)
		if err != nil {
			return err
		}
		if want := particle.AppendValue(nil, s.device.device.Variables[name].read()); string(got) != string(want) {
			return fmt.Errorf("the value %x, not %x", got, want)
		}
		return nil
	}
}

func unknownVariable(ctx context.Context, s *stage) error {
	_, err := s.cloud.Variable(ctx, "sugar")
	if s.device.profile.UnknownIsInt || errors.Is(err, ErrRefusal) {
		return nil
	}
	return fmt.Errorf("an unknown variable was not refused: %v", err)
}

func call(name, arg string, want int32) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		got, err := s.cloud.Call(ctx, name, arg)
		if err == nil && got != want {
			err = fmt.Errorf("%s returned %d, not %d", name, got, want)
		}
		return err
	}
}

func publish(e particle.EventBody) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		if err := s.device.Publish(e); err != nil {
			return err
		}
		_, err := s.expect(ctx, func(m *coap.Message) bool { return m.Code == coap.POST && name(m) == e.Name })
		return err
	}
}

func deliver(e particle.EventBody) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		return s.meanwhile(ctx, func() error { return s.cloud.Publish(e) },
			func(m *coap.Message) bool { return m.Code == coap.POST && name(m) == e.Name })
	}
}

// meanwhile does something and waits until the device receives what it leads to.
func (s *stage) meanwhile(ctx context.Context, do func() error, match func(*coap.Message) bool) error {
	w := s.device.watches.add(1, match)
	defer s.device.watches.remove(w)
	if err := do(); err != nil {
		return err
	}
	_, err := s.device.await(ctx, w, sceneLimit)
	return err
}

func subscribe(ctx context.Context, s *stage) error {
	return s.meanwhile(ctx, func() error { return s.device.Subscribe(particle.SubscribeBody{Prefix: "kitchen", Mine: true}) }, isEmptyAck)
}

func askTime(ctx context.Context, s *stage) error {
	return s.meanwhile(ctx, s.device.RequestTime, func(m *coap.Message) bool { return m.Code == coap.Content })
}

func devicePing(ctx context.Context, s *stage) error {
	return s.meanwhile(ctx, s.device.Ping, isEmptyAck)
}

func signal(on bool) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error { return s.cloud.Signal(ctx, on) }
}

// storyImage is a firmware image of n bytes, none of them a program.
func storyImage(n int) []byte {
	image := make([]byte, n)
	for i := range image {
		image[i] = byte(i*i>>8 ^ i)
	}
	return image
}

// flashFast updates in fast mode; the fault that the cloud has makes the device
// ask for one chunk again.
func flashFast(ctx context.Context, s *stage) error {
	r, err := s.cloud.Flash(ctx, Flash{Image: storyImage(2200), Fast: true, Pause: s.pause() / 2})
	if err == nil && len(r.Missed) != 1 {
		err = fmt.Errorf("the device asked for the chunks %v, not for one", r.Missed)
	}
	return err
}

// leave is what a device does that starts its new firmware.
func leave(_ context.Context, s *stage) error {
	return s.device.Goodbye(particle.GoodbyeBody{
		Flags: particle.GoodbyeCloud | particle.GoodbyeReset, Cloud: 5, Reset: 70,
	})
}
