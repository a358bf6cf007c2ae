package sim

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// DeviceSession is one session of a device. Its methods are safe for concurrent
// use; those that send return once the message has left, and none is called by a
// function of the [Device] that must return something.
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
	s.id = light - 1
	s.token = h.Credentials.Salt()[3]
	if s.profile.BigEndianIDs {
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
	handled := s.device.start(ctx, s)
	err := s.serve(handled)
	close(s.over)
	cancel()
	s.shut()
	for range handled {
	}
	return err
}

// start runs what the device does of itself. The channel gives its error, if it
// fails, and is closed when it has ended.
func (d *Device) start(ctx context.Context, s *DeviceSession) <-chan error {
	c := make(chan error, 1)
	if d.Handle == nil {
		close(c)
		return c
	}
	go func() {
		defer close(c)
		if err := d.Handle(ctx, s); err != nil {
			c <- err
		}
	}()
	return c
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
	case errors.Is(end, ErrClosed), errors.Is(end, ErrFlood):
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

// startUp sends what a device sends of itself once it is connected, back to back
// and without waiting for answers.
func (s *DeviceSession) startUp() error {
	d, p := s.device, s.profile
	steps := []func() error{}
	add := func(yes bool, f func() error) {
		if yes {
			steps = append(steps, f)
		}
	}
	event := func(name, data string) func() error {
		return func() error {
			return s.Publish(particle.EventBody{Name: name, Data: []byte(data), Private: true})
		}
	}
	add(p.PostsDescribe, func() error { return s.postDescription(particle.DescribeSystem) })
	add(d.ClaimCode != "", event("spark/device/claim/code", d.ClaimCode))
	add(p.HardwareEvents, event("spark/hardware/max_binary", strconv.Itoa(d.maxBinary())))
	add(p.HardwareEvents, event("spark/hardware/ota_chunk_size", strconv.Itoa(d.chunkSize())))
	add(d.SafeMode, event("spark/device/safemode", ""))
	add(p.LastReset && d.LastReset != "", event("spark/device/last_reset", d.LastReset))
	add(p.UpdateEvents, event("particle/device/updates/enabled", strconv.FormatBool(!d.RefuseUpdates)))
	add(p.UpdateEvents, event("particle/device/updates/forced", "false"))
	add(!p.SubscribesLast, s.subscribeAll)
	add(true, s.RequestTime)
	add(p.PostsDescribe, func() error { return s.postDescription(particle.DescribeApplication) })
	add(p.SubscribesLast, s.subscribeAll)
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (s *DeviceSession) subscribeAll() error {
	all := slices.Clone(s.profile.Subscriptions)
	for _, sub := range s.device.Subscriptions {
		all = append(all, sub.SubscribeBody)
	}
	for _, sub := range all {
		if err := s.Subscribe(sub); err != nil {
			return err
		}
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

// describe returns what the device says about itself.
func (d *Device) describe(flags byte) []byte {
	p := d.profile()
	if flags == particle.DescribeMetrics {
		return particle.AppendMetrics(nil, d.Metrics)
	}
	b := particle.DescribeBody{
		Functions:  slices.Sorted(maps.Keys(d.Functions)),
		PlatformID: int(d.hello().PlatformID), Modules: d.modules(),
	}
	for _, name := range slices.Sorted(maps.Keys(d.Variables)) {
		b.Variables = append(b.Variables, particle.DescribeVariable{Name: name, Type: d.Variables[name].code})
	}
	return b.AppendJSON(nil, flags, p.SystemFirst)
}

// modules are those of a Photon: a bootloader, the system, an application.
func (d *Device) modules() []particle.DescribeModule {
	if d.Modules != nil {
		return d.Modules
	}
	p := d.profile()
	module := func(function byte, size, index, version int, depends ...particle.DescribeDependency) particle.DescribeModule {
		return particle.DescribeModule{
			Size: size, Location: 'm', Checked: 30, Valid: 30, Function: function, Index: index, Version: version,
			Depends: depends, DummyEntry: p.DummyDependencies,
		}
	}
	system, application := int(p.SystemVersion), module('u', 131072, 1, 6, particle.DescribeDependency{Function: 's', Index: 2, Version: int(p.SystemVersion)})
	application.UUID = "20ea7a5e1c6a0f5c3bd7b8a4b20b7d7ec1a2a58a3dd7c0b9e0a1d2f3c4b5a697"
	return []particle.DescribeModule{
		module('b', 16384, 0, p.Bootloader),
		module('s', 262144, 1, system, particle.DescribeDependency{Function: 'b', Index: 0, Version: p.Bootloader}),
		module('s', 262144, 2, system, particle.DescribeDependency{Function: 's', Index: 1, Version: system}),
		application,
	}
}

// blockPost is a description that is being posted block by block.
type blockPost struct {
	flags byte
	rest  []byte
	next  uint32 // number of the next block
	id    uint16 // of the block last sent: its acknowledgement calls for the next
}

// descriptionBlock is the length of a block of a description in bytes, and its
// exponent (Device OS 3.3 on a Photon).
const (
	descriptionBlock = 512
	blockSize        = 5
)

// postDescription sends a description unasked.
func (s *DeviceSession) postDescription(flags byte) error {
	payload := s.device.describe(flags)
	if !s.profile.PostsToken {
		return s.send(particle.ComposeDescribePost(0, nil, flags, nil, payload))
	}
	if len(payload) <= descriptionBlock {
		return s.send(particle.ComposeDescribePost(0, s.nextToken(), flags, nil, payload))
	}
	return s.postBlock(blockPost{flags: flags, rest: payload})
}

// postBlock sends the next block; the one after it waits for an acknowledgement.
func (s *DeviceSession) postBlock(p blockPost) error {
	n := min(len(p.rest), descriptionBlock)
	block := particle.BlockBody{Number: p.next, More: n < len(p.rest), Size: blockSize}
	id, err := s.post(particle.ComposeDescribePost(0, s.nextToken(), p.flags, &block, p.rest[:n]))
	if err != nil {
		return err
	}
	if block.More {
		s.posts = append(s.posts, blockPost{p.flags, p.rest[n:], p.next + 1, id})
	}
	return nil
}

// acknowledged continues the description whose block was acknowledged.
func (s *DeviceSession) acknowledged(id uint16) error {
	for i, p := range s.posts {
		if p.id == id {
			s.posts = slices.Delete(s.posts, i, i+1)
			return s.postBlock(p)
		}
	}
	return nil
}

// be is the byte order of everything but doubles.
var be = binary.BigEndian

// String says which session it is.
func (s *DeviceSession) String() string {
	return fmt.Sprintf("session of device %s, %s", s.device.id(), s.profile.Name)
}
