package rules

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/sim"
)

// resets has the cloud reset the connection a time after a message was held.
func (w *world) resets(after time.Duration) {
	held := make(chan struct{}, 1)
	w.engine.Changed = func() {
		if len(w.engine.Held()) > 0 {
			select {
			case held <- struct{}{}:
			default:
			}
		}
	}
	w.serve = func(ctx context.Context, ln net.Listener) error {
		conn, err := ln.Accept()
		if err != nil {
			return err
		}
		over := make(chan struct{})
		go func() {
			defer close(over)
			select {
			case <-held:
				time.Sleep(after)
			case <-ctx.Done():
			}
			conn.(interface{ SetLinger(int) error }).SetLinger(0)
			conn.Close()
		}()
		err = w.cloud.ServeConn(ctx, conn)
		<-over
		return err
	}
}

// The cloud resets while a message is held: the device is reset as well, at once
// where only its own direction waits, else once the message has gone on. Both legs
// end so in the recording, which has the message on each leg that it was on.
func TestAResetByTheCloudWhileAMessageIsHeldReachesTheDevice(t *testing.T) {
	const resetAfter = 3 * time.Second
	for _, c := range []struct {
		rule      string
		from      stream.Direction
		after     time.Duration // of the device's reset, since the message was held
		delivered int
	}{
		{`hold when photon.event.data == "held"`, stream.FromDevice, resetAfter, 0},
		{`hold from=cloud when photon.event.data == "held"`, stream.FromCloud, HoldMost, 1},
		{`hold then=drop from=cloud when photon.event.data == "held"`, stream.FromCloud, HoldMost, 0},
	} {
		w := newWorld(t, c.rule)
		event := particle.EventBody{Name: "lab/alarm", Data: []byte("held"), TTL: 60}
		if c.from == stream.FromDevice {
			w.device.Handle = func(_ context.Context, s *sim.DeviceSession) error { return s.Publish(event) }
		} else {
			w.cloud.Handle = func(_ context.Context, s *sim.CloudSession) error { return s.Publish(event) }
		}
		w.resets(resetAfter)
		w.run(time.Minute)
		if w.ended == nil || w.ended == context.DeadlineExceeded {
			t.Errorf("%s: the device ended with %v", c.rule, w.ended)
		}
		sender, receiver := stream.DeviceLeg, stream.CloudLeg
		if c.from == stream.FromCloud {
			sender, receiver = receiver, sender
		}
		sent, at, _ := w.heldAndReset(sender, c.from)
		delivered, left, _ := w.heldAndReset(receiver, c.from)
		_, _, reset := w.heldAndReset(stream.DeviceLeg, c.from)
		if took := reset.Sub(at); sent != 1 || delivered != c.delivered || took < c.after || took > c.after+time.Second {
			t.Errorf("%s: sent %d times, delivered %d times; the device is reset %v after that", c.rule, sent, delivered, took)
		}
		if delivered > 0 && left.Sub(at) != HoldMost {
			t.Errorf("%s: it leaves %v after it came", c.rule, left.Sub(at))
		}
		if _, _, reset := w.heldAndReset(stream.CloudLeg, c.from); reset.IsZero() || len(w.engine.Held()) > 0 {
			t.Errorf("%s: the reset of the cloud is not recorded, or something is still held", c.rule)
		}
	}
}

// heldAndReset returns how often a leg carried the event that is held, when it came,
// and when the cloud reset that leg.
func (w *world) heldAndReset(leg stream.Leg, from stream.Direction) (n int, at, reset time.Time) {
	events, _ := w.decoded(leg)
	for i := range events {
		e := &events[i]
		if m := messageOf(e); m != nil && e.From == from && bytes.HasSuffix(m.Plain, []byte("held")) {
			n, at = n+1, e.At
		}
		if b, ok := e.Body.(*decode.Closed); ok && b.How == stream.Reset && e.From == stream.FromCloud {
			reset = e.At
		}
	}
	return n, at, reset
}
