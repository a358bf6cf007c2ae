package rules

import (
	"context"
	"crypto/rsa"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/diagnose"
	"github.com/photonscope/photonscope/proxy"
	"github.com/photonscope/photonscope/sim"
	"github.com/photonscope/photonscope/sim/memnet"
)

// world is a simulated device and cloud with a proxy between them that carries
// out rules, on a clock of its own.
type world struct {
	t      *testing.T
	engine *Engine
	device *sim.Device
	cloud  *sim.Cloud
	serve  func(context.Context, net.Listener) error // in place of the cloud; nil: the cloud serves

	mu      sync.Mutex
	items   []stream.Item
	reports []string
	ended   error // of the device
}

// onChange has f called when what is held changed, by one goroutine at a time: the
// engine calls from that of each direction, and two may hold a message at once.
func (w *world) onChange(f func()) {
	var mu sync.Mutex
	w.engine.Changed = func() {
		mu.Lock()
		defer mu.Unlock()
		f()
	}
}

// newWorld is a world with rules and the firmware and server that keep to them.
func newWorld(t *testing.T, text string) *world {
	t.Helper()
	all, err := Parse("rules.txt", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, device: &sim.Device{}, cloud: &sim.Cloud{CheckIDs: true}}
	w.engine = New(all)
	return w
}

// run lets the session go on for a time, or until the device ends it.
func (w *world) run(length time.Duration) {
	w.t.Helper()
	synctest.Test(w.t, func(t *testing.T) {
		w.engine.closed = make(chan struct{}) // of this bubble
		w.engine.ServerKey = sim.ServerKey()
		w.engine.Report = func(s string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.reports = append(w.reports, s)
		}
		in, up := memnet.NewListener("192.168.1.1:5683"), memnet.NewListener("192.168.1.9:5683")
		srv := &proxy.Server{
			Mode: proxy.Splice, Upstream: "192.168.1.9:5683", ServerKey: sim.ServerKey(), CloudKey: &sim.ServerKey().PublicKey,
			DeviceKey: func(lightssl.DeviceID) *rsa.PrivateKey { return sim.ImpersonationKey() },
			Hooks:     w.engine.Hooks,
			Tap: func(items []stream.Item) {
				w.mu.Lock()
				defer w.mu.Unlock()
				for _, it := range items {
					w.items = append(w.items, stream.Clone(it))
				}
			},
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return up.Dial("192.168.1.1:40000") },
		}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { srv.Serve(ctx, in) })
		if w.serve == nil {
			w.serve = w.cloud.Serve
		}
		all.Go(func() { w.serve(ctx, up) })
		conn, err := in.Dial("192.168.1.10:49152")
		if err != nil {
			t.Fatal(err)
		}
		lived, stop := context.WithTimeout(ctx, length)
		w.ended = w.device.Run(lived, conn)
		stop()
		conn.Close()
		time.Sleep(20 * time.Second) // for what is delayed
		w.engine.Release()
		synctest.Wait()
		cancel()
		all.Wait()
		w.engine.Wait()
	})
}

// deviceLeg returns what a capture between device and proxy would hold.
func (w *world) leg(leg stream.Leg) (items []stream.Item) {
	var id stream.ConnID
	for _, it := range w.items {
		switch it := it.(type) {
		case *stream.Opened:
			if it.Conn.Leg != leg {
				continue
			}
			id = it.Conn.ID
			c := it.Conn
			c.Leg, c.Pair = stream.Tapped, 0
			items = append(items, &stream.Opened{At: it.At, Conn: c})
		case *stream.Segment:
			if it.Conn == id {
				items = append(items, it)
			}
		case *stream.Closed:
			if it.Conn == id {
				items = append(items, it)
			}
		}
	}
	return items
}

// decoded returns what happened on a leg.
func (w *world) decoded(leg stream.Leg) ([]decode.Event, *lightssl.Keyring) {
	return decoded(w.leg(leg))
}

// decoded returns what happened, and the keys that opened it.
func decoded(items []stream.Item) (events []decode.Event, keys *lightssl.Keyring) {
	keys = new(lightssl.Keyring)
	for _, k := range []struct {
		key  *rsa.PrivateKey
		role lightssl.Role
	}{{sim.ServerKey(), lightssl.ServerRole}, {sim.DeviceKey(0), lightssl.DeviceRole}, {sim.ImpersonationKey(), lightssl.DeviceRole}} {
		keys.AddKey(lightssl.Key{Private: k.key, Public: &k.key.PublicKey}, k.role)
	}
	d := decode.NewDecoder(keys)
	for _, it := range items {
		events = d.Feed(events, it)
	}
	return d.Finish(events), keys
}

// findings are the IDs of what diagnose finds on a leg, the first cause first.
func (w *world) findings(leg stream.Leg) []string { return w.find(w.decoded(leg)) }

// diagnosed are the IDs of what diagnose finds in the recording of both legs.
func (w *world) diagnosed() []string { return w.find(decoded(w.items)) }

func (w *world) find(events []decode.Event, keys *lightssl.Keyring) (ids []string) {
	d := diagnose.New(diagnose.Options{Keys: keys})
	var found []decode.Event
	for i := range events {
		found = d.Feed(found, &events[i])
	}
	for _, e := range found {
		if f, ok := e.Body.(*decode.Finding); ok {
			ids = append(ids, f.ID)
			w.t.Logf("%s %s: %s %s", e.Conn.Leg, f.ID, f.Title, f.Confidence)
		}
	}
	return ids
}

// messages are those of a leg and direction, as kind and summary.
func (w *world) messages(leg stream.Leg, from stream.Direction) (all []string) {
	events, _ := w.decoded(leg)
	for _, e := range events {
		if m, ok := e.Body.(*decode.Message); ok && e.From == from {
			all = append(all, m.Meaning.Kind.String())
		}
	}
	return all
}

// flashes is a cloud that updates the device's firmware.
func flashes(fast bool) func(context.Context, *sim.CloudSession) error {
	return func(ctx context.Context, s *sim.CloudSession) error {
		_, err := s.Flash(ctx, sim.Flash{Image: make([]byte, 3000), Fast: fast})
		return err
	}
}

// publishes is a device that publishes an event each second.
func publishes(n int) func(context.Context, *sim.DeviceSession) error {
	return func(ctx context.Context, s *sim.DeviceSession) error {
		for range n {
			if err := s.Publish(particle.EventBody{Name: "lab/tick", Data: []byte("1"), TTL: 60}); err != nil {
				return err
			}
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return nil
			}
		}
		return nil
	}
}

func messageOf(e *decode.Event) *decode.Message {
	m, _ := e.Body.(*decode.Message)
	return m
}
