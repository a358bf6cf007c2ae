package ui

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store/filter"
)

// meddler stands for what carries a person's wishes out, and notes them.
type meddler struct {
	held []Held
	did  []string
}

func (m *meddler) actions() *Meddling {
	note := func(s string) error { m.did = append(m.did, s); return nil }
	return &Meddling{
		Intercept: func(f string) error {
			if _, err := filter.Parse(f, nil); f != "" && err != nil {
				return err
			}
			return note("intercept " + f)
		},
		Held:   func() []Held { return m.held },
		Send:   func(_ uint64, b []byte) error { m.held = m.held[1:]; return note("send " + string(b)) },
		Drop:   func(uint64) error { m.held = m.held[1:]; return note("drop") },
		Extend: func(uint64) error { return note("extend") },
		Inject: func(_ stream.ConnID, t string) error { return note("inject " + t) },
		Format: func(b []byte) string { return "payload=" + string(b) },
		Compose: func(s string) ([]byte, error) {
			text, ok := strings.CutPrefix(s, "payload=")
			if !ok {
				return nil, errors.New("no message")
			}
			return []byte(text), nil
		},
		Templates: [][2]string{{"call NAME", "calls"}},
	}
}

func TestHeldMessagesAreShownEditedSentAndDropped(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	m := &meddler{}
	for i, text := range []string{"one", "two", "three"} {
		m.held = append(m.held, Held{ID: uint64(i + 1), From: stream.FromCloud, Message: []byte(text), Kind: "event", Summary: "event " + text,
			Rule: "hold", Since: now, Until: now.Add(10 * time.Second), Fuse: now.Add(25 * time.Second), FuseWhy: "the device hangs up"})
	}
	a := newApp(Options{Store: stored(talk(t)...), Live: true, Now: func() time.Time { return now.Add(3 * time.Second) }, Actions: Actions{Meddle: m.actions()}})
	screen := show(t, a, 80, 24)
	if text := string(capture(screen, a.look)); !strings.Contains(text, "3 HELD") {
		t.Errorf("the number of held messages is not shown:\n%s", text)
	}
	press(a, "I")
	redraw(a, screen)
	for _, want := range []string{"held: 3", "event one", "sent in 7.0 s", "the device hangs up: 22.0 s left", "payload=one", "rule: hold"} {
		if text := string(capture(screen, a.look)); !strings.Contains(text, want) {
			t.Errorf("no %q on the screen:\n%s", want, text)
		}
	}
	press(a, "Space", "e", "X", "Enter", "d", "s", "Esc")
	want := "extend, send oneX, drop, send "
	if got := strings.Join(m.did, ", "); got != want {
		t.Errorf("did %q, want %q", got, want)
	}
	if a.top() != nil {
		t.Error("Esc does not close the list")
	}
}

func TestInterceptAndInjectAskTheProxy(t *testing.T) {
	m := &meddler{}
	a := newApp(Options{Store: stored(talk(t)...), Live: true, Actions: Actions{Meddle: m.actions()}})
	show(t, a, 80, 24)
	press(a, "i")
	for _, r := range "coap.code == 1" {
		press(a, map[bool]string{true: "Space", false: string(r)}[r == ' '])
	}
	press(a, "Enter", "2")
	if trouble := a.runCommand("inject call led on"); trouble != "" {
		t.Errorf("inject: %s", trouble)
	}
	if trouble := a.runCommand("inject"); !strings.Contains(string(trouble), "call NAME") {
		t.Errorf("inject alone says %q", trouble)
	}
	if got := strings.Join(m.did, ", "); got != "intercept coap.code == 1, inject call led on" {
		t.Errorf("did %q", got)
	}
}

func TestACaptureSaysWhyNothingCanBeHeld(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...)})
	screen := show(t, a, 100, 24)
	for _, key := range []string{"i", "I"} {
		press(a, key)
		redraw(a, screen)
		if text := string(capture(screen, a.look)); !strings.Contains(text, "Only a live proxy") {
			t.Errorf("%s: %s", key, text)
		}
	}
}
