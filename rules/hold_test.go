package rules

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/sim"
)

// holding runs a session whose device publishes three events, and lets a person
// act on each message that is held, after a time.
func holding(t *testing.T, rule string, after time.Duration, person func(*Engine, Held)) (*world, []string) {
	t.Helper()
	w := newWorld(t, rule)
	var data []string
	w.cloud.OnEvent = func(_ *sim.CloudSession, e particle.EventBody) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if e.Name == "lab/tick" {
			data = append(data, string(e.Data))
		}
	}
	w.device.Handle = func(_ context.Context, s *sim.DeviceSession) error {
		for _, d := range []string{"1", "2", "3"} {
			if err := s.Publish(particle.EventBody{Name: "lab/tick", Data: []byte(d), TTL: 60}); err != nil {
				return err
			}
		}
		return nil
	}
	var mu sync.Mutex // what person touches, too
	seen := map[uint64]bool{}
	w.engine.Changed = func() {
		mu.Lock()
		defer mu.Unlock()
		for _, h := range w.engine.Held() {
			if !seen[h.ID] {
				seen[h.ID] = true
				time.AfterFunc(after, func() {
					mu.Lock()
					defer mu.Unlock()
					person(w.engine, h)
				})
			}
		}
	}
	w.run(40 * time.Second)
	mu.Lock()
	defer mu.Unlock()
	return w, data
}

const holdTwo = `hold when photon.event.data == "2"`

func TestAPersonDecidesOnAHeldMessage(t *testing.T) {
	edited, err := Compose(`type=NON code=POST mid=0 path=e path=lab/tick payload="two words"`)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, rule string
		decide     func(*Engine, Held)
		want       []string
	}{
		{"nobody", holdTwo, func(*Engine, Held) {}, []string{"1", "2", "3"}},
		{"nobody, then drop", `hold then=drop when photon.event.data == "2"`, func(*Engine, Held) {}, []string{"1", "3"}},
		{"send", holdTwo, func(e *Engine, h Held) { e.Decide(h.ID, Decision{}) }, []string{"1", "2", "3"}},
		{"drop", holdTwo, func(e *Engine, h Held) { e.Decide(h.ID, Decision{Drop: true}) }, []string{"1", "3"}},
		{"edit", holdTwo, func(e *Engine, h Held) {
			b := slices.Clone(edited)
			copy(b[2:4], h.Message[2:4])
			e.Decide(h.ID, Decision{Message: b})
		}, []string{"1", "two words", "3"}},
		{"too late", holdTwo + "\n", func(e *Engine, h Held) {
			time.AfterFunc(time.Minute, func() {
				if e.Decide(h.ID, Decision{Drop: true}) != ErrGone {
					t.Error("a message could be dropped after it was sent")
				}
			})
		}, []string{"1", "2", "3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, got := holding(t, c.rule, 2*time.Second, c.decide)
			if !slices.Equal(got, c.want) {
				t.Errorf("the cloud heard %q, want %q; %q; the device: %v", got, c.want, w.reports, w.ended)
			}
			if found := w.findings(stream.CloudLeg); len(found) > 0 {
				t.Errorf("on the cloud leg: %v", found)
			}
		})
	}
}

func TestAHeldMessageSaysWhoWaitsAndCanBeExtendedThreeTimes(t *testing.T) {
	var held Held
	var extended int
	began := time.Time{}
	_, got := holding(t, holdTwo, time.Second, func(e *Engine, h Held) {
		held, began = h, time.Now()
		for e.Extend(h.ID) == nil {
			extended++
		}
		if now := e.Held(); len(now) != 1 || now[0].Until != h.Until.Add(ExtendMost*ExtendBy) {
			t.Errorf("held: %+v", now)
		}
	})
	if extended != ExtendMost || len(got) != 3 {
		t.Errorf("extended %d times; the cloud heard %q", extended, got)
	}
	if held.Kind != "event" || held.From != stream.FromDevice || held.FuseWhy == "" || held.Until.Sub(held.Since) != HoldMost || began.IsZero() {
		t.Errorf("%+v", held)
	}
}

// While a message of the device is held for longer than it takes its patience,
// both peers hear something, and nothing is left of that when it goes on.
func TestKeepAliveKeepsBothPeersWhileAMessageIsHeld(t *testing.T) {
	for _, rule := range []string{
		`hold max=60s keepalive=yes when photon.event.data == "2"`,
		`hold max=60s keepalive=yes from=cloud when photon.msg == "time-reply"`,
	} {
		w := newWorld(t, rule)
		w.device.Handle = publishes(3)
		w.run(100 * time.Second)
		if w.ended != nil && w.ended != context.DeadlineExceeded {
			t.Errorf("%s: the device ended with %v", rule, w.ended)
		}
		if found := w.findings(stream.CloudLeg); len(found) > 0 {
			t.Errorf("%s: %v", rule, found)
		}
	}
	w := newWorld(t, `hold max=60s from=cloud when photon.msg == "time-reply"`)
	w.device.Handle = publishes(3)
	w.onChange(func() {
		for _, h := range w.engine.Held() {
			if err := w.engine.KeepAlive(h.ID); (err == nil) == h.Alive {
				t.Errorf("alive %v, and KeepAlive says %v", h.Alive, err)
			}
		}
	})
	w.run(100 * time.Second)
	if w.ended != nil && w.ended != context.DeadlineExceeded {
		t.Errorf("kept alive by a person: the device ended with %v", w.ended)
	}
	if err := w.engine.KeepAlive(1); err != ErrGone {
		t.Errorf("a message that went on is kept alive: %v", err)
	}
	w = newWorld(t, `hold max=60s from=cloud when photon.msg == "time-reply"`)
	w.run(100 * time.Second)
	if w.ended == nil || w.ended == context.DeadlineExceeded {
		t.Error("without it the device bears 60 s of silence")
	}
}

func TestInterceptHoldsFromNowOn(t *testing.T) {
	w := newWorld(t, "")
	w.device.Handle = publishes(3)
	if err := w.engine.Intercept(`photon.msg == nonsense`, nil); err == nil {
		t.Error("a bad filter was taken")
	}
	if err := w.engine.Intercept(`photon.msg == "event" and photon.event.name == "lab/tick"`, nil); err != nil {
		t.Fatal(err)
	}
	most := 0
	w.onChange(func() {
		for _, h := range w.engine.Held() {
			most = max(most, int(h.ID))
			if h.ID == 2 {
				w.engine.Intercept("", nil)
			}
			w.engine.Decide(h.ID, Decision{})
		}
	})
	w.run(40 * time.Second)
	if most != 2 {
		t.Errorf("%d messages were held, want 2", most)
	}
}
