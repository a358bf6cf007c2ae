package rules

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// everythingHeld returns all messages of a session that publishes and is updated,
// as a person would see them held.
func everythingHeld(t *testing.T) (all []Held) {
	t.Helper()
	w := newWorld(t, "hold")
	w.device.Handle = publishes(3)
	w.device.Image = func([]byte) bool { return true }
	w.cloud.Handle = flashes(true)
	seen := map[uint64]bool{}
	w.onChange(func() {
		for _, h := range w.engine.Held() {
			if !seen[h.ID] {
				seen[h.ID] = true
				all = append(all, h)
			}
			w.engine.Decide(h.ID, Decision{})
		}
	})
	w.run(60 * time.Second)
	return all
}

// The rule that is copied from an edit makes the same of the same message, when the
// whole session passes it, and nothing of other kinds, for messages of every kind
// that a session has.
func TestACopiedRuleDoesWhatTheEditDid(t *testing.T) {
	all := everythingHeld(t)
	kinds := map[string]bool{}
	r := rand.New(rand.NewPCG(5, 6))
	for i, h := range all {
		if kinds[h.Kind] && i%7 != 0 {
			continue
		}
		kinds[h.Kind] = true
		var m coap.Message
		if err := m.Parse(h.Message); err != nil {
			t.Fatal(err)
		}
		edited := altered(r, &m)
		if bytes.Equal(edited, h.Message) {
			continue
		}
		text := RuleOf(h, edited)
		rule, err := One(text, nil)
		if err != nil {
			t.Fatalf("%s: %q: %v", h.Kind, text, err)
		}
		s := newSession(New([]*Rule{rule}), stream.Conn{ID: 1, Leg: stream.DeviceLeg})
		for j, o := range all[:i+1] {
			f := frameOf(o.From, o.Message)
			p := &passage{session: s, from: f.From, plain: f.Plain, now: f.Plain, event: s.read(f)}
			s.ask(p)
			switch {
			case j == i && !bytes.Equal(p.now, edited):
				t.Errorf("%q makes %x of %s %x, want %x", text, p.now, h.Kind, h.Message, edited)
			case o.Kind != h.Kind && !bytes.Equal(p.now, o.Message):
				t.Errorf("%q changes a message of kind %s", text, o.Kind)
			}
		}
	}
	if len(kinds) < 12 {
		t.Errorf("only %d kinds were held: %v", len(kinds), kinds)
	}
}

func TestEveryKindCanBeNamedByACopiedRule(t *testing.T) {
	for _, k := range particle.Kinds() {
		text := RuleOf(Held{Kind: k.Name, Message: []byte{0x40, 1, 0, 7}}, []byte{0x50, 1, 0, 7})
		if rule, err := One(text, nil); err != nil || !strings.Contains(rule.filter, k.Name) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
